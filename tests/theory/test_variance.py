"""Lemma V3 by enumeration: every family on a few coins, in exact arithmetic."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.lemmas import b, n
from theory.variance import VARIANCE_OF_RESTS

VALUES = st.fractions(-1, 1, max_denominator=8)


@st.composite
def families(draw):
    """Values of n functions on all points of {0, 1}^n, and the probability of a one for each coin."""
    size = draw(st.integers(1, 4))
    coins = [draw(st.fractions(Fraction(1, 20), Fraction(19, 20), max_denominator=20)) for _ in range(size)]
    points = list(product((0, 1), repeat=size))
    return coins, [{point: draw(VALUES) for point in points} for _ in range(size)]


def flipped(point, place, value):
    return (*point[:place], value, *point[place + 1 :])


def mean_over(g, place, coins):
    q = coins[place]
    return {x: (1 - q) * g[flipped(x, place, 0)] + q * g[flipped(x, place, 1)] for x in g}


def study(coins, raw) -> tuple[Fraction, Fraction]:
    """Second moment of the rests of the centred functions, and the largest change with another coin."""
    size, rests, change = len(coins), [], Fraction(0)
    for i, h in enumerate(raw):
        centre = mean_over(h, i, coins)
        g = {x: h[x] - centre[x] for x in h}
        first = g
        for k in range(size):
            if k != i:
                first = mean_over(first, k, coins)
                change = max(change, *(abs(g[flipped(x, k, 0)] - g[flipped(x, k, 1)]) for x in g))
        rests.append({x: g[x] - first[x] for x in g})
    second = Fraction(0)
    for x in product((0, 1), repeat=size):
        weight = Fraction(1)
        for q, value in zip(coins, x, strict=True):
            weight *= q if value else 1 - q
        second += weight * sum(rest[x] for rest in rests) ** 2
    return second, change


def limit(size: int, change: Fraction) -> Fraction:
    value = VARIANCE_OF_RESTS.bound.subs({n: size, b: change})
    return Fraction(int(value.p), int(value.q))


@given(families())
@settings(max_examples=150, deadline=None)
def test_the_variance_is_within_the_bound(family):
    second, change = study(*family)
    assert second <= limit(len(family[0]), change)


@pytest.mark.parametrize("size", [1, 2])
def test_the_bound_is_attained_by_a_product(size):
    """Two functions that are one product of two signs: no smaller constant would do."""
    coins = [Fraction(1, 2)] * size
    raw = [{x: Fraction((-1) ** sum(x)) for x in product((0, 1), repeat=size)} for _ in range(size)]
    second, change = study(coins, raw)
    assert second == limit(size, change) == (4 if size == 2 else 0)


@pytest.mark.parametrize("size", [3, 4, 5])
def test_the_bound_is_attained_by_pairs_for_any_size(size):
    """Every function the sum of its products with all others: the second moment is that of n (n - 1)/2 pairs, twice."""
    coins = [Fraction(1, 2)] * size
    signs = {x: [1 - 2 * bit for bit in x] for x in product((0, 1), repeat=size)}
    raw = [{x: Fraction(s[i] * (sum(s) - s[i])) for x, s in signs.items()} for i in range(size)]
    second, change = study(coins, raw)
    assert change == 2
    assert second == limit(size, change) == 2 * size * (size - 1)
