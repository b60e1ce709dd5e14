"""The rule of image experiments: tables go in, words and answers come out; every table is read back from CSV."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from deep.analysis import (
    compare,
    corrected_level,
    prediction_interval,
    recheck_differences,
    t_interval,
    word_of,
)
from deep.image_claims import answers
from deep.image_judgements import at_all_sizes, every, some
from deep.results import expected_rows, read_results, write_results
from deep.spec import Rule, main_spec, spec_from_json
from numerics.estimate import Interval
from tests.deep.image_tables import DIGEST, spec, table


def through_files(results, folder):
    write_results(results, folder, "it")
    read = read_results(folder, "it")
    assert (read.spec, set(read.rows), set(read.runs)) == (results.spec, set(results.rows), set(results.runs))
    return read


@pytest.mark.parametrize(
    ("reduction", "spread", "word"),
    [(2.5, 0.3, "helps"), (-1.0, 0.3, "hurts"), (0.2, 0.3, "hardly"), (0.9, 1.5, "open")],
)
def test_four_tables_reach_the_four_words(reduction, spread, word, tmp_path):
    results = through_files(table(spec(), lambda *_: reduction, spread), tmp_path)
    found = compare(results)
    assert {one.word for one in found} == {word}
    assert len(found) == results.spec.comparisons == 2 * 3 * 2
    # The NLL is three times the error, and the gap is the error, in these tables.
    for one in found:
        assert one.nll.low == pytest.approx(3 * one.error.low / 100)
        assert (one.gap.low, one.gap.high) == pytest.approx((one.error.low, one.error.high))


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (1.001, 9, "helps"),
        (1.0, 9, "open"),
        (-3, -0.001, "hurts"),
        (-0.5, -0.001, "hurts"),
        (-3, 0.0, "open"),
        (-1.0, 1.0, "hardly"),
        (-1.0, 0.0, "hardly"),
        (0.1, 1.0, "hardly"),
        (0.1, 1.001, "open"),
        (-1.001, 0.5, "open"),
        (-math.inf, math.inf, "open"),
    ],
)
def test_the_borders_of_the_rule(low, high, word):
    assert word_of(Interval((low + high) / 2, low, high, 0.95), 1.0) == word


def test_intervals_are_paired_t_intervals_at_the_corrected_level():
    results = table(spec(), lambda *_: 0.2)
    one = compare(results)[0]
    cell = {}
    for row in results.rows:
        if (row.m_S, row.standard) == (50, "off") and row.generator in ("none", "cdcgan"):
            cell.setdefault((row.generator, row.seed), []).append(100 * row.test_error)
    differences = [np.mean(cell["none", s]) - np.mean(cell["cdcgan", s]) for s in range(20)]
    level = 1 - 0.05 / 12
    want = stats.ttest_1samp(differences, 0).confidence_interval(level)
    assert (one.error.low, one.error.high) == pytest.approx((want.low, want.high))
    assert one.error.level == corrected_level(0.95, 12) == pytest.approx(level)
    # Seeds differ by 4 points, the differences by 0.3: unpaired, the interval would be far wider.
    assert one.error.high - one.error.low < 1


def test_all_intervals_hold_together_as_often_as_said():
    rng, trials, count = np.random.default_rng(1), 400, 30
    missed = 0
    for _ in range(trials):
        found = [t_interval(rng.normal(0.3, 1, 6), corrected_level(0.95, count)) for _ in range(count)]
        missed += not all(one.contains(0.3) for one in found)
    # Expected 1 - (1 - 0.05/30)^30 = 4.9 %: outside of these quantiles once in 10^4 such tests.
    assert stats.binom.ppf(5e-5, trials, 0.0488) <= missed <= stats.binom.isf(5e-5, trials, 0.0488)


def test_too_few_seeds_or_no_spread_leave_it_open():
    few = table(spec(seeds=7), lambda *_: 5.0)
    assert {one.word for one in compare(few)} == {"open"}
    assert set(holds(few).values()) == {None}
    assert {one.word for one in compare(table(spec(seeds=8), lambda *_: 5.0))} == {"helps"}
    assert t_interval([2.0] * 20, 0.95) == Interval(2.0, -math.inf, math.inf, 0.95)
    assert t_interval([2.0], 0.95).low == -math.inf
    # 1/497 six times, from results that were rounded to six decimals of a share
    rounded = [100 * round(k / 497, 6) - 100 * round((k - 1) / 497, 6) for k in range(20, 26)]
    assert len(set(rounded)) > 1
    assert t_interval(rounded, 0.95).low == -math.inf
    assert math.isnan(t_interval([], 0.95).value)


def test_generators_that_fail_the_gate_are_left_out():
    failed = {(50, "cdcgan", s) for s in range(11)} | {(500, "cdcgan", s) for s in range(10)}
    found = compare(table(spec(), lambda *_: 2.5, failed=failed))
    by = {(one.m_S, one.generator, one.standard): one for one in found}
    assert by[50, "cdcgan", "off"].excluded
    assert by[50, "cdcgan", "off"].word == "open"
    assert not by[500, "cdcgan", "off"].excluded
    assert by[500, "cdcgan", "off"].seeds == 10
    assert by[500, "cdcgan", "off"].word == "helps"
    assert by[50, "edm", "off"].seeds == 20


def test_rows_of_a_generator_that_failed_do_not_count():
    results = table(spec(), lambda *_: 2.5)
    first = replace(results.runs[0], passed=False, reason="collapsed")
    found = compare(replace(results, runs=(first, *results.runs[1:])))
    assert [one.seeds for one in found if (one.m_S, one.generator) == (50, "cdcgan")] == [19, 19]


def test_classifiers_whose_training_failed_leave_their_pair_out():
    results = table(spec(), lambda *_: 2.5)
    bad = results.rows[0]
    assert bad.generator == "none"
    rows = (replace(bad, test_error=math.nan, test_nll=math.nan), *results.rows[1:])
    found = compare(replace(results, rows=rows))
    assert {one.seeds for one in found} == {19, 20}
    assert all(math.isfinite(one.base) for one in found)


# The claims


def holds(results):
    return {answer.name: answer.holds for answer in answers(results)}


def test_answers_follow_from_the_intervals():
    good = holds(table(spec(), lambda m_S, name, _: 2.5 if m_S < 100 or name == "edm" else -1.0))
    sized = {"old GAN": (True, False), "strong GAN": (False, True), "strong GAN hurts": (False, True),
             "diffusion": (True, True)}  # fmt: skip
    each = [(f"{name}, m_S = {m_S}", value) for name, both in sized.items()
            for m_S, value in zip((50, 500), both, strict=True)]  # fmt: skip
    assert good == dict.fromkeys(good, True) | dict(each)


def test_answers_on_other_results():
    flat = holds(table(spec(), lambda *_: 0.0, spread=0.5))
    assert flat["large, no help"] is flat["strong GAN"] is flat["strong GAN, m_S = 50"] is True
    assert flat["old GAN"] is flat["diffusion"] is flat["small, help"] is False
    assert flat["large, hurts"] is flat["strong GAN hurts"] is flat["small, gap"] is None
    unclear = holds(table(spec(), lambda *_: 0.9, spread=3.0))
    assert set(unclear.values()) == {None}


def test_a_certain_gain_below_the_threshold_is_no_no():
    small = holds(table(spec(), lambda *_: 0.6, spread=0.1))
    assert small["diffusion"] is small["old GAN"] is small["small, help"] is None
    assert small["strong GAN"] is small["large, no help"] is True  # no amount helps by more than the threshold
    assert small["large, hurts"] is False


def test_an_open_word_decides_what_its_interval_decides():
    # From -2 to 0.6 say: open by the words, and yet no gain above one point.
    results = table(spec(), lambda *_: -0.6, spread=1.2)
    words = {one.word for one in compare(results)}
    assert "open" in words
    found = holds(results)
    assert found["large, no help"] is found["strong GAN"] is True
    assert found["diffusion"] is found["old GAN"] is False


def test_c10_is_about_small_samples_and_c11_about_large_ones():
    small = {a.name: a for a in answers(table(spec(m_S=(50, 100)), lambda *_: 2.5))}
    assert (small["strong GAN"].holds, small["old GAN"].holds, small["diffusion"].holds) == (None, True, True)
    assert small["strong GAN"].computed == "no such cell; beside the claim's m_S: no at m_S = 50, 100"
    large = {a.name: a for a in answers(table(spec(m_S=(500, 1000)), lambda *_: -1.0))}
    assert (large["strong GAN"].holds, large["old GAN"].holds, large["diffusion"].holds) == (True, None, False)
    assert large["old GAN"].computed == "no such cell; beside the claim's m_S: no at m_S = 500, 1000"
    both = {a.name: a for a in answers(table(spec(), lambda m_S, *_: 2.5 if m_S == 50 else -1.0))}
    assert both["strong GAN"].holds is both["old GAN"].holds is both["strong GAN hurts"].holds is True
    assert both["diffusion"].holds is False
    assert {a.part_of for a in both.values()} == {"", "old GAN", "strong GAN", "strong GAN hurts", "diffusion"}
    assert both["old GAN, m_S = 500"].part_of == both["strong GAN, m_S = 50"].part_of == ""


def test_harm_counts_where_there_is_no_room_for_help():
    def levels(results, m_S, base):
        own = {(row.seed, row.standard, row.classifier): row.test_error for row in results.rows
               if (row.m_S, row.generator) == (m_S, "none")}  # fmt: skip
        rows = tuple(
            replace(row, test_error=base + row.test_error - own[row.seed, row.standard, row.classifier])
            if row.m_S == m_S
            else row
            for row in results.rows
        )
        return replace(results, rows=rows)

    kind = {"base": 20.0, "seed": 3}
    effects = {500: -1.0, 50: 2.5}
    asked = spec(generators=("edm",))
    harmed = {a.name: a for a in answers(levels(table(asked, lambda m_S, *_: effects[m_S], 0.05, **kind), 500, 0.02))}
    assert harmed["diffusion"].holds is False
    assert harmed["diffusion, m_S = 500"].holds is False
    effects[500] = 0.0
    quiet = {a.name: a for a in answers(levels(table(asked, lambda m_S, *_: effects[m_S], 0.05, **kind), 500, 0.02))}
    assert quiet["diffusion"].holds is True
    assert quiet["diffusion"].computed == "yes at m_S = 50; no room at m_S = 500"


def test_failures_in_training_do_not_hide_a_size():
    asked = spec(generators=("edm",))
    whole = table(asked, lambda m_S, *_: 2.5 if m_S == 50 else -3.0)
    lost = {"test_error": math.nan, "test_nll": math.nan}
    rows = tuple(replace(row, **lost) if (row.m_S, row.generator) == (500, "none") else row for row in whole.rows)
    found = {a.name: a for a in answers(replace(whole, rows=rows))}
    assert (found["diffusion"].holds, found["diffusion, m_S = 500"].holds) == (None, None)
    # Where 12 of 20 pairs are lost, the rest would be a choice of those that went well.
    rows = tuple(replace(row, **lost) if row.generator == "edm" and row.seed < 12 else row for row in whole.rows)
    few = compare(replace(whole, rows=rows))
    assert {(one.seeds, one.enough, one.word) for one in few} == {(8, False, "open")}
    rows = tuple(replace(row, **lost) if row.generator == "edm" and row.seed < 10 else row for row in whole.rows)
    assert {(one.seeds, one.enough) for one in compare(replace(whole, rows=rows))} == {(10, True)}


def test_at_all_sizes():
    yes, no, unclear = True, False, None
    cases = {(yes, yes): yes, (yes, no): no, (no, no): no, (no, unclear): unclear, (yes, unclear): unclear,
             (yes, no, unclear): no, (): unclear, (unclear,): unclear}  # fmt: skip
    assert {case: at_all_sizes(case) for case in cases} == cases


@pytest.mark.parametrize(
    ("generator", "standard", "changed"),
    [
        ("cdcgan", "off", {"large, no help": False, "small, help": True, "small, gap": True, "old GAN": True}),
        ("cdcgan", "on", {}),
        ("stylegan2-ada", "off", {"large, no help": False, "small, help": True, "small, gap": True}),
        ("stylegan2-ada", "on", {"strong GAN": False}),
        ("edm", "off", {}),
        ("edm", "on", {"diffusion": True}),
    ],
)
def test_each_answer_is_about_its_generators_and_its_augmentation(generator, standard, changed):
    hurt = holds(table(spec(), lambda *_: -1.0))
    other = holds(table(spec(), lambda _, name, how: 2.5 if (name, how) == (generator, standard) else -1.0))
    different = {name: value for name, value in other.items() if value != hurt[name] and "m_S = " not in name}
    if (generator, standard) == ("stylegan2-ada", "on"):
        assert different.pop("strong GAN hurts") is False
    assert different == changed


def test_the_gap_is_the_distance_of_test_and_train_error():
    results = table(spec(), lambda *_: 0.0, base=10.0)
    # Train errors above the test errors, and farther from them with generated images.
    rows = tuple(replace(row, train_error=0.6 if row.m_G else 0.5) for row in results.rows)
    for one in compare(replace(results, rows=rows)):
        assert one.gap.value == pytest.approx(-10 - one.error.value)


def test_rows_of_generators_that_passed_are_missed_and_others_are_not():
    asked = spec(recheck=5, epoch_check=(50, "edm", 1))
    whole = table(asked, lambda *_: 0.0)
    assert whole.missing() == 0
    none = replace(whole, rows=())
    assert none.missing() == len(whole.rows) == len(list(expected_rows(asked)))
    failed = tuple(replace(run, passed=False, reason="collapsed") for run in whole.runs)
    kept = tuple(row for row in whole.rows if row.generator == "none" or row.protocol == "recheck")
    assert replace(whole, rows=kept, runs=failed).missing() == 0
    assert replace(whole, rows=kept[:-1], runs=failed).missing() == 1


def test_claims_without_room_and_generators_that_failed_give_no_answer():
    full = holds(table(spec(), lambda *_: 0.0, base=0.5, spread=0.1))
    assert (full["old GAN"], full["strong GAN"], full["diffusion"], full["large, no help"]) == (None,) * 4
    failed = {(m_S, "cdcgan", s) for m_S in (50, 500) for s in range(20)}
    found = {a.name: a for a in answers(table(spec(), lambda *_: 2.5, failed=failed))}
    assert found["old GAN"].holds is None
    left_out = "left out, as it failed the gate: cdcgan at m_S = 50"
    assert found["old GAN"].computed == f"no such cell; {left_out}, cdcgan at m_S = 500"
    assert found["small, help"].holds is True
    assert found["small, help"].computed == f"stylegan2-ada at m_S = 50: helps (1); {left_out}"
    assert found["small, gap"].computed.startswith("stylegan2-ada at m_S = 50: +2.")
    assert {one.generator for one in found["small, help"].comparisons} == {"stylegan2-ada"}


def test_an_experiment_that_is_not_complete_answers_nothing():
    results = table(spec(), lambda *_: 2.5)
    assert results.missing() == 0
    cut = replace(results, rows=results.rows[1:], runs=results.runs[2:])
    assert cut.missing() == 3
    assert set(holds(cut).values()) == {None}
    assert answers(cut)[0].computed.startswith("3 results are missing")


def test_every_and_some_are_undecided_where_one_is():
    assert (every([True, True]), every([True, None]), every([None, False]), every([])) == (True, None, False, None)
    assert (some([False, False]), some([False, None]), some([None, True]), some([])) == (False, None, True, None)


# Spec and files


def test_the_main_run_is_what_was_asked_for():
    main = main_spec(DIGEST)
    assert (main.m_S[0], main.m_S[-1], main.gammas, main.seeds) == (50, 1000, (0, 1, 4, 10), 20)
    assert len(main.generators) == 3
    assert main.classifiers >= 2
    assert main.comparisons == 5 * 3 * 3 * 2 + 2
    assert {main.training.steps_at(200, m_G) for m_G in (0, 200, 2000)} == {600}
    assert main.training.steps_at(200, 800, growing=True) == 3000
    assert spec_from_json(main.to_json()) == main
    keys = list(expected_rows(main))
    assert len(keys) == len(set(keys)) == 20 * (5 * 2 * 2 * (1 + 9) + 2 * 2 + 2)


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({"m_S": ()}, "[]"),
        ({"m_S": (0,)}, "0"),
        ({"m_S": (50, 50)}, "[50, 50]"),
        ({"gammas": (1, 4)}, "[1, 4]"),
        ({"gammas": (0, 0.25), "m_S": (50,)}, "0.25"),
        ({"gammas": (0, -1)}, "-1"),
        ({"generators": ("gan",)}, "'gan'"),
        ({"seeds": 1}, "1"),
        ({"seeds": 2.5}, "2.5"),
        ({"m_S": ("50",)}, "'50'"),
        ({"classifiers": 0}, "0"),
        ({"standard": ("maybe",)}, "'maybe'"),
        ({"device": "tpu"}, "'tpu'"),
        ({"epoch_check": (50, "edm", 4)}, "4"),
        ({"recheck": 5, "settings": {}}, "5"),
    ],
)
def test_specifications_out_of_range_are_refused_with_the_value(changes, value):
    with pytest.raises(ValueError, match="Found") as error:
        spec(**changes)
    assert value in str(error.value)


@pytest.mark.parametrize("text", ["", "[]", "{}", "{", '{"data": 1}', "[" * 5000, '{"rule": {}, "training": {}}'])
def test_texts_that_are_no_specification_are_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        spec_from_json(text)


def test_rules_out_of_range_are_refused():
    for changes in ({"level": 1.0}, {"threshold": 0.0}, {"least_seeds": 1}, {"small": 500}, {"least_passing": 0.0}):
        with pytest.raises(ValueError, match="Found"):
            Rule(**changes)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("m_S,generator", "m_S,who", "columns"),
        (",600,", ",six,", "steps must be of type int"),
        ("50,none,0,0,off,steps,0", "50,none,0,0,off,steps,1", "twice"),
        ("50,none,0,0,off,steps,0", "60,none,0,0,off,steps,0", "does not have"),
        ("50,none,0,0,off", "50,none,0,7,off", "m_G"),
        ("cdcgan", "gan", "generator"),
        ("off", "of", "augmentation"),
    ],
)
def test_tables_that_were_tampered_with_are_refused(old, new, complaint, tmp_path):
    write_results(table(spec(seeds=2), lambda *_: 2.5), tmp_path, "it")
    path = tmp_path / "it.csv"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ValueError, match=complaint) as error:
        read_results(tmp_path, "it")
    assert str(error.value).count("\n") == 0


def test_the_short_cell_has_a_prediction():
    results = table(spec(recheck=100), lambda *_: 1.5)
    found = recheck_differences(results)
    assert list(found) == list(range(20))
    assert results.missing() == 0
    interval = prediction_interval(list(found.values()), 0.99)
    assert interval.low < 1.5 < interval.high
    rng, inside = np.random.default_rng(0), 0
    for _ in range(2000):
        draws = rng.normal(size=6)
        inside += prediction_interval(draws[:5], 0.9).contains(draws[5])
    assert stats.binom.ppf(5e-5, 2000, 0.9) <= inside <= stats.binom.isf(5e-5, 2000, 0.9)
    with pytest.raises(ValueError, match="Found 2"):
        prediction_interval([1.0, 2.0], 0.9)
