"""Binomial probabilities in float64, with a proved bound on their relative error.

One probability of each row, the anchor, comes from ball arithmetic. The others follow from it by the ratios of
neighbours, ``(N - g) s / ((g + 1) (t - s))`` for N draws with probability s/t. Their numerators and denominators are
integers below 2^53, so that a ratio is rounded once; a probability j places from its anchor is a product of j of them
with the anchor, 2 j + 2 roundings in all, each by 2^-53 at most, as IEEE 754 has it for division and multiplication.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb, fmpq

from numerics.balls import BITS, Undecided, precision

Array = npt.NDArray[Any]

UNIT = 2.0**-53
"""Largest relative error of one rounding."""
_LARGEST = 2**53
_TINY = 1e-250  # far from where float64 loses digits; what is smaller is dropped, and counts as missing
_SLACK = 1.01  # (1 + u)^n - 1 <= 1.01 n u for n u < 0.01


@dataclass(frozen=True)
class BinomialRows:
    """Probabilities of some counts, a row for each binomial law.

    Args:
        starts: the count of the first column, by row; may be negative.
        mass: probabilities, 0 where the count is none, or its probability below 1e-250.
        error: relative error of each, at most.
    """

    starts: Array
    mass: Array
    error: float

    @property
    def counts(self) -> Array:
        """The count of each entry."""
        return self.starts[:, None] + np.arange(self.mass.shape[1])


def sum_error(terms: int) -> float:
    """Bound the relative error of a float64 sum of nonnegative terms, in whatever order they are added."""
    return _SLACK * terms * UNIT


def reach(size: int, successes: Array, total: int) -> int:
    """Places on either side of the mean beyond which a binomial law has no more than about 1e-15."""
    probability = successes / total
    return 36 + math.ceil(8.5 * math.sqrt(float((size * probability * (1 - probability)).max())))


def binomial_rows(size: int, successes: Array, total: int, centres: Array, width: int) -> BinomialRows:
    """Compute the probabilities of the counts around a centre, for each of several laws.

    Args:
        size: number of draws, at least 0.
        successes: shape (rows,), integers in (0, total): a draw succeeds with probability successes/total.
        total: the denominator.
        centres: shape (rows,), integers in [0, size], where the anchors are: at the mode, or near it.
        width: places on either side of the centre.

    Raises:
        ValueError: a probability that is 0 or 1, sizes at which a ratio would be rounded more than once, or a centre
            so far from the mode that its probability is below 1e-250.
    """
    if successes.min() <= 0 or successes.max() >= total:
        raise ValueError(f"successes must be in (0, {total}). Found {successes.min()} to {successes.max()}.")
    if (size + width + 1) * total >= _LARGEST or size < 0:
        raise ValueError(f"size times denominator must be below 2^53, size at least 0. Found {size}, {total}.")
    anchors = np.array(
        [anchor(size, int(s), total, int(c)) for s, c in zip(successes, centres, strict=True)], dtype=np.float64
    )
    if anchors.min() < _TINY:
        raise ValueError(f"centres must be near the mode. Found one with probability {anchors.min()}.")
    good, bad = successes[:, None], total - successes[:, None]
    steps = np.arange(width)
    up, down = centres[:, None] + steps, centres[:, None] - steps
    rising = np.maximum(size - up, 0) * good / ((up + 1) * bad)
    falling = np.maximum(down, 0) * bad / (np.maximum(size - down + 1, 1) * good)
    above = np.cumprod(rising, axis=1) * anchors[:, None]
    below = np.cumprod(falling, axis=1) * anchors[:, None]
    mass = np.concatenate((below[:, ::-1], anchors[:, None], above), axis=1)
    mass[mass < _TINY] = 0.0
    return BinomialRows(centres - width, mass, _SLACK * (2 * width + 3) * UNIT)


def anchor(size: int, successes: int, total: int, count: int) -> float:
    """Compute one binomial probability, to the nearest float.

    Raises:
        Undecided: the ball is too wide for that.
    """
    with precision(BITS):
        q = arb(fmpq(successes, total))
        ways = arb(size + 1).lgamma() - arb(count + 1).lgamma() - arb(size - count + 1).lgamma()
        ball = (ways + count * q.log() + (size - count) * (1 - q).log()).exp()
        if not ball.rel_accuracy_bits() > 60:
            raise Undecided(f"the probability of {count} of {size} at {successes}/{total} is only known as {ball}")
        return float(ball.mid())
