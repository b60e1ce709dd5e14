"""The rules that settle a box: the range of the expression, ends of monotone parameters, the mean value theorem.

A parameter in which the expression does not fall (or rise) over the box is set to its upper (lower) end, where the
expression is greatest; the rest is a smaller box. What is left may be settled by the value in its middle and the range
of the gradient.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce

import sympy as sp

from numerics.boxes import Box, Span
from numerics.ranges import INF, RANGES, Range, ceil_log2, rational
from numerics.tape import expand_conventions, record
from theory.functions import n_ceil_log2

_ROUGH = (sp.Piecewise, sp.Abs, sp.floor, sp.ceiling, n_ceil_log2)


@dataclass(frozen=True)
class Leaf:
    """A box that is settled, and how.

    Args:
        box: a span for each parameter.
        ends: parameters that are set to an end, in order: index, and whether it is the upper one.
        mean_value: whether the mean value theorem settles the rest, rather than the range of the expression.
    """

    box: Box
    ends: tuple[tuple[int, bool], ...] = ()
    mean_value: bool = False


@dataclass(frozen=True)
class Verdict:
    """What is known of a box: a leaf if it is settled; else its range, slopes, and the parameters that have an end."""

    leaf: Leaf | None
    value: Range
    slopes: tuple[Range | None, ...] = ()
    rest: Box = ()


class Problem:
    """An expression to be shown <= 0, its derivatives, and for each n in ceil(log2 n) a symbol of the levels.

    Args:
        expression: what is compared with 0.
        symbols: its parameters.
        strict: whether < is to be shown.
        reciprocals: which of the parameters are reciprocals of integers; by default none.
    """

    def __init__(
        self, expression: sp.Expr, symbols: tuple[sp.Symbol, ...], strict: bool, reciprocals: tuple[bool, ...] = ()
    ) -> None:
        """Record the tapes."""
        self.expression, self.symbols, self.strict = expression, symbols, strict
        self.reciprocals = reciprocals or (False,) * len(symbols)
        counted = [s for s in symbols if s.is_integer and expression.has(n_ceil_log2(s))]
        self.counted = tuple(symbols.index(s) for s in counted)
        levels = [sp.Dummy("level") for _ in counted]
        smooth = expand_conventions(expression).subs(
            {n_ceil_log2(s): s * k for s, k in zip(counted, levels, strict=True)}
        )
        inputs = (*symbols, *levels)
        self.tape = record(expression, symbols)
        self.smooth = record(smooth, inputs)
        self.slopes = None if _rough(smooth) else tuple(record(_slope(smooth, s), inputs) for s in symbols)

    def levels(self, box: Box) -> list[Range]:
        """Return the ranges of ceil(log2 n) over a box."""
        return [ceil_log2(box[i].range()) for i in self.counted]

    def value(self, box: Box) -> Range:
        """Return the range of the expression over a box."""
        return self.tape.run(RANGES, [span.range() for span in box])

    def slope(self, i: int, box: Box, levels: list[Range]) -> Range | None:
        """Return the range of a derivative over a box; None where there may be none."""
        if self.slopes is None or (i in self.counted and not _one(levels[self.counted.index(i)])):
            return None
        found = self.slopes[i].run(RANGES, [*(span.range() for span in box), *levels])
        return found if found.defined else None

    def settle(self, box: Box) -> Verdict:
        """Try the rules on a box."""
        value = self.value(box)
        if value.at_most_zero(self.strict):
            return Verdict(Leaf(box), value)
        levels = self.levels(box)
        if self.slopes is None:
            return Verdict(None, value, (None,) * len(box), box)
        rest, surely, changed = list(box), False, True
        ends: list[tuple[int, bool]] = []
        first: list[Range | None] = [None] * len(box)
        slopes: list[Range | None] = []
        while changed:
            changed = False
            slopes = [None if s.point else self.slope(i, tuple(rest), levels) for i, s in enumerate(rest)]
            first = first if ends else list(slopes)
            for i, slope in enumerate(slopes):
                up = slope is not None and slope.low >= 0
                if slope is None or not (up or slope.high <= 0) or (up and rest[i].high is None):
                    continue
                surely |= slope.nonzero and (rest[i].open_high if up else rest[i].open_low)
                rest[i] = at_end(rest[i], up)
                ends.append((i, up))  # where one slope has a sign, it has it on the smaller box too
                changed = True
            if changed and self.value(tuple(rest)).at_most_zero(self.strict and not surely):
                return Verdict(Leaf(box, tuple(ends)), value)
        if self._by_mean_value(tuple(rest), slopes, levels, self.strict and not surely):
            return Verdict(Leaf(box, tuple(ends), True), value)
        # Once some are at an end, the slopes in the others tell more.
        known = tuple(slope or before for slope, before in zip(slopes, first, strict=True))
        return Verdict(None, value, known, tuple(rest))

    def _by_mean_value(self, rest: Box, slopes: list[Range | None], levels: list[Range], strict: bool) -> bool:
        if any(not s.point and (s.high is None or slope is None) for s, slope in zip(rest, slopes, strict=True)):
            return False
        middle = tuple(replace(s, low=_mean(s), high=_mean(s), open_low=False, open_high=False) for s in rest)
        terms = [self.smooth.run(RANGES, [*(span.range() for span in middle), *levels])]
        for span, slope in zip(rest, slopes, strict=True):
            if slope is not None and span.high is not None:
                half = (span.high - span.low) / 2
                step = Range(rational(-half.numerator, half.denominator).low, rational(*half.as_integer_ratio()).high)
                terms.append(RANGES["multiply"](slope, step))
        return bool(reduce(RANGES["add"], terms).at_most_zero(strict))


def at_end(span: Span, up: bool) -> Span:
    """Return one end of a span as a span."""
    end = span.high if up and span.high is not None else span.low
    return Span(end, end, span.integer)


def _rough(smooth: sp.Expr) -> bool:
    # With at most two ways to go, the smaller of two smooth functions is absolutely continuous along a line, and its
    # slope, but for single points, that of one of them or, where they are equal, of both.
    return bool(smooth.has(*_ROUGH)) or any(len(node.args) > 2 for node in smooth.atoms(sp.Min, sp.Max))


def _step(x: sp.Expr, *_at_zero: sp.Expr) -> sp.Expr:
    return sp.Piecewise((1, x > 0), (0, x < 0), (sp.Rational(1, 2), True))


def _slope(smooth: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
    # Factors show their sign where sums do not.
    slope = sp.diff(smooth, symbol).replace(sp.Heaviside, _step)
    return sp.factor(slope) if smooth.is_rational_function() else sp.factor_terms(slope)


def _mean(span: Span) -> Fraction:
    return span.low if span.high is None else (span.low + span.high) / 2


def _one(x: Range) -> bool:
    return bool(x.low == x.high != INF)
