"""The exact law of the mixture's gap: against independent arithmetic, against simulation, and against itself."""

import math
from functools import lru_cache

import numpy as np
import pytest
import sympy as sp
from flint import acb, arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import chi2, kstest

from numerics import law_ray, law_transform
from numerics.law import GapLaw, law_at_counts, law_of_gap
from numerics.law_counts import WeightedCounts, binomial, gauss_rule, iid_counts
from numerics.law_transform import Counts, chi_square_nodes, log_transform
from numerics.mixture import simulate
from theory.mixture_law import conditional_transform, gap_transform, q, s2, total, y, z
from theory.mixture_moments import at_counts, stated_moments
from theory.symbols import d as d_symbol
from theory.symbols import g_minus, g_plus, n_minus, n_plus

# ---------------------------------------------------------------- the derivation

CHAIN = gap_transform()


def test_the_derivation_holds():
    assert CHAIN.failures() == ()


@pytest.mark.parametrize(("step", "quantity"), [(s.name, q) for s in CHAIN.steps for q in s.stated], ids=str)
def test_a_wrong_statement_is_caught_in_its_step(step, quantity):
    wrong = CHAIN.step(step).restate(quantity, 1 + CHAIN.step(step).stated[quantity])
    assert {failure.step for failure in CHAIN.with_step(wrong).failures()} == {step}


# ---------------------------------------------------------------- 50 digits, another way
# The learned variance is averaged over on the real line and K inverted on the imaginary axis, both by the trapezoid
# rule with a small step, in ball arithmetic of 170 bits: no ray is turned, no saddle point, no float.

BITS = 170


@pytest.mark.parametrize(
    ("n", "g"), [((2, 2), (1, 0)), ((3, 7), (10, 2)), ((5, 5), (40, 40)), ((4, 5), (0, 0))], ids=str
)
def test_the_closed_moments_hold_to_50_digits(n, g):
    values = {symbol: sp.Integer(k) for symbol, k in zip((n_plus, n_minus, g_plus, g_minus), (*n, *g), strict=True)}
    moments = at_counts(stated_moments()).subs({**values, d_symbol: sp.Integer(1)})
    with ctx.workprec(700):
        # log K(i t) = i t mean - t^2/2 variance - i t^3/6 third + ...: what is left out is smaller by t^2.
        t = arb("1e-35")
        log_k = reference_transform(t, n, g, 0.02, "1e-150").log()
        for closed, found in ((moments.mean_gap, log_k.imag / t), (moments.gap_variance, -2 * log_k.real / t**2)):
            exact = arb(int(closed.p)) / arb(int(closed.q))
            assert abs(found - exact) < arb("1e-50") * exact


@lru_cache(maxsize=1)
def conditional():
    names = (z, y, q, s2, total, n_plus, n_minus, g_plus, g_minus)
    return sp.lambdify(names, conditional_transform(), [{"exp": lambda x: x.exp(), "sqrt": lambda x: x.sqrt()}])


def reference_transform(t, n, g, step, least="1e-45"):
    """E exp(i t gap_k) at the working precision, without nodes whose weight is below `least`."""
    m_S, m_T = sum(n), sum(n) + sum(g)
    k = m_S - 2
    point = acb(0, t)
    found, mass = acb(0), arb(0)
    floor = math.log(float(least)) - 5
    for j in range(-int(6 / step), int(9 / step) + 1):
        rough = j * step - math.exp(-j * step)
        if k / 2 * (rough - math.expm1(rough)) < floor:
            continue
        s = arb(j) * arb(str(step))
        log_x = s - (-s).exp()
        weight = (arb(k) / 2 * (log_x - log_x.exp() + 1)).exp() * (1 + (-s).exp())
        if not weight > arb(least):
            continue
        x = log_x.exp()
        value = conditional()(point, point / m_T, acb(k * x), acb(x), acb(m_T), *(acb(c) for c in (*n, *g)))
        found, mass = found + acb(weight) * value, mass + weight
    return found / acb(mass)


