"""Instances of the lemmas on functions of independent variables, by listing every outcome of a finite product space.

Weights and values are integers, so that means, differences and moments of an integer order are exact. Whatever a lemma
supposes of its functions holds by construction or is measured over all outcomes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from numerics.lemma_cases import Case, Distribution, ball, quantile_cases, root, round_up, short

Integers = NDArray[np.object_]
"""Python integers, one for each outcome: an axis for each variable."""
Order = Fraction | int
ORDERS: tuple[Order, ...] = (2, Fraction(5, 2), 3, 4, 8, 16)
"""Orders of moments that are tried."""
_GRID = 80
MOST_OUTCOMES = 256
"""No larger spaces are drawn."""


@dataclass(frozen=True)
class ProductSpace:
    """Independent variables on finite sets.

    Args:
        laws: for each variable, the integer weights of its values, all positive.

    Raises:
        ValueError: a weight that is not positive, or no variable.
    """

    laws: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if not self.laws or min(min(law, default=0) for law in self.laws) < 1:
            raise ValueError(f"laws must be positive integer weights, one or more variables. Found {self.laws}.")

    @property
    def size(self) -> int:
        """Number n of variables."""
        return len(self.laws)

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values of each variable."""
        return tuple(map(len, self.laws))

    @cached_property
    def weights(self) -> Integers:
        """Weight of each outcome."""
        product = np.ones(self.shape, dtype=object)
        for axis in range(self.size):
            product = product * self._along(axis)
        return product

    def _along(self, axis: int) -> Integers:
        shape = [1] * self.size
        shape[axis] = -1
        return np.array(self.laws[axis], dtype=object).reshape(shape)

    def total(self, axes: Sequence[int]) -> int:
        """Product of the total weights of some variables."""
        return prod(sum(self.laws[axis]) for axis in axes)

    def average(self, f: Integers, axes: Sequence[int]) -> Integers:
        """Sum f over some variables with their weights: `total` times its mean; their axes stay, with length 1."""
        for axis in axes:
            f = (f * self._along(axis)).sum(axis=axis, keepdims=True)
        return f

    def centre(self, f: Integers, axis: int) -> Integers:
        """Take from f its mean over a variable, times the total weight of all variables."""
        rest = self.total([other for other in range(self.size) if other != axis])
        return self.total([axis]) * rest * f - rest * self.average(f, [axis])

    def distribution(self, f: Integers, scale: int = 1) -> Distribution:
        """Law of f divided by a number."""
        found: dict[int, int] = {}
        outcomes: Any = zip(np.broadcast_to(f, self.shape).flat, self.weights.flat, strict=True)
        for value, weight in outcomes:
            found[value] = found.get(value, 0) + weight
        return Distribution(found, scale)

    def differences(self, f: Integers, skip: int | None = None) -> int:
        """Largest change of f with any one variable, one of them left out if asked for."""
        axes = [axis for axis in range(self.size) if axis != skip]
        return max((int(np.max(f.max(axis=axis) - f.min(axis=axis))) for axis in axes), default=0)


def bits(n: int) -> ProductSpace:
    """Return n fair signs."""
    return ProductSpace(((1, 1),) * n)


def signs(n: int) -> list[Integers]:
    """Return the n variables of `bits` as functions with values -1 and 1."""
    return [np.array([-1, 1], dtype=object).reshape([-1 if k == i else 1 for k in range(n)]) for i in range(n)]


def table(space: ProductSpace, values: Any) -> Integers:
    """Return the function with given integer values, listed in the order of the outcomes."""
    return np.array([int(value) for value in values], dtype=object).reshape(space.shape)


def random_space(rng: np.random.Generator, least: int = 1, most: int = 6) -> ProductSpace:
    """Draw a product space with few outcomes; about half of its variables have a rare value."""
    n = int(rng.integers(least, most + 1))
    letters = 2 if n > 4 else int(rng.integers(2, 4))
    drawn = tuple(
        tuple(int(w) for w in rng.integers(1, 7, letters)) if rng.random() < 0.5 else (1,) * (letters - 1) + (20,)
        for _ in range(n)
    )
    return ProductSpace(drawn if letters**n <= MOST_OUTCOMES else drawn[:4])


