"""The predicted curve of the published implementation, and its audit against the theorem.

The published figures show, beside the simulated error of the Gaussian mixture, a curve "predicted by the bound": the
order form with constant 1, as a function of gamma = m_G/m_S. `published` writes it down as the implementation computes
it; `theorem` *computes* what the order form and the mixture's constants give in the same letters; `audit` compares
them item by item. An item is a term (with M, beta, D_TV, T as letters) or an input (the expression put for a letter).

Source: implementation of Zheng, Wu, Li (2023), Figure 1 (c) and (f); reconstructed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import sympy as sp

from theory.functions import n_log_en
from theory.gaussian_mixture import constants
from theory.stability import order_form
from theory.symbols import D_TV, M, T, beta, d, delta, gamma, m_G, m_S

LETTERS: Mapping[str, sp.Symbol] = {"M": M, "beta": beta, "D_TV": D_TV, "T": T}
Point = Mapping[sp.Symbol, Any]
"""Values of m_S, d and gamma."""


@dataclass(frozen=True)
class Curve:
    """A predicted curve: terms in the letters M, beta, D_TV, T, and the expressions put for the letters.

    Args:
        name: whose curve it is.
        terms: by name, in M, beta, D_TV, T, m_S, gamma.
        inputs: by letter, in m_S, d, gamma (and delta, where the curve keeps it).
    """

    name: str
    terms: Mapping[str, sp.Expr]
    inputs: Mapping[str, sp.Expr]

    def term(self, name: str) -> sp.Expr:
        """Return a term with the inputs put for its letters."""
        return self.terms[name].subs({LETTERS[k]: v for k, v in self.inputs.items()}, simultaneous=True)

    @property
    def total(self) -> sp.Expr:
        """The curve: sum of its terms."""
        return sp.Add(*(self.term(name) for name in self.terms))

    def repair(self, item: str, by: Curve) -> Curve:
        """Take one term or one input from another curve."""
        if item in self.terms:
            return replace(self, terms={**self.terms, item: by.terms[item]})
        if item in self.inputs:
            return replace(self, inputs={**self.inputs, item: by.inputs[item]})
        raise KeyError(f"{item!r} is no term and no input; there are {[*self.terms, *self.inputs]}")

    def __str__(self) -> str:
        return "\n".join([self.name, *(f"  {key} = {value}" for key, value in {**self.terms, **self.inputs}.items())])

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle {sp.latex(sp.Add(*self.terms.values()))}$"


def published() -> Curve:
    """Write down the predicted curve as the published implementation computes it."""
    stability = beta * (sp.log(m_S) + sp.log(gamma * m_S)) / (1 + gamma)
    loss_bound = d + sp.log(m_S)
    return Curve(
        name="published",
        terms={
            "divergence": gamma / (1 + gamma) * M * D_TV,
            "sampling": M * (1 + sp.sqrt(gamma)) / ((1 + gamma) * sp.sqrt(m_S)),
            "coupling": sp.sqrt(gamma * m_S) * beta / (1 + gamma),
            "stability": sp.Piecewise((beta * sp.log(m_S), sp.Eq(gamma, 0)), (stability, True)),
            "dependence": sp.log(m_S) * M * T / (1 + gamma),
        },
        inputs={
            "M": loss_bound,
            "beta": loss_bound / ((1 + gamma) * m_S),
            "D_TV": sp.Piecewise((sp.Integer(1), d > 2), (sp.sqrt(d * sp.log(d) / m_S), True)),
            "T": sp.Piecewise((sp.Integer(1), d > 2), (sp.sqrt(gamma * d / m_S) * sp.log(m_S * d), True)),
        },
    )


MERGED: Mapping[str, tuple[str, ...]] = {
    "divergence": ("divergence",),
    "sampling": ("sampling_S", "sampling_S_G"),
    "coupling": ("coupling",),
    "stability": ("stability_S", "stability_S_G"),
    "dependence": ("dependence",),
}
"""Which terms of the order form each term of the curve stands for."""


def theorem() -> Curve:
    """Compute the curve that the order form gives, with constant 1 and in the source's writing.

    The source writes ``log(1/delta)`` and ``m log m`` where the order form has ``log(e/delta)`` and ``m log(e m)``; the
    published curve drops the factor in delta. So ``log(e/delta)`` is read as 1 and ``n log(e n)`` as ``n log n``. The
    inputs are those of `theory.gaussian_mixture.constants`, delta and the caps at 1 kept, and T(m_S, 0) = 0.
    """
    size = gamma * m_S
    generated = sp.Piecewise((sp.Integer(0), sp.Eq(gamma, 0)), (size * sp.log(size), True))
    # The letter T stays a letter in the terms; that it is 0 at gamma = 0 belongs to the input.
    written = order_form().subs({sp.Piecewise((sp.Integer(0), sp.Eq(m_G, 0)), (T, True)): T})
    reading = {sp.log(sp.E / delta): sp.Integer(1), n_log_en(m_S): m_S * sp.log(m_S), n_log_en(m_G): generated}
    terms = {
        name: sp.Add(*(written.terms[key].subs(reading).subs(m_G, size) for key in keys))
        for name, keys in MERGED.items()
    }
    found = constants()
    dependence = sp.Piecewise((sp.Integer(0), sp.Eq(gamma, 0)), (found.T.subs(m_G, size), True))
    inputs = {"M": found.M, "beta": found.beta.subs(m_G, size), "D_TV": found.D_TV, "T": dependence}
    return Curve("theorem", {key: sp.sympify(term) for key, term in terms.items()}, inputs)


@dataclass(frozen=True)
class Finding:
    """The audit of one item.

    Args:
        item: term or input.
        part: which of the two it is.
        agrees: whether it is what the theorem gives, at every published point.
        published, theorem: the two expressions.
        why: where and how it differs; empty where it agrees.
        differs_at: published points at which it differs.
    """

    item: str
    part: Literal["term", "input"]
    agrees: bool
    published: sp.Expr
    theorem: sp.Expr
    why: str = ""
    differs_at: tuple[Point, ...] = ()

    @property
    def word(self) -> str:
        """*agrees* or *differs*."""
        return "agrees" if self.agrees else "differs"


def audit_term(name: str, curve: Curve, reference: Curve) -> Finding:
    """Compare a term with the theorem's as an identity in M, beta, D_TV, T, m_S, for gamma > 0 and for gamma = 0."""
    ratio_symbol = sp.Symbol("gamma", positive=True)
    why = []
    for case, value in (("gamma > 0", ratio_symbol), ("gamma = 0", sp.Integer(0))):
        ours, theirs = curve.terms[name].subs(gamma, value), reference.terms[name].subs(gamma, value)
        if sp.simplify(sp.expand_log(ours - theirs)) != 0:
            ratio = sp.simplify(sp.expand_log(ours / theirs)) if theirs != 0 else sp.oo
            why.append(f"for {case} it is {ratio} times the theorem's")
    return Finding(name, "term", not why, curve.terms[name], reference.terms[name], "; ".join(why))


