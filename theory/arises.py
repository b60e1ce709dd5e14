"""How a number of a derivation arises, where SymPy would write it in its last form at once.

SymPy adds up ``beta + beta`` when it is written, so that a step's computed side often is its stated side, letter by
letter. What is said here keeps the way there: it is built from the same values as the number itself, and is what a
proof kernel is asked about (`theory.kernel`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp


@dataclass(frozen=True)
class Value:
    """The value of an expression at other expressions put for its letters."""

    of: sp.Expr
    at: Mapping[sp.Symbol, sp.Expr]


@dataclass(frozen=True)
class Slope:
    """The derivative of an expression in a symbol, times `scale`."""

    of: sp.Expr
    symbol: sp.Symbol
    scale: sp.Expr = sp.S.One


@dataclass(frozen=True)
class Solves:
    """The value of `symbol` at which an expression is zero."""

    equation: sp.Expr
    symbol: sp.Symbol


@dataclass(frozen=True)
class Bounded:
    """What the applied lemma bounds, times a weight that is no less than 0."""

    weight: sp.Expr


@dataclass(frozen=True)
class Total:
    """The sum of `term` over ``index = 1, ..., count``, for every whole count."""

    term: sp.Expr
    index: sp.Symbol
    count: sp.Symbol


@dataclass(frozen=True)
class Outside:
    """Arises by what is no algebra: a limit, an integral, an order of growth; `why` names it."""

    why: str


Reason: TypeAlias = sp.Expr | Value | Slope | Solves | Bounded | Total | Outside
"""Where a quantity comes from; an expression is compared as it stands, unevaluated."""


@dataclass(frozen=True)
class Inequality:
    """A claim ``low <= high``, or ``low < high``, under further conditions.

    Args:
        low, high: the two sides.
        strict: whether < is claimed.
        given: expressions that are >= 0, besides what the symbols' domains say.
    """

    low: sp.Expr
    high: sp.Expr
    strict: bool = False
    given: tuple[sp.Expr, ...] = ()


@dataclass(frozen=True)
class Equality:
    """A claim that two expressions are equal, as they stand."""

    left: sp.Expr
    right: sp.Expr


Claim: TypeAlias = Inequality | Equality
"""What a condition in words is, or follows from."""


def put(expression: sp.Expr, letters: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """Put expressions for letters and leave the rest as it stands, nothing added up or cancelled."""
    if expression in letters:
        return letters[expression]
    if not expression.args or not expression.free_symbols & set(letters):
        return expression
    arguments = [put(argument, letters) for argument in expression.args]
    return expression.func(*arguments, evaluate=False)


def added(parts: Iterable[sp.Expr]) -> sp.Expr:
    """Write a sum without adding it up."""
    terms = list(parts)
    return sp.Add(*terms, evaluate=False) if len(terms) > 1 else sp.Add(*terms)


def times(*factors: sp.Expr) -> sp.Expr:
    """Write a product without multiplying it out."""
    return sp.Mul(*factors, evaluate=False)


def evaluated(expression: sp.Expr) -> sp.Expr:
    """Let SymPy write an expression as it would have, had it been allowed to."""
    if isinstance(expression, sp.UnevaluatedExpr):
        return evaluated(expression.args[0])
    return expression.func(*map(evaluated, expression.args)) if expression.args else expression
