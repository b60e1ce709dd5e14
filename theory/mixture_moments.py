"""Mean and variance of the mixture's test risk and signed gap under NLL: closed forms.

Given the class counts n_c of S and g_c of S_G all four moments are rational functions of m_S, m_G, d and of four sums
over the classes. Neither sigma nor mu occurs. They are derived in `theory.mixture_moments_proof`; those with i.i.d.
labels are in `theory.mixture_iid`.

Source: derived here; the means are those of `theory.mixture_risk`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, fields

import sympy as sp

from theory.mixture_risk import size_G, size_S
from theory.symbols import d, g_minus, g_plus, m_G, m_S, m_T, n_minus, n_plus

w_11, w_21, w_22, w_32 = sp.symbols("w_11 w_21 w_22 w_32", nonnegative=True)
"""``w_ij = sum_c g_c^i/n_c^j``, all that the moments see of the class counts beside both sizes."""
WEIGHTS: Mapping[sp.Symbol, tuple[int, int]] = {w_11: (1, 1), w_21: (2, 1), w_22: (2, 2), w_32: (3, 2)}


@dataclass(frozen=True)
class Moments:
    """Mean and variance of the test risk and of the signed gap, in units of the loss."""

    mean_test_risk: sp.Expr
    test_risk_variance: sp.Expr
    mean_gap: sp.Expr
    gap_variance: sp.Expr

    def map(self, change: Callable[[sp.Expr], sp.Expr]) -> Moments:
        """Apply a function to each of the four."""
        return Moments(*(change(value) for value in astuple(self)))

    def subs(self, values: Mapping[sp.Symbol, sp.Expr]) -> Moments:
        """Put values for symbols in each of the four."""
        return self.map(lambda value: value.subs(values))

    def named(self) -> dict[str, sp.Expr]:
        """The four by name, in words."""
        return {field.name.replace("_", " "): getattr(self, field.name) for field in fields(self)}


def stated_moments() -> Moments:
    """The closed forms, in m_S, m_G, d and the `WEIGHTS`; m_S >= 3, both classes in S."""
    spread = m_S + 3 * m_G + w_21  # m_T^2 E e^2
    learned = m_T**2 * ((m_T - 2) ** 2 - 2 * m_G) + 12 * m_G**2
    return Moments(
        mean_test_risk=d / 2 * (1 + spread / m_T**2),
        test_risk_variance=d / (2 * m_T**4) * (spread**2 + 3 * m_G**2 / (m_S - 2)),
        mean_gap=d * (spread / m_T**2 - w_11 / (2 * m_T)),
        gap_variance=d
        * (
            2 * spread**2 / m_T**4
            + learned / (2 * (m_S - 2) * m_T**4)
            + (2 + 4 * w_11 + w_22 + m_G) / (2 * m_T**2)
            - 2 * (m_S + 6 * m_G + 5 * w_21 + w_32) / m_T**3
        ),
    )


def at_counts(moments: Moments) -> Moments:
    """Put the class counts for both sizes and for the `WEIGHTS`."""
    sums = {w: g_plus**i / n_plus**j + g_minus**i / n_minus**j for w, (i, j) in WEIGHTS.items()}
    return moments.subs({**sums, m_S: size_S, m_G: size_G})


def at_balance(moments: Moments) -> Moments:
    """Put half of S and half of S_G into each class; exact where m_S and m_G are even."""
    sums = {w: 2 * (m_G / 2) ** i / (m_S / 2) ** j for w, (i, j) in WEIGHTS.items()}
    return moments.subs(sums).map(sp.factor)


def balanced_moments() -> Moments:
    """The closed forms for balanced labels, in m_S, m_G and d; both sizes even, m_S >= 4."""
    rise = (
        4 * (m_S - 1) * m_G**3
        + m_S * (m_S**2 + 12 * m_S - 24) * m_G**2
        + 2 * m_S**2 * (m_S**2 + 6 * m_S - 12) * m_G
        + m_S**3 * (m_S**2 - 8)
    )
    return Moments(
        mean_test_risk=d / 2 * (1 + 1 / m_S + m_G / m_T**2),
        test_risk_variance=d / 2 * ((1 / m_S + m_G / m_T**2) ** 2 + 3 * m_G**2 / ((m_S - 2) * m_T**4)),
        mean_gap=d * (m_S + 2 * m_G) / m_T**2,
        gap_variance=d / (2 * m_S) + d * m_G * rise / (2 * m_S**2 * (m_S - 2) * m_T**4),
    )


def crossover_dimension() -> sp.Expr:
    """Return the d at which the gap's variance equals its squared mean; balanced labels, in m_S and m_G.

    Far above it E |gap| is close to the mean gap, of order d; far below, it is of order sqrt(d) at most.
    """
    found = balanced_moments()
    return sp.factor(d * found.gap_variance / found.mean_gap**2)
