"""The exact law of the mixture's gap: its moments, for all sizes and every gamma at once."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from gda.certificates.claim import Claim
from numerics.boxes import Span
from numerics.certify import Goal, goal
from theory import mixture_consequences as mixture
from theory.mixture_moments import balanced_moments
from theory.symbols import d, gamma, m_G, m_S


def _in_gamma(expression: sp.Expr) -> sp.Expr:
    return sp.factor(expression.subs(m_G, gamma * m_S))


def _below(left: sp.Expr, right: sp.Expr, box: Mapping[sp.Symbol, Any], name: str, **kind: bool) -> Goal:
    return goal(sp.factor(sp.together(left - right)), box, name=name, **kind)


def mixture_claims() -> tuple[Claim, ...]:
    """The mixture with balanced labels: the gap's variance, and the mean test risk's excess over d/2.

    Source: `theory.mixture_moments.balanced_moments`; m_S >= 4, every gamma.
    """
    moments = balanced_moments()
    variance, risk = _in_gamma(moments.gap_variance), _in_gamma(moments.mean_test_risk)
    without = d / (2 * m_S)
    box = {d: (1, sp.oo), m_S: (4, sp.oo), gamma: _positive()}
    every = {**box, gamma: (0, sp.oo)}
    excess = risk - d / 2
    slope = sp.factor(sp.numer(sp.factor(sp.diff(variance, gamma))) / d)
    small = {m_S: (4, sp.oo), gamma: (0, 1)}
    return (
        Claim(_below(without, variance, box, "the gap's variance is above d/(2 m_S)", strict=True)),
        Claim(_below(sp.Rational(101, 100) * without, variance, box, "it is above 1.01 d/(2 m_S)"), False),
        Claim(_below(0, slope, small, "the gap's variance rises up to gamma = 1", strict=True)),
        Claim(_below(risk, risk.subs(gamma, 1), every, "the mean test risk is greatest at gamma = 1")),
        Claim(_below(excess, sp.Rational(5, 4) * without, every, "its excess over d/2 is <= 5/4 d/(2 m_S)")),
        Claim(_below(excess, sp.Rational(1249, 1000) * without, every, "it is <= 1.249 d/(2 m_S)"), False),
    )


def critical_dimension_claims() -> tuple[Claim, ...]:
    """The dimension above which augmentation lowers the mean squared gap.

    Source: `theory.mixture_consequences.critical_dimension`.
    """
    critical = mixture.critical_dimension().xreplace({mixture.gamma: gamma})
    moments = balanced_moments()
    square = _in_gamma(mixture.rise(moments.gap_variance + moments.mean_gap**2) / d)
    extra = sp.Symbol("extra", nonnegative=True)
    box = {m_S: (6, sp.oo), gamma: _positive()}
    slope = sp.numer(sp.factor(sp.diff(critical, gamma)))
    beyond = {m_S: (6, sp.oo), gamma: (1, sp.oo), extra: (0, sp.oo)}
    margin = critical - m_S
    above_two = 2 + 2 / (m_S - 2)
    return (
        Claim(_below(slope, 0, box, "the critical dimension falls with gamma", strict=True)),
        Claim(_below(slope, 0, {**box, m_S: (4, sp.oo)}, "it falls with gamma from m_S = 4 on"), False),
        Claim(_below(above_two, critical, box, "the critical dimension is above 2 + 2/(m_S - 2)", strict=True)),
        Claim(_below(above_two + sp.Rational(1, 100), critical, box, "it is above that by 1/100"), False),
        Claim(_below(margin, 0, {**box, gamma: (1, sp.oo)}, "d = m_S is above it from gamma = 1 on", strict=True)),
        Claim(_below(margin, 0, {**box, m_S: (4, sp.oo), gamma: (1, sp.oo)}, "so it is from m_S = 4 on"), False),
        Claim(
            _below(square.subs(d, m_S + extra), 0, beyond, "d >= m_S lowers the mean squared gap", strict=True),
            inverted=(m_S, gamma),
        ),
    )


def _positive() -> Any:
    return Span(Fraction(0), None, open_low=True)