def audit_input(name: str, curve: Curve, reference: Curve, points: Iterable[Point]) -> Finding:
    """Compare an input with the theorem's at the published points, by exact arithmetic.

    The published curve drops delta from the logarithms (delta -> 1). That costs a constant factor and counts as
    agreement, unless it makes the input vanish where the theorem's does not.
    """
    ours, theirs = curve.inputs[name], reference.inputs[name]
    without_delta = theirs.subs(delta, 1)
    reasons: dict[str, list[Point]] = {}
    for point in points:
        value, expected, kept = (sp.simplify(e.subs(dict(point))) for e in (ours, without_delta, theirs))
        if sp.simplify(value - kept) == 0:
            continue
        if sp.simplify(value - expected) != 0:
            reasons.setdefault(_reason(value, expected), []).append(point)
        elif value == 0:
            reasons.setdefault("log(d/delta) read as log d makes it 0", []).append(point)
    why = "; ".join(f"{text} at {_points(found)}" for text, found in reasons.items())
    differs_at = tuple(point for found in reasons.values() for point in found)
    return Finding(name, "input", not why, ours, theirs, why, differs_at)


def _reason(value: sp.Expr, expected: sp.Expr) -> str:
    if expected == 0:
        return f"it is {value} where nothing is generated and it should be 0"
    return "it is not capped at 1" if expected == 1 else "it is another expression"


def _points(points: Iterable[Point]) -> str:
    return ", ".join(f"(m_S={p[m_S]}, d={p[d]}, gamma={p[gamma]})" for p in points)


def audit(curve: Curve, points: Iterable[Point], reference: Curve | None = None) -> tuple[Finding, ...]:
    """Audit every term and every input of a curve.

    Args:
        curve: the curve to audit, `published()` or a repaired one.
        points: where its inputs are compared; every published point.
        reference: what it should be; `theorem()` by default.
    """
    expected = theorem() if reference is None else reference
    here = tuple(points)
    terms = tuple(audit_term(name, curve, expected) for name in curve.terms)
    return terms + tuple(audit_input(name, curve, expected, here) for name in curve.inputs)
