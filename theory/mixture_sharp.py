"""A bound on the Gaussian mixture's Gen by its Gaussian structure, without stability; its leading constant is right.

Given the learned variances, the gap of a sample is a quadratic form in standard normals, and the variances themselves
are chi-square. Both have the tails of lemma L20, whose exponents add. With probability at least 1 - delta

    Gen <= d (m_S + 2 m_G)/m_T^2 + sqrt(F x)/m_T + c x/m_T,

the first term the mean gap, F half the variance of 2 m_T times the gap, as m_S -> oo, and c of the order of m_T/m_S.
Labels of S and of S_G are balanced: m_S and m_G are even, m_S >= 4. Neither sigma nor mu occurs.

Not from the literature. Derived in `theory.mixture_sharp_proof`.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from theory.lemmas import CHI_SQUARE_TAIL, x
from theory.quadratic_tails import QUADRATIC_TAIL, scale, squares
from theory.stability import Bound
from theory.symbols import d, delta, m_G, m_S

share: sp.Expr = delta / 20
"""Probability that the largest, and that the mean learned variance may be too large with."""


def remaining(size: sp.Expr) -> sp.Expr:
    """Probability that is left for the form itself: all of delta where nothing is generated."""
    return delta if size == 0 else delta - 2 * share


@dataclass(frozen=True)
class Variances:
    """Bounds on the learned variances, in units of sigma^2.

    Attributes:
        largest: of any coordinate's.
        mean: of their mean over the coordinates.
    """

    largest: sp.Expr
    mean: sp.Expr


LETTERS = Variances(sp.Symbol("v", positive=True), sp.Symbol("v_mean", positive=True))
"""A letter for each."""


def variance_bounds() -> Variances:
    """State both bounds, each of which fails with probability `share` at most."""
    degrees = m_S - 2

    def above(count: sp.Expr, level: sp.Expr) -> sp.Expr:
        return 1 + CHI_SQUARE_TAIL.bound.subs({d: count, x: level}, simultaneous=True) / count

    return Variances(above(degrees, sp.log(d / share)), above(d * degrees, sp.log(1 / share)))


def lever(size: sp.Expr) -> sp.Expr:
    """Factor of a learned variance, less 1, in 2 m_T times the gap of a coordinate."""
    return m_S + size - 4 + 2 * m_S / (m_S + size)


def squared_weights(size: sp.Expr, at: Variances = LETTERS) -> sp.Expr:
    """Bound on F: the squared weights of the form, and of the learned variances."""
    gamma, degrees = size / m_S, m_S - 2
    twist = (gamma - 1) / (gamma + 1)
    fresh = (size - 2 + 1 + twist**2) * at.largest * at.mean
    return d * (lever(size) ** 2 / degrees + fresh + 4 * gamma * at.mean + 2 * (1 + gamma) ** 2)


def largest_weight(size: sp.Expr, at: Variances = LETTERS) -> sp.Expr:
    """Bound on the absolute value of any weight."""
    if size == 0:
        return sp.S.One
    return sp.Max(1 + size / m_S + at.largest, lever(size) / (m_S - 2), evaluate=False)


def sharp_bound(size: sp.Expr = m_G) -> Bound:
    """State the bound.

    Args:
        size: the number of generated examples, even, at least 2, or the number 0.

    Returns:
        The bound, in d, m_S, m_G and delta.
    """
    at, total, log_tail = variance_bounds(), m_S + size, sp.log(2 / remaining(size))
    deviation = QUADRATIC_TAIL.bound.subs({squares: squared_weights(size, at), x: log_tail}, simultaneous=True)
    terms = {
        "mean": d * (m_S + 2 * size) / total**2,
        "fluctuation": deviation.subs(scale, 0) / (2 * total),
        "tail": largest_weight(size, at) * log_tail / total,
    }
    return Bound("Gaussian mixture, by its Gaussian structure", terms)
