"""Certified float64 for large samples: binomial probabilities, the finite model's law, distance of bound and truth."""

import math
from fractions import Fraction

import numpy as np
import pytest

from numerics.binomial import binomial_rows, reach, sum_error
from numerics.finite import FiniteSetting, bound_quantile, failure_probability, inputs, quantile
from numerics.finite_bound import AffineBound, bound_in_model
from numerics.finite_large import LargeSetting, sample_dependence
from theory.stability import Bound
from theory.tight_bound import bound_by, martingale_form

HALF, TENTH, FIFTH, TWENTIETH = Fraction(1, 2), Fraction(1, 10), Fraction(1, 5), Fraction(1, 20)
THREE_TENTHS = Fraction(3, 10)
BEST = bound_by("best")


def around(size: int, successes: list[int], total: int):
    s = np.array(successes)
    return binomial_rows(size, s, total, np.minimum((size + 1) * s // total, size), reach(size, s, total))


# Binomial probabilities.


@pytest.mark.parametrize(
    ("size", "successes", "total"),
    [(1, [1], 2), (7, [1, 3, 6], 7), (40, [1, 40], 42), (400, [1, 2, 77], 102), (1200, [1, 500, 1001], 1002)],
)
def test_every_probability_is_within_its_error(size, successes, total):
    rows = around(size, successes, total)
    for s, counts, mass in zip(successes, rows.counts, rows.mass, strict=True):
        exact = {g: Fraction(math.comb(size, g) * s**g * (total - s) ** (size - g)) for g in range(size + 1)}
        scale = Fraction(total) ** size
        for count, found in zip(counts.tolist(), mass.tolist(), strict=True):
            value = exact.get(count, Fraction(0)) / scale
            if found:
                assert abs(Fraction(found) - value) <= Fraction(rows.error) * value
            else:
                assert value <= Fraction(1, 10**250)
    assert rows.error < 1e-12
    assert 1 - mass.sum() < 1e-13


def test_more_than_one_rounding_has_to_be_allowed_for():
    """The proved error is that of the worst case; it is not smaller than what happens."""
    size, s, total = 1200, 500, 1002
    rows = around(size, [s], total)
    worst = 0.0
    for count, found in zip(rows.counts[0].tolist(), rows.mass[0].tolist(), strict=True):
        exact = Fraction(math.comb(size, count) * s**count * (total - s) ** (size - count), total**size)
        worst = max(worst, float(abs(Fraction(found) - exact) / exact))
    assert 3 * 2.0**-53 < worst <= rows.error


def test_probabilities_far_out_are_dropped_not_wrong():
    s = np.array([1])
    rows = binomial_rows(2, s, 10**12, np.array([0]), 2)
    assert rows.mass[0].tolist()[2:] == pytest.approx([1 - 2e-12, 2e-12, 1e-24], rel=1e-13)
    rows = binomial_rows(40, s, 10**14, np.array([0]), 40)
    assert rows.mass[0, -1] == 0.0 < rows.mass[0, 57]


@pytest.mark.parametrize(("size", "successes", "total"), [(5, [0], 3), (5, [3], 3), (10**9, [1], 10**8), (-1, [1], 3)])
def test_what_has_no_proved_error_is_refused(size, successes, total):
    with pytest.raises(ValueError, match="must be"):
        binomial_rows(size, np.array(successes), total, np.array([0]), 4)


def test_an_anchor_that_underflows_is_refused():
    with pytest.raises(ValueError, match="near the mode"):
        binomial_rows(5000, np.array([1]), 2, np.array([0]), 40)


def test_sums_are_within_their_error():
    rng = np.random.default_rng(3)
    values = rng.random(10_001)
    exact = sum(map(Fraction, values.tolist()))
    for found in (values.sum(), float(np.cumsum(values)[-1])):
        assert abs(Fraction(float(found)) - exact) <= Fraction(sum_error(10_001)) * exact


# The model, against the rationals.


@pytest.mark.parametrize("loss", ["absolute", "squared"])
@pytest.mark.parametrize(
    ("p", "m_S", "m_G"),
    [(TENTH, 30, 120), (THREE_TENTHS, 60, 60), (HALF, 100, 0), (Fraction(1, 1000), 12, 12), (Fraction(99, 100), 1, 3)],
)
def test_the_enclosures_hold_what_rationals_give(p, m_S, m_G, loss):
    setting, large = FiniteSetting((1 - p, p), m_S, m_G, loss), LargeSetting(p, m_S, m_G, loss)
    bound = bound_in_model(martingale_form(), TWENTIETH, inputs(setting))
    for part in (2, 5, 10, 20, 50):
        small = bound.divided(Fraction(part))
        exact, found = failure_probability(setting, small), large.failure_probability(small)
        assert found.lower <= exact <= found.upper
        assert found.upper - found.lower < 1e-11
    for delta in (TWENTIETH, FIFTH, Fraction(9, 10)):
        for exact, found in (
            (quantile(setting, delta), large.quantile(delta)),
            (bound_quantile(setting, bound, delta), large.bound_quantile(bound, delta)),
        ):
            assert found.lower <= exact <= found.upper
            assert found.upper - found.lower < 1e-13 * (1 + float(exact))


def test_a_value_at_the_limit_is_in_the_enclosure_either_way():
    """A bound that is attained exactly: float64 may see it on either side, the enclosure has both."""
    setting, large = FiniteSetting((1 - TENTH, TENTH), 10, 10), LargeSetting(TENTH, 10, 10)
    q = quantile(setting, TWENTIETH)
    found = large.failure_probability(AffineBound(q, Fraction(0)))
    above = failure_probability(setting, AffineBound(q, Fraction(0)))
    at = failure_probability(setting, AffineBound(q * (1 - Fraction(1, 10**15)), Fraction(0)))
    assert above < at
    assert found.lower <= above < at <= found.upper


def test_a_slope_above_one_is_refused():
    with pytest.raises(ValueError, match="slope"):
        LargeSetting(TENTH, 100, 100).failure_probability(AffineBound(Fraction(0), Fraction(2)))


def test_a_level_that_what_is_missing_exceeds_has_no_upper_end():
    found = LargeSetting(TENTH, 100, 100).quantile(Fraction(1, 10**15))
    assert found.upper == math.inf > found.lower


@pytest.mark.parametrize(("m_S", "m_G"), [(1, 1), (2, 7), (9, 9), (30, 120), (41, 3), (2, 400), (3, 2000)])
def test_the_dependence_is_enclosed(m_S, m_G):
    exact = FiniteSetting((HALF, HALF), m_S, m_G).dependence()
    found = sample_dependence(m_S, m_G)
    assert found.lower <= exact <= found.upper <= found.lower + 1e-11
    assert sample_dependence(m_S, 0).upper == 0


# How far the bounds are from the truth: the 95% quantile of the bound over that of Gen, D_TV that of the S at hand.


def ratio(setting: LargeSetting, bound: Bound) -> tuple[float, float]:
    known = bound_in_model(bound, TWENTIETH, setting.inputs())
    value, truth = setting.bound_quantile(known, TWENTIETH), setting.quantile(TWENTIETH)
    assert truth.relative_width < 1e-10
    return value.upper / truth.lower, value.upper


@pytest.mark.parametrize("p", [TENTH, THREE_TENTHS])
@pytest.mark.parametrize("m_S", [10, 11, 12, 20, 30, 100, 1000, 10**4])
@pytest.mark.parametrize("gamma", [0, 1, 4])
def test_the_best_bound_is_within_ten_times_the_truth(p, m_S, gamma):
    setting = LargeSetting(p, m_S, gamma * m_S)
    best, value = ratio(setting, BEST)
    assert 1 < best < 10
    assert value < setting.small.width()
    if m_S >= 100:
        assert best < 6.6
        assert value < HALF * setting.small.width()
    published, _ = ratio(setting, bound_by("published"))
    assert published > 40 * best


@pytest.mark.parametrize("p", [TENTH, THREE_TENTHS])
@pytest.mark.parametrize("gamma", [0, 1, 4])
def test_with_the_squared_loss_it_is_from_a_hundred_examples_on(p, gamma):
    for m_S in (100, 1000, 10**4):
        assert 1 < ratio(LargeSetting(p, m_S, gamma * m_S, "squared"), BEST)[0] < 10


@pytest.mark.parametrize("p", [TENTH, THREE_TENTHS, HALF])
@pytest.mark.parametrize("constants", ["published", "sharp", "best"])
def test_coverage_is_certified_for_large_samples(p, constants):
    for m_S, gamma in ((100, 1), (1000, 4), (3000, 0)):
        setting = LargeSetting(p, m_S, gamma * m_S)
        limit = bound_in_model(bound_by(constants), TWENTIETH, setting.inputs("lower"), "lower")
        assert setting.failure_probability(limit).upper <= TWENTIETH
