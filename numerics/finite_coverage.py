"""How a bound does in the finite model: how often it fails, and how far it is from the truth.

Small cells are computed in exact rational arithmetic, large ones of two letters in certified float64. A bound enters
as a ball: its lower end where it has to cover, its upper end where it is quoted.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import comb, sqrt

from numerics.finite import FiniteSetting, bound_quantile, failure_probability, inputs, quantile
from numerics.finite_bound import AffineBound, bound_in_model
from numerics.finite_large import LargeSetting
from theory.stability import Bound

MOST_EXACT = 20_000
"""Pairs of counts of S and S_G up to which a cell is computed exactly."""
MOST_DIGITS = 60
"""Examples up to which a cell of two letters is computed exactly: so many digits have its probabilities, about."""
MOST_LARGE = 300_000_000
"""Binomial probabilities up to which a large cell is computed."""
LEAST_DELTA = Fraction(1, 10**6)
HALF = Fraction(1, 2)

Number = Fraction | float
"""Exact, or an end of an enclosure."""


@dataclass(frozen=True)
class Ends:
    """A number between two ends, which are equal where it is known exactly."""

    lower: Number
    upper: Number


@dataclass(frozen=True)
class Coverage:
    """A bound in one cell.

    Args:
        exact: whether every number is exact but for the ball of the bound itself.
        width: M, which Gen never exceeds.
        failure: probability that Gen exceeds the bound, D_TV that of the S at hand.
        truth: the quantile of Gen of level 1 - delta.
        median: of the bound, which varies with S through D_TV.
        quoted: the quantile of the bound of level 1 - delta.
    """

    exact: bool
    width: Fraction
    failure: Ends
    truth: Ends
    median: Ends
    quoted: Ends

    @property
    def ratio(self) -> float:
        """Quantile of the bound over that of Gen, at most; infinite where Gen may be 0."""
        return float(self.quoted.upper) / float(self.truth.lower) if self.truth.lower else float("inf")


def pairs_of_counts(setting: FiniteSetting) -> int:
    """Number of pairs of counts of S and S_G: what an exact computation lists."""
    bars = setting.letters - 1
    return comb(setting.m_S + bars, bars) * comb(setting.m_G + bars, bars)


def work(setting: FiniteSetting) -> float:
    """Number of binomial probabilities, about: what a computation in float64 lists."""
    real, generated = (36 + 8.5 * sqrt(size) for size in (setting.m_S, setting.m_G))
    return setting.m_T if setting.m_G == 0 else generated * (setting.m_S + 2 * real)


def coverage(setting: FiniteSetting, bound: Bound, delta: Fraction) -> Coverage:
    """Compute how a bound does in a cell.

    Args:
        setting: the cell; small, or of two letters.
        bound: from `theory`.
        delta: probability with which the bound may fail, in [1e-6, 1).

    Raises:
        ValueError: a delta outside, or a cell that is too large.
    """
    return _exactly(setting, bound, delta) if _is_small(setting, delta) else _certified(_large(setting), bound, delta)


def largest_failure(setting: FiniteSetting, bound: Bound, delta: Fraction) -> Number:
    """Compute the upper end of `Coverage.failure` alone; arguments and errors are those of `coverage`."""
    return failure_upper(setting, lower_end(setting, bound, delta), delta)


def failure_upper(setting: FiniteSetting, least: AffineBound, delta: Fraction) -> Number:
    """Return the upper end of the probability that Gen exceeds what `lower_end` returned for this cell and level."""
    if _is_small(setting, delta):
        return failure_probability(setting, least)
    return _large(setting).failure_probability(least).upper


def lower_end(setting: FiniteSetting, bound: Bound, delta: Fraction) -> AffineBound:
    """Return what a bound is at least in a cell, as a function of D_TV; arguments and errors are those of `coverage`.

    Where that is M or more at D_TV = 0 the bound says nothing, and cannot fail.
    """
    known = inputs(setting) if _is_small(setting, delta) else _large(setting).inputs("lower")
    return bound_in_model(bound, delta, known, "lower")


def _is_small(setting: FiniteSetting, delta: Fraction) -> bool:
    if not LEAST_DELTA <= delta < 1:
        raise ValueError(f"delta must be in [{float(LEAST_DELTA)}, 1). Found {delta}.")
    if pairs_of_counts(setting) <= MOST_EXACT and (setting.letters > 2 or setting.m_T <= MOST_DIGITS):
        return True
    if setting.letters > 2:
        raise ValueError(
            f"with three letters or more there may be {MOST_EXACT} pairs of counts."
            f" Found {pairs_of_counts(setting)} for m_S = {setting.m_S}, m_G = {setting.m_G}."
        )
    if work(setting) > MOST_LARGE:
        raise ValueError(f"m_S and m_G are too large. Found m_S = {setting.m_S}, m_G = {setting.m_G}.")
    return False


@lru_cache(maxsize=2)
def _large(setting: FiniteSetting) -> LargeSetting:
    # Kept, with its joint law, as several bounds and levels are asked of one cell in a row.
    return LargeSetting(setting.law[1], setting.m_S, setting.m_G, setting.loss)


def _exactly(setting: FiniteSetting, bound: Bound, delta: Fraction) -> Coverage:
    known = inputs(setting)
    low, high = (bound_in_model(bound, delta, known, end) for end in ("lower", "upper"))
    truth = quantile(setting, delta)

    def of_the_bound(level: Fraction) -> Ends:
        return Ends(bound_quantile(setting, low, level), bound_quantile(setting, high, level))

    return Coverage(
        True,
        setting.width(),
        Ends(failure_probability(setting, high), failure_probability(setting, low)),
        Ends(truth, truth),
        of_the_bound(HALF),
        of_the_bound(delta),
    )


def _certified(setting: LargeSetting, bound: Bound, delta: Fraction) -> Coverage:
    low: AffineBound = bound_in_model(bound, delta, setting.inputs("lower"), "lower")
    high: AffineBound = bound_in_model(bound, delta, setting.inputs("upper"), "upper")
    truth = setting.quantile(delta)

    def of_the_bound(level: Fraction) -> Ends:
        return Ends(setting.bound_quantile(low, level).lower, setting.bound_quantile(high, level).upper)

    return Coverage(
        False,
        setting.small.width(),
        Ends(setting.failure_probability(high).lower, setting.failure_probability(low).upper),
        Ends(truth.lower, truth.upper),
        of_the_bound(HALF),
        of_the_bound(delta),
    )
