"""The check of a certificate, by code of its own: it shares python-flint and SymPy with the prover, and no more.

It compares the certificate with the goal, checks by exact arithmetic that the boxes cover the region, and settles each
box again, with enclosures by `numerics.recheck_ends` and with its own derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

import sympy as sp
from flint import arb, ctx

from numerics.recheck_ends import Ends, enclose, exact
from theory.functions import n_ceil_log2, n_log_en

if TYPE_CHECKING:
    from numerics.boxes import Box, Span
    from numerics.certify import Certificate, Counterexample, Goal, Part
    from numerics.certify_rules import Leaf


def recheck(certificate: Certificate, claim: Goal, bits: int = 192) -> tuple[str, ...]:
    """Verify a certificate against the goal that it is said to prove.

    Args:
        certificate: from `numerics.certify.prove`, or wherever it comes from.
        claim: the goal.
        bits: of the arithmetic, whatever the prover used.

    Returns:
        What is wrong, at most one line for each part; nothing where the certificate holds.
    """
    wrong = []
    if certificate.expression != sp.srepr(claim.expression):
        wrong.append("it is about another expression")
    if certificate.box != claim.box or certificate.strict != claim.strict:
        wrong.append("it is about another region or relation")
    if not _cover(claim.box, [part.box for part in certificate.parts]):
        wrong.append("its parts do not cover the region")
    with ctx.workprec(bits):
        for number, part in enumerate(certificate.parts):
            fault = _fault_of(part, claim)
            if fault:
                wrong.append(f"part {number}: {fault}")
    return tuple(wrong)


def recheck_point(found: Counterexample, claim: Goal, bits: int = 192) -> tuple[str, ...]:
    """Verify that a goal fails at a point of its box.

    Args:
        found: the point, from `numerics.certify.prove`.
        claim: the goal.
        bits: of the arithmetic.

    Returns:
        What is wrong, a line each; nothing where the goal does fail there.
    """
    if set(found.point) != set(claim.symbols):
        return ("the point has other coordinates",)
    for symbol, span in zip(claim.symbols, claim.box, strict=True):
        value = found.point[symbol]
        below = value < span.low or (value == span.low and span.open_low)
        above = span.high is not None and (value > span.high or (value == span.high and span.open_high))
        if below or above or (span.integer and value.denominator != 1):
            return (f"{symbol.name} = {value} is outside the box",)
    with ctx.workprec(bits):
        ends = enclose(claim.expression, {symbol: exact(value) for symbol, value in found.point.items()})
    fails = ends is not None and bool(ends[0] > 0 or (claim.strict and ends[0].is_zero()))
    return () if fails else ("the claim is not shown to fail at the point",)


def _fault_of(part: Part, claim: Goal) -> str:
    region = []
    expected = claim.expression
    factors = []
    for old, new, span, inverted in zip(claim.symbols, part.symbols, part.box, part.inverted, strict=True):
        if not inverted:
            if old != new:
                return f"{new} stands for {old}"
            region.append((span.low, span.high, span.integer, span.open_low, span.open_high))
            continue
        if span.high is not None or span.low <= 0 or not new.is_positive or new in claim.symbols:
            return f"{old} cannot be inverted"
        region.append((Fraction(0), 1 / span.low, False, True, span.open_low))
        expected = expected.subs(old, 1 / new)
        factors.append(new)
    if not _same_but_for_powers(expected, part.expression, factors):
        return "its expression is not the goal's"
    leaves = list(part.leaves)
    if not _cover(region, [leaf.box for leaf in leaves]):
        return "its boxes do not cover it"
    check = _Check(part.expression, part.symbols, claim.strict)
    for leaf in leaves:
        if not check.holds(leaf):
            return f"the claim is not shown in {', '.join(map(str, leaf.box))}"
    return ""


def _same_but_for_powers(expected: sp.Expr, worked: sp.Expr, factors: Sequence[sp.Symbol]) -> bool:
    # Equal up to powers of the reciprocals, which are positive.
    if not factors:
        return bool(expected == worked)
    if worked == 0 or expected == 0:
        return bool(sp.cancel(expected) == sp.cancel(worked))
    ratio = sp.cancel(sp.together(expected / worked))
    powers = ratio.as_powers_dict()
    return all(base == 1 or (base in factors and power.is_Integer) for base, power in powers.items())


Bare = tuple[Fraction, "Fraction | None", bool, bool, bool]


def _bare(span: Span | Bare) -> Bare:
    if isinstance(span, tuple):
        return span
    return span.low, span.high, span.integer, span.open_low, span.open_high


def _cover(region: Sequence[Span | Bare], boxes: Sequence[Box]) -> bool:
    """Tell whether boxes, cut from one another all the way through, cover a region and stay inside it."""
    return _covers([_bare(span) for span in region], [[_bare(span) for span in box] for box in boxes])


def _covers(region: list[Bare], boxes: list[list[Bare]]) -> bool:
    if not boxes or any(len(box) != len(region) for box in boxes):
        return False
    if len(boxes) == 1:
        return all(_equal(inner, outer) for inner, outer in zip(boxes[0], region, strict=True))
    for axis, whole in enumerate(region):
        if whole[0] == whole[1]:
            continue
        groups = _groups(sorted(boxes, key=lambda box: (box[axis][0], _height(box[axis]))), axis)
        if len(groups) == 1:
            continue
        at, (low, high, integer, open_low, open_high) = whole[0], whole
        for number, group in enumerate(groups):
            last = number == len(groups) - 1
            top = high if last else max(_height(box[axis])[1] for box in group)
            piece = (at, top, integer, open_low and at == low, last and open_high)
            if not _covers([*region[:axis], piece, *region[axis + 1 :]], group):
                return False
            if top is not None:
                at = top + 1 if integer else top
        return True
    return False


def _equal(inner: Bare, outer: Bare) -> bool:
    # An end that belongs to the box and not to the region does no harm: the claim is shown on more.
    ends = inner[0] == outer[0] and inner[1] == outer[1] and inner[2] == outer[2]
    return ends and inner[3] <= outer[3] and inner[4] <= outer[4]


def _height(span: Bare) -> tuple[bool, Fraction]:
    return (True, Fraction(0)) if span[1] is None else (False, span[1])


def _groups(boxes: list[list[Bare]], axis: int) -> list[list[list[Bare]]]:
    # Boxes in order, parted wherever none reaches across.
    groups: list[list[list[Bare]]] = []
    reached: tuple[bool, Fraction] | None = None
    for box in boxes:
        low, integer = box[axis][0], box[axis][2]
        if reached is None or (not reached[0] and (reached[1] < low or (reached[1] == low and not integer))):
            groups.append([])
        groups[-1].append(box)
        reached = _height(box[axis]) if reached is None else max(reached, _height(box[axis]))
    return groups


class _Check:
    def __init__(self, expression: sp.Expr, symbols: tuple[sp.Symbol, ...], strict: bool) -> None:
        self.expression, self.symbols, self.strict = expression, symbols, strict
        self.levels = {symbol: sp.Dummy("level") for symbol in symbols}
        self.slopes: dict[tuple[sp.Expr, sp.Symbol], sp.Expr] = {}

    def holds(self, leaf: Leaf) -> bool:
        ends = {s: _ends(span) for s, span in zip(self.symbols, leaf.box, strict=True)}
        if not leaf.ends and not leaf.mean_value:
            return self._settled(enclose(self.expression, ends), self.strict)
        smooth, levels, stepped = self._levelled(leaf.box)
        if smooth.has(n_ceil_log2, n_log_en, sp.Piecewise, sp.Abs, sp.floor, sp.ceiling):
            return False
        if any(len(node.args) > 2 for node in smooth.atoms(sp.Min, sp.Max)):
            return False  # the slope would count three that are equal as one and a half
        ends.update(levels)
        strict = self.strict
        for i, up in leaf.ends:
            symbol, span = self.symbols[i], leaf.box[i]
            if symbol in stepped:
                return False
            slope = enclose(self._slope(smooth, symbol), ends)
            end = span.high if up else span.low
            if slope is None or end is None or not (slope[0] >= 0 if up else slope[1] <= 0):
                return False
            strict = strict and not (slope[2] and (span.open_high if up else span.open_low))
            ends[symbol] = exact(end)
        if not leaf.mean_value:
            return self._settled(enclose(smooth, ends), strict)
        if any(not leaf.box[self.symbols.index(symbol)].point for symbol in stepped):
            return False
        return self._settled(self._mean_value(smooth, leaf, ends), strict)

    def _mean_value(self, smooth: sp.Expr, leaf: Leaf, ends: dict[sp.Symbol, Ends]) -> Ends | None:
        set_to_end = {i for i, _ in leaf.ends}
        middle = dict(ends)
        steps: list[Ends] = []
        for i, (symbol, span) in enumerate(zip(self.symbols, leaf.box, strict=True)):
            if i in set_to_end or span.low == span.high:
                continue
            slope = enclose(self._slope(smooth, symbol), ends)
            if slope is None or span.high is None:
                return None
            middle[symbol] = exact((span.low + span.high) / 2)
            reach = max(abs(slope[0]), abs(slope[1])) * exact((span.high - span.low) / 2)[1]
            steps.append((-reach.upper(), reach.upper(), False))
        found = enclose(smooth, middle)
        if found is None or not steps:
            return found
        high = (found[1] + sum((step[1] for step in steps), arb(0))).upper()
        return (found[0], high, bool(high < 0))

    def _settled(self, ends: Ends | None, strict: bool) -> bool:
        return ends is not None and bool(ends[1] < 0 or (ends[1].is_zero() and (not strict or ends[2])))

    def _levelled(self, box: Box) -> tuple[sp.Expr, dict[sp.Symbol, Ends], set[sp.Symbol]]:
        # On integers from 2^k + 1 to 2^(k+1), ceil(log2 n) is k + 1: a number there, else a symbol with its ends.
        # Where it is no number, there is no slope in n, but in the others there is one at each n.
        replaced, levels, stepped = {}, {}, set()
        for symbol, span in zip(self.symbols, box, strict=True):
            if self.expression.has(n_ceil_log2(symbol)) and span.integer and span.high is not None and span.low >= 1:
                first, last = ((int(end) - 1).bit_length() for end in (span.low, span.high))
                level = sp.Integer(first) if first == last else self.levels[symbol]
                replaced[n_ceil_log2(symbol)] = level * symbol
                if first != last:
                    levels[level] = (arb(first), arb(last), first > 0)
                    stepped.add(symbol)
        return self.expression.subs(replaced), levels, stepped

    def _slope(self, smooth: sp.Expr, symbol: sp.Symbol) -> sp.Expr:
        if (smooth, symbol) not in self.slopes:
            slope = sp.diff(smooth, symbol)
            self.slopes[smooth, symbol] = sp.factor(slope) if smooth.is_rational_function() else sp.factor_terms(slope)
        return self.slopes[smooth, symbol]


def _ends(span: Span) -> Ends:
    low = exact(span.low)[0]
    high = arb.pos_inf() if span.high is None else exact(span.high)[1]
    without_zero = span.low > 0 or (span.high is not None and span.high < 0)
    return low, high, bool(without_zero or (span.low == 0 and span.open_low) or (span.high == 0 and span.open_high))
