"""Instances of a lemma: letters for which its hypotheses hold for certain, and an enclosure of its left-hand side.

Whatever a hypothesis bounds is computed exactly or in balls, and its letter is a fraction that is not below it. So a
left-hand side that is certainly above the bound refutes the lemma, and nothing else does. The families of instances
are in the modules `numerics.lemma_products`, `numerics.lemma_laws` and `numerics.lemma_gaussians`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

BITS = 128
"""Bits of the balls in which both sides are computed."""
LETTER_BITS = 60
"""Bits of a letter that is rounded up: far fewer than those of the balls, which so decide where a bound is attained."""


@dataclass(frozen=True)
class Case:
    """One instance.

    Args:
        name: what it is, for a reader.
        letters: a fraction for each letter of the statement, by its name; letters that it does not have are ignored.
        measured: by name of the hypothesis, what its letter has to bound, or whether it is met.
        low, high: balls; the left-hand side is at least any number of the first and at most any of the second.
        exact: where the bound may be attained, the left-hand side itself, to the power `order`.
        order: an integer, 1 where the left-hand side is rational.
    """

    name: str
    letters: Mapping[str, Any]
    measured: Mapping[str, Any]
    low: arb
    high: arb
    exact: Fraction | None = None
    order: int = 1


def ball(value: Fraction | int) -> arb:
    """Return a ball that holds a fraction, at the present precision."""
    return arb(fmpq(value.numerator, value.denominator))


def exactly(value: arb) -> Fraction:
    """Return the number that an exact ball is.

    Raises:
        ValueError: the ball is not exact.
    """
    if not value.is_exact() or not value.is_finite():
        raise ValueError(f"an exact number is needed. Found {value}.")
    mantissa, exponent = (int(part) for part in value.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def round_up(value: arb | Fraction | int, bits: int = LETTER_BITS) -> Fraction:
    """Return a fraction with few bits that is not below a number: at least it, and above all numbers of a ball.

    For a ball it is a little larger than needed, so that a bound that is attained is decided; 0 stays 0.
    """
    top = exactly(value.upper()) if isinstance(value, arb) else Fraction(value)
    if top == 0:
        return top
    shift = bits - (abs(top.numerator).bit_length() - top.denominator.bit_length())
    scale = Fraction(2) ** shift
    return (math.ceil(top * scale) + isinstance(value, arb)) / scale


def just_below(value: Fraction) -> Fraction:
    """Return a number a little below a positive one."""
    return value * (1 - Fraction(1, 2**LETTER_BITS))


def root(value: Fraction, order: Fraction | int) -> arb:
    """Return a ball that holds ``value^(1/order)`` of a value >= 0."""
    if value == 0:
        return arb(0)
    return ball(value) ** ball(1 / Fraction(order))


@dataclass(frozen=True)
class Distribution:
    """A law on finitely many rational numbers: integer weights by integer value, and what the values are divided by.

    Args:
        weights: weight by value; they are >= 0 and not all zero.
        scale: the numbers are the values over this.
    """

    weights: Mapping[int, int]
    scale: int = 1

    @property
    def total(self) -> int:
        """Sum of the weights."""
        return sum(self.weights.values())

    def largest(self) -> Fraction:
        """The largest absolute value that occurs."""
        return Fraction(max(abs(value) for value, weight in self.weights.items() if weight), self.scale)

    def moment(self, order: int) -> Fraction:
        """``E|Y|^order``, exactly, for an integer order."""
        summed = sum(weight * abs(value) ** order for value, weight in self.weights.items())
        return Fraction(summed, self.total * self.scale**order)

    def norm_power(self, order: Fraction | int) -> arb:
        """A ball that holds ``E|Y|^order``; the sum is exact where the order is an integer."""
        order = Fraction(order)
        if order.denominator == 1:
            return ball(self.moment(int(order)))
        exponent = ball(order)
        occurring = ((abs(value), weight) for value, weight in self.weights.items() if value and weight)
        terms = (arb(weight) * arb(value) ** exponent for value, weight in occurring)
        return sum(terms, arb(0)) / (arb(self.total) * arb(self.scale) ** exponent)

    def norm(self, order: Fraction | int) -> arb:
        """A ball that holds ``||Y||_order``."""
        power = self.norm_power(order)
        return arb(0) if power == 0 else power ** ball(1 / Fraction(order))

    def upper_tails(self) -> list[tuple[Fraction, Fraction]]:
        """List ``(t, P(|Y| >= t))`` for the absolute values t > 0 that occur, from the largest down."""
        merged: dict[int, int] = {}
        for value, weight in self.weights.items():
            merged[abs(value)] = merged.get(abs(value), 0) + weight
        found, above, total = [], 0, self.total
        for value in sorted(merged, reverse=True):
            above += merged[value]
            if value and merged[value]:
                found.append((Fraction(value, self.scale), Fraction(above, total)))
        return found


def quantile_cases(
    name: str, law: Distribution, letters: Mapping[str, Any], measured: Mapping[str, Any], most: int = 12
) -> list[Case]:
    """Put a bound on ``|Y|`` with probability at least 1 - delta to the test at the levels where it is hardest.

    It fails with more than probability delta just where it is below the (1 - delta)-quantile, which is constant
    between two levels at which it jumps: the level just below a jump is the hardest.
    """
    tails = law.upper_tails()
    kept = tails if len(tails) <= most else [tails[round(k * (len(tails) - 1) / (most - 1))] for k in range(most)]
    found = []
    for quantile, probability in kept:
        delta = just_below(probability)
        value = ball(quantile)
        found.append(Case(f"{name}, delta {short(probability)}", {**letters, "delta": delta}, measured, value, value))
    return found


def short(value: Fraction | int) -> str:
    """Write a fraction for a reader: as it is where that is short, else to three digits."""
    value = Fraction(value)
    written = str(value)
    return written if len(written) <= 9 else f"{float(value):.3g}"


def listed(values: Sequence[Fraction | int]) -> str:
    """Write a few fractions for a reader."""
    return ", ".join(short(value) for value in values)
