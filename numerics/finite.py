"""A model in which the law of the generalization error is known: finite data, counts, exact rational arithmetic.

An example is a letter z of a finite alphabet with a known law p. The learner is theta_z = (n_z + 1)/(m_T + K), with n_z
the number of z among the m_T examples and K the size of the alphabet; its loss at z is 1 - theta_z (*absolute*; for
two letters the absolute distance of a prediction from 0 or 1), or the square of that (*squared*). The generator draws
letters independently with probabilities (k_z + 1)/(m_S + K), k_z the number of z in S. Losses lie in [0, 1].

Everything is a function of the counts of S and S_G, whose joint law is multinomial twice. All numbers here are
Fractions and exact; a bound enters as a ball, of which the upper or the lower end is taken. `numerics.finite_large` has
the same for large samples.

What a bound takes of the model is exact, too: beta, T and T_1 as suprema over all data, and M as the difference of the
largest and the least loss that the learner can have. Gen does not see a constant that is taken from the loss, and the
loss less its least value lies in [0, M].
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, pairwise
from math import comb
from types import MappingProxyType
from typing import Any, Literal

import sympy as sp

from numerics.finite_bound import AffineBound

Counts = tuple[int, ...]
LossName = Literal["absolute", "squared"]


def compositions(total: int, parts: int) -> Iterator[Counts]:
    """List all counts of `parts` letters that add up to `total`."""
    for bars in combinations(range(total + parts - 1), parts - 1):
        ends = (-1, *bars, total + parts - 1)
        yield tuple(right - left - 1 for left, right in pairwise(ends))


def multinomial(counts: Counts) -> int:
    """Number of samples with these counts."""
    product, total = 1, 0
    for count in counts:
        total += count
        product *= comb(total, count)
    return product


def weighted(counts: Counts, weights: Counts) -> int:
    """Weight of all samples with these counts, each letter having an integer weight."""
    product = multinomial(counts)
    for count, weight in zip(counts, weights, strict=True):
        product *= weight**count
    return product


@dataclass(frozen=True)
class FiniteSetting:
    """One cell of the model.

    Args:
        law: probability of each letter.
        m_S, m_G: sizes of the real and of the generated set.
        loss: *absolute* or *squared*.

    Raises:
        ValueError: probabilities that do not add up to 1, or sizes that are none.
    """

    law: tuple[Fraction, ...]
    m_S: int
    m_G: int
    loss: LossName = "absolute"

    def __post_init__(self) -> None:
        if sum(self.law) != 1 or min(self.law) < 0 or len(self.law) < 2:
            raise ValueError(f"law must be two or more probabilities that add up to 1. Found {self.law}.")
        if self.m_S < 1 or self.m_G < 0:
            raise ValueError(f"m_S must be at least 1 and m_G at least 0. Found {self.m_S}, {self.m_G}.")
        if self.loss not in ("absolute", "squared"):
            raise ValueError(f"loss must be 'absolute' or 'squared'. Found {self.loss!r}.")

    @property
    def m_T(self) -> int:
        """Size of the augmented set."""
        return self.m_S + self.m_G

    @property
    def letters(self) -> int:
        """Size K of the alphabet."""
        return len(self.law)

    def loss_of_count(self, count: int) -> Fraction:
        """Loss at a letter that occurs `count` times among the m_T training examples."""
        distance = 1 - Fraction(count + 1, self.m_T + self.letters)
        return distance if self.loss == "absolute" else distance**2

    def signed_error(self, counts: Counts) -> Fraction:
        """Risk minus mean loss on the training examples, as a function of their counts."""
        return sum(
            (
                (p - Fraction(count, self.m_T)) * self.loss_of_count(count)
                for p, count in zip(self.law, counts, strict=True)
            ),
            Fraction(0),
        )

    def divergence(self, counts_S: Counts) -> Fraction:
        """Total variation between the data's law and the generator's, fitted to these counts."""
        fitted = (Fraction(count + 1, self.m_S + self.letters) for count in counts_S)
        return sum((abs(p - q) for p, q in zip(self.law, fitted, strict=True)), Fraction(0)) / 2

    def stability(self) -> Fraction:
        """Beta: the largest change of a loss when one of m_T examples is replaced, over all data sets.

        The loss at z is a function of the count of z, which is 0, ..., m_T and changes by one at most.
        """
        losses, scale = all_losses(self.m_T, self.letters, self.loss)
        return Fraction(max(abs(after - before) for before, after in pairwise(losses)), scale)

    def width(self) -> Fraction:
        """M: the largest loss minus the least, over all data sets of m_T examples and all letters."""
        losses, scale = all_losses(self.m_T, self.letters, self.loss)
        return Fraction(max(losses) - min(losses), scale)

    def draw_dependence(self) -> Fraction:
        """T_1: one letter gives 1/(m_S + K) of its probability to another."""
        return Fraction(1, self.m_S + self.letters)

    def dependence(self) -> Fraction:
        """T: the largest total variation between two generated samples, over all neighbouring data sets."""
        if self.m_G == 0:
            return Fraction(0)
        samples = list(compositions(self.m_G, self.letters))
        numbers = [multinomial(sample) for sample in samples]
        largest = 0
        for kept in compositions(self.m_S - 1, self.letters):
            for first, second in combinations(range(self.letters), 2):
                weights = [tuple(k + 1 + (z == added) for z, k in enumerate(kept)) for added in (first, second)]
                gains = (
                    number * max(0, _power(sample, weights[0]) - _power(sample, weights[1]))
                    for number, sample in zip(numbers, samples, strict=True)
                )
                largest = max(largest, sum(gains))
        return Fraction(largest, (self.m_S + self.letters) ** self.m_G)


@lru_cache(maxsize=256)
def all_losses(m_T: int, letters: int, loss: LossName) -> tuple[tuple[int, ...], int]:
    """List the losses at a letter that occurs 0, ..., m_T times, as integers over one denominator, given beside."""
    scale = m_T + letters
    power = 1 if loss == "absolute" else 2
    return tuple((scale - count - 1) ** power for count in range(m_T + 1)), scale**power


def _power(sample: Counts, weights: Counts) -> int:
    product = 1
    for count, weight in zip(sample, weights, strict=True):
        product *= weight**count
    return product


@lru_cache(maxsize=8)
def joint_law(setting: FiniteSetting) -> tuple[tuple[Counts, tuple[tuple[Counts, int], ...]], ...]:
    """List, for the counts of S, those of S and S_G together, with integer weights that add up to `total_weight`."""
    common = sp.ilcm(1, *(p.denominator for p in setting.law))
    letters = tuple(int(p * int(common)) for p in setting.law)
    rows = []
    for counts_S in compositions(setting.m_S, setting.letters):
        own = weighted(counts_S, letters)
        fitted = tuple(count + 1 for count in counts_S)
        row = tuple(
            (tuple(k + g for k, g in zip(counts_S, counts_G, strict=True)), own * weighted(counts_G, fitted))
            for counts_G in compositions(setting.m_G, setting.letters)
        )
        rows.append((counts_S, row))
    return tuple(rows)


def total_weight(setting: FiniteSetting) -> int:
    """Sum of the weights of `joint_law`."""
    common = sp.ilcm(1, *(p.denominator for p in setting.law))
    return int(common) ** setting.m_S * (setting.m_S + setting.letters) ** setting.m_G


@dataclass(frozen=True)
class ErrorRow:
    """The law of Gen for given counts of S.

    Args:
        divergence: D_TV of the generator fitted to them.
        errors: values of Gen, in increasing order.
        beyond: for each of them and one more, the weight of it and all later ones; 0 at the end.
    """

    divergence: Fraction
    errors: tuple[Fraction, ...]
    beyond: tuple[int, ...]


@lru_cache(maxsize=8)
def error_rows(setting: FiniteSetting) -> tuple[ErrorRow, ...]:
    """List the laws of Gen given the counts of S; the weights add up to `total_weight`."""
    known: dict[Counts, Fraction] = {}
    rows = []
    for counts_S, row in joint_law(setting):
        for counts, _ in row:
            if counts not in known:
                known[counts] = abs(setting.signed_error(counts))
        pairs = sorted((known[counts], weight) for counts, weight in row)
        beyond = [0]
        for _, weight in reversed(pairs):
            beyond.append(beyond[-1] + weight)
        errors = tuple(error for error, _ in pairs)
        rows.append(ErrorRow(setting.divergence(counts_S), errors, tuple(reversed(beyond))))
    return tuple(rows)


@lru_cache(maxsize=8)
def law_of_error(setting: FiniteSetting) -> tuple[tuple[Fraction, Fraction], ...]:
    """List the values of Gen with their probabilities, in increasing order."""
    values: dict[Fraction, int] = {}
    for row in error_rows(setting):
        for place, error in enumerate(row.errors):
            values[error] = values.get(error, 0) + row.beyond[place] - row.beyond[place + 1]
    total = total_weight(setting)
    return tuple((error, Fraction(values[error], total)) for error in sorted(values) if values[error])


def quantile(setting: FiniteSetting, delta: Fraction) -> Fraction:
    """Return the smallest q with P(Gen <= q) >= 1 - delta."""
    below = Fraction(0)
    for error, probability in law_of_error(setting):
        below += probability
        if below >= 1 - delta:
            return error
    raise AssertionError("probabilities add up to 1")


@lru_cache(maxsize=64)
def inputs(setting: FiniteSetting) -> Mapping[str, Any]:
    """What a bound takes of the model, all but D_TV: exact suprema, none of them estimated."""
    known = {
        "M": setting.width(),
        "beta": setting.stability(),
        "T": setting.dependence(),
        "T_1": setting.draw_dependence(),
        "m_S": setting.m_S,
        "m_G": setting.m_G,
    }
    return MappingProxyType(known)


def failure_probability(setting: FiniteSetting, bound: AffineBound) -> Fraction:
    """Return the probability that Gen exceeds a bound, in which D_TV is that of the S at hand."""
    failing = sum(row.beyond[bisect_right(row.errors, bound.at(row.divergence))] for row in error_rows(setting))
    return Fraction(failing, total_weight(setting))


def bound_quantile(setting: FiniteSetting, bound: AffineBound, delta: Fraction) -> Fraction:
    """Return the smallest q with P(bound <= q) >= 1 - delta; the bound varies with S through D_TV."""
    total, below = total_weight(setting), 0
    for value, weight in sorted((bound.at(row.divergence), row.beyond[0]) for row in error_rows(setting)):
        below += weight
        if below >= (1 - delta) * total:
            return value
    raise AssertionError("weights add up to their total")
