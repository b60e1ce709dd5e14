"""Proofs of inequalities over boxes: `expression <= 0` at every point of a box, or a point where it fails.

Branch and bound with interval arithmetic on two endpoints (`numerics.ranges`); the rules that settle a box are in
`numerics.certify_rules`. A certificate lists the boxes and the rule for each; `numerics.recheck` verifies it by other
code. Integers are taken as the reals between their ends, but for ceil(log2 n), where a box is cut at powers of two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp

from numerics.balls import BITS, precision
from numerics.boxes import Box, Span, read_box, write_box
from numerics.certify_infinity import invert, inverted_span, parts_of
from numerics.certify_rules import Leaf, Problem
from numerics.certify_search import Found, search, spread_out
from numerics.compile import compile_expression

_ROOTS = 16


@dataclass(frozen=True)
class Goal:
    """A claim: an expression is <= 0, or < 0, at every point of a box. Made by `goal`.

    Args:
        name: the claim in words.
        expression: what is compared with 0.
        symbols: its parameters, by name.
        box: a span for each of them.
        strict: whether < is claimed.
    """

    name: str
    expression: sp.Expr
    symbols: tuple[sp.Symbol, ...]
    box: Box
    strict: bool = False

    def __str__(self) -> str:
        sign = "<" if self.strict else "<="
        return f"{self.expression} {sign} 0 for {write_box(self.symbols, self.box)}"


@dataclass(frozen=True)
class Part:
    """A piece of the goal's box, and the boxes that prove the claim there.

    Args:
        box: the piece.
        inverted: for each symbol, whether its reciprocal takes its place.
        expression: what is compared with 0: that of the goal, times a power of each reciprocal.
        symbols: its parameters, reciprocals among them.
        leaves: boxes in these, with the rule that settles each.
    """

    box: Box
    inverted: tuple[bool, ...]
    expression: sp.Expr
    symbols: tuple[sp.Symbol, ...]
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True)
class Certificate:
    """A proof of a goal.

    Args:
        name: that of the goal.
        expression: the goal's expression as text, by `sympy.srepr`.
        strict: whether < is proved.
        box: the goal's box.
        bits: of the arithmetic.
        parts: pieces of the box, with their proofs.
        examined: how many boxes were looked at.
        seconds: that it took; two proofs that differ in nothing else are the same.
    """

    name: str
    expression: str
    strict: bool
    box: Box
    bits: int
    parts: tuple[Part, ...]
    examined: int
    seconds: float = field(default=0.0, compare=False)

    @property
    def boxes(self) -> int:
        """How many boxes cover the goal's."""
        return sum(len(part.leaves) for part in self.parts)

    def __str__(self) -> str:
        return f"{self.name}: proved on {self.boxes} boxes, {self.bits} bits"


@dataclass(frozen=True)
class Counterexample:
    """A point of the box where a goal fails, for certain.

    Args:
        name: that of the goal.
        point: exact coordinate by symbol.
        at_least: a number that the expression is not below there, > 0 (or >= 0 against <).
    """

    name: str
    point: Mapping[sp.Symbol, Fraction]
    at_least: float

    def __str__(self) -> str:
        where = ", ".join(f"{symbol.name} = {value}" for symbol, value in self.point.items())
        return f"{self.name}: false at {where}"


@dataclass(frozen=True)
class Resisted:
    """Neither proved nor refuted: the box that resisted, and why the search ended.

    Args:
        name: that of the goal.
        symbols: the parameters of the box, reciprocals among them.
        box: the box.
        why: *too many boxes*, *out of time*, *too narrow to be cut*, or a point *not confirmed with more bits*.
    """

    name: str
    symbols: tuple[sp.Symbol, ...]
    box: Box
    why: str

    def __str__(self) -> str:
        return f"{self.name}: undecided in {write_box(self.symbols, self.box)}: {self.why}"


def goal(
    expression: sp.Expr, box: Mapping[sp.Symbol, tuple[Any, Any] | Span], *, strict: bool = False, name: str = ""
) -> Goal:
    """State a claim.

    Args:
        expression: claimed to be <= 0.
        box: low and high end of each parameter, as in `numerics.boxes.read_box`.
        strict: whether < 0 is claimed.
        name: the claim in words; the default is its formula.

    Raises:
        ValueError: a bad box, or one that lacks a symbol of the expression or has one more.
        TypeError: an end is no number, or the expression has no numeric form.
    """
    spans = read_box(box)
    absent = sorted(symbol.name for symbol in expression.free_symbols - set(spans))
    unknown = sorted(symbol.name for symbol in set(spans) - expression.free_symbols)
    if absent or unknown:
        raise ValueError(f"the box must hold the expression's symbols. Found no {absent}, and also {unknown}.")
    compile_expression(expression)
    made = Goal(name, expression, tuple(spans), tuple(spans.values()), strict)
    return made if name else Goal(str(made), expression, made.symbols, made.box, strict)


