"""The page on sweeps and the committed specification: every command and every piece of code does what is said."""

import os
import re
import shlex
from pathlib import Path

import pytest

from gda import cli
from gda.panels import GAMMAS, PANELS
from numerics.sweep_quantities import quantities
from numerics.sweep_spec import parse_spec, read_spec

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sweeps.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_commands_answer_as_printed_and_the_engines_agree(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # the first engine is this process
    (spec,) = blocks("toml")
    (tmp_path / "mine.toml").write_text(spec)
    for block in blocks("console"):
        for command, expected in re.findall(r"\$ gda (.*)\n((?:[^$].*\n)*)", block):
            assert cli.main(shlex.split(command)) == 0
            assert capsys.readouterr().out == expected
    assert (tmp_path / "mine.csv").read_bytes() == (tmp_path / "other.csv").read_bytes()


def test_the_code_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in blocks("python"):
        exec(compile(block, "page", "exec"), {})  # noqa: S102 - our own text


def test_the_table_has_every_field_and_its_default():
    for quantity in ("simulate", "law", "bound", "order-form", "optimal"):
        (line,) = (line for line in PAGE.splitlines() if line.startswith("|") and f"`{quantity}`" in line)
        for item in quantities()[quantity].fields:
            default = "" if item.default is None or callable(item.default) else f" {item.default}"
            assert f"{item.name}{default}" in line


@pytest.mark.parametrize("key", ["a", "d"])
def test_the_committed_specification_has_the_published_grids(key):
    cells = read_spec(DOCS / "sweep.toml").expand()
    asked = {(cell.fields["m_S"], cell.fields["d"], cell.fields["m_G"]) for cell in cells}
    panel = PANELS[key]
    grid = {(m_S, d, gamma * m_S) for m_S, d in panel.groups for gamma in GAMMAS}
    assert grid <= asked
    assert len(cells) == len(asked) == 70
    assert {cell.quantity for cell in cells} == {"simulate"}


def test_the_specification_of_the_page_is_as_large_as_said():
    (spec,) = blocks("toml")
    assert len(parse_spec(spec).expand()) == 2 * 2 * 3 + 2 * 2 + 2
