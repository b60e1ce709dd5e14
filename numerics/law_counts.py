"""The class counts of a sample as a weighted list of points: one for balanced labels, a Gauss rule for i.i.d. ones.

The law of the gap given the counts is analytic in them, so a few points of the rule that belongs to the counts'
distribution replace the sum over all counts; where there are few counts the rule is that sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal
from scipy.special import gammaln

from numerics.law_transform import Counts

Real = NDArray[np.float64]

_PRUNED = 1e-18
"""Counts of a smaller share of the largest probability are left out."""


@dataclass(frozen=True)
class WeightedCounts:
    """Class counts with the probability they stand for."""

    counts: Counts
    probability: float


POINTS, FEWER = 18, 15
"""Of the rules for i.i.d. labels: the full one, and the one it is compared with."""


def count_rules(m_S: int, m_G: int, labels: str) -> tuple[tuple[WeightedCounts, ...], ...]:
    """Return the class counts by the full rule and, for i.i.d. labels, by one of fewer points."""
    if labels == "balanced":
        return (balanced_counts(m_S, m_G),)
    return tuple(iid_counts(m_S, m_G, points) for points in (POINTS, FEWER))


def balanced_counts(m_S: int, m_G: int) -> tuple[WeightedCounts, ...]:
    """Half of each sample in each class; class +1 has the extra one of an odd sample."""
    plus, fresh = (m_S + 1) // 2, (m_G + 1) // 2
    return (WeightedCounts(Counts(plus, m_S - plus, fresh, m_G - fresh), 1.0),)


def iid_counts(m_S: int, m_G: int, points: int) -> tuple[WeightedCounts, ...]:
    """Fair labels, at least two of each class in S.

    Args:
        m_S, m_G: sizes.
        points: of the rule for each sample; all counts where there are not more.
    """
    real, real_weights = gauss_rule(*binomial(m_S, least=2), points)
    fresh, fresh_weights = gauss_rule(*binomial(m_G, least=0), points)
    found = []
    for plus, share in zip(real, real_weights, strict=True):
        if 2 * plus > m_S * (1 + 1e-12):
            continue  # the classes may be exchanged, in both samples at once
        twice = 1.0 if math.isclose(2 * plus, m_S) else 2.0
        for made, part in zip(fresh, fresh_weights, strict=True):
            counts = Counts(float(plus), float(m_S - plus), float(made), float(m_G - made))
            found.append(WeightedCounts(counts, float(twice * share * part)))
    return tuple(found)


def binomial(size: int, least: int) -> tuple[Real, Real]:
    """Return the values of a fair binomial and their probabilities, given that `least` are in each class."""
    if size == 0:
        return np.zeros(1), np.ones(1)
    reach = math.ceil(7 * math.sqrt(size)) + 1
    values = np.arange(max(least, size // 2 - reach), min(size - least, (size + 1) // 2 + reach) + 1, dtype=float)
    log = gammaln(size + 1) - gammaln(values + 1) - gammaln(size - values + 1)
    mass = np.exp(log - log.max())
    kept = mass > _PRUNED
    return values[kept], mass[kept] / mass[kept].sum()


def gauss_rule(values: Real, mass: Real, points: int) -> tuple[Real, Real]:
    """Return the Gauss rule of a discrete distribution, exact for polynomials of degree below ``2 points``.

    Args:
        values, mass: the distribution.
        points: how many; the distribution itself is returned where it has no more values.

    Source: Stieltjes' recurrence with Golub and Welsch's eigenvalues, see Gautschi (2004), section 2.2.
    """
    if len(values) <= points:
        return values, mass
    centre = float(mass @ values)
    scale = math.sqrt(float(mass @ (values - centre) ** 2))
    t = (values - centre) / scale
    before, now = np.zeros_like(t), np.ones_like(t)
    norm, diagonal, off = 1.0, np.empty(points), np.empty(points)
    for k in range(points):
        diagonal[k] = mass @ (t * now * now)
        off[k] = norm
        following = (t - diagonal[k]) * now - (norm * before if k else 0)
        norm = math.sqrt(float(mass @ following**2))
        before, now = now, following / norm
    nodes, vectors = eigh_tridiagonal(diagonal, off[1:])
    weights: Real = vectors[0] ** 2
    return np.asarray(centre + scale * nodes), weights / weights.sum()
