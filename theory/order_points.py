"""Sample points, to show without elimination that inequalities have a common point.

At each of a few hundred points, the same in every run, every symbol has a value within its assumptions; a set of
points is an integer with a bit for each. Arithmetic is in integers, so that a point found is a proof.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from math import lcm
from operator import and_
from zlib import crc32

import sympy as sp

from theory.order_elimination import Monomial, Row

NUM_POINTS = 256
UNIT = 8  # values are multiples of 1/8
EVERYWHERE = (1 << NUM_POINTS) - 1


def have_common_point(rows: list[Row]) -> bool:
    """Tell whether one of the sample points satisfies all rows; false says nothing.

    Args:
        rows: inequalities.

    Returns:
        True only if there is a common point.
    """
    return reduce(and_, map(_points_of, rows), EVERYWHERE) != 0


@lru_cache(maxsize=4096)
def _points_of(row: Row) -> int:
    """Return the points at which an inequality holds."""
    if not all(g.is_Symbol for monomial, _ in row.terms for g, _ in monomial):
        return 0
    degree = row.degree
    scale = lcm(*(value.denominator for _, value in row.terms))
    totals = [0] * NUM_POINTS
    for monomial, value in row.terms:
        factor = int(value * scale) * UNIT ** (degree - sum(power for _, power in monomial))
        totals = [total + factor * x for total, x in zip(totals, _values(monomial), strict=True)]
    held = {
        ">": lambda total: total > 0,
        ">=": lambda total: total >= 0,
        "==": lambda total: total == 0,
    }[row.relation]
    return sum(1 << i for i, total in enumerate(totals) if held(total))


@lru_cache(maxsize=4096)
def _values(monomial: Monomial) -> list[int]:
    """Return the values of a monomial at the points, times UNIT to its degree."""
    values = [1] * NUM_POINTS
    for symbol, power in monomial:
        values = [value * x**power for value, x in zip(values, _symbol_values(symbol), strict=True)]
    return values


@lru_cache(maxsize=256)
def _symbol_values(symbol: sp.Symbol) -> list[int]:
    """Return the values of a symbol at the points, times UNIT: simple fractions, so that ties occur."""
    steps = (UNIT, UNIT, UNIT) if symbol.is_integer else (UNIT, UNIT // 2, 1)
    values = []
    for i in range(NUM_POINTS):
        draw = crc32(f"{symbol.name} {i}".encode())
        size = 0 if symbol.is_zero else steps[draw % 3] * (1 + draw // 3 % 6)
        if not (symbol.is_positive or symbol.is_negative) and draw // 18 % 5 == 0:
            size = 0
        down = not symbol.is_nonnegative and (symbol.is_nonpositive or draw // 90 % 2)
        values.append(-size if down else size)
    return values
