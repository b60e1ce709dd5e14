"""Intervals hold their level, and estimates find what was planted."""

import numpy as np
import pytest
from scipy import stats

from numerics.estimate import (
    Reading,
    binomial_interval,
    bonferroni_p,
    chi_square,
    implied_repeats,
    kendall,
    kendall_interval,
    loglog_slope,
    normal_interval,
    paired_difference,
    paired_ratio,
)

SIZES = (10.0, 40.0, 160.0, 640.0)


def power_law(rng, slope, repeats=400):
    return [size**slope * rng.gamma(2.0, 0.5, repeats) for size in SIZES]


@pytest.mark.parametrize("slope", [-1.0, -0.5, 0.0, 1.0])
def test_a_planted_slope_is_found_and_its_neighbours_are_not(slope):
    found = loglog_slope(SIZES, power_law(np.random.default_rng(1), slope), level=0.999)
    assert found.contains(slope)
    assert not found.contains(slope + 0.25)
    assert not found.contains(slope - 0.25)


def test_the_slope_interval_has_its_level():
    """400 fits at 90 %: the number that covers lies in a binomial interval of false-alarm rate 1e-3."""
    rng = np.random.default_rng(2)
    covered = sum(loglog_slope(SIZES, power_law(rng, -0.5), level=0.9).contains(-0.5) for _ in range(400))
    low, high = stats.binom.ppf([0.0005, 0.9995], 400, 0.9)
    assert low <= covered <= high


@pytest.mark.parametrize("estimate", [paired_ratio, paired_difference])
def test_paired_intervals_have_their_level_and_use_the_pairing(estimate):
    rng = np.random.default_rng(3)
    truth = 2.0 if estimate is paired_ratio else 3.0
    covered = 0
    for _ in range(400):
        base = rng.gamma(4.0, 1.0, 300)
        other = (
            2 * base * rng.gamma(50.0, 0.02, 300) if estimate is paired_ratio else base + 3 + rng.normal(0, 0.1, 300)
        )
        found = estimate(other, base, 0.9)
        covered += found.contains(truth)
    low, high = stats.binom.ppf([0.0005, 0.9995], 400, 0.9)
    assert low <= covered <= high
    unpaired = estimate(rng.permutation(other), base, 0.9)
    assert found.high - found.low < 0.5 * (unpaired.high - unpaired.low)


@pytest.mark.parametrize(
    ("sizes", "samples"),
    [((1.0, 2.0), [np.ones(3)] * 2), ((1.0, 2.0, 3.0), [np.ones(3)] * 2), ((1.0, 2.0, 3.0), [-np.ones(3)] * 3)],
)
def test_a_slope_that_cannot_be_fitted_is_refused(sizes, samples):
    with pytest.raises(ValueError, match="Found"):
        loglog_slope(sizes, samples)


def published_figure(rng, repeats, count=30):
    readings = []
    for _ in range(count):
        sd = rng.uniform(0.5, 2)
        simulated = 1 + rng.normal(0, sd / np.sqrt(1e6))
        value = 1 + rng.normal(0, sd / np.sqrt(repeats)) + rng.uniform(-0.01, 0.01)
        readings.append(Reading(value, 0.01, simulated, sd, 1_000_000))
    return readings


@pytest.mark.parametrize("repeats", [100, 1000])
def test_the_number_of_repeats_is_read_off_the_scatter(repeats):
    rng = np.random.default_rng(4)
    covered = sum(implied_repeats(published_figure(rng, repeats), level=0.9).contains(repeats) for _ in range(200))
    low, high = stats.binom.ppf([0.0005, 0.9995], 200, 0.9)
    assert low <= covered <= high


def test_the_multiplicity_corrected_p_value_holds_its_level_and_finds_a_wrong_number_of_repeats():
    rng = np.random.default_rng(5)
    honest = [bonferroni_p(published_figure(rng, 1000), 1000) for _ in range(300)]
    assert sum(p < 0.05 for p in honest) <= stats.binom.ppf(0.999, 300, 0.05)
    assert np.median([bonferroni_p(published_figure(rng, 100), 1000) for _ in range(50)]) < 1e-4


def test_implied_repeats_without_scatter_has_no_upper_end():
    readings = [Reading(1.0, 0.01, 1.0, 1.0, 10**6)] * 5
    found = implied_repeats(readings, upper=1e5)
    assert found.value == found.high == 1e5


def test_z_scores_count_all_three_errors():
    reading = Reading(1.3, 0.3, 1.0, 2.0, 400)
    by_hand = 0.3 / np.sqrt(0.3**2 / 3 + 4 / 100 + 4 / 400)
    assert reading.z_score(100) == pytest.approx(by_hand)
    assert chi_square([reading, reading], 100) == pytest.approx(2 * by_hand**2)


def test_kendall_against_pairs_counted_by_hand():
    first, second = [1, 2, 3, 4], [1, 3, 2, 4]
    assert kendall(first, second) == pytest.approx((5 - 1) / 6)


def test_an_interval_prints_with_its_ends():
    assert normal_interval(1.0, 0.0).format() == "1 [1, 1]"


def test_the_bootstrap_interval_of_a_rank_correlation_knows_what_is_certain():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(400)
    apart = [level + noise for level in (0.0, 1.0, 2.0, 3.0)]
    found = kendall_interval([1, 2, 3, 4], apart)
    assert (found.low, found.value, found.high) == (1, 1, 1)
    assert kendall_interval([4, 3, 2, 1], apart).high == -1
    alike = [rng.standard_normal(400) for _ in range(4)]
    wide = kendall_interval([1, 2, 3, 4], alike)
    assert wide.low < wide.high
    assert kendall_interval([1, 2, 3, 4], alike) == wide


def test_shared_repeats_are_drawn_together():
    # The order is certain in every repeat, however noisy the repeats: only joint resampling sees that.
    noise = 100 * np.random.default_rng(1).standard_normal(50)
    found = kendall_interval([1, 2, 3], [noise, noise + 1e-6, noise + 2e-6])
    assert (found.low, found.high) == (1, 1)


@pytest.mark.parametrize(("successes", "trials"), [(0, 10), (3, 10), (10, 10), (500, 1000)])
def test_the_exact_binomial_interval_covers(successes, trials):
    found = binomial_interval(successes, trials, 0.9)
    exact = stats.binomtest(successes, trials).proportion_ci(0.9, method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))
    assert found.contains(successes / trials)


def test_impossible_counts_and_cells_are_refused():
    with pytest.raises(ValueError, match="Found 11 of 10"):
        binomial_interval(11, 10)
    with pytest.raises(ValueError, match="Found"):
        kendall_interval([1, 2], [np.zeros(3)])
