"""`gda law`: the record, the table, and bad input."""

import json

import pytest

from gda import cli
from gda.law import known
from numerics.law import law_of_gap


def run(capsys, *words):
    code = cli.main(["law", *words])
    return code, *capsys.readouterr()


def test_the_record(capsys):
    code, out, _ = run(
        capsys, "--m-s", "10", "--d", "50", "--gamma", "0", "2.5", "--quantiles", "0.025", "0.5", "--json"
    )
    assert code == 0
    first, second = json.loads(out)["cells"]
    law = law_of_gap(10, 50, "2.5")
    assert list(second["quantiles"]) == ["0.025", "0.5"]
    assert second["quantiles"]["0.5"] == law.quantile(0.5).value
    assert second["m_G"] == 25
    assert second["gamma"] == 2.5
    assert second["mean_abs_gap"] == law.mean_abs_gap.value
    assert 0 < second["error_estimate"] <= 1e-8 * second["mean_abs_gap"]
    assert first["mean_gap"] == pytest.approx(5)
    assert first["sd_test_risk"] == pytest.approx(0.5)
    assert set(first) == {
        "m_S", "d", "gamma", "m_G", "labels", "sigma", "mean_gap", "sd_gap", "mean_abs_gap", "error_estimate",
        "mean_test_risk", "sd_test_risk", "expected_zero_one", "expected_zero_one_error",
        "quantiles", "quantile_errors",
    }  # fmt: skip


def test_i_i_d_labels_have_another_law(capsys):
    answers = [
        json.loads(run(capsys, "--m-s", "6", "--d", "2", "--gamma", "1", "--labels", labels, "--json")[1])["cells"][0]
        for labels in ("balanced", "iid")
    ]
    assert answers[0]["mean_gap"] != answers[1]["mean_gap"]
    assert answers[0]["mean_abs_gap"] != answers[1]["mean_abs_gap"]


def test_sigma_changes_the_test_error_and_nothing_else(capsys):
    answers = [
        json.loads(run(capsys, "--m-s", "6", "--d", "2", "--gamma", "1", "--sigma", sigma, "--json")[1])["cells"][0]
        for sigma in ("0.6", "2")
    ]
    changed = {key for key in answers[0] if answers[0][key] != answers[1][key]}
    assert changed == {"sigma", "expected_zero_one", "expected_zero_one_error"}


def test_the_table_has_a_line_for_each_gamma(capsys):
    code, out, _ = run(capsys, "--m-s", "10", "--d", "5", "--gamma", "0", "1", "5")
    assert code == 0
    assert len(out.splitlines()) == 4


BAD = {
    "few": (["--m-s", "3", "--d", "1", "--gamma", "1"], "Found 3"),
    "fraction": (["--m-s", "10", "--d", "1", "--gamma", "0.05"], "0.05"),
    "negative": (["--m-s", "10", "--d", "1", "--gamma", "-1"], "-1"),
    "level": (["--m-s", "10", "--d", "1", "--gamma", "1", "--quantiles", "1"], "Found 1"),
    "sigma": (["--m-s", "10", "--d", "1", "--gamma", "1", "--sigma", "0"], "Found 0"),
    "dimension": (["--m-s", "10", "--d", "0", "--gamma", "1"], "Found 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line(case, capsys):
    words, named = BAD[case]
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert named in err


def test_the_table_shows_no_digits_that_are_not_known():
    assert known(0.123456789, 1e-9, 10) == "0.12345679"
    assert known(0.123456789, 4e-5, 10) == "0.1235"
    assert known(0.123456789, 1e-20, 4) == "0.1235"
    assert known(123.4, 80.0, 8) == "?"
    assert known(1.0, float("inf"), 8) == "?"
    assert known(3e-16, 1e-12, 8) == "0"
