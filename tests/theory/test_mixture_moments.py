"""Moments of the mixture's test risk and gap: derived, caught when wrong, and recomputed from explicit examples."""

from fractions import Fraction
from functools import cache
from math import comb

import numpy as np
import pytest
import sympy as sp
from scipy.stats import norm

from numerics.mixture import simulate
from theory.mixture_consequences import critical_dimension, gamma, gap_variance_turns, mean_square_falls, what_falls
from theory.mixture_iid import exact_iid_moments, iid_label_moments, iid_moments
from theory.mixture_iid_consequences import at_large, iid_consequences, iid_expansion
from theory.mixture_moments import Moments, at_counts, balanced_moments, crossover_dimension, stated_moments
from theory.mixture_moments_proof import balanced_gap_moments, class_count_moments
from theory.mixture_reciprocals import epsilon, expansion, reciprocal_expansion, reciprocal_mean, taylor
from theory.symbols import d, g_minus, g_plus, m_G, m_S, n_minus, n_plus

CHAINS = (
    class_count_moments,
    balanced_gap_moments,
    reciprocal_expansion,
    iid_label_moments,
    what_falls,
    gap_variance_turns,
    mean_square_falls,
    iid_consequences,
    iid_expansion,
)
derived = cache(lambda builder: builder())


@pytest.mark.parametrize("builder", CHAINS)
def test_it_holds_and_prints(builder):
    chain = derived(builder)
    assert chain.failures() == ()
    assert chain.axioms == ()
    assert "therefore" in str(chain)


@pytest.mark.parametrize("builder", CHAINS)
def test_a_wrong_statement_is_caught_in_its_step(builder):
    chain = derived(builder)
    for step in chain.steps:
        for quantity, right in step.stated.items():
            for value in (right + 1, right - d, 2 * right if right != 0 else d):
                # The steps are checked one by one, so the others hold as they did.
                assert step.restate(quantity, value).failures(), (step.name, quantity)


def test_a_wrong_statement_is_caught_nowhere_else():
    chain = derived(balanced_gap_moments)
    for step in chain.steps:
        for quantity, right in step.stated.items():
            wrong = chain.with_step(step.restate(quantity, right + 1))
            assert {failure.step for failure in wrong.failures()} == {step.name}


def explicit_moments(real, generated):
    """Test risk and gap of one coordinate, each as mean and variance, from the examples' quadratic forms.

    Given the learned variance v the class means of S and every generated example's noise are normal:
    E x'Ax = tr(A C) and Var x'Ax = 2 tr(A C A C) with their covariance C. Both are polynomials in v.
    """
    fresh = sum(generated)
    total, width, degrees = sum(real) + fresh, 2 + fresh, sum(real) - 2
    owner = [c for c in (0, 1) for _ in range(generated[c])]
    rows = [([int(i == c) for i in range(width)], real[c]) for c in (0, 1)]
    rows += [([int(i == c) + int(i == 2 + j) for i in range(width)], 1) for j, c in enumerate(owner)]
    error = [Fraction(sum(times * row[i] for row, times in rows), total) for i in range(width)]
    around = [
        [sum(Fraction(times * row[i] * row[j]) for row, times in rows) for j in range(width)] for i in range(width)
    ]
    risk_form = [[error[i] * error[j] / 2 for j in range(width)] for i in range(width)]
    gap_form = [[error[i] * error[j] - around[i][j] / (2 * total) for j in range(width)] for i in range(width)]
    found = []
    for form, scatter in ((risk_form, Fraction(0)), (gap_form, Fraction(-degrees, 2 * total))):
        means, variances = [], []
        for v in range(3):
            covariance = [Fraction(1, real[0]), Fraction(1, real[1]), *[Fraction(v)] * fresh]
            means.append(Fraction(1, 2) + scatter * v + sum(form[i][i] * covariance[i] for i in range(width)))
            product = [[form[i][j] * covariance[j] for j in range(width)] for i in range(width)]
            variances.append(2 * sum(product[i][j] * product[j][i] for i in range(width) for j in range(width)))
        # E v = 1 and E v^2 = 1 + 2/degrees; the mean is linear in v and the variance quadratic.
        square, linear = (variances[2] - 2 * variances[1] + variances[0]) / 2, means[1] - means[0]
        spread = variances[1] + square * Fraction(2, degrees) + linear**2 * Fraction(2, degrees)
        found += [means[1], spread]
    return found