def reference_mean_abs(n, g, d, step, inner, farthest):
    """E |gap| by the formula on the imaginary axis; t = exp(v - exp(-v)), v from -3.5 up."""
    with ctx.workprec(BITS):
        total_sum = arb(0)
        j = 0
        while True:
            v = arb(-3.5) + arb(j) * arb(str(step))
            t = (v - (-v).exp()).exp()
            if t > arb(farthest):
                break
            value = reference_transform(t, n, g, inner) ** d
            total_sum += (1 - value.real) / t * (1 + (-v).exp())
            j += 1
        # From here on the transform is negligible and 1/t^2 is left, in the same rule.
        for i in range(j, j + int(120 / step)):
            v = arb(-3.5) + arb(i) * arb(str(step))
            total_sum += (1 + (-v).exp()) / (v - (-v).exp()).exp()
        return float((2 / arb.pi() * total_sum * arb(str(step))).mid())


CORNERS = {
    "smallest, one generated": ((2, 2), (1, 0), 30, 0.04, 0.03, 60),
    "few examples, many generated": ((2, 2), (40, 40), 40, 0.04, 0.03, 60),
    "unbalanced": ((3, 7), (10, 2), 25, 0.04, 0.03, 60),
    "many examples, many dimensions": ((5000, 5000), (5, 5), 10_000, 0.05, 0.004, 60),
    # The worst of 1500 random cells: by error against its estimate, by error, and by its estimate.
    "error next to its estimate": ((2, 2), (5, 4), 39, 0.04, 0.03, 60),
    "largest error": ((372542, 372542), (5103606, 5103606), 8725, 0.05, 0.0005, 260),
    "largest estimate": ((3, 2), (0, 0), 8331, 0.01, 0.05, 3),
}


@pytest.mark.parametrize("name", CORNERS)
def test_against_170_bits(name):
    n, g, d, step, inner, farthest = CORNERS[name]
    law = law_at_counts(n, g, d)
    exact = reference_mean_abs(n, g, d, step, inner, farthest)
    assert abs(law.mean_abs_gap.value - exact) <= law.mean_abs_gap.error + 1e-14 * exact
    assert law.mean_abs_gap.error <= 1e-8 * exact


