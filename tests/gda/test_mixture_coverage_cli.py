"""`gda coverage --setting bgmm` and `gda bound --setting bgmm --route`: records, text, and bad input."""

import json

import pytest

from gda import cli
from numerics.mixture_theorem import theorem_at


def run(capsys, *words):
    code = cli.main(list(words))
    return code, *capsys.readouterr()


CELL = ("--setting", "bgmm", "--d", "2", "--m-s", "100", "--m-g", "100")


def test_coverage_record(capsys):
    words = (*CELL, "--route", "gaussian", "--repeats", "2000", "--seed", "3", "--delta", "0.1", "--json")
    code, out, err = run(capsys, "coverage", *words)
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert found["delta"] == 0.1
    assert (found["trials"], found["failures"]) == (2000, found["failures"])
    assert found["failures"] / 2000 <= found["upper_95"] <= 0.1
    assert found["bound"] == theorem_at("gaussian", 100, 100, 2, "0.1").total
    assert found["ratio"] == pytest.approx(found["bound"] / found["gen_quantile"])
    assert (found["trivial"], found["constants"], found["vacuous"]) == (None, None, False)
    assert run(capsys, "coverage", *words)[1] == out


def test_stability_route_says_where_it_is_vacuous(capsys):
    code, out, _ = run(capsys, "coverage", *CELL, "--constants", "published", "--repeats", "100")
    assert code == 0
    assert "which the bound is not below" in out
    assert "0 of 100 times" in out


def test_bound_by_either_route(capsys):
    for route, words in (("gaussian", ()), ("stability", ("--constants", "best"))):
        code, out, _ = run(capsys, "bound", *CELL, "--route", route, *words, "--json")
        found = json.loads(out)
        assert code == 0
        assert found["total"] == theorem_at(route, 100, 100, 2).total
        assert found["status"].startswith("holds with probability at least 1 - delta")
    assert "not a certified bound" in json.loads(run(capsys, "bound", *CELL, "--json")[1])["status"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("coverage", *CELL[:2], "--m-s", "10", "--m-g", "0"), "needs --d"),
        (("coverage", *CELL, "--delta", "1"), "Found 1"),
        (("coverage", *CELL, "--repeats", "1"), "Found 1"),
        (("coverage", *CELL, "--p", "0.1"), "--p does not belong to --setting bgmm"),
        (("coverage", "--setting", "finite", "--p", "0.1", "--m-s", "5", "--m-g", "0", "--seed", "1"), "--seed"),
        (("coverage", *CELL[:4], "--m-s", "11", "--m-g", "0"), "Found 11"),
        (("coverage", *CELL[:4], "--m-s", "20", "--m-g", "20"), "needs more real examples"),
        (("bound", *CELL, "--route", "gaussian", "--form", "order"), "Found --form order"),
        (("bound", *CELL, "--route", "gaussian", "--constants", "best"), "--route stability"),
        (("bound", "--setting", "custom", "--m-s", "9", "--m-g", "0", "--beta", "0.1", "--tv", "0", "--loss-bound", "1",
          "--route", "gaussian"), "--route belongs to --setting bgmm"),
    ],
)  # fmt: skip
def test_bad_input(capsys, words, message):
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.strip().splitlines()) == 1
