"""A full run writes the report that is committed; the report holds nothing that belongs to a run."""

import json
import re
from pathlib import Path

import pytest

from gda import cli
from gda.claims import MODULES, all_claims
from gda.evidence import STRENGTH
from gda.panels import error_readings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def full_run(tmp_path_factory):
    """Run `gda verify` once, in a folder of its own."""
    folder = tmp_path_factory.mktemp("verify")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert cli.main(["verify"]) == 0
    return folder


def test_the_committed_report_is_what_a_full_run_writes(full_run):
    assert (full_run / "paper_checks.md").read_text() == (ROOT / "paper_checks.md").read_text()


def test_every_claim_has_one_row_and_one_record(full_run):
    records = json.loads((full_run / "out" / "verdicts.json").read_text())
    ids = [claim.id for claim in all_claims()]
    assert [record["id"] for record in records] == ids
    assert {f"C{k}" for k in range(1, 13)} <= set(ids)
    assert len(MODULES) == len(ids)
    summary = (full_run / "paper_checks.md").read_text().split("## ")[0]
    rows = re.findall(r"^\| ([BCFR]\d+) \|", summary, re.MULTILINE)
    assert rows == ids


def test_verdicts_and_kinds_are_of_the_closed_lists(full_run):
    for record in json.loads((full_run / "out" / "verdicts.json").read_text()):
        assert record["verdict"] in ("verified", "amended", "refuted", "open", "not checked")
        assert record["kind"] in STRENGTH
        assert record["command"].startswith("gda verify --claim ")
        for item in record["evidence"]:
            assert item["kind"] in STRENGTH
            assert item["command"].startswith("gda ")
            assert item["level"] or item["kind"] != "statistical"


def test_every_reading_of_the_figure_has_its_z_score(full_run):
    text = (full_run / "paper_checks.md").read_text()
    for reading in error_readings():
        cell = rf"\| {reading.panel} \| {reading.m_S} \| {reading.d} \| {reading.gamma} \|"
        row = cell + r" .* \| [+-]\d+\.\d\d \| \S+ \| `gda law"
        assert re.search(row, text), reading


def test_the_report_holds_no_times_no_machine_and_no_last_digits(full_run):
    text = (full_run / "paper_checks.md").read_text()
    text = re.sub(r"arXiv \d+\.\d+", "", text)
    # A block runs from its title to the next. Tables of the exact law have eight digits, as their errors allow.
    for block in re.split(r"^(?=\*\*|## )", text, flags=re.MULTILINE):
        significant = [number.replace(".", "").lstrip("0") for number in re.findall(r"\d+\.\d+", block)]
        allowed = 8 if "exact" in block.split("\n")[0].lower() else 6
        assert max(map(len, significant), default=0) <= allowed, block.split("\n")[0]
    assert not re.search(r"linux|windows|darwin|/home|/tmp|seconds", text, re.IGNORECASE)
    run = json.loads((full_run / "out" / "run.json").read_text())
    assert {"seconds", "machine", "versions", "python"} <= set(run)


def test_every_picture_and_table_is_written(full_run):
    names = {path.name for path in (full_run / "out").iterdir()}
    pictures = {"panels.png", "predicted_curve.png", "gap_and_risk.png", "best_gamma.png"}
    assert pictures | {"rate_in_m_S.png", "rate_in_d.png"} <= names
    assert {"readings.csv", "ratios.csv", "verdicts.json", "run.json"} <= names
    for path in (full_run / "out").glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.stat().st_size > 20_000


def test_the_test_risk_stands_beside_the_gap(full_run):
    text = (full_run / "paper_checks.md").read_text()
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        for header in re.findall(r"^(\| .*(?:mean abs gap|E abs gap|exact E).*)\n\|---", section, re.MULTILINE):
            assert "mean test risk" in header
