"""The model of `numerics.finite` with two letters, in float64: up to 10^4 real examples and more.

Everything depends on k, the ones in S, and n, the ones in S and S_G. Their joint law is summed over a window that
misses almost nothing. What it misses is measured, as 1 minus the sum, and every rounding error is bounded: those of
the probabilities by `numerics.binomial`, those of sums by the number of terms, those of Gen and of the bound by
`MARGIN`. So every probability and every quantile is returned as a lower and an upper end, and lies between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from numerics.binomial import UNIT, BinomialRows, binomial_rows, reach, sum_error
from numerics.finite import FiniteSetting, LossName
from numerics.finite_bound import AffineBound

Array = npt.NDArray[Any]

MARGIN = 2.0**-48
"""Error of Gen in float64, at most: a product of two numbers in [-1, 1], known to 3 and to 11 roundings."""
_CHUNK = 256
_TINY = 1e-290


@dataclass(frozen=True)
class Enclosure:
    """A number between two ends; the upper one may be infinite."""

    lower: float
    upper: float

    @property
    def relative_width(self) -> float:
        """Distance of the ends, relative to the upper one; 0 where both are 0."""
        return (self.upper - self.lower) / self.upper if self.upper else 0.0


@dataclass(frozen=True)
class _Joint:
    """The k of the window, the n for each of them in a row, probabilities, the relative error of any sum of these."""

    k: Array
    n: Array
    mass: Array
    error: float

    @property
    def missing(self) -> float:
        """Probability outside the window, at most."""
        return max(0.0, 1 - float(self.mass.sum()) * (1 - self.error)) + 2 * UNIT


@dataclass(frozen=True)
class LargeSetting:
    """One cell of the model with two letters.

    Args:
        p: probability of a one, in (0, 1).
        m_S, m_G: sizes of the real and of the generated set.
        loss: as in `numerics.finite`.
    """

    p: Fraction
    m_S: int
    m_G: int
    loss: LossName = "absolute"

    @property
    def small(self) -> FiniteSetting:
        """The same cell for exact arithmetic: for what does not need the joint law."""
        return FiniteSetting((1 - self.p, self.p), self.m_S, self.m_G, self.loss)

    @cached_property
    def joint(self) -> _Joint:
        """The law of k and n over the window."""
        real = _around_the_mean(self.m_S, np.array([self.p.numerator]), self.p.denominator)
        inside = real.mass[0] > 0
        k, own = real.counts[0][inside], real.mass[0][inside]
        if self.m_G == 0:
            return _Joint(k, k[:, None], own[:, None], real.error + sum_error(own.size + 8))
        generated = _around_the_mean(self.m_G, k + 1, self.m_S + 2)
        mass = own[:, None] * generated.mass
        mass[mass < _TINY] = 0.0  # where float64 loses digits; what is dropped counts as missing
        error = real.error + generated.error + sum_error(mass.size + 8)
        return _Joint(k, k[:, None] + generated.counts, mass, error)

    def errors(self, n: Array) -> Array:
        """Gen where n of the training examples are ones, each within `MARGIN`."""
        m_T = self.m_S + self.m_G
        at_one, at_zero = 1 - (n + 1) / (m_T + 2), (n + 1) / (m_T + 2)
        if self.loss == "squared":
            at_one, at_zero = at_one**2, at_zero**2
        return np.abs((float(self.p) - n / m_T) * (at_one - at_zero))

    def limits(self, bound: AffineBound, k: Array) -> Array:
        """A bound with the D_TV of the generator that was fitted to k ones, each within `MARGIN` times 1 + itself.

        Raises:
            ValueError: a slope above 1, for which that is not proved.
        """
        if bound.slope > 1:
            raise ValueError(f"the slope of a bound must be at most 1, as that of M D_TV is. Found {bound.slope}.")
        divergences = np.abs(float(self.p) - (k + 1) / (self.m_S + 2))
        values = float(bound.base) + float(bound.slope) * divergences
        return values if bound.cap is None else np.minimum(values, float(bound.cap))

    def quantile(self, delta: Fraction) -> Enclosure:
        """Smallest q with P(Gen <= q) >= 1 - delta."""
        joint = self.joint
        return _quantile(self.errors(joint.n).ravel(), joint.mass.ravel(), joint, delta)

    def bound_quantile(self, bound: AffineBound, delta: Fraction) -> Enclosure:
        """Smallest q with P(bound <= q) >= 1 - delta, the bound with D_TV of the S at hand."""
        joint = self.joint
        return _quantile(self.limits(bound, joint.k), joint.mass.sum(axis=1), joint, delta)

    def failure_probability(self, bound: AffineBound) -> Enclosure:
        """Probability that Gen exceeds a bound, in which D_TV is that of the S at hand."""
        width = self.small.width()
        if bound.base >= width and (bound.cap is None or bound.cap >= width):
            return Enclosure(0.0, 0.0)  # Gen never exceeds M, within the window or not
        joint = self.joint
        errors, limits = self.errors(joint.n), self.limits(bound, joint.k)[:, None]
        margin = MARGIN * (2 + limits)
        surely = float(joint.mass[errors > limits + margin].sum()) * (1 - joint.error)
        maybe = float(joint.mass[errors > limits - margin].sum()) * (1 + joint.error)
        return Enclosure(surely, maybe + joint.missing)

    def dependence(self) -> Enclosure:
        """T of the generated sample."""
        return sample_dependence(self.m_S, self.m_G)

    def inputs(self, end: Literal["upper", "lower"] = "upper") -> Mapping[str, Any]:
        """What a bound takes of the model, all but D_TV; exact but for T, of which one end is taken."""
        T = self.dependence()
        small = self.small
        return {
            "M": small.width(),
            "beta": small.stability(),
            "T": Fraction(T.upper if end == "upper" else T.lower),
            "T_1": small.draw_dependence(),
            "m_S": self.m_S,
            "m_G": self.m_G,
        }


def _around_the_mean(size: int, successes: Array, total: int) -> BinomialRows:
    centres = np.minimum((size + 1) * successes // total, size)
    return binomial_rows(size, successes, total, centres, reach(size, successes, total))


def _quantile(values: Array, mass: Array, joint: _Joint, delta: Fraction) -> Enclosure:
    # P(value > q) at each value, without those missing; two values closer than the margin may be in the wrong order,
    # for which the ends are moved by the margin.
    order = np.argsort(values, kind="stable")
    from_above = np.cumsum(mass[order][::-1])[::-1]
    beyond = np.append(from_above[1:], 0.0)
    level = float(delta)
    at_most = np.flatnonzero(beyond * (1 + joint.error) + joint.missing <= level * (1 - 8 * UNIT))
    at_least = np.flatnonzero(beyond * (1 - joint.error) <= level * (1 + 8 * UNIT))
    low = float(values[order[at_least[0]]])
    high = float(values[order[at_most[0]]]) if at_most.size else np.inf
    return Enclosure(max(0.0, low - MARGIN * (2 + low)), high + MARGIN * (2 + high))


@lru_cache(maxsize=64)
def sample_dependence(m_S: int, m_G: int) -> Enclosure:
    """Enclose T, the largest total variation between two generated samples of neighbouring data sets.

    The samples are told apart by their numbers of ones, binomial with k + 1 and k + 2 successes in m_S + 2. Ones and
    zeros may be exchanged, so that half of all k will do.
    """
    if m_G == 0:
        return Enclosure(0.0, 0.0)
    lower = upper = 0.0
    for start in range(0, (m_S + 1) // 2, _CHUNK):
        k = np.arange(start, min(start + _CHUNK, (m_S + 1) // 2))
        found = _total_variations(m_S, m_G, k)
        lower, upper = max(lower, found.lower), max(upper, found.upper)
    return Enclosure(lower, min(1.0, upper))


def _total_variations(m_S: int, m_G: int, k: Array) -> Enclosure:
    # The largest over some k: what the first law has more than the second, over the window of the first.
    first, second = (_around_the_mean(m_G, k + 1 + more, m_S + 2) for more in (0, 1))
    places = first.counts - second.starts[:, None]
    inside = (places >= 0) & (places < second.mass.shape[1])
    there = np.where(inside, np.take_along_axis(second.mass, np.where(inside, places, 0), axis=1), 0.0)
    apart = float(np.maximum(first.mass - there, 0.0).sum(axis=1).max())
    # Where the second law is not in its window it is not 0, but less than what its window misses.
    slack = 2.1 * (first.error + second.error + sum_error(first.mass.shape[1] + 2))
    missing = [max(0.0, 1 - float(law.mass.sum(axis=1).min())) + slack for law in (first, second)]
    return Enclosure(max(0.0, apart - slack - missing[1]), apart + slack + missing[0])
