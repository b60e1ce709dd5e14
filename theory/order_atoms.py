"""Inequalities between polynomials: how they are cut out of an expression's sign, and how they are written.

A region is a disjunction of conjunctions of atoms ``p > 0``, ``p >= 0``, ``p = 0``, p a polynomial with
rational coefficients that has no rational factor. A polynomial in one symbol is cut at its real roots, so that
it ends in linear atoms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import gcd, lcm
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.order_elimination import linear_terms


@dataclass(frozen=True)
class Atom:
    """The inequality ``poly relation 0``, with `relation` one of ``>``, ``>=``, ``==``."""

    poly: sp.Expr
    relation: str

    def negated(self) -> tuple[Atom, ...]:
        """Return the atoms of which one holds where this one does not."""
        back = minus(self.poly)
        if self.relation == "==":
            return Atom(self.poly, ">"), Atom(back, ">")
        return (Atom(back, ">=" if self.relation == ">" else ">"),)


Conj = frozenset[Atom]
Region = tuple[Conj, ...]
Signs = tuple[Region, Region, Region]
"""Where something is negative, zero, positive."""
TRUE: Region = (frozenset(),)
FALSE: Region = ()


@lru_cache(maxsize=16384)
def ordered(conj: Conj) -> tuple[Atom, ...]:
    """Return the atoms in an order that does not change from run to run."""
    return tuple(sorted(conj, key=_place))


@lru_cache(maxsize=16384)
def _place(atom: Atom) -> tuple[int, str, str]:
    return -len(atom.poly.free_symbols), str(atom.poly), atom.relation


def join(regions: Iterable[Region]) -> Region:
    """Return the union of regions, without a look at the symbols."""
    conjunctions = dict.fromkeys(conj for region in regions for conj in region)
    return TRUE if frozenset() in conjunctions else tuple(conjunctions)


def is_thin(region: Region) -> bool:
    """Tell whether an equation holds all over a region."""
    return all(any(atom.relation == "==" for atom in conj) for conj in region)


def absorbed(conjunctions: Iterable[Conj]) -> Region:
    """Drop the conjunctions that hold the atoms of another, and more."""
    kept: list[Conj] = []
    for conj in sorted(dict.fromkeys(conjunctions), key=len):
        if not any(other <= conj for other in kept):
            kept.append(conj)
    return tuple(kept)


def meet(first: Region, second: Region) -> Region:
    """Return the intersection of regions, without a look at the symbols."""
    return absorbed(a | b for a in first for b in second)


@lru_cache(maxsize=4096)
def known_sign(expr: sp.Expr) -> int | None:
    """Return the sign of an expression where the assumptions on its symbols decide it, or None."""
    if expr.is_Rational:
        return (expr.p > 0) - (expr.p < 0)
    if expr.is_number and expr.is_positive is None and expr.equals(0):
        return 0
    return 1 if expr.is_positive else -1 if expr.is_negative else 0 if expr.is_zero else None


@lru_cache(maxsize=4096)
def sign_regions(expr: sp.Expr) -> Signs:
    """Return where an expression is negative, zero, positive, before any look at further facts.

    Args:
        expr: a real expression, rational in the symbols; its denominators are taken to be nonzero.

    Returns:
        Three regions, in atoms that have no rational factor.

    Raises:
        ValueError: if the expression is not rational in what it is made of.
    """
    expr = sp.expand(expr)
    if linear_terms(expr) is not None:
        return _linear_signs(expr)
    try:
        return _rational_signs(expr)
    except sp.PolynomialError as error:
        raise ValueError(f"an exponent or a condition is rational in its symbols. Found {expr}.") from error


def _rational_signs(expr: sp.Expr) -> Signs:
    """Return where a quotient of polynomials is negative, zero, positive."""
    top, bottom = sp.fraction(sp.cancel(expr))
    sign, upper = _indefinite_factors(top)
    sign_below, lower = _indefinite_factors(bottom)
    if sign * sign_below == 0:
        return FALSE, TRUE, FALSE
    negative, positive = (TRUE, FALSE) if sign * sign_below < 0 else (FALSE, TRUE)
    for factor, power in [*upper, *lower]:
        below, _, above = _factor_signs(factor)
        if power % 2:
            negative, positive = (
                join([meet(negative, above), meet(positive, below)]),
                join([meet(negative, below), meet(positive, above)]),
            )
        else:
            negative, positive = meet(negative, join([below, above])), meet(positive, join([below, above]))
    return negative, join(_factor_signs(factor)[1] for factor, _ in upper), positive


def _indefinite_factors(poly: sp.Expr) -> tuple[int, list[tuple[sp.Expr, int]]]:
    """Return the factors, with their powers, whose sign the symbols do not decide, and the sign of the rest."""
    constant, factors = sp.factor_list(poly)
    sign, rest = _sign_of_number(constant), []
    for factor, power in factors:
        known = known_sign(factor)
        if known is None:
            rest.append((factor, power))
        else:
            sign *= known**power
    return sign, rest


def _sign_of_number(value: sp.Expr) -> int:
    sign = known_sign(value)
    if sign is None:
        raise ValueError(f"the sign of a number is not seen. Found {value}.")
    return sign


def _factor_signs(factor: sp.Expr) -> Signs:
    """Return where a polynomial without a rational factor is negative, zero, positive."""
    roots = _real_roots(factor)
    if roots is None:
        return _linear_signs(factor)
    (x,) = factor.free_symbols
    sign = _sign_of_number(sp.Poly(factor, x).LC())  # beyond the last root
    if not roots:
        return (TRUE, FALSE, FALSE) if sign < 0 else (FALSE, FALSE, TRUE)
    cuts = [_linear_signs(x - root) for root in roots]
    between = [meet(left[2], right[0]) for left, right in pairwise(cuts)]
    pieces = [cuts[0][0], *between, cuts[-1][2]][::-1]
    above, below = join(pieces[::2]), join(pieces[1::2])
    zero = join(cut[1] for cut in cuts)
    return (below, zero, above) if sign > 0 else (above, zero, below)


def _real_roots(factor: sp.Expr) -> list[sp.Expr] | None:
    """Return the real roots of a polynomial in one symbol, in order, each once.

    None if there are several symbols, or coefficients for which the roots are not found.
    """
    if len(factor.free_symbols) != 1:
        return None
    (x,) = factor.free_symbols
    poly = sp.Poly(factor, x) if factor.is_polynomial(x) else None
    if poly is not None and poly.degree() == 1:
        return [-poly.TC() / poly.LC()]
    return sp.real_roots(poly) if poly is not None and (poly.domain.is_ZZ or poly.domain.is_QQ) else None


def _linear_signs(poly: sp.Expr) -> Signs:
    """Return the three regions of one polynomial, each a single atom."""
    return _single(minus(poly), ">"), _single(poly, "=="), _single(poly, ">")


def _single(poly: sp.Expr, relation: str) -> Region:
    """Return the region of one inequality, written so that the same inequality is the same atom."""
    coefficients = (linear_terms(poly) or sp.Poly(poly).as_dict()).values()
    if all(value.is_Rational for value in coefficients):
        scale = sp.Rational(lcm(*(int(c.q) for c in coefficients)), gcd(*(int(c.p) for c in coefficients)))
        poly = sp.expand(scale * poly)
    if relation == "==":
        poly = min(poly, minus(poly), key=sp.default_sort_key)
    return (frozenset({Atom(poly, relation)}),)


@lru_cache(maxsize=4096)
def minus(poly: sp.Expr) -> sp.Expr:
    """Return the polynomial with the opposite sign, expanded."""
    return sp.expand(-poly)


def with_equalities(conj: Conj) -> Conj:
    """Write ``p >= 0, -p >= 0`` as ``p = 0``."""
    for atom in ordered(conj):
        back = Atom(minus(atom.poly), ">=")
        if atom.relation == ">=" and back in conj:
            return with_equalities(conj - {atom, back} | _single(atom.poly, "==")[0])
    return conj


@lru_cache(maxsize=4096)
def condition_of(region: Region) -> Boolean:
    """Write a region as a SymPy condition."""
    if len(region) == 2 and all(len(conj) == 1 for conj in region):
        (first,), (second,) = region
        if first.relation == second.relation == ">" and first.poly == minus(second.poly):
            return sp.Ne(*_relation(Atom(first.poly, "==")).args)
    return sp.Or(*(sp.And(*(_relation(atom) for atom in conj)) for conj in region))


def _relation(atom: Atom) -> Boolean:
    """Write an atom with one symbol alone on the left, where its coefficient has a known sign."""
    symbols = sorted(atom.poly.free_symbols, key=str, reverse=True)
    solved = [found for x in symbols if (found := _solved(atom.poly, x))]
    if solved:
        x, bound, slope = min(solved, key=lambda item: sp.count_ops(item[1]))
        if x.is_integer and bound.is_number and atom.relation != "==":
            closed = atom.relation == ">="
            if slope > 0:
                return sp.Ge(x, sp.ceiling(bound) if closed else sp.floor(bound) + 1)
            return sp.Le(x, sp.floor(bound) if closed else sp.ceiling(bound) - 1)
        kind = {">": sp.Gt if slope > 0 else sp.Lt, ">=": sp.Ge if slope > 0 else sp.Le, "==": sp.Eq}
        return kind[atom.relation](x, bound)
    return {">": sp.Gt, ">=": sp.Ge, "==": sp.Eq}[atom.relation](atom.poly, 0)


def _solved(poly: sp.Expr, x: sp.Symbol) -> tuple[sp.Symbol, sp.Expr, int] | None:
    """Return x, its value where the polynomial is 0, and the sign of its coefficient, if that is known."""
    linear = linear_terms(poly)
    if linear is not None:
        return x, -(poly - linear[x] * x) / linear[x], 1 if linear[x] > 0 else -1
    read: Any = sp.Poly(poly, x) if poly.is_polynomial(x) else sp.Poly(0, x)
    slope = known_sign(sp.factor(read.LC())) if read.degree() == 1 else None
    if not slope:
        return None
    bound = sp.cancel(-read.TC() / read.LC())
    return x, min(sp.expand(bound), sp.factor(bound), key=sp.count_ops), slope
