"""Branch and bound over a box: cut what no rule settles, and look for points where the claim fails on the way."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from fractions import Fraction

from flint import arb

from numerics.balls import precision
from numerics.boxes import Box, Span
from numerics.certify_rules import Leaf, Problem, Verdict
from numerics.ranges import Range

_NARROW, _FAR = Fraction(1, 2**40), Fraction(2**200)


@dataclass
class Found:
    """What a search has found: leaves, a point where the claim fails, a box that resisted, boxes still to do."""

    leaves: list[Leaf] = field(default_factory=list)
    point: tuple[Fraction, ...] | None = None
    resisted: Box | None = None
    why: str = ""
    examined: int = 0
    pending: list[Box] = field(default_factory=list)

    def take(self, other: Found) -> None:
        """Add what another search found, after this one's."""
        self.leaves += other.leaves
        self.point, self.resisted, self.why = other.point, other.resisted, other.why
        self.examined += other.examined

    def out_of_bounds(self, box: Box, most: int, deadline: float) -> bool:
        """Tell whether the search has to end before it looks at a box, and note why."""
        if self.examined >= most or time.monotonic() > deadline:
            self.resisted, self.why = box, "too many boxes" if self.examined >= most else "out of time"
        return self.resisted is not None

    def step(self, problem: Problem, box: Box) -> tuple[Box, ...]:
        """Settle a box or cut it in two; return the parts, none where there is no more to do."""
        self.examined += 1
        verdict = problem.settle(box)
        if verdict.leaf is not None:
            self.leaves.append(verdict.leaf)
            return ()
        point = _point(problem, box, verdict.rest)
        there = problem.value(tuple(Span(x, x, span.integer) for x, span in zip(point, box, strict=True)))
        if there.defined and (there.low > 0 or (problem.strict and there.low >= 0)):
            self.point = point
            return ()
        parts = _cut(problem, box, verdict)
        if not parts:
            self.resisted, self.why = box, "too narrow to be cut" if verdict.value.defined else "pole"
        return parts


def spread_out(problem: Problem, box: Box, pieces: int, most: int, deadline: float) -> Found:
    """Search breadth first, until a number of boxes is still to do; limits as for `search`."""
    found = Found(pending=[box])
    while 0 < len(found.pending) < pieces:
        first, *found.pending = found.pending
        if found.out_of_bounds(first, most, deadline):
            break
        found.pending += found.step(problem, first)
        if found.point is not None or found.resisted is not None:
            break
    return found


def search(problem: Problem, box: Box, bits: int, most: int, deadline: float) -> Found:
    """Search a box depth first.

    Args:
        problem: the expression and the claim.
        box: where.
        bits: of the arithmetic.
        most: boxes that may be looked at.
        deadline: on the clock of `time.monotonic`, which processes of one machine share.
    """
    found, stack = Found(), [box]
    with precision(bits):
        while stack and found.point is None and found.resisted is None:
            if found.out_of_bounds(stack[-1], most, deadline):
                break
            stack += reversed(found.step(problem, stack.pop()))
    return found


def _point(problem: Problem, box: Box, rest: Box) -> tuple[Fraction, ...]:
    # Where the expression is greatest if some parameters are monotone; else the middle.
    points = []
    for span, reduced, reciprocal in zip(box, rest, problem.reciprocals, strict=True):
        value = reduced.low if reduced.point else span.middle()
        value = value if span.contains(value) else span.middle()
        points.append(Fraction(1, math.ceil(1 / value)) if reciprocal else value)
    return tuple(points)


def _cut(problem: Problem, box: Box, verdict: Verdict) -> tuple[Box, ...]:
    # A parameter in which the expression is monotone need not be cut, but for points near an end that it has not.
    scores = [
        (0, 0.0) if reduced.point and span.contains(reduced.low) else _score(span, slope)
        for span, slope, reduced in zip(box, verdict.slopes, verdict.rest, strict=True)
    ]
    best = max(range(len(box)), key=lambda i: scores[i])
    if scores[best] == (0, 0.0):
        return ()
    cut = None
    if best in problem.counted:
        level = problem.levels(box)[problem.counted.index(best)]
        cut = _power_of_two(box[best], level)
    halves = box[best].halves(cut)
    return tuple((*box[:best], half, *box[best + 1 :]) for half in halves)


def _score(span: Span, slope: Range | None) -> tuple[int, float]:
    # What no slope is known of goes first, by its relative width; then by how much the expression may change.
    if span.high is None:
        return (2, float("inf")) if span.low < _FAR else (0, 0.0)
    width = span.high - span.low
    if width <= max(abs(span.low), abs(span.high)) * _NARROW or width <= 1 / _FAR:
        return 0, 0.0
    if slope is None or not (slope.low.is_finite() and slope.high.is_finite()):
        return 2, float(width / (abs(span.low) + Fraction(1, 16)))
    steep = max(abs(slope.low), abs(slope.high))
    change = arb(float(width)) * steep
    return 1, float(change.mid()) if change < 1e300 else 1e300


def _power_of_two(span: Span, level: Range) -> Fraction | None:
    if span.low < 1:
        return span.low
    if not level.high.is_finite() or level.low == level.high:
        return None
    return Fraction(2) ** ((int(level.low.unique_fmpz()) + int(level.high.unique_fmpz()) - 1) // 2)
