"""A repeat of the Gaussian mixture's Monte Carlo, for a chunk of repeats at a time.

The loss, the test risks and the variance denominators are the compiled expressions of `theory`; what is written
here is the sampling alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from numerics.compile import compile_expression
from numerics.mixture_samples import (
    CHUNK,
    HELD,
    SLAB,
    Array,
    Counts,
    Sample,
    Stream,
    class_squares,
    class_sums,
    generated_counts,
    generator,
)
from numerics.mixture_settings import Settings
from theory.gaussian_mixture import class_denominator, pooled_denominator
from theory.mixture_risk import nll, nll_risk, zero_one_risk


def repeats_at_a_time(settings: Settings, asked: int | None) -> int:
    """Choose how many repeats to hold at a time: as asked, or a default, within the bound on memory.

    Raises:
        ValueError: `asked` is no positive integer.
    """
    largest = settings.d * max(settings.m_S, *(settings.generated(gamma) for gamma in settings.gammas))
    if asked is None:
        return max(1, CHUNK // largest)
    if asked < 1 or asked != int(asked):
        raise ValueError(f"chunk must be an integer >= 1. Found {asked}.")
    return max(1, min(int(asked), HELD // largest))


@dataclass(frozen=True)
class _Rules:
    # What the theory says to compute from the draws; each is made of compiled expressions.
    loss: Callable[[Array, Array], Array]
    exact_risk: Callable[[Array], Array]
    variance: Callable[[Array, Counts], Array]

    @staticmethod
    def of(settings: Settings) -> _Rules:
        loss, exact_risk = _nll_rules(settings) if settings.loss == "nll" else _zero_one_rules(settings)
        return _Rules(loss, exact_risk, _variance_rule(settings))


def _nll_rules(settings: Settings) -> tuple[Callable[[Array, Array], Array], Callable[[Array], Array]]:
    value, expected = compile_expression(nll), compile_expression(nll_risk)
    sigma, mu = settings.sigma, np.array(settings.mu)

    def loss(u: Array, theta: Array) -> Array:
        deviation = u - theta[:, None]
        return value(squared_distance=np.einsum("rmd,rmd->rm", deviation, deviation), sigma=sigma)

    def risk(theta: Array) -> Array:
        error = theta - mu
        return expected(squared_distance=np.einsum("...d,...d->...", error, error), sigma=sigma, d=settings.d)

    return loss, risk


def _zero_one_rules(settings: Settings) -> tuple[Callable[[Array, Array], Array], Callable[[Array], Array]]:
    expected = compile_expression(zero_one_risk)
    sigma, mu = settings.sigma, np.array(settings.mu)

    def loss(u: Array, theta: Array) -> Array:
        return (np.einsum("rmd,rd->rm", u, theta) <= 0).astype(np.float64)

    def risk(theta: Array) -> Array:
        norm = np.sqrt(np.einsum("...d,...d->...", theta, theta))
        return expected(theta_dot_mu=np.einsum("...d,d->...", theta, mu), theta_norm=norm, sigma=sigma)

    return loss, risk


def _variance_rule(settings: Settings) -> Callable[[Array, Counts], Array]:
    if settings.variance == "pooled":
        denominator = compile_expression(pooled_denominator)
        return lambda squares, _: squares.sum(axis=1, keepdims=True) / denominator(m_S=settings.m_S)
    by_class = compile_expression(class_denominator)
    return lambda squares, counts: squares / by_class(n=counts)[..., None]


def run(settings: Settings, counts: Counts, chunk: int) -> tuple[Array, Array]:
    """Run every repeat of every cell.

    Args:
        settings: What to simulate.
        counts: Class counts of S, shape (repeats, 2).
        chunk: Repeats held at a time.

    Returns:
        Test risks and train risks, each of shape (gammas, repeats).
    """
    rules = _Rules.of(settings)
    test_risk = rules.exact_risk if settings.risk == "exact" else _estimated_risk(settings, rules)
    sizes = [settings.generated(gamma) for gamma in settings.gammas]
    real = generator(settings, Stream.S_NOISE)
    fresh = [(m_G, generated_counts(settings, m_G), generator(settings, Stream.S_G_NOISE, m_G)) for m_G in sizes]
    test, train = np.empty((2, len(sizes), settings.repeats))
    for start in range(0, settings.repeats, chunk):
        part = slice(start, start + chunk)
        S = Sample(real, counts[part], *_law(settings))
        sums = class_sums(S)
        fitted = _fit_generator(S, sums, rules) if any(sizes) else _law(settings)
        thetas = []
        for i, (m_G, labels, rng) in enumerate(fresh):
            S_G = Sample(rng, labels[part], *fitted)
            theta = (sums + class_sums(S_G)).sum(axis=1) / (settings.m_S + m_G)
            losses = _total_losses(S, theta[None], rules)[0] + _total_losses(S_G, theta[None], rules)[0]
            train[i, part] = losses / (settings.m_S + m_G)
            thetas.append(theta)
        test[:, part] = test_risk(np.stack(thetas))
    return test, train


def _law(settings: Settings) -> tuple[Array, Array]:
    # Mean and spread of u = y x under the model.
    return np.array(settings.mu), np.full(settings.d, settings.sigma)


def _fit_generator(S: Sample, sums: Array, rules: _Rules) -> tuple[Array, Array]:
    # Means of u in each class, that is y mu_hat_y, and standard deviations, for both classes or for each.
    means = sums / S.counts[..., None]
    return means, np.sqrt(rules.variance(class_squares(S, means), S.counts))


def _total_losses(sample: Sample, thetas: Array, rules: _Rules) -> Array:
    # thetas: (k, r, d), k parameters for each repeat. Returns the sums of losses over the sample, (k, r).
    total = np.zeros(thetas.shape[:2])
    for _, slab in sample.slabs():
        for i, theta in enumerate(thetas):
            total[i] += rules.loss(slab, theta).sum(axis=1)
    return total


def _estimated_risk(settings: Settings, rules: _Rules) -> Callable[[Array], Array]:
    rng, points = generator(settings, Stream.TEST_NOISE), int(settings.risk)
    step = max(1, SLAB // (points * settings.d))

    def risk(thetas: Array) -> Array:
        # The law of u = y x is the same in both classes, so all test points may be put in one. A pass over them
        # serves every theta.
        found = np.empty(thetas.shape[:2])
        for start in range(0, thetas.shape[1], step):
            some = thetas[:, start : start + step]
            test_points = Sample(rng, np.tile([points, 0], (some.shape[1], 1)), *_law(settings), limit=SLAB)
            found[:, start : start + step] = _total_losses(test_points, some, rules) / points
        return found

    return risk
