"""The instances that lemmas are tested on: their hypotheses and both sides, against other code; bad ones refused."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product

import mpmath
import numpy as np
import pytest
import scipy.stats
from flint import arb

from numerics import lemma_families, lemma_gaussians, lemma_laws, lemma_products
from numerics.balls import precision
from numerics.lemma_cases import BITS, Case, Distribution, ball, just_below, round_up
from numerics.lemma_climb import LONG, climbed
from numerics.lemma_families import cases_of
from numerics.lemma_planar import planar_distance
from numerics.lemma_search import NotAnInstanceError, check_instance, examine, search
from theory.tested_lemmas import statement


def test_weak_sums_against_a_plain_listing():
    """The hypotheses of L1 measured with fractions, one outcome at a time."""
    rng = np.random.default_rng(5)
    for _ in range(5):
        space = lemma_products.random_space(rng, 2, 3)
        tables = [lemma_products.random_table(rng, space) for _ in range(space.size)]
        with precision(BITS):
            case = next(lemma_products.weak_sum_cases("", space, tables, orders=(4,)))
        mean, change, moment = plain_weak_sum(space, tables)
        assert case.letters["M"] == mean
        assert case.letters["b"] == change
        assert case.measured["centred"] == 0
        assert abs(float(case.low) - float(moment) ** 0.25) <= 1e-12 * float(case.low)


def plain_weak_sum(space, tables):
    outcomes = list(product(*(range(k) for k in space.shape)))
    law = [[Fraction(w, sum(row)) for w in row] for row in space.laws]

    def expect(f, fixed):
        free = [outcome for outcome in outcomes if all(outcome[k] == v for k, v in fixed.items())]
        return sum(
            math.prod((law[k][v] for k, v in enumerate(o) if k not in fixed), start=Fraction(1)) * f(o) for o in free
        )

    def centred(i):
        others = [k for k in range(space.size) if k != i]
        return lambda o: tables[i][o] - expect(lambda w: Fraction(tables[i][w]), {k: o[k] for k in others})

    g = [centred(i) for i in range(space.size)]
    mean = max(abs(expect(g[i], {i: v})) for i in range(space.size) for v in range(space.shape[i]))
    change = max(
        (
            abs(g[i](o) - g[i]((*o[:k], v, *o[k + 1 :])))
            for i in range(space.size)
            for o in outcomes
            for k in range(space.size)
            if k != i
            for v in range(space.shape[k])
        ),
        default=0,
    )
    return mean, change, expect(lambda o: sum(f(o) for f in g) ** 4, {})


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("linear", [0, 1])
def test_the_chaos_of_signs_is_what_is_listed(size, linear):
    z = lemma_products.signs(size)
    total = sum(z[1:], z[0])
    tables = [each * (2 * linear + total - each) for each in z]
    with precision(BITS):
        (listed,) = lemma_products.weak_sum_cases("", lemma_products.bits(size), tables, orders=(4,))
        closed = lemma_products.chaos_case(size, 4, linear)
        assert abs(listed.low - 2 * closed.low) < arb("1e-30")
    assert listed.letters["M"] == 2 * closed.letters["M"]
    assert listed.letters["b"] == 2 * closed.letters["b"]


def test_martingale_ranges_against_a_plain_listing():
    space = lemma_products.ProductSpace(((1, 2), (3, 1, 1), (1, 1)))
    f = lemma_products.table(space, np.random.default_rng(3).integers(-9, 10, 12))
    with precision(BITS):
        azuma, _ = lemma_products.martingale_cases("", space, f)
    law = [[Fraction(w, sum(row)) for w in row] for row in space.laws]

    def mean(prefix):
        if len(prefix) == 3:
            return Fraction(f[prefix])
        return sum(w * mean((*prefix, v)) for v, w in enumerate(law[len(prefix)]))

    squares = Fraction(0)
    for k in range(3):
        spreads = []
        for prefix in product(*(range(size) for size in space.shape[:k])):
            ends = [mean((*prefix, v)) for v in range(space.shape[k])]
            spreads.append(max(ends) - min(ends))
        squares += max(spreads) ** 2
    assert azuma[0].letters["a"] == squares


@pytest.mark.parametrize("variance", ["1/100", "1/2", "1", "1001/1000", "30"])
@pytest.mark.parametrize("shift", ["0", "1/1000", "-2"])
def test_total_variation_of_normals_against_quadrature(variance, shift):
    s, m = Fraction(variance), Fraction(shift)
    with precision(BITS):
        found = lemma_gaussians.normal_distance(s, ball(m))
    t = np.linspace(-60, 60, 600_001)
    gap = np.abs(scipy.stats.norm.pdf(t) - scipy.stats.norm.pdf(t, float(m), float(s) ** 0.5)) / 2
    assert float(found) == pytest.approx(gap.sum() * (t[1] - t[0]), abs=1e-7)


def test_several_dimensions_are_enclosed():
    """In two dimensions, against a sum over a fine grid."""
    with precision(BITS):
        pair = lemma_gaussians.Gaussians((Fraction(3, 2), Fraction(1, 2)), (Fraction(1), Fraction(1, 2)), turned=True)
        case = lemma_gaussians.gaussian_case(pair)
        fine = lemma_gaussians.gaussian_case(pair, by_quadrature=True)
        scaled = lemma_gaussians.scaled_case(2, Fraction(3))
    t = np.linspace(-12, 12, 1601)
    points = np.stack(np.meshgrid(t, t), axis=-1)
    standard = scipy.stats.multivariate_normal([0, 0]).pdf(points)
    cell = (t[1] - t[0]) ** 2

    def distance(mean, covariance):
        other = scipy.stats.multivariate_normal(mean, covariance).pdf(points)
        return float(np.abs(standard - other).sum() * cell / 2)

    value = distance([1, 0.5], [[1, 0.5], [0.5, 1]])
    assert float(case.low) <= float(fine.low) <= value <= float(fine.high) <= float(case.high)
    assert float(fine.high) - float(fine.low) < 0.05
    assert float(case.letters["Delta_mu"]) == pytest.approx(1.25**0.5, rel=1e-15)
    assert float(case.letters["Delta_F"]) == pytest.approx(0.5**0.5, rel=1e-15)
    assert float(scaled.low) == pytest.approx(distance([0, 0], [[3, 0], [0, 3]]), abs=1e-5)


@pytest.mark.parametrize("dimension", [1, 7, 1000])
@pytest.mark.parametrize("level", [Fraction(1, 100), Fraction(1), Fraction(30)])
def test_chi_square_quantiles_against_scipy(dimension, level):
    with precision(BITS):
        upper = lemma_gaussians.chi_square_case(dimension, level)
        lower = lemma_gaussians.chi_square_case(dimension, level, lower=True)
    tail = math.exp(-level)
    assert float(upper.low) == pytest.approx(scipy.stats.chi2.isf(tail, dimension) - dimension, rel=1e-7, abs=1e-7)
    assert float(lower.high) == pytest.approx(dimension - scipy.stats.chi2.ppf(tail, dimension), rel=1e-7, abs=1e-7)


def test_weighted_chi_squares_against_quadrature():
    weights_of, level = (Fraction(2), Fraction(1, 2)), Fraction(3)
    with precision(BITS):
        case = lemma_gaussians.weighted_case(weights_of, level)
    t = float(case.low) + 2 * 2.5  # the sum of 2 chi2_2 and 1/2 chi2_2 itself

    def integrand(u):
        return mpmath.exp(-u / 2) / 2 * mpmath.exp(-max(t - 2 * u, 0))

    tail = mpmath.quad(integrand, [0, t / 2, mpmath.inf])
    assert float(tail) == pytest.approx(math.exp(-3), rel=1e-8)
    assert case.letters["F"] == 2 * Fraction(17, 4)


def test_chi_squares_of_both_signs_against_quadrature():
    weights_of, level = (Fraction(2), Fraction(-1, 2)), Fraction(3)
    with precision(BITS):
        case = lemma_gaussians.weighted_case(weights_of, level)
    t = float(case.low) + 2 * 1.5  # the sum of 2 chi2_2 and -1/2 chi2_2 itself

    def integrand(u):  # over the negative one
        return mpmath.exp(-u / 2) / 2 * mpmath.exp(-(t + u / 2) / 4)

    assert float(mpmath.quad(integrand, [0, mpmath.inf])) == pytest.approx(math.exp(-3), rel=1e-8)
    assert (case.letters["F"], case.letters["c"]) == (2 * Fraction(17, 4), 2)


def test_total_variation_is_that_of_every_set():
    quarter, half = Fraction(1, 4), Fraction(1, 2)
    pair = lemma_laws.Pair((half, Fraction(1, 3), Fraction(1, 6)), (quarter, quarter, half))
    assert pair.total_variation() == Fraction(1, 3)
    joint = pair.coupling()
    assert sum(joint.values()) == 1
    assert sum(w for (i, j), w in joint.items() if i != j) == Fraction(1, 3)


# The rules of the game.


def test_a_case_that_does_not_meet_a_hypothesis_is_refused():
    case = cases_of("L1")[0]
    for change in ({"difference": case.letters["b"] + 1}, {"centred": Fraction(1, 9)}, {"independent": False}):
        with pytest.raises(NotAnInstanceError):
            check_instance(statement("L1").lemma, replace(case, measured={**case.measured, **change}))
    with pytest.raises(NotAnInstanceError, match="moments from 2"):
        check_instance(statement("L1").lemma, replace(case, letters={**case.letters, "p": Fraction(1)}))
    with pytest.raises(NotAnInstanceError, match="nothing is measured"):
        examine(statement("L3"), cases_of("L4")[0])
    with pytest.raises(NotAnInstanceError, match="near"):
        examine(statement("L16"), next(case for case in cases_of("X3") if case.letters["Delta"] > Fraction(1, 2)))


def test_what_the_balls_do_not_tell_is_undecided():
    wide = Case("", {"D_TV": Fraction(1, 2)}, {"laws": True}, arb(0), arb(1))
    assert examine(statement("L12"), wide).holds is None
    assert search(statement("L12"), [wide]).holds is None
    touching = ball(Fraction(1, 3))
    tie = Case("", {"D_TV": Fraction(1, 3)}, {"laws": True}, touching, touching)
    assert examine(statement("L12"), tie).holds is None
    assert examine(statement("L12"), replace(tie, exact=Fraction(1, 3))).holds is True
    above = Case("", {"D_TV": Fraction(1, 3)}, {"laws": True}, touching, touching, Fraction(1, 3) + Fraction(1, 10**60))
    assert examine(statement("L12"), above).holds is False


def test_a_search_without_cases_is_no_search():
    with pytest.raises(ValueError, match="one or more"):
        search(statement("L4"), [])
    assert search(statement("L4"), cases_of("L4"), budget=3).cases == 3


def test_random_cases_depend_on_the_seed_alone():
    first = [case.letters for case in cases_of("L4", seed=3, count=5)]
    lemma_families._made.cache_clear()
    cases_of("L0", seed=3, count=5)
    assert [case.letters for case in cases_of("L4", seed=3, count=5)] == first
    assert [case.letters for case in cases_of("L4", seed=4, count=5)] != first


@pytest.mark.parametrize("text", ["1/3", "1e40", "-5/7", "1e-30", "0"])
def test_letters_are_rounded_up(text):
    value = Fraction(text)
    with precision(BITS):
        assert 0 <= round_up(value) - value <= abs(value) / 2**57
        assert 0 <= round_up(ball(value)) - value <= abs(value) / 2**57
        assert value == 0 or ball(round_up(ball(value))) > ball(value)
    assert just_below(Fraction(1, 3)) < Fraction(1, 3)


def test_bad_input_is_refused_with_the_value():
    with pytest.raises(ValueError, match=r"\(0, 1\)"):
        lemma_products.ProductSpace(((0, 1),))
    with pytest.raises(ValueError, match="add up to 1"):
        lemma_laws.Pair((Fraction(1, 2),), (Fraction(1),))
    with pytest.raises(ValueError, match="positive variances"):
        lemma_gaussians.Gaussians((Fraction(0),), (Fraction(1),))
    with pytest.raises(ValueError, match="two dimensions"):
        lemma_gaussians.Gaussians((Fraction(1),), (Fraction(1),), turned=True)
    with pytest.raises(ValueError, match="different"):
        lemma_gaussians.weighted_case((Fraction(1), Fraction(1)), Fraction(1))
    with pytest.raises(ArithmeticError, match="no quantile"):
        lemma_gaussians.quantile(lambda t: ball(1 - t), arb(1) / 2, Fraction(3, 4), Fraction(1))
    with pytest.raises(KeyError, match="L77"):
        statement("L77")


@pytest.mark.parametrize("variances", [("1", "1"), ("1", "3"), ("3", "1"), ("1/4", "2"), ("2", "1/4"), ("1/2", "1/3")])
@pytest.mark.parametrize("shifts", [(0, 0), (1, 0), (0, -1), (-2, 1)])
def test_the_plane_by_quadrature(variances, shifts):
    """Both orders of the coordinates enclose a sum over a grid; equal laws, and one coordinate, are known exactly."""
    first, second = map(Fraction, variances)
    with precision(BITS):
        one = planar_distance((first, second), (arb(shifts[0]), arb(shifts[1])), cells=150)
        other = planar_distance((second, first), (arb(shifts[1]), arb(shifts[0])), cells=150)
    t = np.linspace(-10, 10, 801)
    densities = [
        np.outer(scipy.stats.norm.pdf(t, m, float(s) ** 0.5), scipy.stats.norm.pdf(t, k, float(v) ** 0.5))
        for m, s, k, v in ((0, 1, 0, 1), (shifts[0], first, shifts[1], second))
    ]
    value = np.abs(densities[0] - densities[1]).sum() * (t[1] - t[0]) ** 2 / 2
    for low, high in (one, other):
        assert float(low) - 1e-4 <= value <= float(high) + 1e-4
        assert 0 <= float(high) - float(low) < 0.15


def test_a_climb_finds_what_random_cases_do_not():
    """Three numbers have to fit for X2 to fail; no random start does, and none of the built cases is used."""
    starts = climbed(statement("X2"), seed=0, steps=0)
    found = climbed(statement("X2"), seed=0)
    assert starts.holds is True
    assert found.holds is False
    assert found.tightest.ratio > 2
    assert found.cases == LONG["X2"][0] * (LONG["X2"][1] + 1)


@pytest.mark.parametrize("key", ["L1-sharpened", "L7", "L9", "L16"])
def test_a_climb_tightens_and_depends_on_the_seed_alone(key):
    start, found = (climbed(statement(key), seed=1, steps=steps) for steps in (0, 40))
    assert found.holds is True
    assert found.tightest.ratio >= start.tightest.ratio
    again = climbed(statement(key), seed=1, steps=40)
    assert (again.tightest.case.name, again.tightest.ratio) == (found.tightest.case.name, found.tightest.ratio)
    assert climbed(statement("L20"), seed=1) is None


def test_moments_of_a_sum_of_signs():
    """E T^2 = 3, E T^4 = 3 * 9 - 2 * 3 = 21, and E T^8 = (2 * 3^8 + 6)/8 for three signs; each changes T by 2."""
    z = lemma_products.signs(3)
    with precision(BITS):
        tails, moments = lemma_products.difference_cases("", lemma_products.bits(3), sum(z[1:], z[0]), orders=(2, 4, 8))
    for case, moment in zip(moments, (3, 21, Fraction(2 * 3**8 + 6, 8)), strict=True):
        assert float(case.low) == pytest.approx(float(moment) ** (1 / int(case.letters["p"])), rel=1e-14)
        assert (case.letters["n"], case.letters["c"]) == (3, 2)
    assert [(float(case.low), case.letters["delta"]) for case in tails] == [
        (3, just_below(Fraction(1, 4))),
        (1, just_below(Fraction(1))),
    ]


@pytest.mark.parametrize("share", [Fraction(0), Fraction(1, 3), Fraction(20)])
def test_the_moment_hypothesis_of_tails_holds_between_and_beyond_the_grid(share):
    law = Distribution({0: 999, 7: 1, -3: 5})
    with precision(BITS):
        case = lemma_products.tail_cases("", law, [share])[0]
        first, second = ball(case.letters["a"]), ball(case.letters["b"])
        assert case.letters["b"] == share * case.letters["a"]
        orders = [Fraction(k, 7) for k in range(14, 400, 3)] + [Fraction(10**k) for k in range(2, 5)]
        for order in orders:
            assert law.norm(order) <= first * ball(order).sqrt() + second * ball(order)
        # Not loose either: at some order it is nearly attained.
        attained = max(float(law.norm(p) / (first * ball(p).sqrt() + second * ball(p))) for p in orders)
    assert attained > 0.9
