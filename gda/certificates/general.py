"""The general bound: monotone in its letters, and how many times the order form it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy as sp

from gda.certificates.claim import Claim
from numerics.certify import goal, rises
from theory.functions import n_log_en
from theory.stability import explicit_form, order_form
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, M, T, beta, delta, m_G, m_S

_ALL = {
    symbol: (0, sp.oo) if symbol in (M, beta, m_G) else (1, sp.oo) if symbol == m_S else (0, 1)
    for symbol in (M, beta, D_TV, T, delta, m_S, m_G)
}
_LETTERS = (M, beta, D_TV, T)
_SIZES = (2, 2**20)
_LEVELS = ("1e-9", "1/2")
_SHARPNESS = sp.Rational(1, 1000)


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
    claims = []
    for names, ratio in _ratios().items():
        sharp = ratio.subs({m_S: 2, m_G: 2, delta: sp.Rational(1, 10**9)})
        for shift, true in ((-_SHARPNESS, True), (_SHARPNESS, False)):
            constant = sp.Rational(round(sharp * 10**6), 10**6) + shift
            box = {s: _LEVELS if s == delta else _SIZES for s in ratio.free_symbols}
            claims.append(Claim(goal(constant - ratio, box, name=f"{names} >= {constant} of its order"), true))
    return (*claims, *_all_terms())


def largest_constants() -> tuple[Claim, ...]:
    """Each term of the explicit form is at most a constant times that of the order form; the constant is sharp.

    On the same box. The largest ratio is looked for at both ends of delta, and at sizes where a level is added.
    """
    claims = []
    for names, ratio in _ratios().items():
        extreme = max(float(ratio.subs(point)) for point in _candidates())
        for shift, true in ((1, True), (-1, False)):
            constant = sp.Rational(round(extreme * (1000 + shift)), 1000)
            box = {s: _LEVELS if s == delta else _SIZES for s in ratio.free_symbols}
            claims.append(Claim(goal(ratio - constant, box, name=f"{names} <= {constant} of its order"), true))
    return tuple(claims)


def _ratios() -> dict[str, sp.Expr]:
    # Explicit over order, by the terms that have the same; in m_S where it is in m_G alone.
    explicit, order = (_shapes(form.terms) for form in (explicit_form(), order_form()))
    named: dict[sp.Expr, list[str]] = {}
    for key in [key for key in explicit if key != "divergence"]:
        ratio = sp.expand(explicit[key] / order[key])
        named.setdefault(ratio if ratio.has(m_S) else ratio.subs(m_G, m_S), []).append(key)
    return {", ".join(keys): ratio for ratio, keys in named.items()}


def _candidates() -> Iterator[dict[sp.Symbol, sp.Expr]]:
    first, last = _SIZES
    for power in range(1, last.bit_length()):
        for n in {first, min(2**power + 1, last)}:
            for level in _LEVELS:
                yield {m_S: sp.Integer(n), m_G: sp.Integer(n), delta: sp.Rational(level)}


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
