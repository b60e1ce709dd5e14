"""The exact 0-1 test error: its derivation, closed forms, simulation, and how it answers bad input."""

import math

import numpy as np
import pytest
from scipy.stats import norm

from numerics.mixture import simulate
from numerics.zero_one import expected_test_error
from theory.mixture_zero_one import zero_one_transform

CHAIN = zero_one_transform()


def test_the_derivation_holds():
    assert CHAIN.failures() == ()


@pytest.mark.parametrize(("step", "quantity"), [(s.name, q) for s in CHAIN.steps for q in s.stated], ids=str)
def test_a_wrong_statement_is_caught_in_its_step(step, quantity):
    wrong = CHAIN.step(step).restate(quantity, 2 * CHAIN.step(step).stated[quantity])
    assert {failure.step for failure in CHAIN.with_step(wrong).failures()} == {step}


@pytest.mark.parametrize(("m_S", "gamma", "noise"), [(4, 0, 0.6), (10, 0, 2.0), (100, 0, 1.0)])
def test_one_dimension_without_augmentation_is_known(m_S, gamma, noise):
    # theta_hat ~ N(1, noise^2/m_S); its sign is the classifier.
    right = norm.cdf(math.sqrt(m_S) / noise)
    exact = right * norm.cdf(-1 / noise) + (1 - right) * norm.cdf(1 / noise)
    found = expected_test_error(m_S, 1, gamma, noise=noise)
    assert abs(found.value - exact) <= found.error + 1e-14
    assert found.error < 1e-9


CELLS = [
    (10, 5, 0, {}),
    (10, 5, "0.3", {}),
    (7, 2, 1, {}),
    (20, 50, 5, {}),
    (10, 100, 1, {"sigma": 2.0}),
    (6, 3, "0.5", {"labels": "iid"}),
    (10, 3, 2, {"mu": (1.0, 0.0, 0.0)}),
]
LEVEL = 1e-3
CRITICAL = norm.isf(LEVEL / len(CELLS) / 2)


@pytest.mark.parametrize("cell", range(len(CELLS)))
def test_the_literal_sampler_has_this_mean(cell):
    """A z-test; over all cells a false alarm has a chance of `LEVEL`."""
    m_S, d, gamma, protocol = CELLS[cell]
    risks = simulate(m_S, d, [gamma], repeats=3000, seed=5, loss="zero_one", **protocol).cells[0].test_risk
    rest = {"noise" if key == "sigma" else key: value for key, value in protocol.items()}
    found = expected_test_error(m_S, d, gamma, **rest)
    z = (risks.mean() - found.value) / (risks.std(ddof=1) / math.sqrt(len(risks)))
    assert abs(z) < CRITICAL


def test_another_amount_would_be_told_apart():
    risks = simulate(10, 5, [5], repeats=3000, seed=5, loss="zero_one").cells[0].test_risk
    other = expected_test_error(10, 5, 0).value
    assert abs(risks.mean() - other) / (risks.std(ddof=1) / math.sqrt(len(risks))) > CRITICAL


def test_with_generated_data_the_direction_of_mu_matters_and_without_it_does_not():
    axis = (1.0, *np.zeros(4))
    for gamma, same in ((0, True), (2, False)):
        spread, along = expected_test_error(8, 5, gamma), expected_test_error(8, 5, gamma, mu=axis)
        assert (abs(spread.value - along.value) <= spread.error + along.error + 1e-13) is same


@pytest.mark.parametrize(
    ("m_S", "d", "noise"), [(10**6, 10**5, 0.6), (10**6, 100, 100.0), (10**4, 10**4, 10.0), (18_344, 1069, 464.0)]
)
def test_many_dimensions_and_much_noise(m_S, d, noise):
    """A z-test at four standard errors; given theta_hat, which is normal without augmentation, the error is known."""
    rng = np.random.default_rng(8)
    along = 1 + noise * rng.standard_normal(10**5) / math.sqrt(m_S)
    across = noise**2 * rng.chisquare(d - 1, 10**5) / m_S
    risks = norm.cdf(-along / (noise * np.sqrt(along**2 + across)))
    found = expected_test_error(m_S, d, 0, noise=noise)
    assert found.error < 1e-9
    assert abs(risks.mean() - found.value) < 4 * risks.std(ddof=1) / math.sqrt(len(risks))


@pytest.mark.parametrize(("noise", "exact"), [(1e-100, 0.0), (1e-16, 0.0), (1e-3, 0.0), (1e80, 0.5), (1e100, 0.5)])
def test_extreme_noise(noise, exact):
    found = expected_test_error(10, 1, 1, noise=noise)
    assert abs(found.value - exact) <= found.error < 1e-9


def test_without_end_of_data_it_is_that_of_the_best_classifier():
    found = expected_test_error(10**6, 3, 1000)
    assert found.value == pytest.approx(norm.cdf(-1 / 0.6), rel=1e-4)


@pytest.mark.parametrize(
    "arguments", [(3, 1, 1), (10, 0, 1), (10, 1, "0.05"), (10, 1, 1, "coins")], ids=["m_S", "d", "gamma", "labels"]
)
def test_bad_input_is_named(arguments):
    with pytest.raises(ValueError, match="Found"):
        expected_test_error(*arguments)
    with pytest.raises(ValueError, match="Found"):
        expected_test_error(10, 2, 1, noise=-1)
