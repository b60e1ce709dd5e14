"""How large m_G must be: thresholds of conditions on m_G, exactly, by regions of the symbols.

Every condition of `theory.term_thresholds` has the form ``m_G^B log(m_G)^(-q) loglog(m_G)^(-r) >= R`` up to constants,
R an order in m = m_S, and is upward closed in m_G. A threshold is the smallest order of m_G that satisfies it; it is
None where no m_G of the algebra does. Where a sign depends on a symbol the answer is split by regions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp

from theory.order import ONE, NotInAlgebra, Order, Undecided, cases_of
from theory.order_atoms import TRUE, Region
from theory.order_regions import Facts
from theory.order_splits import three_way

Threshold: TypeAlias = Order | None
Regions: TypeAlias = tuple[tuple[Region, Threshold], ...]
"""Thresholds by regions that exclude one another and are together all that the facts allow."""

ANY: Order = ONE
"""The threshold of a condition that every m_G >= 1 satisfies."""
REAL_SIZE: Order = Order(1)
"""The order of m_S itself."""


def everywhere(value: Threshold) -> Regions:
    """Return a threshold that depends on no symbol."""
    return ((TRUE, value),)


def split(facts: Facts, regions: Iterable[tuple[Region, Callable[[Facts], Regions]]]) -> Regions:
    """Compute thresholds region by region, each with the facts of its region; empty regions are dropped."""
    found: list[tuple[Region, Threshold]] = []
    for region, compute in regions:
        if region:
            inner = compute(facts.given(region))
            found += [(both, value) for r, value in inner if (both := facts.both(region, r))]
    return tuple(found)


def sign_split(facts: Facts, expression: sp.Expr, negative: Callable, zero: Callable, positive: Callable) -> Regions:
    """Split by the sign of an expression in the symbols."""
    return split(facts, zip(facts.sign(sp.sympify(expression)), (negative, zero, positive), strict=True))


def compare_split(facts: Facts, first: Order, second: Order, within: Callable, beyond: Callable) -> Regions:
    """Split by whether one order is O(another) (`within`) or not (`beyond`)."""
    below, equal, above = three_way(first, second, facts)
    return split(facts, ((below, within), (equal, within), (above, beyond)))


def power_threshold(facts: Facts, exponent: sp.Expr, required: Order, logs: tuple[sp.Expr, sp.Expr]) -> Regions:
    """Solve ``m_G^exponent >= required log(m_G)^q loglog(m_G)^r`` for m_G of order at least m_S.

    There log m_G is of the order of log m, as m_G is polynomial in m. With exponent 0 the condition no longer depends
    on m_G: it holds for all or for none. A negative exponent does not occur (conditions are upward closed).
    """
    right = required * Order(0, *logs)

    def refuse(_facts: Facts) -> Regions:
        raise NotInAlgebra(exponent, "a condition on m_G must be upward closed")

    def constant(inner: Facts) -> Regions:
        return compare_split(inner, right, ONE, lambda _f: everywhere(ANY), lambda _f: everywhere(None))

    return sign_split(facts, exponent, refuse, constant, lambda _f: everywhere(right ** (1 / sp.sympify(exponent))))


def combine(facts: Facts, parts: Iterable[Regions], *, larger: bool) -> Regions:
    """Return the largest (all conditions hold) or least (one of them suffices) of thresholds."""
    result: Regions | None = None
    for part in parts:
        result = part if result is None else _pair(facts, result, part, larger=larger)
    if result is None:
        raise ValueError("nothing to combine")
    return result


def _pair(facts: Facts, first: Regions, second: Regions, *, larger: bool) -> Regions:
    def choose(x: Threshold, y: Threshold) -> Callable[[Facts], Regions]:
        def decide(inner: Facts) -> Regions:
            if x is None or y is None:
                return everywhere(None if larger else (y if x is None else x))
            high, low = (lambda _f: everywhere(x)), (lambda _f: everywhere(y))
            return compare_split(inner, y, x, *((high, low) if larger else (low, high)))

        return decide

    pairs = [(facts.both(r, s), choose(x, y)) for r, x in first for s, y in second]
    return merge(facts, split(facts, pairs))


def merge(facts: Facts, regions: Regions) -> Regions:
    """Join the regions that have the same threshold."""
    joined: dict[Threshold, Region] = {}
    for region, value in regions:
        joined[value] = facts.either(joined[value], region) if value in joined else region
    return tuple((region, value) for value, region in joined.items())


@dataclass(frozen=True)
class Node:
    """A positive expression in m and m_G as max and min of monomials."""

    kind: str  # "max", "min" or "leaf"
    children: tuple[Node, ...] = ()
    leaf: sp.Expr = sp.S.One


def tree(expression: sp.Expr, m: sp.Symbol, m_G: sp.Symbol) -> Node:
    """Read an expression up to constants: sums are maxima, products and powers are distributed over them.

    Raises:
        NotInAlgebra: a part that is no product of powers of m, m_G and their logarithms.
    """
    if expression.is_Add or isinstance(expression, sp.Max):
        return Node("max", tuple(tree(part, m, m_G) for part in expression.args))
    if isinstance(expression, sp.Min):
        return Node("min", tuple(tree(part, m, m_G) for part in expression.args))
    if expression.is_Mul or (expression.is_Pow and not expression.exp.has(m, m_G)):
        return _distributed(expression, m, m_G)
    if isinstance(expression, sp.log) and expression.has(m) and expression.has(m_G):
        return Node("leaf", leaf=sp.log(m))  # m_G is polynomial in m, so log of a mixture is of order log m
    return Node("leaf", leaf=expression)


def _distributed(expression: sp.Expr, m: sp.Symbol, m_G: sp.Symbol) -> Node:
    if expression.is_Pow:
        inner, exponent = tree(expression.base, m, m_G), expression.exp
        if exponent.is_positive is None and exponent.is_negative is None and inner.kind != "leaf":
            raise Undecided(f"the sign of the exponent {exponent} is not known")
        return _map(inner, lambda leaf: leaf**exponent, swap=bool(exponent.is_negative))
    result = Node("leaf")
    for factor in expression.args:
        result = _times(result, tree(factor, m, m_G))
    return result


def _map(node: Node, change: Callable[[sp.Expr], sp.Expr], *, swap: bool) -> Node:
    if node.kind == "leaf":
        return Node("leaf", leaf=change(node.leaf))
    kind = {"max": "min", "min": "max"}[node.kind] if swap else node.kind
    return Node(kind, tuple(_map(child, change, swap=swap) for child in node.children))


def _times(first: Node, second: Node) -> Node:
    if first.kind != "leaf":
        return Node(first.kind, tuple(_times(child, second) for child in first.children))
    if second.kind != "leaf":
        return Node(second.kind, tuple(_times(first, child) for child in second.children))
    return Node("leaf", leaf=first.leaf * second.leaf)


@dataclass(frozen=True)
class Monomial:
    """``m^.. log(m)^.. loglog(m)^.. m_G^power log(m_G)^log loglog(m_G)^loglog`` up to a constant."""

    in_m: Order
    in_m_G: Order


def monomial(leaf: sp.Expr, m: sp.Symbol, m_G: sp.Symbol, assumptions: sp.Basic) -> Monomial:
    """Read a leaf's exponents in m (m_G a constant) and in m_G (m a constant)."""
    return Monomial(cases_of(leaf, m, assumptions).order, cases_of(leaf, m_G, assumptions).order)
