"""The expected test error of theta_hat under the 0-1 loss, exactly: the probability that a fresh margin is not > 0.

The margin u.theta_hat of a fresh example u = y x is a sum over coordinates of products of independent normals, given
the variances learned from S. Its transform K is a product over coordinates of averages over the learned variance
(`theory.mixture_zero_one`), and with ``z = t exp(i (pi/2 + a))``

    P(margin > 0) = 1/2 + a/pi + (1/pi) int Im K(z) dt/t.

Turned to the left by a > 0 the ray makes exp(z |mu|^2) decay. K has no singularity off the real axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from numerics.arithmetic import NUMPY
from numerics.law_counts import WeightedCounts, count_rules
from numerics.law_ray import Value
from numerics.law_transform import Complex, Counts, Real, chi_square_nodes
from numerics.mixture_settings import one_cell
from numerics.tape import Tape, record
from theory.gaussian_mixture import mu_k
from theory.mixture_law import s2
from theory.mixture_zero_one import SPREAD, coordinate_variance, margin_exponent, v, z
from theory.symbols import g_minus, g_plus, n_minus, n_plus, sigma

_TURNED = math.pi / 9
_STEP, _FIRST = 0.05, -3.4
_EPS = float(np.finfo(float).eps)


def expected_test_error(
    m_S: int,
    d: int,
    gamma: int | float | Fraction | str,
    labels: str = "balanced",
    *,
    noise: float = 0.6,
    mu: Sequence[float] | None = None,
) -> Value:
    """Return the expected test error of theta_hat under the 0-1 loss, with the pooled variance.

    Args:
        m_S: size of S, at least 4.
        d: dimension.
        gamma: ``m_G/m_S`` >= 0 with m_G an integer; a float stands for the decimal that it prints as.
        labels: *balanced* or *iid*, as in `numerics.law.law_of_gap`.
        noise: sigma, standard deviation of a coordinate given the label, > 0.
        mu: unit vector of length d; (1, ..., 1)/sqrt(d) by default. With generated data its direction matters.

    Returns:
        A probability, with an estimate of its absolute error.

    Raises:
        ValueError: an argument out of range; one line that names it and its value.
    """
    settings = one_cell(m_S, d, gamma, labels, "zero_one", noise, mu)
    rules = count_rules(settings.m_S, settings.generated(settings.gammas[0]), labels)
    if mu is None:
        squares, multiplicities = np.array([1 / settings.d]), np.array([settings.d])
    else:
        squares, multiplicities = np.unique(np.square(settings.mu), return_counts=True)
    # In units of sigma only mu/sigma is left.
    return _not_positive(rules, squares / settings.sigma**2, multiplicities, settings.d)


def _not_positive(
    rules: Sequence[Sequence[WeightedCounts]], squares: Real, multiplicities: NDArray[np.integer], d: int
) -> Value:
    # In units of the margin's root mean square at theta_hat = mu, the scale on which K varies near 0.
    mean = float(squares @ multiplicities)
    unit = 1 / (mean + math.sqrt(mean + d))
    last = math.log(_farthest([each.counts for each in rules[0]], d) / unit)
    nodes = _FIRST + _STEP * np.arange(2 * math.ceil((max(last, 3.0) - _FIRST) / _STEP / 2))
    t = np.exp(nodes - np.exp(-nodes)) * unit
    weights = _STEP * (1 + np.exp(-nodes)) / math.pi
    points = t * np.exp(1j * (math.pi / 2 + _TURNED))
    found = []
    for number, rule in enumerate(rules):
        fine, coarse = np.zeros_like(points), np.zeros_like(points)
        for each in rule:
            kinds = _transform(points, each.counts, squares, multiplicities)
            fine, coarse = fine + each.probability * kinds[0], coarse + each.probability * kinds[1]
        found += [fine.imag * weights] + [coarse.imag * weights] * (number == 0)
    total = float(found[0].sum())
    differences = [total - 2 * float(found[0][::2].sum()), *(float((x - found[0]).sum()) for x in found[1:])]
    rounding = (d + 8) * _EPS * float(np.abs(found[0]).sum() + 1) + float(np.abs(found[0][-2:]).sum()) / _STEP
    value = 0.5 - _TURNED / math.pi - total
    return Value(min(max(value, 0.0), 1.0), sum(map(abs, differences)) + rounding)


def _farthest(counts: Sequence[Counts], d: int) -> float:
    """From where on K is negligible: it falls like ``(1 + t^2 v)^(-d/4)`` at least, v the variance of theta_hat."""
    variance, _, _ = _tapes()
    sizes = [tuple(map(float, (c.n_plus, c.n_minus, c.g_plus, c.g_minus))) for c in counts]
    least = min(float(variance.run(NUMPY, (*size, 0.0))) for size in sizes)
    return math.sqrt(math.expm1(min(160 / d, 700)) / least)


def _transform(
    points: Complex, counts: Counts, squares: Real, multiplicities: NDArray[np.integer]
) -> tuple[Complex, Complex]:
    """Return the margin's transform from all nodes for the learned variance and from every other one."""
    variance, exponent, spread = _tapes()
    x, weights = chi_square_nodes(counts.m_S - 2) if counts.m_G else (np.zeros(1), np.ones(1))
    sizes = tuple(map(float, (counts.n_plus, counts.n_minus, counts.g_plus, counts.g_minus)))
    spreads = np.asarray(variance.run(NUMPY, (*sizes, 1 + x)))
    column = points[:, None]
    root = np.sqrt(spread.run(NUMPY, (column, spreads, 1.0)))
    fine, coarse = np.ones_like(points), np.ones_like(points)
    for square, count in zip(squares, multiplicities, strict=True):
        values = np.exp(exponent.run(NUMPY, (column, spreads, 1.0, math.sqrt(square)))) / root
        fine = fine * (values * weights).sum(axis=1) ** int(count)
        part = weights[::2] / weights[::2].sum()
        coarse = coarse * (values[:, ::2] * part).sum(axis=1) ** int(count)
    return fine, coarse


@lru_cache(maxsize=1)
def _tapes() -> tuple[Tape, Tape, Tape]:
    return (
        record(coordinate_variance(), (n_plus, n_minus, g_plus, g_minus, s2)),
        record(margin_exponent(), (z, v, sigma, mu_k)),
        record(SPREAD, (z, v, sigma)),
    )