def random_table(rng: np.random.Generator, space: ProductSpace) -> Integers:
    """Draw a function on the outcomes: small integers, zero or one, or one outcome singled out."""
    size = int(np.prod(space.shape))
    kind = int(rng.integers(3))
    if kind == 2:
        return table(space, np.arange(size) == int(rng.integers(size)))
    return table(space, rng.integers(-5, 6, size) if kind else rng.integers(0, 2, size))


def weak_sum_cases(
    name: str, space: ProductSpace, functions: Sequence[Integers], orders: Sequence[Order] = ORDERS
) -> Iterator[Case]:
    """Make functions g_i for L1 of any functions, one for each variable: centred in it, its hypotheses measured."""
    every = range(space.size)
    scale = space.total(every)
    g = [space.centre(f, i) for i, f in enumerate(functions)]
    given_own = [space.average(f, [j for j in every if j != i]) for i, f in enumerate(g)]
    rests = [space.total([j for j in every if j != i]) * scale for i in every]
    mean = max(Fraction(int(abs(f).max()), rest) for f, rest in zip(given_own, rests, strict=True))
    off = max(int(abs(space.average(f, [i])).max()) for i, f in enumerate(g))
    change = max(Fraction(space.differences(np.broadcast_to(f, space.shape), i), scale) for i, f in enumerate(g))
    law = space.distribution(sum(g[1:], g[0]), scale)
    measured = {"independent": True, "conditional mean": mean, "centred": off, "difference": change}
    for p in orders:
        left = law.norm(p)
        letters = {"n": space.size, "p": Fraction(p), "M": mean, "b": change}
        exact = law.moment(int(p)) if p == int(p) else None
        yield Case(f"{name}, p = {p}", letters, measured, left, left, exact, int(p))


def chaos_case(n: int, p: int, linear: int = 0) -> Case:
    """Return the case ``g_i = Z_i (linear + (1/2) sum_(j != i) Z_j)`` of n fair signs, by the law of their sum.

    Their sum T is all that matters: the g_i add up to ``linear T + (T^2 - n)/2``; each is centred in Z_i, changes by 1
    with any other sign, and has the mean ``linear Z_i`` given Z_i.
    """
    weights: dict[int, int] = {}
    number = 1
    for heads in range(n + 1):
        value = 2 * heads - n
        twice = 2 * linear * value + value * value - n
        weights[twice] = weights.get(twice, 0) + number
        number = number * (n - heads) // (heads + 1)
    left = Distribution(weights, 2).norm(p)
    change = 1 if n > 1 else 0
    measured = {"independent": True, "conditional mean": linear, "centred": 0, "difference": change}
    letters = {"n": n, "p": p, "M": linear, "b": change}
    return Case(f"chaos of {n} signs, linear part {linear}, p = {p}", letters, measured, left, left)


def difference_cases(
    name: str, space: ProductSpace, f: Integers, orders: Sequence[Order] = ORDERS, tails: int = 12
) -> tuple[list[Case], list[Case]]:
    """Return cases of L3 (quantiles) and of L5 (moments) for a function of independent variables."""
    scale = space.total(range(space.size))
    law = space.distribution(scale * f - space.average(f, range(space.size)), scale)
    change = space.differences(f)
    measured = {"independent": True, "difference": change}
    letters = {"n": space.size, "c": change}
    norms = [(p, law.norm(p)) for p in orders]
    moments = [Case(f"{name}, p = {p}", {**letters, "p": Fraction(p)}, measured, left, left) for p, left in norms]
    return quantile_cases(name, law, letters, measured, tails), moments


