"""Mutants of claims: a sign turned, a constant or an exponent a little off, a shift that makes it false at a point."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import sympy as sp
from flint import fmpq

from numerics.balls import Undecided
from numerics.boxes import Span
from numerics.certify import Goal, goal
from numerics.compile import compile_expression
from numerics.domains import DomainError

KINDS = ("turned", "shifted", "constant", "exponent")
FACTOR = sp.Rational(1001, 1000)


def inside(rng: random.Random, span: Span) -> Fraction:
    """Draw a number of a span, exact, by its magnitude where that varies."""
    low, high = span.low, span.high if span.high is not None else max(100 * span.low, Fraction(10**6))
    start = max(float(low), 1e-3)
    value = Fraction(start * (max(float(high), start) / start) ** rng.random())
    value = min(max(Fraction(math.floor(value)) if span.integer else value, low), high)
    return value if span.contains(value) else span.middle()


def point_of(rng: random.Random, claim: Goal) -> dict[str, Fraction]:
    """Draw a point of a goal's box."""
    return {symbol.name: inside(rng, span) for symbol, span in zip(claim.symbols, claim.box, strict=True)}


def certainly_false(claim: Goal, point: dict[str, Fraction]) -> bool:
    """Tell whether a goal fails at a point, by 300 bits; False where that is not known."""
    try:
        ball = compile_expression(claim.expression, claim.symbols).at_ball(300, **point)
    except (Undecided, DomainError):
        return False
    return bool(ball > 0 or (claim.strict and ball >= 0))


def mutant(rng: random.Random, kind: str, claim: Goal) -> tuple[Goal, dict[str, Fraction]] | None:
    """Change a goal; with a point at which the shifted one is false. None where there is nothing to change."""
    point, expression = point_of(rng, claim), claim.expression
    if kind == "turned":
        changed = -expression
    elif kind == "shifted":
        ball = compile_expression(expression, claim.symbols).at_ball(300, **point)
        lowest = fmpq(*map(int, Fraction(float(ball.lower())).as_integer_ratio()))
        scale = abs(Fraction(int(lowest.p), int(lowest.q)))
        by = -Fraction(int(lowest.p), int(lowest.q)) + (scale or 1) * Fraction(1, 10 ** rng.randint(1, 9))
        changed = expression + sp.Rational(by.numerator, by.denominator)
    else:
        wanted = (lambda x: x.is_Rational and x not in (0, 1, -1)) if kind == "constant" else (lambda x: x.is_Pow)
        places = sorted((x for x in sp.preorder_traversal(expression) if wanted(x)), key=sp.srepr)
        if not places:
            return None
        old = rng.choice(places)
        new = old * FACTOR if kind == "constant" else old.base ** (old.exp * FACTOR)
        changed = expression.xreplace({old: new})
    box = {s: span for s, span in zip(claim.symbols, claim.box, strict=True) if s in changed.free_symbols}
    if len(box) < len(claim.symbols):
        return None
    return goal(changed, box, strict=claim.strict), point
