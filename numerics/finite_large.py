"""The model of `numerics.finite` with two letters, in float64: up to 10^4 real examples and more.

Everything depends on k, the ones in S, and n, the ones in S and S_G. Their joint law is summed over a window that
misses almost nothing. What it misses, measured as 1 minus the sum, and a relative rounding error of `ROUNDING` for
each probability go into an enclosure: every probability and every quantile is returned as a lower and an upper end.
The rounding error of the binomial probabilities is assumed, and tested against `numerics.finite`; it is not proved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from numerics.finite import LOSS_BOUND, AffineBound, FiniteSetting

Array = npt.NDArray[Any]

ROUNDING = 1e-9
"""Relative error allowed for a sum of binomial probabilities in float64."""
_TAIL = 1e-15


@dataclass(frozen=True)
class Enclosure:
    """A number between two ends."""

    lower: float
    upper: float

    @property
    def relative_width(self) -> float:
        """Distance of the ends, relative to the upper one; 0 where both are 0."""
        return (self.upper - self.lower) / self.upper if self.upper else 0.0


def _window(size: int, probability: Array) -> tuple[Array, Array]:
    low = np.maximum(binom.ppf(_TAIL, size, probability), 0)
    return np.asarray(low, dtype=np.int64), np.asarray(binom.isf(_TAIL, size, probability), dtype=np.int64)


@dataclass(frozen=True)
class LargeSetting:
    """One cell of the model with two letters.

    Args:
        p: probability of a one.
        m_S, m_G: sizes of the real and of the generated set.
        loss: as in `numerics.finite`.
    """

    p: Fraction
    m_S: int
    m_G: int
    loss: Literal["absolute", "squared"] = "absolute"

    @property
    def small(self) -> FiniteSetting:
        """The same cell for exact arithmetic: for what does not need the joint law."""
        return FiniteSetting((1 - self.p, self.p), self.m_S, self.m_G, self.loss)

    @cached_property
    def joint(self) -> tuple[Array, Array, Array]:
        """The k of the window, the n for each of them in a row, and the probabilities."""
        p, m_S, m_G = float(self.p), self.m_S, self.m_G
        low, high = (int(end) for end in _window(m_S, np.asarray(p)))
        k = np.arange(low, high + 1)
        fitted = (k + 1) / (m_S + 2)
        if m_G == 0:
            return k, k[:, None], binom.pmf(k, m_S, p)[:, None]
        starts, ends = _window(m_G, fitted)
        g = starts[:, None] + np.arange(int((ends - starts).max()) + 1)
        weights = binom.pmf(k, m_S, p)[:, None] * binom.pmf(g, m_G, fitted[:, None])
        return k, k[:, None] + g, weights

    @cached_property
    def missing(self) -> float:
        """Probability outside the window, at most."""
        return max(0.0, 1 - float(self.joint[2].sum())) + ROUNDING * _TAIL**0.5

    def errors(self, n: Array) -> Array:
        """Gen where n of the training examples are ones."""
        m_T = self.m_S + self.m_G
        at_one, at_zero = 1 - (n + 1) / (m_T + 2), (n + 1) / (m_T + 2)
        if self.loss == "squared":
            at_one, at_zero = at_one**2, at_zero**2
        return np.abs((float(self.p) - n / m_T) * (at_one - at_zero))

    def divergences(self, k: Array) -> Array:
        """D_TV of the generator that was fitted to k ones."""
        return np.abs(float(self.p) - (k + 1) / (self.m_S + 2))

    def quantile(self, delta: float) -> Enclosure:
        """Smallest q with P(Gen <= q) >= 1 - delta."""
        _, n, weights = self.joint
        return self._quantile(self.errors(n).ravel(), weights.ravel(), delta)

    def bound_quantile(self, bound: AffineBound, delta: float) -> Enclosure:
        """Smallest q with P(bound <= q) >= 1 - delta, the bound with D_TV of the S at hand."""
        k, _, weights = self.joint
        values = float(bound.base) + float(bound.slope) * self.divergences(k)
        return self._quantile(values, weights.sum(axis=1), delta)

    def failure_probability(self, bound: AffineBound) -> Enclosure:
        """Probability that Gen exceeds a bound, in which D_TV is that of the S at hand."""
        k, n, weights = self.joint
        limits = float(bound.base) + float(bound.slope) * self.divergences(k)
        mass = float(weights[self.errors(n) > limits[:, None]].sum())
        return Enclosure(mass * (1 - ROUNDING), mass * (1 + ROUNDING) + self.missing)

    def _quantile(self, values: Array, weights: Array, delta: float) -> Enclosure:
        order = np.argsort(values, kind="stable")
        above = np.cumsum(weights[order][::-1])[::-1] - weights[order]  # P(value is larger), from the small end
        slack = ROUNDING + self.missing
        found = (int(np.argmax(above <= level)) for level in (delta + slack, max(delta - slack, 0.0)))
        lower, upper = (float(values[order[index]]) for index in found)
        return Enclosure(lower, upper)

    def dependence(self) -> float:
        """T of the sample, rounded up by `ROUNDING`: for each k, two binomials differ most where they cross."""
        if self.m_G == 0:
            return 0.0
        k = np.arange(self.m_S)
        first, second = (k + 1) / (self.m_S + 2), (k + 2) / (self.m_S + 2)
        odds = np.log1p((second - first) / first) - np.log1p((first - second) / (1 - first))
        crossing = np.floor(-self.m_G * np.log1p((first - second) / (1 - first)) / odds)
        gaps = [
            np.max(binom.cdf(crossing + shift, self.m_G, first) - binom.cdf(crossing + shift, self.m_G, second))
            for shift in (-1, 0, 1)
        ]
        return min(1.0, float(max(gaps)) * (1 + ROUNDING))

    def inputs(self) -> Mapping[str, Any]:
        """What a bound takes of the model, all but D_TV; exact but for T."""
        return {
            "M": LOSS_BOUND,
            "beta": self.small.stability(),
            "T": Fraction(self.dependence()),
            "T_1": self.small.draw_dependence(),
            "m_S": self.m_S,
            "m_G": self.m_G,
        }
