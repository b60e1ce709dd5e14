"""Branch and bound over all integers m_G >= 1: every piece is shown to hold nothing better than what is returned.

On a dyadic piece (2^(k-1), 2^k] the bound is smooth but for its caps. A piece is done when it lies above the best
value, rises, falls, or bends one way; else it is split, down to single integers, which closes in on the border of a
cap. Beyond the last piece the expansion of `numerics.optimum_tail` decides.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from flint import arb, ctx

from numerics.optimum_function import PRECISION, Function
from numerics.optimum_jets import Jet
from numerics.optimum_tail import CONSTANT, Beyond, Tail, Undecided, constant, minus

_PRECISIONS = (1, 4, 16)
_OPEN_BITS = 128  # how far to search if nothing is known of what lies beyond
_SCAN_BITS = 1000  # beyond, float64 ends


@dataclass(frozen=True)
class Piece:
    """Integers on which nothing is better than the optimum.

    Args:
        first, last: its ends; last is None for all integers from first on.
        why: *above* the optimum, *flat*, *rises*, *falls*, *convex* or *concave* in log m_G, *listed* one by one, an
            *expansion* for all larger ones, or *open* where nothing was shown.
    """

    first: int
    last: int | None
    why: str


class Search:
    """The search for the smallest value of a function of integers >= 0.

    Args:
        function: the function at m_G >= 1.
        zero: the ball of its value at 0, at the present precision.
        budget: evaluations that may be spent.
    """

    def __init__(self, function: Function, zero: Callable[[], arb], budget: int) -> None:
        """Start with m_G = 0 as the best."""
        self.function, self.zero, self.budget = function, zero, budget
        self.best = 0
        self.limit: arb | None = None
        self.to_infinity = False
        self.gap = arb(0)
        self.pieces: list[Piece] = []
        self._values: dict[tuple[int, int], arb] = {}

    def run(self, largest_bits: int) -> None:
        """Search everything; `best`, `limit`, `to_infinity`, `gap` and `pieces` hold what was found."""
        with ctx.workprec(PRECISION):
            bits = self._settle_tail(largest_bits)
        with ctx.workprec(PRECISION + 2 * bits):  # neighbours near 2^bits differ in the last 2^-bits
            stack = list(_dyadic(bits))
            while stack:
                first, last = stack.pop()
                halves = None if self.budget <= 0 else self._examine(first, last)
                if halves is None:
                    self._leave_open(first, last)
                stack += halves or []
            if self.to_infinity and self.limit is not None and not self.value(self.best) > self.limit:
                self.to_infinity = False
                self._widen(self.value(self.best) - self.limit if not self.value(self.best) < self.limit else arb(0))
        self.pieces.sort(key=lambda piece: piece.first)

    def value(self, n: int) -> arb:
        """Return the ball of the value at an integer, at the present precision."""
        key = n, ctx.prec
        if key not in self._values:
            self._values[key] = self.function.at(arb(n)).value if n else self.zero()
        return self._values[key]

    def offer(self, n: int) -> None:
        """Let an integer take the place of the best if it is better, or equal and smaller."""
        if n == self.best:
            return
        for factor in _PRECISIONS:
            with ctx.workprec(factor * ctx.prec):
                ours, theirs = self.value(self.best), self.value(n)
            if ours < theirs:
                return
            if theirs < ours:
                self.best = n
                return
        if not (ours.is_exact() and theirs.is_exact() and ours == theirs) and not self._is_flat(n, self.best):
            self._widen(abs(ours - theirs))
        self.best = min(n, self.best)

    def _is_flat(self, a: int, b: int) -> bool:
        return bool(a and b and self.function.over(min(a, b), max(a, b)).first.is_zero())

    def _widen(self, gap: arb) -> None:
        self.gap = self.gap.max(gap.upper() if gap.is_finite() else arb.pos_inf())

    def first_at_most(self, goal: arb, largest_bits: int) -> int | None:
        """Return the smallest integer >= 0 whose value is at most a goal; None where none is found."""
        if not self.value(0) > goal:
            return 0
        for piece in _dyadic(largest_bits):
            stack = [piece]
            while stack and self.budget > 0:
                first, last = stack.pop()
                if not self._lies_above(goal, first, last):
                    if first == last:
                        return first
                    middle = math.isqrt(first * last)
                    stack += [(middle + 1, last), (first, middle)]
        return None

    def _lies_above(self, goal: arb, first: int, last: int) -> bool:
        whole = self._spend(first, last)
        if whole.value > goal or first == last:
            return bool(whole.value > goal)
        r = (arb(first) / last).log().union(arb(0))  # from the right end, where a function that falls is smallest
        return bool(self._spend(last, last).value + whole.first * r > goal)

    # Beyond 2^bits

    def _settle_tail(self, largest_bits: int) -> int:
        bits = 8
        while bits <= largest_bits:
            for n in _scan(self.function, min(bits, _SCAN_BITS)):
                self.offer(n)
            try:
                with ctx.workprec(PRECISION + 2 * bits):
                    if self._tail_is_settled(*self.function.beyond(bits)):
                        self.pieces.append(Piece(2**bits + 1, None, "expansion"))
                        return bits
            except Undecided:
                pass
            bits += max(8, bits // 4)
        self._widen(arb.pos_inf())
        bits = min(largest_bits, _OPEN_BITS)
        self.pieces.append(Piece(2**bits + 1, None, "open"))
        return bits

    def _tail_is_settled(self, arithmetic: Beyond, tail: Tail) -> bool:
        self.limit = _limit(tail)
        if tail.terms.keys() <= {CONSTANT}:  # one value from K on, which an integer attains
            self.to_infinity = False
            self.offer(arithmetic.first)
            return True
        ours = self.value(self.best)
        if self.limit.is_finite() and not self.limit > ours:
            rest = Tail({key: c for key, c in tail.terms.items() if key != CONSTANT})
            equal = ours.is_exact() and self.limit.is_exact() and ours == self.limit
            self.to_infinity = bool(self.limit < ours)
            return (self.to_infinity or equal) and arithmetic.sign(rest) >= 0
        self.to_infinity = False
        return arithmetic.sign(minus(tail, constant(ours))) > 0

    # Up to 2^bits

    def _goal(self) -> arb:
        ours = self.value(self.best)
        return self.limit if self.to_infinity and self.limit is not None and self.limit < ours else ours

    def _examine(self, first: int, last: int) -> list[tuple[int, int]] | None:
        if last - first <= 1:
            self.offer(first)
            self.offer(last)
            return self._done(first, last, "listed")
        whole = self._spend(first, last)
        why = self._verdict(first, last, whole.value, whole.first, whole.second)
        if why:
            return self._done(first, last, why)
        middle = max(first + 1, math.isqrt(first * last))
        there = self._spend(middle, middle)
        # Around the middle, by the mean value theorem; r is what u = log m_G may differ by.
        r = (arb(first) / middle).log().union((arb(last) / middle).log())
        first_order = there.value + whole.first * r
        second_order = there.value + there.first * r + whole.second * r * r / 2
        slope = there.first + whole.second * r
        for value in (first_order, second_order):
            why = why or self._verdict(first, last, value, slope, whole.second)
        return self._done(first, last, why) if why else [(first, middle), (middle + 1, last)]

    def _verdict(self, first: int, last: int, value: arb, slope: arb, bend: arb) -> str:
        if value > self._goal():
            return "above"
        if slope.is_zero():
            self.offer(first)
            return "flat"
        if slope > 0 or slope < 0:
            self.offer(first if slope > 0 else last)
            return "rises" if slope > 0 else "falls"
        if bend < 0:
            self.offer(first)
            self.offer(last)
            return "concave"
        if bend > 0:
            return self._turning_point(first, last)
        return ""

    def _turning_point(self, low: int, high: int) -> str:
        """Bisect for the sign of the slope, which grows on a convex piece."""
        if not (self._spend(low, low).first < 0 and self._spend(high, high).first > 0):
            return ""
        while high - low > 1:
            middle = (low + high) // 2
            slope = self._spend(middle, middle).first
            if not (slope > 0 or slope < 0):
                return ""
            low, high = (low, middle) if slope > 0 else (middle, high)
        self.offer(low)
        self.offer(high)
        return "convex"

    def _spend(self, first: int, last: int) -> Jet:
        self.budget -= 1
        return self.function.over(first, last)

    def _done(self, first: int, last: int, why: str) -> list[tuple[int, int]]:
        self.pieces.append(Piece(first, last, why))
        return []

    def _leave_open(self, first: int, last: int) -> None:
        self._widen(self._goal() - self.function.over(first, last).value)
        self.pieces.append(Piece(first, last, "open"))


def _dyadic(bits: int) -> Iterator[tuple[int, int]]:
    yield 1, 1
    for k in range(1, bits + 1):
        yield 2 ** (k - 1) + 1, 2**k


def _limit(tail: Tail) -> arb:
    if not tail.terms or tail.lead < CONSTANT:
        return arb(0)
    c = tail.terms[tail.lead]
    if tail.lead == CONSTANT and c.rel_accuracy_bits() > PRECISION // 4:
        return c
    if tail.lead > CONSTANT and c > 0:
        return arb.pos_inf()
    raise Undecided


def _scan(function: Function, bits: int) -> list[int]:
    """Return where the function seems smallest, in float64, on a grid refined a few times."""
    grid = np.unique(np.floor(2.0 ** np.linspace(0, bits, 1 + 16 * bits)))
    for _ in range(4):
        i = int(np.argmin(function.floats(grid)))
        ends = grid[max(i - 1, 0)], grid[min(i + 1, len(grid) - 1)]
        best = int(grid[i])
        grid = np.unique(np.append(np.floor(np.geomspace(*ends, 65)), grid[i]))
    return [best]
