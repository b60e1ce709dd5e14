"""The command `gda sweep`: its three forms, bad input in one line, what it writes where."""

import csv
import json
import sqlite3
import sys

import pytest

from gda import cli, progress
from numerics import store as store_module
from numerics import sweep_bound
from numerics.sweep import Progress

SPEC = 'quantity = "order-form"\nm_S = [10, 20]\nd = 2\ngamma = [0, 1]\n'


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spec.toml").write_text(SPEC)
    return tmp_path


def run(capsys, *arguments):
    code = cli.main([*arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


ONE = ("--workers", "1")


def test_the_forms_of_the_command(capsys, folder):
    whole = (0, "", "4 cells: 4 computed, 0 there already, in 'a.db'\n")
    assert run(capsys, "sweep", "spec.toml", "--store", "a.db", *ONE) == whole
    again = (0, "", "4 cells: 0 computed, 4 there already, in 'a.db'\n")
    assert run(capsys, "sweep", "run", "spec.toml", "--store", "a.db", *ONE) == again
    assert run(capsys, "sweep", "--store", "a.db", *ONE, "spec.toml") == again
    assert run(capsys, "sweep", "spec.toml", "--store", "a.db", "--quiet") == (0, "", "")
    assert run(capsys, "sweep", "export", "--store", "a.db", "--out", "a.csv") == (0, "wrote 4 cells to a.csv\n", "")
    assert run(capsys, "sweep", "import", "a.csv", "--store", "b.db") == (0, "4 new cells in b.db\n", "")
    assert run(capsys, "sweep", "export", "--store", "b.db", "--out", "b.csv")[0] == 0
    assert (folder / "a.csv").read_bytes() == (folder / "b.csv").read_bytes()


def test_the_numbers_are_those_of_gda_bound(capsys, folder):
    run(capsys, "sweep", "spec.toml", "--store", "a.db", *ONE)
    run(capsys, "sweep", "export", "--store", "a.db", "--out", "a.csv")
    rows = list(csv.DictReader((folder / "a.csv").read_text().splitlines()))
    assert [(row["m_S"], row["m_G"], row["gamma"]) for row in rows] == [
        ("10", "0", "0.0"),
        ("10", "10", "1.0"),
        ("20", "0", "0.0"),
        ("20", "20", "1.0"),
    ]
    for row in rows:
        point = ["--setting", "bgmm", "--m-s", row["m_S"], "--m-g", row["m_G"], "--d", row["d"], "--form", "order"]
        _, out, _ = run(capsys, "bound", *point, "--json")
        answer = json.loads(out)
        assert {**answer["terms"], "total": answer["total"]} == {k: float(row[k]) for k in [*answer["terms"], "total"]}


def test_an_export_says_what_is_missing(capsys, folder):
    run(capsys, "sweep", "spec.toml", "--store", "a.db", *ONE)
    (folder / "more.toml").write_text(SPEC.replace("[10, 20]", "[10, 30]"))
    _, out, _ = run(capsys, "sweep", "export", "more.toml", "--store", "a.db", "--out", "a.csv")
    assert out == "wrote 2 cells to a.csv; 2 of the specification are not in the store\n"


BAD = {
    "no store": (["spec.toml"], "--store"),
    "no spec": (["--store", "a.db"], "SPEC"),
    "no file": (["none.toml", "--store", "a.db"], "none.toml"),
    "unknown key": (["bad.toml", "--store", "a.db"], "'gama'"),
    "no workers": (["spec.toml", "--store", "a.db", "--workers", "0"], "'0'"),
    "workers no number": (["spec.toml", "--store", "a.db", "--workers", "1.5"], "'1.5'"),
    "workers absurd": (["spec.toml", "--store", "a.db", "--workers", "9" * 20], "9999"),
    "two engines": (["spec.toml", "--store", "a.db", "--workers", "2", "--scheduler", "tcp://a:1"], "--scheduler"),
    "bad address": (["spec.toml", "--store", "a.db", "--scheduler", "nowhere"], "'nowhere'"),
    "unknown option": (["spec.toml", "--store", "a.db", "--fast"], "--fast"),
    "store a folder": (["spec.toml", "--store", "."], "'.'"),
    "store in a folder that is not": (["spec.toml", "--store", "none/a.db"], "'none/a.db'"),
    "store a text": (["spec.toml", "--store", "spec.toml"], "'spec.toml'"),
    "export without out": (["export", "--store", "a.db"], "--out"),
    "export of no store": (["export", "--store", "none.db", "--out", "a.csv"], "'none.db'"),
    "export of an empty store": (["export", "--store", "empty.db", "--out", "a.csv"], "'empty.db'"),
    "export in an unknown format": (["export", "--store", "empty.db", "--out", "a.xls"], "a.xls"),
    "import of nothing": (["import", "--store", "a.db"], "FILE"),
    "import of no file": (["import", "none.csv", "--store", "a.db"], "none.csv"),
    "import of no export": (["import", "spec.csv", "--store", "a.db"], "unknown column"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_with_the_value_and_exit_code_2(case, capsys, folder):
    (folder / "bad.toml").write_text(SPEC.replace("gamma", "gama"))
    (folder / "spec.csv").write_text(SPEC)
    store_module.Store(folder / "empty.db").close()
    arguments, value = BAD[case]
    code, out, err = run(capsys, "sweep", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("gda: ")
    assert err.count("\n") == 1
    assert value in err
    assert not (folder / "a.db").exists()


def test_cells_that_fail_are_told_in_one_line_and_the_others_are_stored(capsys, monkeypatch):
    def order(cell):
        if cell["m_S"] == 20:
            raise OverflowError("above the largest float")
        return found(cell)

    found = sweep_bound.order
    monkeypatch.setattr(sweep_bound, "order", order)
    code, _, err = run(capsys, "sweep", "spec.toml", "--store", "a.db", *ONE, "--quiet")
    assert code == 2
    assert err.startswith("gda: 2 of 4 cells failed; first {")
    assert err.endswith("}: above the largest float\n")
    monkeypatch.setattr(sweep_bound, "order", found)
    _, _, err = run(capsys, "sweep", "spec.toml", "--store", "a.db", *ONE)
    assert err == "4 cells: 2 computed, 2 there already, in 'a.db'\n"


def test_a_locked_store_is_told_in_one_line(capsys, folder, monkeypatch):
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.1)
    store_module.Store(folder / "a.db").close()
    with sqlite3.connect(folder / "a.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        code, _, err = run(capsys, "sweep", "spec.toml", "--store", "a.db", *ONE)
        other.execute("ROLLBACK")
    other.close()
    assert code == 2
    assert err == "gda: cannot use 'a.db': it is locked by another program\n"


def test_a_cluster_that_is_not_there_is_told_in_one_line(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    code, _, err = run(capsys, "sweep", "spec.toml", "--store", "a.db", "--scheduler", "tcp://127.0.0.1:1")
    assert code == 2
    assert err == "gda: --scheduler needs Dask: pip install 'gda-verifier[dask]'\n"


def test_the_bar_says_how_far_how_fast_and_how_long(capsys, monkeypatch):
    assert (
        progress.line(Progress(100, 20, 30, 10.0, 3725.0)) == f"[{'#' * 12}{'.' * 12}] 50/100 cells, 3/s, 1:02:05 left"
    )
    assert progress.line(Progress(100, 0, 0, 0.0, None)).endswith("0/100 cells, 0/s")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    bar = progress.Bar(quiet=False)
    bar(Progress(2, 0, 1, 1.0, 1.0))
    bar.clear()
    assert capsys.readouterr().err.endswith("\r")
    progress.Bar(quiet=True)(Progress(2, 0, 1, 1.0, 1.0))
    assert capsys.readouterr().err == ""
