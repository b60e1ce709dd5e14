"""Estimates from simulated data: rates, ratios, agreement with readings, each with its interval and level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An estimate with a two-sided confidence interval at `level`."""

    value: float
    low: float
    high: float
    level: float

    def contains(self, value: float) -> bool:
        """Whether a value lies in the interval, ends included."""
        return self.low <= value <= self.high

    def within(self, low: float, high: float) -> bool | None:
        """Whether the quantity lies in a band: True or False if the whole interval says so, else None."""
        if low <= self.low and self.high <= high:
            return True
        return False if self.high < low or high < self.low else None

    def format(self, digits: int = 3) -> str:
        """Write the estimate and its interval with a number of significant digits."""
        return f"{self.value:.{digits}g} [{self.low:.{digits}g}, {self.high:.{digits}g}]"

    def __str__(self) -> str:
        return self.format()


def normal_interval(value: float, standard_error: float, level: float = 0.95) -> Interval:
    """Return the normal interval around an estimate."""
    reach = float(stats.norm.ppf(0.5 + level / 2)) * standard_error
    return Interval(value, value - reach, value + reach, level)


def loglog_slope(sizes: Sequence[float], samples: Sequence[Array], level: float = 0.95) -> Interval:
    """Fit the slope of log E[sample] in log size by weighted least squares.

    Args:
        sizes: positive sizes, over a decade or more.
        samples: for each size, independent draws, shape (repeats,); their means are positive.
        level: of the interval, which counts the sampling error of the means and not a wrong shape.

    Raises:
        ValueError: fewer than three sizes, or a mean that is not positive.
    """
    if len(sizes) < 3 or len(sizes) != len(samples):
        raise ValueError(f"a slope needs at least 3 sizes with one sample each. Found {len(sizes)}, {len(samples)}.")
    means = np.array([np.mean(sample) for sample in samples])
    if np.any(means <= 0):
        raise ValueError(f"a slope in logarithms needs positive means. Found {means.min()}.")
    # Delta method: the variance of log(mean) is var / (repeats mean^2).
    variances = np.array([np.var(s, ddof=1) / (len(s) * m**2) for s, m in zip(samples, means, strict=True)])
    weights = 1 / variances
    logs = np.log(np.asarray(sizes, dtype=float))
    centred = logs - np.average(logs, weights=weights)
    spread = np.sum(weights * centred**2)
    return normal_interval(float(np.sum(weights * centred * np.log(means)) / spread), float(spread**-0.5), level)


def paired_ratio(numerator: Array, denominator: Array, level: float = 0.95) -> Interval:
    """Estimate E[numerator]/E[denominator] from pairs, shape (repeats,) each, by the delta method."""
    ratio = float(np.mean(numerator) / np.mean(denominator))
    residual = numerator - ratio * denominator
    error = float(np.std(residual, ddof=1) / (np.sqrt(len(residual)) * np.mean(denominator)))
    return normal_interval(ratio, error, level)


def paired_difference(first: Array, second: Array, level: float = 0.95) -> Interval:
    """Estimate E[first - second] from pairs, shape (repeats,) each."""
    difference = first - second
    error = float(np.std(difference, ddof=1) / np.sqrt(len(difference)))
    return normal_interval(float(np.mean(difference)), error, level)


@dataclass(frozen=True)
class Reading:
    """A published mean read off a figure, beside a simulation of the same cell.

    Args:
        value: the reading.
        half_width: half-width of the reading error, taken as uniform.
        mean: simulated mean.
        sd: simulated standard deviation of one repeat.
        repeats: number of simulated repeats; infinite for the exact law.
    """

    value: float
    half_width: float
    mean: float
    sd: float
    repeats: float

    def variance(self, published_repeats: float) -> float:
        """Variance of reading minus simulated mean, when the published mean is over so many repeats."""
        return self.half_width**2 / 3 + self.sd**2 / published_repeats + self.sd**2 / self.repeats

    def z_score(self, published_repeats: float) -> float:
        """Reading minus simulated mean in standard deviations of all three errors."""
        return float((self.value - self.mean) / np.sqrt(self.variance(published_repeats)))


def chi_square(readings: Sequence[Reading], published_repeats: float) -> float:
    """Sum of the squared z-scores."""
    return sum(reading.z_score(published_repeats) ** 2 for reading in readings)


def bonferroni_p(readings: Sequence[Reading], published_repeats: float) -> float:
    """P-value of the largest |z| among all readings; valid whatever their dependence."""
    worst = max(abs(reading.z_score(published_repeats)) for reading in readings)
    return float(min(1.0, len(readings) * 2 * stats.norm.sf(worst)))


def implied_repeats(readings: Sequence[Reading], level: float = 0.95, upper: float = 1e6) -> Interval:
    """Estimate over how many repeats the published means were taken, from the scatter of the readings alone.

    Taken as independent: readings of cells that share their real data are not, so the interval is a guide, not a test.
    The sum of squared z-scores grows with the number of repeats assumed; the estimate puts it at the median of
    chi-square, the ends of the interval at its quantiles. `upper` stands for "no
    end in sight": the scatter is then no larger than the reading errors explain.
    """

    def solve(probability: float) -> float:
        target = stats.chi2.ppf(probability, len(readings))
        if chi_square(readings, upper) <= target:
            return upper
        if chi_square(readings, 1.0) >= target:
            return 1.0
        return float(optimize.brentq(lambda repeats: chi_square(readings, repeats) - target, 1.0, upper))

    tail = (1 - level) / 2
    return Interval(solve(0.5), solve(tail), solve(1 - tail), level)


def kendall(first: Sequence[float], second: Sequence[float]) -> float:
    """Kendall's rank correlation of two short sequences of values (tau-b)."""
    return float(stats.kendalltau(first, second).statistic)


def kendall_interval(
    predictor: Sequence[float],
    samples: Sequence[Array],
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Bootstrap the rank correlation of a predictor with the means of samples that share their repeats.

    Args:
        predictor: one value a cell.
        samples: for each cell its draws, shape (repeats,); the same repeat of each cell is drawn together.
        level: of the percentile interval.
        resamples: of the repeats.
        seed: of the resampling.

    Returns:
        Kendall's tau-b with the means, and its percentile interval.

    Raises:
        ValueError: cells and samples that do not match, or fewer than two.
    """
    if len(predictor) != len(samples) or len(samples) < 2:
        raise ValueError(f"a rank correlation needs 2 cells or more. Found {len(predictor)}, {len(samples)} samples.")
    table = np.stack(list(samples))
    repeats = table.shape[1]
    rng = np.random.default_rng(seed)
    found = np.empty(resamples)
    for index in range(resamples):
        # How often each repeat is drawn: the mean of the resample is a product with the table.
        counts = np.bincount(rng.integers(0, repeats, size=repeats), minlength=repeats)
        found[index] = kendall(predictor, [float(mean) for mean in table @ counts])
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return Interval(kendall(predictor, [float(m) for m in table.mean(axis=1)]), float(low), float(high), level)


def binomial_interval(successes: int, trials: int, level: float = 0.95) -> Interval:
    """Return the exact interval of Clopper and Pearson for a probability.

    Raises:
        ValueError: no trial, or more successes than trials.
    """
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"successes must be between 0 and trials >= 1. Found {successes} of {trials}.")
    tail = (1 - level) / 2
    low = 0.0 if successes == 0 else float(stats.beta.ppf(tail, successes, trials - successes + 1))
    high = 1.0 if successes == trials else float(stats.beta.isf(tail, successes + 1, trials - successes))
    return Interval(successes / trials, low, high, level)
