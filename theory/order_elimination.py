"""Whether polynomial inequalities have no common point, by elimination over the rationals.

The elimination of Fourier and Motzkin, exact for linear inequalities. Every monomial is a variable of its own,
tied to the others by its sign and by the products of pairs of inequalities, so that for inequalities of higher
degree "no point" is always right and "a point" may be wrong. An integer symbol has its bounds rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement
from math import ceil, floor, gcd, lcm
from typing import Any

import sympy as sp

MAX_ROWS = 150  # beyond, the elimination gives up: "not seen to be empty"
DIGITS = 40  # of the rational bounds put around an irrational constant

Monomial = tuple[tuple[Any, int], ...]  # (generator, power), in the order of the generators' names
CONSTANT: Monomial = ()
Vector = tuple[tuple[int, ...], str]  # the coefficients of all monomials and the constant, and the relation


@dataclass(frozen=True)
class Row:
    """The inequality ``sum of coefficient * monomial, relation 0``, the relation one of >, >=, ==."""

    terms: tuple[tuple[Monomial, Fraction], ...]
    relation: str

    @property
    def degree(self) -> int:
        """Return the largest degree of a monomial."""
        return max((sum(power for _, power in monomial) for monomial, _ in self.terms), default=0)


@lru_cache(maxsize=4096)
def row_of(poly: sp.Expr, relation: str) -> Row:
    """Read ``poly relation 0``: what is not a power of a symbol is a generator of its own.

    Args:
        poly: a polynomial with rational coefficients in such generators.
        relation: ``>``, ``>=`` or ``==``.

    Returns:
        The row.
    """
    linear = linear_terms(poly)
    if linear is not None:
        keyed = {((x, 1),) if x.is_Symbol else CONSTANT: value for x, value in linear.items()}
        return _row({key: Fraction(value.p, value.q) for key, value in keyed.items()}, relation)
    read = sp.Poly(poly)
    if not (read.domain.is_ZZ or read.domain.is_QQ):
        return _row({((poly, 1),): Fraction(1)}, relation)
    terms = {}
    for powers, coefficient in read.terms():
        factors = [(g, k) for g, k in zip(read.gens, powers, strict=True) if k]
        terms[tuple(sorted(factors, key=str))] = Fraction(coefficient.p, coefficient.q)
    return _row(terms, relation)


@lru_cache(maxsize=4096)
def linear_terms(expr: sp.Expr) -> dict[sp.Expr, sp.Rational] | None:
    """Return the rational coefficients of symbols, and of 1; None if the expression holds anything else."""
    terms = expr.as_coefficients_dict()
    return terms if all(x.is_Symbol or x == 1 for x in terms) and all(map(_is_rational, terms.values())) else None


def _is_rational(value: sp.Expr) -> bool:
    return bool(value.is_Rational)


def has_no_point(rows: Iterable[Row]) -> bool:
    """Tell whether no values of the symbols, within their assumptions, satisfy all rows.

    Args:
        rows: the inequalities.

    Returns:
        True only if there is none; False also where that is not seen.
    """
    rows = list(dict.fromkeys(rows))
    generators = {g for monomial in _monomials(rows) for g, _ in monomial}
    rows += [row for g in sorted(generators, key=str) for row in _assumed(((g, 1),))]
    if _eliminate(rows):
        return True
    degree = max((row.degree for row in rows), default=0)
    if degree < 2:
        return False
    products = [_product(a, b) for a, b in combinations_with_replacement(rows, 2)]
    rows += [row for row in products if row is not None and row.degree <= degree]
    rows += [row for monomial in _monomials(rows) for row in _assumed(monomial)]
    return _eliminate(list(dict.fromkeys(rows)))


def _monomials(rows: Iterable[Row]) -> list[Monomial]:
    """Return the monomials in rows, each once."""
    return list(dict.fromkeys(key for row in rows for key, _ in row.terms if key != CONSTANT))


def _row(terms: Mapping[Monomial, Fraction], relation: str) -> Row:
    """Scale so that equal inequalities are equal rows."""
    kept = sorted(((key, value) for key, value in terms.items() if value), key=lambda item: str(item[0]))
    scale = next((abs(value) for key, value in kept if key != CONSTANT), Fraction(1))
    return Row(tuple((key, value / scale) for key, value in kept), relation)


@lru_cache(maxsize=4096)
def _assumed(monomial: Monomial) -> tuple[Row, ...]:
    """Return what the assumptions on its symbols say of one monomial."""
    expr = sp.Mul(*(g**k for g, k in monomial))
    if expr.is_number:
        middle = Fraction(str(expr.evalf(DIGITS)))
        margin = (1 + abs(middle)) / 10 ** (DIGITS - 2)
        return (
            _row({monomial: Fraction(1), CONSTANT: margin - middle}, ">"),
            _row({monomial: Fraction(-1), CONSTANT: margin + middle}, ">"),
        )
    least = Fraction(1 if expr.is_integer else 0)
    strict = ">=" if expr.is_integer else ">"
    for sign, beyond_zero, from_zero in ((1, "is_positive", "is_nonnegative"), (-1, "is_negative", "is_nonpositive")):
        if getattr(expr, beyond_zero):
            return (_row({monomial: Fraction(sign), CONSTANT: -least}, strict),)
        if getattr(expr, from_zero):
            return (_row({monomial: Fraction(sign)}, ">="),)
    return ()


@lru_cache(maxsize=16384)
def _product(a: Row, b: Row) -> Row | None:
    """Multiply two inequalities; an equality only by itself or its like, which adds nothing, so None."""
    if a.relation == b.relation == "==":
        return None
    terms: dict[Monomial, Fraction] = {}
    for first, x in a.terms:
        for second, y in b.terms:
            powers: dict[Any, int] = dict(first)
            for g, k in second:
                powers[g] = powers.get(g, 0) + k
            key = tuple(sorted(powers.items(), key=str))
            terms[key] = terms.get(key, Fraction(0)) + x * y
    relations = {a.relation, b.relation}
    return _row(terms, "==" if "==" in relations else ">=" if ">=" in relations else ">")


def _eliminate(rows: list[Row]) -> bool:
    """Eliminate monomial after monomial; true if a false inequality between numbers remains."""
    monomials = _monomials(rows)
    whole = tuple(all(g.is_integer for g, _ in monomial) for monomial in monomials)
    places = {monomial: i for i, monomial in enumerate([*monomials, CONSTANT])}
    found = _strongest((_vector(row, places) for row in rows), whole)
    for _ in monomials:
        if found is None:
            return True
        if not found or len(found) > MAX_ROWS:
            return False
        found = _strongest(_one_fewer(found), whole)
    return found is None


def _vector(row: Row, places: Mapping[Monomial, int]) -> Vector:
    """Write a row with integer coefficients at the places of its monomials, the constant last."""
    scale = lcm(*(value.denominator for _, value in row.terms))
    values = [0] * len(places)
    for key, value in row.terms:
        values[places[key]] = int(value * scale)
    return tuple(values), row.relation


def _one_fewer(rows: list[Vector]) -> Iterator[Vector]:
    """Eliminate one monomial: by an equality if there is one, else the one that makes the fewest rows."""
    pivot = next((row for row in rows if row[1] == "=="), None)
    if pivot is not None:
        place = next(i for i, value in enumerate(pivot[0]) if value)
        for row in rows:
            if row is not pivot:
                yield _without(place, pivot, row) if row[0][place] else row
        return
    sides = []
    for place in range(len(rows[0][0]) - 1):
        above = [row for row in rows if row[0][place] > 0]
        below = [row for row in rows if row[0][place] < 0]
        if above or below:
            sides.append((len(above) * len(below) - len(above) - len(below), place, above, below))
    _, place, above, below = min(sides)
    yield from (row for row in rows if not row[0][place])
    yield from (_without(place, a, b) for a in above for b in below)


def _without(place: int, pivot: Vector, row: Vector) -> Vector:
    """Add multiples of two rows, positive unless of an equality, so that one monomial cancels."""
    (first, kind), (second, other) = pivot, row
    x, y = first[place], second[place]
    a, b = (-y, x) if x > 0 else (y, -x)  # b > 0; a > 0 as well, unless the pivot is an equality
    relation = other if kind == "==" else ">" if ">" in (kind, other) else ">="
    return tuple(a * p + b * q for p, q in zip(first, second, strict=True)), relation


def _strongest(rows: Iterable[Vector], whole: tuple[bool, ...]) -> list[Vector] | None:
    """Keep the strongest of parallel inequalities, integers' bounds rounded; None if one is false."""
    best: dict[tuple[tuple[int, ...], bool], tuple[Fraction, bool]] = {}
    for values, relation in rows:
        *coefficients, constant = values
        scale = gcd(*coefficients)
        if scale == 0:
            if not {">": constant > 0, ">=": constant >= 0, "==": constant == 0}[relation]:
                return None
            continue
        direction = tuple(value // scale for value in coefficients)
        end = Fraction(constant, scale)
        if all(whole[i] for i, value in enumerate(direction) if value):
            if relation == "==" and end.denominator > 1:
                return None
            if relation != "==":
                end, relation = Fraction(ceil(end) - 1 if relation == ">" else floor(end)), ">="
        key = (direction, relation == "==")
        if key not in best:
            best[key] = (end, relation == ">")
        elif relation == "==":
            if best[key][0] != end:
                return None
        else:  # the smaller constant is stronger, and at the same constant the strict relation
            best[key] = min(best[key], (end, relation == ">"), key=lambda pair: (pair[0], not pair[1]))
    return [
        (
            (*(value * end.denominator for value in direction), end.numerator),
            "==" if equal else ">" if strict else ">=",
        )
        for (direction, equal), (end, strict) in best.items()
    ]
