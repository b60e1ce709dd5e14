"""Boxes of parameters with exact rational ends: what a certificate speaks of, and how it is cut into pieces."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp

from numerics.domains import as_exact
from numerics.ranges import INF, Range, rational
from theory.symbols import DOMAINS, Domain

_RATIO = Fraction(3, 2)
_DIGITS = 12
_FLOAT = 10**300


@dataclass(frozen=True, order=True)
class Span:
    """The values of one parameter.

    Args:
        low, high: the ends; high is None where there is none.
        integer: whether only integers are meant.
        open_low, open_high: whether an end does not belong to it.
    """

    low: Fraction
    high: Fraction | None
    integer: bool = False
    open_low: bool = False
    open_high: bool = False

    @property
    def point(self) -> bool:
        """Whether it is one number."""
        return self.low == self.high

    def range(self) -> Range:
        """Return its range at the present precision."""
        low = rational(self.low.numerator, self.low.denominator)
        top = None if self.high is None else rational(self.high.numerator, self.high.denominator)
        nonzero = self.low > 0 or (self.high is not None and self.high < 0)
        nonzero |= (self.low == 0 and self.open_low) or (self.high == 0 and self.open_high)
        return Range(low.low, INF if top is None else top.high, nonzero)

    def contains(self, value: Fraction) -> bool:
        """Tell whether a number is one of the values."""
        above = value > self.low or (value == self.low and not self.open_low)
        below = self.high is None or value < self.high or (value == self.high and not self.open_high)
        return above and below and not (self.integer and value.denominator != 1)

    def middle(self) -> Fraction:
        """Return a number inside: near the geometric mean of ends far apart; for integers one that `halves` allows."""
        if self.high is None:
            value = max(4 * self.low, Fraction(2))
        elif self.low > 0 and _RATIO * self.low < self.high < _FLOAT:
            value = _near(math.sqrt(float(self.low)) * math.sqrt(float(self.high)))
        elif self.low == 0 and 2 < self.high < _FLOAT:
            value = _near(math.sqrt(float(self.high)))
        else:
            value = (self.low + self.high) / 2
        value = value if self.high is None or self.low < value < self.high else (self.low + self.high) / 2
        return Fraction(math.floor(value)) if self.integer else value

    def halves(self, cut: Fraction | None = None) -> tuple[Span, Span]:
        """Cut it in two, at a number that belongs to both parts; between two integers if integers are meant."""
        cut = self.middle() if cut is None else cut
        second = cut + 1 if self.integer else cut
        return (
            Span(self.low, cut, self.integer, self.open_low, False),
            Span(second, self.high, self.integer, False, self.open_high),
        )

    def __str__(self) -> str:
        left, right = "(" if self.open_low else "[", ")" if self.open_high or self.high is None else "]"
        return f"{left}{self.low}, {'oo' if self.high is None else self.high}{right}"


Box = tuple[Span, ...]
"""A span for each symbol, in order."""


def _near(value: float) -> Fraction:
    # Few digits, so that boxes can be read.
    mantissa, exponent = math.frexp(value)
    return Fraction(round(mantissa * 2**_DIGITS)) * Fraction(2) ** (exponent - _DIGITS)


def read_box(box: Mapping[sp.Symbol, tuple[Any, Any] | Span]) -> dict[sp.Symbol, Span]:
    """Read a box, and check it against the domains of `theory.symbols`.

    Args:
        box: the two ends by symbol, each exact as in `numerics.domains.as_exact`; the upper one may be infinite. An end
            is left out where the symbol's domain leaves it out. A `Span` is taken as it is.

    Raises:
        ValueError: an empty or inverted span, one without a lower end, or one beyond its symbol's domain.
        TypeError: an end is no real number.
    """
    return {symbol: _read_span(symbol, ends) for symbol, ends in sorted(box.items(), key=lambda item: item[0].name)}


def _read_span(symbol: sp.Symbol, ends: tuple[Any, Any] | Span) -> Span:
    domain = DOMAINS.get(symbol, Domain(""))
    if isinstance(ends, Span):
        span = ends
    else:
        low, high = ends
        if low in (sp.oo, -sp.oo):
            raise ValueError(f"{symbol.name} must have a finite lower end. Found {low}.")
        plain = sp.Symbol(symbol.name)  # an end may be one that the domain leaves out
        first, last = as_exact(plain, low), None if high in (sp.oo, None) else as_exact(plain, high)
        integer = bool(symbol.is_integer)
        span = Span(
            Fraction(math.ceil(first)) if integer else first,
            Fraction(math.floor(last)) if integer and last is not None else last,
            integer,
            domain.lower_open and first == domain.lower,
            domain.upper_open and last is not None and last == domain.upper,
        )
        if last is not None and last < first:
            raise ValueError(f"{symbol.name} must run from a low end to a high one. Found {low} to {high}.")
    if span.high is not None and (span.high < span.low or (span.point and (span.open_low or span.open_high))):
        raise ValueError(f"{symbol.name} must have a value in its span. Found none in {span}.")
    beyond = domain.upper is not None and (span.high is None or span.high > domain.upper)
    if beyond or (domain.lower is not None and span.low < domain.lower):
        raise ValueError(f"{symbol.name} must stay {domain.describe()}. Found {span}.")
    return span


def write_box(symbols: tuple[sp.Symbol, ...], box: Box) -> str:
    """Write a box in words."""
    return ", ".join(f"{symbol.name} in {span}" for symbol, span in zip(symbols, box, strict=True))
