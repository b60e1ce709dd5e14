"""The tables and the picture of an experiment on images."""

import math
from dataclasses import replace

import pytest

from deep.analysis import compare
from gda.image_figure import draw_comparisons
from gda.image_tables import comparison_table, failures, quality_table
from tests.deep.image_tables import spec, table


def test_quality_is_the_mean_and_the_range_over_seeds():
    asked = spec(seeds=2)
    whole = table(asked, lambda *_: 0.0)
    changed = {
        (50, "edm", 0): {"accuracy": 0.9, "frechet": 1.0},
        (50, "edm", 1): {"accuracy": 0.8, "frechet": 2.5, "passed": False, "reason": "frechet must be below 2."},
        (500, "edm", 0): dict.fromkeys(("accuracy", "worst_class", "diversity", "frechet", "neighbours"), math.nan),
    }
    runs = tuple(replace(run, **changed.get(run.key, {})) for run in whole.runs)
    found = quality_table(replace(whole, runs=runs), ["edm"])
    assert [row[:3] for row in found.rows] == [["50", "edm", "1 of 2"], ["500", "edm", "2 of 2"]]
    assert found.rows[0][3] == "85.0 [80.0, 90.0]"
    assert found.rows[0][6] == "1.75 [1.00, 2.50]"
    assert found.rows[1][3] == "90.0 [90.0, 90.0]"  # of the run that has a figure
    assert len(found.header) == len(found.rows[0])
    assert failures(replace(whole, runs=runs), ["edm"]) == ("edm at m_S = 50: 1 of 2 (frechet first)",)
    assert failures(replace(whole, runs=runs), ["cdcgan"]) == ()
    assert quality_table(replace(whole, runs=()), ["edm"]).rows == []


def test_a_generator_that_failed_everywhere_has_no_intervals():
    failed = {(50, "edm", s) for s in range(20)}
    shown = comparison_table("", compare(table(spec(), lambda *_: 2.5, failed=failed)))
    lost = [row for row in shown.rows if row[:2] == ["50", "edm"]]
    assert [row[6:] for row in lost] == [["-", "-", "-", "generator failed"]] * 2
    assert "nan" not in str(shown.rows)


def test_the_picture_is_the_same_to_the_byte_and_shows_words_and_failures(tmp_path):
    pytest.importorskip("matplotlib", reason="the extra `plot` is not installed: pip install 'gda-verifier[plot]'")
    failed = {(50, "edm", s) for s in range(20)}
    pictures = {
        "first": table(spec(), lambda *_: 2.5),
        "again": table(spec(), lambda *_: 2.5),
        "open": table(spec(), lambda *_: 2.5, spread=8.0),
        "failed": table(spec(), lambda *_: 2.5, failed=failed),
    }
    found = {}
    for name, results in pictures.items():
        draw_comparisons(results)(tmp_path / f"{name}.png")
        found[name] = (tmp_path / f"{name}.png").read_bytes()
    assert found["first"] == found["again"]
    assert len(set(found.values())) == 3
