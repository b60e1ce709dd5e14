"""`gda coverage --setting finite`: the record, the text, and bad input."""

import json
import math
from fractions import Fraction

import pytest

from gda import cli, coverage
from numerics.finite import FiniteSetting, failure_probability, inputs, quantile
from numerics.finite_bound import bound_in_model
from numerics.finite_coverage import MOST_DIGITS, Coverage, Ends
from theory.tight_bound import bound_by

TENTH, TWENTIETH = Fraction(1, 10), Fraction(1, 20)


def run(capsys, *words):
    code = cli.main(["coverage", *words])
    return code, *capsys.readouterr()


def answer(capsys, *words) -> dict:
    code, out, err = run(capsys, "--setting", "finite", *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_the_record_of_a_small_cell_is_exact(capsys):
    found = answer(capsys, "--p", "0.1", "--m-s", "30", "--m-g", "30", "--constants", "best", "--delta", "0.5")
    setting = FiniteSetting((1 - TENTH, TENTH), 30, 30)
    bound = bound_in_model(bound_by("best"), Fraction(1, 2), inputs(setting), "lower")
    exact = failure_probability(setting, bound)
    assert found["exact"] is True
    assert 0 < exact <= found["failure_probability"] == pytest.approx(float(exact), rel=1e-15)
    assert found["failure_probability_ends"][0] <= exact
    truth = quantile(setting, Fraction(1, 2))
    assert found["gen_quantile"][0] <= truth <= found["gen_quantile"][1] == pytest.approx(float(truth), rel=1e-15)
    assert found["ratio"] == pytest.approx(found["bound_quantile"] / float(truth))
    assert (found["covers"], found["delta"], found["m_S"], found["m_G"]) == (True, 0.5, 30, 30)
    assert found["bound_median"] == found["bound_quantile"] < found["loss_width"]  # of one level, at delta = 1/2
    assert found["vacuous"] is False


def test_the_fraction_is_written_where_it_is_short(capsys):
    small = answer(capsys, "--letters", "1/2", "0.3", "1/5", "--m-s", "4", "--m-g", "3", "--loss", "squared")
    assert small["failure_fraction"] == "0"
    assert (small["law"], small["loss"], small["constants"]) == (["1/2", "3/10", "1/5"], "squared", "published")
    assert small["vacuous"] is True
    law = ("0.12345678901234567890123456789", "0.2", "0.67654321098765432109876543211")
    long = answer(capsys, "--letters", *law, "--m-s", "60", "--m-g", "1", "--constants", "best", "--delta", "0.9")
    assert long["exact"] is True
    assert long["failure_probability"] > 0
    assert long["failure_fraction"] is None


def test_a_large_cell_is_an_enclosure(capsys):
    words = ("--p", "3/10", "--m-s", "2000", "--m-g", "4000", "--constants", "best")
    found = answer(capsys, *words)
    assert found["exact"] is False
    assert found["failure_fraction"] is None
    low, high = found["failure_probability_ends"]
    assert 0 <= low <= high == found["failure_probability"] < 1e-8
    assert found["gen_quantile"][0] < found["gen_quantile"][1] < found["gen_quantile"][0] * (1 + 1e-10)
    assert 1 < found["ratio"] < 10


def test_the_two_ways_agree_where_they_meet(capsys):
    sizes = (MOST_DIGITS, MOST_DIGITS + 1)
    exact, large = (answer(capsys, "--p", "0.3", "--m-s", str(m_S), "--m-g", "0", "--delta", "0.3",
                           "--constants", "best") for m_S in sizes)  # fmt: skip
    assert (exact["exact"], large["exact"]) == (True, False)
    assert large["bound_quantile"] == pytest.approx(exact["bound_quantile"], rel=2e-2)
    assert large["failure_probability"] == pytest.approx(exact["failure_probability"], rel=0.5)
    assert exact["failure_probability"] > 1e-8


def test_the_text_says_what_is_exact(capsys):
    code, out, _ = run(capsys, "--setting", "finite", "--p", "0.1", "--m-s", "10", "--m-g", "10", "--constants", "best")
    assert code == 0
    assert "Gen, 0.95 quantile    0.0909091" in out
    assert "(exact)" in out
    assert "not below" not in out
    _, out, _ = run(capsys, "--setting", "finite", "--p", "0.1", "--m-s", "1000", "--m-g", "0")
    assert "(at most)" in out
    assert "which the bound is not below" in out


def test_a_bound_that_does_not_cover_is_told_with_its_own_exit_code(capsys, monkeypatch):
    short = Ends(Fraction(1, 3), Fraction(1, 3))
    failing = Coverage(True, Fraction(1), Ends(Fraction(1, 10), Fraction(1, 10)), short, short, short)
    monkeypatch.setattr("numerics.finite_coverage.coverage", lambda *_: failing)
    code, out, _ = run(capsys, "--setting", "finite", "--p", "0.1", "--m-s", "2", "--m-g", "2")
    assert code == 1
    assert "NOT COVERED" in out


@pytest.mark.parametrize("value", [Fraction(1, 3), Fraction(2, 3), Fraction(1, 10**400), 0.1])
def test_ends_are_rounded_outwards(value):
    low, high = coverage._ends(Ends(value, value))
    assert low <= value <= high
    assert high - low <= 2 * math.ulp(float(value))


BAD = {
    "neither law": ("--m-s", "2", "--m-g", "2"),
    "both laws": ("--p", "0.1", "--letters", "0.5", "0.5", "--m-s", "2", "--m-g", "2"),
    "0.0": ("--p", "0.0", "--m-s", "2", "--m-g", "2"),
    "1.5": ("--p", "1.5", "--m-s", "2", "--m-g", "2"),
    "1/0": ("--p", "1/0", "--m-s", "2", "--m-g", "2"),
    "1/2/3": ("--p", "1/2/3", "--m-s", "2", "--m-g", "2"),
    "nan": ("--p", "nan", "--m-s", "2", "--m-g", "2"),
    "abc": ("--p", "abc", "--m-s", "2", "--m-g", "2"),
    "1e-400": ("--p", "1e-400", "--m-s", "2", "--m-g", "2"),
    "7/10": ("--letters", "0.5", "0.2", "--m-s", "2", "--m-g", "2"),
    "Found 1.": ("--letters", "0.5", "--m-s", "2", "--m-g", "2"),
    "Found 0, 2.": ("--p", "0.1", "--m-s", "0", "--m-g", "2"),
    "Found 2, -1.": ("--p", "0.1", "--m-s", "2", "--m-g", "-1"),
    "m_S = 1000000000": ("--p", "0.1", "--m-s", "1000000000", "--m-g", "2"),
    "pairs of counts": ("--letters", "0.5", "0.2", "0.3", "--m-s", "200", "--m-g", "200"),
    "2^53": ("--p", "0.12345678901234567", "--m-s", "2000", "--m-g", "2"),
    "Found 0.": ("--p", "0.1", "--m-s", "2", "--m-g", "2", "--delta", "0"),
    "Found 1/100000000.": ("--p", "0.1", "--m-s", "2", "--m-g", "2", "--delta", "0.00000001"),
    "--d does not belong": ("--p", "0.1", "--m-s", "2", "--m-g", "2", "--d", "3"),
    "Found '2.5'": ("--p", "0.1", "--m-s", "2.5", "--m-g", "2"),
    "'tight'": ("--p", "0.1", "--m-s", "2", "--m-g", "2", "--constants", "tight"),
}


@pytest.mark.parametrize("value", BAD)
def test_bad_input_is_one_line_with_the_value(capsys, value):
    code, out, err = run(capsys, "--setting", "finite", *BAD[value])
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("gda: ")
    if value not in ("neither law", "both laws"):
        assert value in err


def test_what_belongs_to_the_finite_setting_is_refused_for_the_mixture(capsys):
    code, _, err = run(capsys, "--setting", "bgmm", "--m-s", "4", "--m-g", "4", "--p", "0.1")
    assert code == 2
    assert "--p does not belong to --setting bgmm. Found 1/10." in err