def independent_cases(
    name: str, space: ProductSpace, values: Sequence[Sequence[int]], orders: Sequence[Order] = ORDERS
) -> tuple[list[Case], list[Case]]:
    """Return cases of L6 (Rio) and L14 (Marcinkiewicz-Zygmund) for functions of one variable each."""
    n, scale = space.size, space.total(range(space.size))
    terms = [
        space.centre(np.broadcast_to(np.array(list(v), dtype=object).reshape(_axis(n, i)), space.shape), i)
        for i, v in enumerate(values)
    ]
    laws = [space.distribution(term, scale) for term in terms]
    summed = space.distribution(sum(terms[1:], terms[0]), scale)
    rio, zygmund = [], []
    for p in orders:
        letters = {"n": n, "p": Fraction(p)}
        largest = max((round_up(law.norm(p)) for law in laws), default=Fraction(0))
        rio.append(_squared(f"{name}, p = {p}", summed, p, {**letters, "a": largest}))
        powers = sum((law.norm_power(p) for law in laws), ball(0)) / n
        mean = round_up(powers ** ball(1 / Fraction(p)) if powers != 0 else powers)
        left = summed.norm(p)
        measured = {"independent": True, "moments": mean}
        zygmund.append(Case(f"{name}, p = {p}", {**letters, "a": mean}, measured, left, left))
    return rio, zygmund


def _axis(n: int, i: int) -> list[int]:
    return [-1 if k == i else 1 for k in range(n)]


def _squared(name: str, law: Distribution, p: Order, letters: dict[str, Any]) -> Case:
    # Rio's inequality is one of the square of the norm: E|S|^2 itself where p = 2.
    left = ball(law.moment(2)) if p == 2 else law.norm(p) ** 2
    return Case(name, letters, {"moments": True}, left, left)


def martingale_cases(
    name: str, space: ProductSpace, f: Integers, orders: Sequence[Order] = ORDERS, tails: int = 12
) -> tuple[list[Case], list[Case]]:
    """Return cases of L11 (Azuma-Hoeffding) and L6 (Rio) for the martingale of f, its variables revealed in order.

    The ranges are those of the increments given the past, the largest over all pasts.
    """
    n, scale = space.size, space.total(range(space.size))
    # Each conditional mean times the total weight of all variables, so that they can be subtracted.
    means = [space.total(range(k)) * space.average(f, range(k, n)) for k in range(n + 1)]
    increments = [after - before for before, after in pairwise(means)]
    drift = max(int(abs(space.average(x, [k])).max()) for k, x in enumerate(increments))
    spreads = [int(np.max(m.max(axis=k) - m.min(axis=k))) for k, m in enumerate(means[1:])]
    squares = Fraction(sum(spread * spread for spread in spreads), scale * scale)
    law = space.distribution(means[n] - means[0], scale)
    laws = [space.distribution(x, scale) for x in increments]
    measured = {"martingale": drift == 0, "ranges": squares}
    azuma = quantile_cases(name, law, {"a": squares}, measured, tails)
    rio = [
        _squared(f"{name}, p = {p}", law, p, {"n": n, "p": Fraction(p), "a": max(round_up(x.norm(p)) for x in laws)})
        for p in orders
    ]
    return azuma, rio


def tail_cases(name: str, law: Distribution, shares: Sequence[Fraction], tails: int = 12) -> list[Case]:
    """Return cases of L2 (moments to tails), with the least a and b of given proportions ``b = share a`` on a grid.

    The norm does not fall with p, nor does ``a sqrt(p) + b p``: if the norm at each point of a grid from 2 is at most
    the latter at the point before, and the largest value at most the latter at the last point, all p >= 2 are covered.
    """
    grid = [2 * Fraction(17, 16) ** k for k in range(_GRID)]
    # Rounded up to short fractions, which can only raise the norm.
    above = [law.norm(Fraction(math.ceil(64 * p), 64)) for p in grid[1:]] + [ball(law.largest())]
    found = []
    for share in shares:
        ratios = [norm / (root(p, 2) + ball(share * p)) for p, norm in zip(grid, above, strict=True)]
        a = max(round_up(ratio) for ratio in ratios)
        measured = {"moments from": 2}
        found += quantile_cases(f"{name}, b/a = {short(share)}", law, {"a": a, "b": share * a}, measured, tails)
    return found
