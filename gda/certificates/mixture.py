"""The exact law of the mixture's gap: its moments, for all sizes and every gamma at once."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from gda.certificates.claim import Claim
from numerics.boxes import Span
from numerics.certify import Goal, goal, rises
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


def risk_claims() -> tuple[Claim, ...]:
    """The mean test risk is never below that without augmentation, at any gamma."""
    risk = _in_gamma(balanced_moments().mean_test_risk)
    box = {d: (1, sp.oo), m_S: (4, sp.oo), gamma: _positive()}
    without = risk.subs(gamma, 0)
    return (
        Claim(_below(without, risk, box, "the mean test risk is above that without", strict=True)),
        Claim(_below(without + sp.Rational(1, 10**6), risk, box, "it is above that by 10^-6"), False),
    )


def best_gamma_claims() -> tuple[Claim, ...]:
    """Some gamma lowers the mean squared gap if and only if d >= 3, at every m_S >= 4; m_G = 8 m_S^2 does."""
    moments = balanced_moments()
    square = sp.cancel(_in_gamma(mixture.rise(moments.gap_variance + moments.mean_gap**2)) / (d * gamma))
    critical = mixture.critical_dimension().xreplace({mixture.gamma: gamma})
    box = {m_S: (4, sp.oo), gamma: _positive()}
    more = sp.Symbol("extra", nonnegative=True)
    at_best = square.subs({gamma: 8 * m_S, d: 3 + more})
    many = {m_S: (4, sp.oo), more: (0, sp.oo)}
    return (
        Claim(_below(2, critical, box, "the critical dimension is above 2", strict=True)),
        Claim(_below(0, square, {**box, d: (1, 3)}, "no gamma lowers the mean squared gap at d <= 3"), False),
        Claim(_below(at_best, 0, many, "m_G = 8 m_S^2 lowers it at d >= 3", strict=True), inverted=(m_S,)),
    )


def size_claims() -> tuple[Claim, ...]:
    """At fixed d the mean squared gap is of order 1/m_S at every gamma alike: m_S E gap^2 is from d/2 to 5/4 d^2."""
    moments = balanced_moments()
    square = sp.factor(_in_gamma(moments.gap_variance + moments.mean_gap**2) * m_S / d)
    box = {d: (1, sp.oo), m_S: (4, sp.oo), gamma: (0, sp.oo)}
    least, sizes = square.subs(d, 1), {m_S: (4, sp.oo), gamma: (0, sp.oo)}
    return (
        Claim(rises(square, d, box, name="m_S E gap^2/d rises with d")),
        Claim(_below(sp.Rational(1, 2), least, sizes, "m_S E gap^2 >= 1/2 at d = 1")),
        Claim(_below(sp.Rational(51, 100), least, sizes, "m_S E gap^2 >= 0.51 at d = 1"), False),
        Claim(rises(-square / d, d, box, name="m_S E gap^2/d^2 falls with d")),
        Claim(_below(least, sp.Rational(5, 4), sizes, "m_S E gap^2 <= 5/4 at d = 1")),
        Claim(_below(least.subs(m_S, 4), sp.Rational(6, 5), {gamma: (0, sp.oo)}, "it is <= 6/5 at m_S = 4"), False),
    )


def dimension_claims() -> tuple[Claim, ...]:
    """At fixed m_S the mean squared gap is the mean's square, of order d^2, and a variance of order d.

    The mean gap is ``d (1 + 2 gamma)/(m_S (1 + gamma)^2)``.
    """
    moments = balanced_moments()
    spread, mean = (sp.factor(_in_gamma(x) * m_S / d) for x in (moments.gap_variance, moments.mean_gap))
    box = {m_S: (4, sp.oo), gamma: (0, sp.oo)}
    only = {gamma: (0, sp.oo)}
    return (
        Claim(_below(sp.Rational(1, 2), spread, box, "the gap's variance is >= d/(2 m_S)")),
        Claim(_below(spread, sp.Rational(5, 4), box, "the gap's variance is <= 1.25 d/m_S")),
        Claim(_below(spread, sp.Rational(6, 5), box, "the gap's variance is <= 1.2 d/m_S"), False),
        Claim(_below(mean, 1, only, "the mean gap is <= d/m_S")),
    )


def _positive() -> Any:
    return Span(Fraction(0), None, open_low=True)
