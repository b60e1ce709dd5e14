"""The transform of the whole gap along a ray in the upper half plane, and integrals of it with their errors.

``t = exp(v - exp(-v))`` on the ray ``z = t exp(i (pi/2 + angle))`` falls off double-exponentially towards 0, so the
trapezoid rule in v converges faster than any power of its step. The rule, the average over the learned variance, and
the class counts are each used at half their strength once more: the differences are the estimate of the error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from numerics.law_counts import WeightedCounts
from numerics.law_transform import Complex, Real, expm1, log_transform

STEP = 0.07
_FIRST = -3.4
_EPS = float(np.finfo(float).eps)
_NEGLIGIBLE = 42.0
"""-log of what is cut off."""
_GAUSSIAN = 14.0
"""Deviations at which a Gaussian transform is negligible, on rays turned by pi/5 at most."""


@dataclass(frozen=True)
class Value:
    """A number with an estimate of its absolute error."""

    value: float
    error: float

    def scaled(self, factor: float, offset: float = 0.0) -> Value:
        """``offset + factor`` times the number."""
        value = offset + factor * self.value
        return Value(value, abs(factor) * self.error + 2 * _EPS * (abs(offset) + abs(value)))

    def __str__(self) -> str:
        return f"{self.value:.12g} +- {self.error:.1g}"


@dataclass(frozen=True, eq=False)
class Transform:
    """The transform K at points of a ray, by one choice of rules.

    Attributes:
        cores: ``log K(z) - z d/2`` given the class counts, shape (counts, points).
        weights: probabilities of the class counts.
    """

    cores: Complex
    weights: Real

    def minus_one(self, half: Complex) -> Complex:
        """``K(z) - 1``, with an error small against it; `half` is ``z d/2``."""
        return np.asarray(self.weights @ expm1(self.cores + half))

    @cached_property
    def log_core(self) -> Complex:
        """``log K(z) - z d/2``, up to multiples of 2 pi i."""
        largest = self.cores.real.max(axis=0)
        return np.asarray(largest + np.log(self.weights @ np.exp(self.cores - largest)))


@dataclass(frozen=True, eq=False)
class Ray:
    """The nodes of a ray, from 0 outwards, and the transform there.

    Attributes:
        angle: the ray's, beyond the imaginary axis.
        t, dt: distance from 0, and the weight of the trapezoid rule.
        z: the points.
        transforms: by the full rules, then by cheaper ones.
        rounding: relative error of the full one through rounding.
        last, deviation: v at the last node, and the unit of 1/t.
    """

    angle: float
    t: Real
    dt: Real
    z: Complex
    transforms: tuple[Transform, ...]
    rounding: Real
    last: float
    deviation: float

    def integrate(
        self,
        integrand: Callable[[Transform], Complex],
        size: Callable[[Transform], Complex],
        beyond: float = 0.0,
    ) -> Value:
        """Integrate the imaginary part of something over the ray.

        Args:
            integrand: of a transform, shape of t.
            size: of a transform; times `rounding` it is the integrand's error through rounding.
            beyond: what is left of ``t^2`` times the integrand after the last node, where K is negligible.
        """
        terms = [integrand(transform).imag * self.dt for transform in self.transforms]
        fine, every_other = float(terms[0].sum()), float(2 * terms[0][::2].sum())
        if beyond:
            inverse = self._inverse_beyond()
            fine, every_other = fine + beyond * inverse.sum(), every_other + 2 * beyond * inverse[1::2].sum()
        differences = [fine - every_other, *(float((term - terms[0]).sum()) for term in terms[1:])]
        rounded = float(np.abs(size(self.transforms[0])) * self.dt @ self.rounding)
        return Value(float(fine), float(sum(map(abs, differences)) + rounded + 8 * _EPS * abs(fine)))

    def _inverse_beyond(self) -> Real:
        # The rule's terms of int dt/t^2 at the nodes that would follow; exp(-v) is negligible there or soon after.
        v = self.last + STEP * np.arange(1, math.ceil(_NEGLIGIBLE / STEP))
        return STEP * (1 + np.exp(-v)) / (np.exp(v - np.exp(-v)) / self.deviation)


def make_ray(
    angle: float, components: Sequence[Sequence[WeightedCounts]], d: int, deviation: float, decay: bool
) -> Ray:
    """Compute the transform along a ray, as far as it matters.

    Args:
        angle: beyond the imaginary axis, in (-pi/4, pi/4).
        components: class counts with their probabilities, by the full rule and by cheaper ones.
        d: dimension.
        deviation: standard deviation of the gap, roughly.
        decay: whether exp(z d/2) may be counted on to fall off on a ray to the left; not where exp(-z x) undoes it.
    """
    counts = components[0][0].counts
    farthest = _farthest(angle if decay else 0.0, counts.m_S, counts.m_T, d, deviation)
    last = math.log(farthest * deviation)
    v = _FIRST + STEP * np.arange(2 * math.ceil((last - _FIRST) / STEP / 2) + 1)
    t = np.exp(v - np.exp(-v)) / deviation
    z = t * np.exp(1j * (math.pi / 2 + angle))
    transforms, rounding = _transforms(z, components, d)
    return Ray(angle, t, STEP * (1 + np.exp(-v)) * t, z, transforms, rounding, float(v[-1]), deviation)


def is_gaussian(m_S: float, d: int) -> bool:
    """Tell whether the transform falls off like a Gaussian as far as it matters: ``(1 + t^2/(m_S d))^(-m_S d/4)``."""
    return m_S * d >= 150


def _farthest(angle: float, m_S: float, m_T: float, d: int, deviation: float) -> float:
    # In few dimensions the transform falls like exp(z d/2), turned into decay on a ray to the left, and like
    # |z/m_T|^(-m_S d/2), a density's integrand like that times t.
    if is_gaussian(m_S, d):
        return _GAUSSIAN / deviation
    algebraic = m_T * math.exp(min(_NEGLIGIBLE / (m_S * d / 2 - 1), 40))
    exponential = 2 * _NEGLIGIBLE / (d * math.sin(angle)) if angle > 0 else math.inf
    return max(_GAUSSIAN / deviation, min(algebraic, exponential))


def _transforms(
    z: Complex, components: Sequence[Sequence[WeightedCounts]], d: int
) -> tuple[tuple[Transform, ...], Real]:
    found: list[Transform] = []
    rounding = np.zeros(z.shape)
    for number, rule in enumerate(components):
        logs = [log_transform(z, each.counts) for each in rule]
        weights = np.array([each.probability for each in rule])
        found.append(Transform(d * np.array([log.fine for log in logs]), weights))
        if number == 0:
            found.append(Transform(d * np.array([log.coarse for log in logs]), weights))
            rounding = d * np.max([log.rounding for log in logs], axis=0)
    return tuple(found), rounding