def random_cells(count):
    """Cells from the smallest to the largest, with nothing, little and much generated."""
    rng = np.random.default_rng(3)
    for _ in range(count):
        m_S, d = round(4 * 10 ** rng.uniform(0, 5.4)), round(10 ** rng.uniform(0, 4))
        m_G = round(
            [0, rng.integers(1, 4), m_S * 10 ** rng.uniform(-1, 1), m_S * 10 ** rng.uniform(1, 3)][rng.integers(4)]
        )
        yield ((m_S + 1) // 2, m_S // 2), ((m_G + 1) // 2, m_G // 2), d


def test_errors_stay_below_their_estimates(monkeypatch):
    """Every rule at twice its strength: what changes is below what was estimated, and that below 1e-8."""
    cells = list(random_cells(80))
    found = [law_at_counts(*cell).mean_abs_gap for cell in cells]
    monkeypatch.setattr(law_ray, "STEP", law_ray.STEP / 2)
    monkeypatch.setattr(law_transform, "_STEP", law_transform._STEP / 2)
    monkeypatch.setattr(law_transform, "_STEP_IN_DEVIATIONS", law_transform._STEP_IN_DEVIATIONS / 2)
    chi_square_nodes.cache_clear()
    finer = [law_at_counts(*cell).mean_abs_gap for cell in cells]
    chi_square_nodes.cache_clear()
    for cell, first, second in zip(cells, found, finer, strict=True):
        assert abs(first.value - second.value) <= first.error <= 1e-8 * first.value, cell


# ---------------------------------------------------------------- the transform


@pytest.mark.parametrize("counts", [(2, 2, 1, 0), (3, 7, 10, 2), (5, 5, 400, 400), (2, 2, 0, 0), (30, 20, 1, 2)])
def test_the_transform_is_the_average_of_the_conditional_one(counts):
    points = np.concatenate([np.geomspace(1e-6, 1, 60), np.linspace(1.1, 20, 60)]) * 1j
    found = np.exp(log_transform(points, Counts(*counts)).fine + points / 2)
    for index in (30, 65, 119):
        with ctx.workprec(BITS):
            exact = reference_transform(arb(points[index].imag), counts[:2], counts[2:], 0.03)
            assert abs(found[index] - complex(exact.mid())) < 1e-12


def test_nothing_generated_is_the_limit_of_a_share_of_an_example():
    points = np.geomspace(1e-6, 5, 80) * 1j
    none = log_transform(points, Counts(4, 6, 0, 0)).fine
    hardly = log_transform(points, Counts(4, 6, 1e-9, 0)).fine
    assert np.abs(none - hardly).max() < 1e-7


@pytest.mark.parametrize("degrees", [1, 2, 8, 998, 10**6])
def test_the_rule_for_the_learned_variance_has_its_moments(degrees):
    x, weights = chi_square_nodes(degrees)
    assert weights.sum() == pytest.approx(1)
    assert weights @ x == pytest.approx(0, abs=1e-12)
    assert weights @ x**2 == pytest.approx(2 / degrees, rel=1e-12)
    assert weights @ x**3 == pytest.approx(8 / degrees**2, rel=1e-7)


@pytest.mark.parametrize("turn", [0.5, 0.7])
def test_how_far_the_ray_of_the_learned_variance_is_turned_back_changes_nothing(turn, monkeypatch):
    cells = [(4, 1, 1), (4, 1, 50), (10, 2, 5)]
    before = [law_of_gap(*cell).mean_abs_gap for cell in cells]
    monkeypatch.setattr(law_transform, "_TURN", turn)
    for cell, first in zip(cells, before, strict=True):
        assert abs(law_of_gap(*cell).mean_abs_gap.value - first.value) <= first.error


# ---------------------------------------------------------------- the law


@pytest.mark.parametrize(("m_S", "d"), [(4, 1), (10, 3), (40, 1)])
def test_without_augmentation_it_is_known_in_closed_form(m_S, d):
    # gap = d/2 - A/2 + B/2 with m_S A chi-square of d (m_S - 1) degrees and m_S B one of d: the law of theta_hat's
    # error and of what is left, by Cochran's theorem.
    law = law_of_gap(m_S, d, 0)
    exact = kstest(_without_augmentation(m_S, d), lambda x: np.array([law.cdf(v).value for v in x]))
    assert exact.pvalue > 1e-4
    assert law.mean_gap == pytest.approx(d / m_S)


def _without_augmentation(m_S, d):
    rng = np.random.default_rng(7)
    scatter, error = rng.chisquare(d * (m_S - 1), 4000), rng.chisquare(d, 4000)
    return d / 2 - scatter / (2 * m_S) + error / (2 * m_S)


CELLS = [(4, 1, "0.25", "balanced"), (10, 2, "0.3", "balanced"), (7, 3, "1", "balanced"), (10, 50, "5", "balanced"),
         (6, 1, "0.5", "iid"), (20, 5, "2", "iid"), (200, 2, "10", "balanced")]  # fmt: skip
FALSE_ALARM = 1e-3


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_the_literal_sampler_has_this_law(cell):
    """Kolmogorov-Smirnov; over all cells a false alarm has a chance of `FALSE_ALARM`."""
    m_S, d, gamma, labels = cell
    law = law_of_gap(m_S, d, gamma, labels)
    simulation = simulate(m_S, d, [gamma], repeats=2000, seed=11, labels=labels, sampler="literal")
    gaps = simulation.cells[0].gap
    found = kstest(gaps, lambda x: np.array([law.cdf(v).value for v in x]))
    assert found.pvalue > FALSE_ALARM / len(CELLS)


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_the_sampler_through_sufficient_statistics_has_this_law(cell):
    """As above, with ten times the repeats; the distribution function is interpolated between 800 points of it."""
    m_S, d, gamma, labels = cell
    law = law_of_gap(m_S, d, gamma, labels)
    gaps = simulate(m_S, d, [gamma], repeats=20_000, seed=12, labels=labels, sampler="sufficient").cells[0].gap
    x = np.quantile(gaps, np.linspace(0, 1, 800))
    exact = np.array([law.cdf(v).value for v in x])
    found = kstest(gaps, lambda v: np.interp(v, x, exact))
    assert found.pvalue > FALSE_ALARM / len(CELLS)


def test_another_law_would_be_told_apart():
    law = law_of_gap(10, 2, "1")
    gaps = simulate(10, 2, ["2"], repeats=2000, seed=11, sampler="literal").cells[0].gap
    assert kstest(gaps, lambda x: np.array([law.cdf(v).value for v in x])).pvalue < 1e-6


@settings(deadline=None, max_examples=25)
@given(
    m_S=st.sampled_from([4, 5, 7, 10, 31, 1000, 10**6]),
    d=st.sampled_from([1, 2, 5, 100, 10**4]),
    gamma=st.sampled_from(["0", "1", "2", "10", "1000"]),
)
def test_the_law_is_consistent_with_itself(m_S, d, gamma):
    law = law_of_gap(m_S, d, gamma)
    absolute = law.mean_abs_gap
    assert absolute.error <= 1e-8 * absolute.value
    assert abs(law.mean_gap) <= absolute.value + absolute.error
    assert absolute.value <= math.hypot(law.mean_gap, law.sd_gap)
    middle = [law.quantile(level).value for level in (0.1, 0.5, 0.9)]
    assert middle == sorted(middle)
    for level, x in zip((0.1, 0.5, 0.9), middle, strict=True):
        tail = law.sf(x)
        assert abs(tail.value - (1 - level)) <= tail.error + 1e-9
    # The density is the slope of the distribution function.
    h = 1e-3 * law.sd_gap
    slope = (law.cdf(middle[1] + h).value - law.cdf(middle[1] - h).value) / (2 * h)
    assert law.pdf(middle[1]).value == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("cell", [(4, 1, 1), (10, 3, 2), (1000, 1, 10), (50, 100, 0)], ids=str)
def test_moments_of_the_density_are_the_closed_forms(cell):
    law = law_of_gap(*cell)
    x = law.mean_gap + law.sd_gap * np.linspace(-14, 9, 2301)
    density = np.array([law.pdf(value).value for value in x])
    step = x[1] - x[0]
    assert step * density.sum() == pytest.approx(1, abs=2e-4)
    assert step * density @ np.abs(x) == pytest.approx(law.mean_abs_gap.value, rel=2e-3)
    assert step * density @ (x - law.mean_gap) ** 2 == pytest.approx(law.sd_gap**2, rel=2e-2)


def without_augmentation_tail(m_S, x):
    """P(gap > x) in one dimension at gamma = 0: gap = 1/2 + (B - A)/(2 m_S), A and B chi-square, by quadrature."""
    threshold = 2 * m_S * (x - 0.5)

    def integrand(a):
        return chi2.pdf(a, m_S - 1) * chi2.sf(max(a + threshold, 0.0), 1)

    turning = max(-threshold, 0.0)
    return sum(
        quad(integrand, *ends, epsabs=1e-13, epsrel=1e-12, limit=400)[0] for ends in ((0, turning), (turning, 200))
    )


@pytest.mark.parametrize(("m_S", "x"), [(4, 0.3), (4, 0.499), (6, 0.49), (6, 0.499999), (6, 0.5), (5, 0.6)])
def test_close_to_where_the_certain_part_ends(m_S, x):
    law = law_of_gap(m_S, 1, 0)
    if m_S % 2 == 0:
        assert abs(law.sf(x).value - without_augmentation_tail(m_S, x)) <= law.sf(x).error + 1e-10
    assert law.sf(x).error < 1e-10
    assert law.sf(x - 1e-6).value >= law.sf(x).value >= law.sf(x + 1e-6).value


def test_i_i_d_labels_that_move_the_gap_by_steps_are_all_counted():
    m_S, m_G, d = 30, 30, 10_000
    law = law_of_gap(m_S, d, 1, "iid")
    assert law.spread_by_counts > 0.3
    for x in (225.984, 248.371, 250.5):
        parts = (
            each.probability * GapLaw(m_S, m_G, d, "given", ((WeightedCounts(each.counts, 1.0),),)).cdf(x).value
            for each in law.components[0]
        )
        assert abs(law.cdf(x).value - sum(parts)) <= law.cdf(x).error + 1e-9
    assert law.cdf(law.quantile(0.05).value).value == pytest.approx(0.05, abs=1e-7)


def test_very_unequal_classes_keep_the_mean_error_between_its_bounds():
    for n, g, d in (
        ((1, 17_472_852), (176_516, 176_516), 3),
        ((1, 6175), (60_473, 0), 9),
        ((1, 300), (516, 517), 34_166),
    ):
        law = law_at_counts(n, g, d)
        assert abs(law.mean_gap) <= law.mean_abs_gap.value <= math.hypot(law.mean_gap, law.sd_gap)


def test_far_from_the_mean_a_density_is_no_number_but_a_bound():
    for cell, x in (((9_121_098, 34, 0), 17.0), ((40, 25_528, 1), 12_763.8)):
        found = law_of_gap(*cell).pdf(x)
        assert found.value == 0 <= found.error


def test_far_out_the_law_says_no_more_than_it_knows():
    law = law_of_gap(1000, 10_000, 1)
    for tail in (law.sf(law.d / 2 + 1), law.sf(1e9), law.cdf(-1e9)):
        assert 0 <= tail.value <= tail.error * (1 + 1e-9) + 1e-12 < 1e-3


# ---------------------------------------------------------------- class counts


def every_count(m_S, m_G, d):
    """The law given i.i.d. labels, over all class counts."""
    components = [
        WeightedCounts(Counts(plus, m_S - plus, made, m_G - made), float(p * r))
        for plus, p in zip(*binomial(m_S, least=2), strict=True)
        for made, r in zip(*binomial(m_G, least=0), strict=True)
    ]
    return GapLaw(m_S, m_G, d, "iid", (tuple(components),))


@pytest.mark.parametrize(("m_S", "m_G", "d"), [(6, 3, 2), (20, 20, 1), (12, 40, 30)])
def test_few_points_stand_for_all_class_counts(m_S, m_G, d):
    law, exact = law_of_gap(m_S, d, f"{m_G}/{m_S}", "iid"), every_count(m_S, m_G, d)
    assert abs(law.mean_abs_gap.value - exact.mean_abs_gap.value) <= law.mean_abs_gap.error
    assert law.mean_abs_gap.error <= 1e-8 * law.mean_abs_gap.value
    assert law.sd_gap == pytest.approx(exact.sd_gap, rel=1e-9)


def test_i_i_d_labels_are_given_two_of_each_class():
    found = iid_counts(6, 0, points=12)
    assert [each.counts.n_plus for each in found] == [2, 3]
    # 2 in (15 + 15)/50 of the draws that are kept, 3 in 20/50.
    assert [each.probability for each in found] == pytest.approx([0.6, 0.4])


def test_the_gauss_rule_is_exact_for_polynomials():
    values, mass = binomial(200, least=2)
    nodes, weights = gauss_rule(values, mass, 8)
    for degree in range(16):
        exact = mass @ ((values - 100) / 10) ** degree
        assert weights @ ((nodes - 100) / 10) ** degree == pytest.approx(exact, rel=1e-9, abs=1e-9)


def test_a_rule_at_half_its_strength_shows_in_the_error(monkeypatch):
    fine = law_of_gap(10, 2, 5).mean_abs_gap
    monkeypatch.setattr(law_ray, "STEP", 0.35)
    rough = law_of_gap(10, 2, 5).mean_abs_gap
    assert rough.error > 1e3 * fine.error
    assert abs(rough.value - fine.value) <= rough.error


# ---------------------------------------------------------------- bad input

REFUSED = {
    "too few": (3, 1, 1, "balanced"),
    "no dimension": (10, 0, 1, "balanced"),
    "fraction": (10, 1, "0.05", "balanced"),
    "negative": (10, 1, -1, "balanced"),
    "labels": (10, 1, 1, "coins"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_named(case):
    with pytest.raises(ValueError, match="Found"):
        law_of_gap(*REFUSED[case])


def test_counts_and_levels_out_of_range_are_named():
    with pytest.raises(ValueError, match="Found"):
        law_at_counts((1, 1), (0, 0), 1)
    with pytest.raises(ValueError, match="Found 1"):
        law_of_gap(10, 1, 1).quantile(1)