def rises(expression: sp.Expr, symbol: sp.Symbol, box: Mapping[sp.Symbol, Any], *, name: str = "") -> Goal:
    """State that an expression does not fall as a symbol grows, over a box in which it is smooth in that symbol.

    Raises:
        ValueError: as `goal`, or the expression has no derivative in the symbol.
    """
    slope = sp.diff(expression, symbol)
    if slope.has(sp.Derivative, sp.Subs, sp.Heaviside, sp.DiracDelta, sp.sign):
        raise ValueError(f"the expression must have a derivative in {symbol.name}. Found {expression}.")
    return goal(-slope, {s: span for s, span in box.items() if s in slope.free_symbols}, name=name)


def prove(
    claim: Goal,
    *,
    bits: int = BITS,
    most_boxes: int = 20_000,
    seconds: float = 60.0,
    invert_symbols: Sequence[sp.Symbol] | None = None,
    pool: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Certificate | Counterexample | Resisted:
    """Prove or refute a claim over its box. The answer depends on neither the pool nor, within `seconds`, on the time.

    Args:
        claim: the goal.
        bits: of the arithmetic.
        most_boxes: to look at, in each part of the box.
        seconds: to spend.
        invert_symbols: unbounded symbols to replace by their reciprocals; by default those in which the expression is
            rational, if the box as a whole does not settle it.
        pool: processes, such as a `numerics.workers.WorkerPool`.
        progress: told how many boxes are done and to do, now and then.

    Raises:
        ValueError: a bad number, or the expression has a pole or no value in the box.
    """
    if most_boxes < 1 or not seconds > 0:
        raise ValueError(f"most_boxes and seconds must be positive. Found {most_boxes} and {seconds}.")
    started = time.monotonic()
    deadline = started + seconds
    with precision(bits):
        parts: list[Part] = []
        examined = 0
        for box, inverted in parts_of(claim.expression, claim.symbols, claim.box, claim.strict, invert_symbols):
            expression, symbols = invert(claim.expression, claim.symbols, inverted)
            worked = tuple(inverted_span(span) if yes else span for span, yes in zip(box, inverted, strict=True))
            whole = tuple(span.integer and yes for span, yes in zip(box, inverted, strict=True))
            problem = Problem(expression, symbols, claim.strict, whole)
            found = _search(problem, worked, bits, most_boxes, deadline, pool, progress)
            examined += found.examined
            if found.point is not None:
                return _verified(claim, problem, inverted, found.point)
            if found.resisted is not None:
                return _resisted(claim, problem, found)
            parts.append(Part(box, inverted, expression, symbols, tuple(found.leaves)))
    text, took = sp.srepr(claim.expression), time.monotonic() - started
    return Certificate(claim.name, text, claim.strict, claim.box, bits, tuple(parts), examined, took)


def _search(
    problem: Problem,
    box: Box,
    bits: int,
    most: int,
    deadline: float,
    pool: Executor | None,
    progress: Callable[[int, int], None] | None,
) -> Found:
    found = spread_out(problem, box, _ROOTS, most, deadline)
    roots, found.pending = found.pending, []
    if not roots or found.point is not None or found.resisted is not None:
        return found
    calls = [(problem, root, bits, max(most // len(roots), 1), deadline) for root in roots]
    answers: Iterator[Found] = pool.map(search, *zip(*calls, strict=True)) if pool else (search(*c) for c in calls)
    for done, answer in enumerate(answers, 1):
        found.take(answer)
        if progress:
            progress(done, len(roots))
        if found.point is not None or found.resisted is not None:
            break
    return found


def _resisted(claim: Goal, problem: Problem, found: Found) -> Resisted:
    assert found.resisted is not None  # noqa: S101 - for the type checker
    if found.why == "pole":
        where = write_box(problem.symbols, found.resisted)
        raise ValueError(f"{claim.name} must have a value all over its box. Found a pole, or no value, in {where}.")
    return Resisted(claim.name, problem.symbols, found.resisted, found.why)


def _verified(
    claim: Goal, problem: Problem, inverted: tuple[bool, ...], worked: tuple[Fraction, ...]
) -> Counterexample | Resisted:
    # Back in the goal's own parameters, where the expression is evaluated anew.
    values = [1 / value if yes else value for value, yes in zip(worked, inverted, strict=True)]
    if all(span.contains(value) for span, value in zip(claim.box, values, strict=True)):
        point = dict(zip(claim.symbols, values, strict=True))
        named = {symbol.name: value for symbol, value in point.items()}
        ball = compile_expression(claim.expression, claim.symbols).at_ball(2 * BITS, **named)
        if ball > 0 or (claim.strict and ball >= 0):
            return Counterexample(claim.name, point, float(ball.lower()))
    return Resisted(claim.name, problem.symbols, tuple(Span(x, x) for x in worked), "not confirmed with more bits")
