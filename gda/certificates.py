"""Inequalities of the theory as goals for `numerics.certify.prove`: each is to be proved, or to be refuted.

A constant that is claimed to be sharp comes twice: as it stands, or a little weaker, to be proved, and a little
stronger, to be refuted by a point.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from numerics.boxes import Span
from numerics.certify import Goal, goal, rises
from theory import mixture_consequences as mixture
from theory.functions import n_log_en
from theory.mixture_moments import balanced_moments
from theory.stability import explicit_form, order_form
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, M, T, beta, d, delta, gamma, m_G, m_S

_ALL = {
    symbol: (0, sp.oo) if symbol in (M, beta, m_G) else (1, sp.oo) if symbol == m_S else (0, 1)
    for symbol in (M, beta, D_TV, T, delta, m_S, m_G)
}
_LETTERS = (M, beta, D_TV, T)
_SIZES = (2, 2**20)
_LEVELS = ("1e-9", "1/2")
_SHARPNESS = sp.Rational(1, 1000)


@dataclass(frozen=True)
class Claim:
    """A goal, and whether it is true.

    Args:
        goal: what is to be proved or refuted.
        true: False where a point is to refute it.
        inverted: unbounded symbols that the proof puts reciprocals for; None leaves that to it.
    """

    goal: Goal
    true: bool = True
    inverted: tuple[sp.Symbol, ...] | None = None


def all_claims() -> tuple[Claim, ...]:
    """List every claim."""
    return (*monotone_bound(), *order_constants(), *mixture_claims(), *critical_dimension_claims())


def monotone_bound() -> tuple[Claim, ...]:
    """The explicit bound does not fall with M, beta, D_TV, T and 1/delta, at all parameters.

    Source: `theory.stability.explicit_form`.
    """
    bound = explicit_form().total
    goals = [rises(bound, letter, _ALL, name=f"the explicit bound rises with {letter}") for letter in _LETTERS]
    return (*map(Claim, goals), Claim(rises(-bound, delta, _ALL, name="the explicit bound rises with 1/delta")))


def order_constants() -> tuple[Claim, ...]:
    """Each term of the explicit form is at least a constant times that of the order form; the constant is sharp.

    For m_S and m_G from 2 to 2^20 and delta from 1e-9 to 1/2: the constant is the ratio at 2 and 1e-9, where the claim
    with a rational number just below is proved and with one just above refuted. All terms together have the constant
    1, by the divergence term, as m_G grows.
    """
    explicit, order = (_shapes(form.terms) for form in (explicit_form(), order_form()))
    claims = []
    for key in [key for key in explicit if key != "divergence"]:
        ratio = sp.expand(explicit[key] / order[key])
        sharp = ratio.subs({m_S: 2, m_G: 2, delta: sp.Rational(1, 10**9)})
        for shift, true in ((-_SHARPNESS, True), (_SHARPNESS, False)):
            constant = sp.Rational(round(sharp * 10**6), 10**6) + shift
            box = {s: _LEVELS if s == delta else _SIZES for s in ratio.free_symbols}
            claims.append(Claim(goal(constant - ratio, box, name=f"{key} >= {constant} of its order"), true))
    return (*claims, *_all_terms())


def _shapes(terms: Mapping[str, sp.Expr], **values: int) -> dict[str, sp.Expr]:
    # Without the letters and m_T, which both forms have in common; for m_G >= 1.
    letters = {letter: sp.Integer(values.get(letter.name, 1)) for letter in _LETTERS}
    shapes = {}
    for key, term in terms.items():
        bare = (term * (m_S + m_G)).subs(m_G, AUGMENTED).subs(letters).subs(AUGMENTED, m_G)
        shapes[key] = sp.expand_power_base(bare.replace(n_log_en, lambda n: n * (1 + sp.log(n))))
    return shapes


def _all_terms() -> list[Claim]:
    # At m_G = root^2, in which both are rational.
    totals, root = [], sp.Symbol("root", positive=True)
    for form in (explicit_form(), order_form()):
        shapes = _shapes(form.terms, beta=0, T=0)
        totals.append(sp.Add(*shapes.values()).subs(m_S, 1).subs(m_G, root**2))
    box = {root: (1, sp.oo), delta: _LEVELS}
    return [
        Claim(goal(constant * totals[1] - totals[0], box, name=f"all terms >= {constant} of theirs at m_S = 1"), true)
        for constant, true in ((sp.Integer(1), True), (sp.Rational(1001, 1000), False))
    ]


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