COUNTS = [((2, 2), (0, 0)), ((2, 1), (1, 0)), ((2, 3), (0, 3)), ((3, 2), (2, 1)), ((4, 1), (2, 2)), ((3, 5), (0, 1))]


@pytest.mark.parametrize(("real", "generated"), COUNTS)
def test_moments_for_class_counts_match_explicit_examples(real, generated):
    at = dict(zip((n_plus, n_minus, g_plus, g_minus), (*real, *generated), strict=True))
    found = at_counts(stated_moments()).subs(at | {d: 1})
    assert list(found.named().values()) == [sp.Rational(value) for value in explicit_moments(real, generated)]


@pytest.mark.parametrize(("real", "generated"), [(4, 0), (4, 2), (6, 4), (8, 2)])
def test_balanced_moments_match_explicit_examples(real, generated):
    expected = explicit_moments((real // 2, real // 2), (generated // 2, generated // 2))
    found = balanced_moments().subs({m_S: real, m_G: generated, d: 7})
    assert list(found.named().values()) == [7 * sp.Rational(value) for value in expected]


@pytest.mark.parametrize("generated", range(4))
@pytest.mark.parametrize("real", [4, 5, 6])
def test_iid_moments_match_the_sum_over_all_labels(real, generated):
    dimension = 3
    weights, given = [], []
    for plus in range(2, real - 1):
        for fresh in range(generated + 1):
            weights.append(Fraction(comb(real, plus) * comb(generated, fresh)))
            given.append(explicit_moments((plus, real - plus), (fresh, generated - fresh)))
    share = [weight / sum(weights) for weight in weights]
    expected = []
    for mean, variance in ((0, 1), (2, 3)):
        centre = sum(p * g[mean] for p, g in zip(share, given, strict=True))
        within = sum(p * g[variance] for p, g in zip(share, given, strict=True))
        between = sum(p * (g[mean] - centre) ** 2 for p, g in zip(share, given, strict=True))
        expected += [dimension * centre, dimension * within + dimension**2 * between]
    found = exact_iid_moments(real, generated, dimension)
    assert list(found.named().values()) == [sp.Rational(value) for value in expected]


FALSE_ALARM = 1e-4
"""Of all comparisons with the sampler together."""
CELLS = [(4, 3, "iid", (0, "1/4", "1/2", "3/4", 2)), (9, 5, "iid", ("1/9", 1)), (6, 20, "balanced", (0, "1/3", 4))]


@cache
def simulated(m_S_value, dimension, labels, gammas):
    return simulate(m_S_value, dimension, gammas, repeats=6000, seed=11, labels=labels, sampler="literal").cells


@pytest.mark.parametrize(("size", "dimension", "labels", "index"), [
    (size, dimension, labels, index) for size, dimension, labels, gammas in CELLS for index in range(len(gammas))
])  # fmt: skip
def test_moments_match_the_literal_sampler(size, dimension, labels, index):
    (gammas,) = (gammas for at, dim, kind, gammas in CELLS if (at, dim, kind) == (size, dimension, labels))
    cell = simulated(size, dimension, labels, gammas)[index]
    exact = (
        exact_iid_moments(size, cell.m_G, dimension)
        if labels == "iid"
        else balanced_moments().subs({m_S: size, m_G: cell.m_G, d: dimension})
    )
    comparisons = 4 * sum(len(gammas) for *_, gammas in CELLS)
    limit = norm.isf(FALSE_ALARM / comparisons / 2)
    for values, mean, variance in (
        (cell.test_risk, exact.mean_test_risk, exact.test_risk_variance),
        (cell.gap, exact.mean_gap, exact.gap_variance),
    ):
        squares = (values - float(mean)) ** 2
        assert abs(values.mean() - float(mean)) < limit * np.sqrt(float(variance) / values.size)
        assert abs(squares.mean() - float(variance)) < limit * squares.std() / np.sqrt(values.size)


def test_a_variance_that_is_off_would_be_seen_by_the_sampler():
    size, dimension, labels, gammas = CELLS[0]
    cell = simulated(size, dimension, labels, gammas)[-1]
    squares = (cell.gap - cell.gap.mean()) ** 2
    resolution = norm.isf(FALSE_ALARM / 2) * squares.std() / np.sqrt(squares.size)
    assert resolution < float(exact_iid_moments(size, cell.m_G, dimension).gap_variance) / 4


def test_reciprocals_refuse_a_small_sample():
    with pytest.raises(ValueError, match="Found 3"):
        reciprocal_mean(3, 1)


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("size", [64, 256, 1000])
def test_the_expansion_of_the_reciprocals_is_as_close_as_it_says(power, size):
    exact = sp.Rational(reciprocal_mean(size, power))
    error = abs(exact - expansion(power).subs(epsilon, sp.Rational(1, size)))
    assert error < sp.Rational(5000, size**6)


@pytest.mark.parametrize("ratio", [Fraction(1, 2), 1, 4])
def test_the_expansion_of_the_iid_moments_is_as_close_as_it_says(ratio):
    large = at_large(iid_moments(), Moments(*(sp.Integer(order) for order in (3, 4, 3, 4))))
    errors = []
    for size in (100, 400):
        exact = exact_iid_moments(size, int(ratio * size), 3).named()
        near = large.subs({epsilon: sp.Rational(1, size), gamma: sp.Rational(ratio), d: 3}).named()
        errors.append([abs(float(exact[name] - near[name])) for name in exact])
    for order, coarse, fine in zip((4, 5, 4, 5), *errors, strict=True):
        assert coarse / fine == pytest.approx(4**order, rel=0.2)


def test_taylor_is_the_series():
    function = (1 + 3 * epsilon) / (2 - epsilon) ** 2
    assert sp.expand(taylor(function, 4) - sp.series(function, epsilon, 0, 5).removeO()) == 0


def test_where_the_variance_of_the_gap_turns():
    slope = gap_variance_turns().step("slope").computed["slope"]
    turns = {size: [r for r in sp.Poly(slope.subs(m_S, size), gamma).nroots() if r.is_positive] for size in (4, 6, 100)}
    assert turns[4] == []
    assert [float(r) for r in turns[6]] == pytest.approx([7.990458], rel=1e-6)
    assert [float(r) for r in turns[100]] == pytest.approx([1.103847], rel=1e-6)


@pytest.mark.parametrize(("size", "made"), [(4, 0), (10, 50), (10, 500), (40, 4000)])
def test_at_the_crossover_the_spread_is_as_large_as_the_mean(size, made):
    at = {m_S: size, m_G: made}
    border = crossover_dimension().subs(at)
    there = balanced_moments().subs({**at, d: border})
    assert there.gap_variance == there.mean_gap**2
    above, below = (balanced_moments().subs({**at, d: border * factor}) for factor in (100, sp.Rational(1, 100)))
    assert above.gap_variance / above.mean_gap**2 == sp.Rational(1, 100)
    assert below.gap_variance / below.mean_gap**2 == 100


@pytest.mark.parametrize("ratio", [Fraction(1, 2), 1, 3])
@pytest.mark.parametrize("size", [4, 6, 20])
def test_the_mean_square_falls_above_the_critical_dimension_only(size, ratio):
    border = critical_dimension().subs({m_S: size, gamma: sp.Rational(ratio)})
    for dimension in (sp.floor(border), sp.floor(border) + 1):
        at = [balanced_moments().subs({m_S: size, m_G: made, d: dimension}) for made in (0, int(ratio * size))]
        without, augmented = (moments.gap_variance + moments.mean_gap**2 for moments in at)
        assert bool(augmented < without) == bool(dimension > border)
