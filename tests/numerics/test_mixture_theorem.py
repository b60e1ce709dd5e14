"""The mixture's theorems in numbers: by other code, against the exact law, and by how often they fail."""

import math

import numpy as np
import pytest

from numerics.estimate import binomial_interval
from numerics.law import law_of_gap
from numerics.mixture import simulate
from numerics.mixture_theorem import (
    TooFewExamplesError,
    failures,
    least_useful_size,
    quantile_of_error,
    theorem_at,
)

CELLS = [(4, 0, 1), (4, 2, 1), (10, 0, 100), (10, 10, 100), (10, 500, 2), (100, 100, 2), (100, 400, 10)]
FALSE_ALARM = 1e-6
REPEATS = 20_000


def errors_of(m_S, m_G, d, seed=0):
    return simulate(m_S, d, [f"{m_G}/{m_S}"], repeats=REPEATS, seed=seed, sampler="sufficient").cells[0].abs_gap


@pytest.fixture(scope="module")
def errors():
    return {cell: errors_of(*cell) for cell in CELLS}


@pytest.mark.parametrize("cell", CELLS, ids=str)
@pytest.mark.parametrize("delta", ["0.5", "0.05", "0.002"])
def test_gaussian_route_covers(errors, cell, delta):
    failed, trials = failures(errors[cell], theorem_at("gaussian", *cell, delta).total)
    # Were the probability above delta, so few failures would be seen with FALSE_ALARM at the most.
    assert binomial_interval(failed, trials, 1 - 2 * FALSE_ALARM).low <= float(delta)
    assert failed / trials <= float(delta)


@pytest.mark.parametrize("cell", [(1000, 0, 2), (1000, 1000, 2), (10**6, 10**7, 1)], ids=str)
@pytest.mark.parametrize("constants", ["published", "sharp", "best"])
def test_stability_route_is_far_above(cell, constants):
    bound = theorem_at("stability", *cell, "0.05", constants)
    assert failures(errors_of(*cell, seed=1), bound.total)[0] == 0


def test_coverage_can_fail():
    # The bound with F/9 and half its tail is no bound.
    cell = (100, 100, 2)
    found = theorem_at("gaussian", *cell)
    short = found.terms["mean"] + found.terms["fluctuation"] / 3 + found.terms["tail"] / 2
    failed, trials = failures(errors_of(*cell), short)
    assert binomial_interval(failed, trials, 1 - 2 * FALSE_ALARM).low > 0.05
    assert failures(np.array([0.1, math.nan, math.inf]), 0.2) == (2, 3)


OTHER = [(4, 0, 1), (10, 0, 7), (10, 10, 7), (1000, 50_000, 3), (10**8, 10**8, 2)]


@pytest.mark.parametrize(("m_S", "m_G", "d"), OTHER)
def test_gaussian_route_by_other_code(m_S, m_G, d):
    # Typed from the statement, in floats.
    delta, k, m_T, g = 0.05, m_S - 2, m_S + m_G, m_G / m_S
    x = math.log(2 / (delta if m_G == 0 else 0.9 * delta))
    lever = m_T - 4 + 2 * m_S / m_T
    if m_G == 0:
        squares, largest = d * m_S, 1.0
    else:
        a, b = math.log(20 * d / delta), math.log(20 / delta)
        v = 1 + 2 * math.sqrt(a / k) + 2 * a / k
        mean = 1 + 2 * math.sqrt(b / (d * k)) + 2 * b / (d * k)
        fresh = (m_G - 1 + ((g - 1) / (g + 1)) ** 2) * v * mean
        squares = d * (lever**2 / k + fresh + 4 * g * mean + 2 * (1 + g) ** 2)
        largest = max(1 + g + v, lever / k)
    expected = d * (m_S + 2 * m_G) / m_T**2 + (math.sqrt(squares * x) + largest * x) / m_T
    assert theorem_at("gaussian", m_S, m_G, d).total == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("d", [1, 2, 100])
@pytest.mark.parametrize("gamma", [0, 1, 10])
def test_gaussian_route_has_the_right_constant(d, gamma):
    # sqrt(2 log 40) standard deviations against 1.96 of them.
    m_S = 10**7
    truth = quantile_of_error(law_of_gap(m_S, d, gamma), 0.95)
    ratio = theorem_at("gaussian", m_S, gamma * m_S, d).total / truth
    assert math.sqrt(2 * math.log(40)) / 1.96 == pytest.approx(ratio, rel=0.03)


def test_quantile_of_error_is_that_of_simulated_errors(errors):
    for (m_S, m_G, d), found in errors.items():
        q = quantile_of_error(law_of_gap(m_S, d, f"{m_G}/{m_S}"), 0.95)
        inside = binomial_interval(int((found <= q).sum()), found.size, 1 - FALSE_ALARM)
        assert inside.low <= 0.95 <= inside.high


def test_the_theorem_says_something_from_some_size_on():
    size = least_useful_size(1, 2)
    assert size is not None
    assert theorem_at("stability", size, size, 2).says_something
    assert not theorem_at("stability", size - 2, size - 2, 2).says_something
    assert theorem_at("stability", 10**6, 10**6, 2).total < theorem_at("stability", 10**6, 10**6, 2).trivial / 10


def test_more_than_the_published_constants_need():
    sizes = [least_useful_size(1, 2, constants=constants) for constants in ("best", "sharp", "published")]
    assert None not in sizes
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] / 1000


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ((5, 0, 1), "m_S must be even"),
        ((2, 0, 1), "Found 2"),
        ((10, 3, 1), "m_G must be even"),
        ((10, -2, 1), "Found -2"),
        ((10, 2, 0), "d must be at least 1. Found 0"),
    ],
)
def test_sizes_that_are_not_covered(sizes, message):
    with pytest.raises(ValueError, match=message):
        theorem_at("gaussian", *sizes)


def test_too_few_examples_for_the_clips():
    with pytest.raises(TooFewExamplesError, match="m_S = 20"):
        theorem_at("stability", 20, 20, 2)
    assert theorem_at("stability", 20, 0, 2).total > 0


@pytest.mark.parametrize("delta", ["0", "1", "-0.1", "1.5"])
def test_bad_delta(delta):
    with pytest.raises(ValueError, match="delta"):
        theorem_at("gaussian", 10, 0, 1, delta)
