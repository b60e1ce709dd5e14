"""The exact law of the mixture's signed gap, test risk less train risk under NLL: no simulation, no random number.

The gap's transform ``K(z) = E exp(z gap)`` is the d-th power of one coordinate's (`numerics.law_transform`), averaged
over the class counts (`numerics.law_counts`). What is asked for are integrals of K along a ray from 0 in the upper half
plane, ``z = t exp(i (pi/2 + a))`` (`numerics.law_ray`):

    P(gap > x) = 1/2 + a/pi + (1/pi) int Im(exp(-z x) K(z)) dt/t,
    E |gap|    = (2/pi) [a E gap + int Im(exp(-i (pi/2 + a)) (K(z) - 1)) dt/t^2],
    density(x) = (1/pi) int Im(exp(-z x) K(z) dz/dt) dt.

At a = 0 these are the formulas of Gil-Pelaez (1951) and of the first absolute moment. K has no singularity off the real
axis, so the ray may be turned: to the left ``exp(z d/2)``, the part of the gap that is certain, becomes decay; for the
law above d/2 it is turned to the right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache

import numpy as np
from scipy.optimize import brentq

from numerics.arithmetic import NUMPY
from numerics.law_counts import WeightedCounts, count_rules, iid_counts
from numerics.law_ray import Ray, Transform, Value, is_gaussian, make_ray
from numerics.law_transform import Complex, Counts
from numerics.mixture_settings import one_cell
from numerics.tape import Tape, record
from theory.mixture_moments import at_counts, stated_moments
from theory.symbols import d as d_symbol
from theory.symbols import g_minus, g_plus, n_minus, n_plus

_TURNED, _STEEP = math.pi / 9, math.pi / 5
_NEAR, _FAR = 3.0, 30.0
"""Deviations from the mean up to which the imaginary axis serves above it, and beyond which no density is found."""
_MOST_COUNTS = 4000
_WIDE = 0.1
"""Spread by class counts from which on a rule of few points may miss their steps."""
_REACH = 40
"""Deviations from the mean beyond which no quantile is looked for."""


@dataclass(frozen=True, eq=False)
class GapLaw:
    """The law of the signed gap, and the moments of the test risk, in one cell; in units of the loss.

    Attributes:
        m_S, m_G, d: sizes and dimension.
        labels: *balanced* or *iid*.
        components: class counts with their probabilities, by the full rule and, for i.i.d. labels, by one of fewer
            points.
    """

    m_S: int
    m_G: int
    d: int
    labels: str
    components: tuple[tuple[WeightedCounts, ...], ...]
    _rays: dict[tuple[float, bool], Ray] = field(default_factory=dict, repr=False)

    @cached_property
    def mean_gap(self) -> float:
        """E gap, by the closed form."""
        return self._moments["mean gap"]

    @cached_property
    def sd_gap(self) -> float:
        """Standard deviation of the gap, by the closed form."""
        return math.sqrt(self._moments["gap variance"])

    @cached_property
    def mean_test_risk(self) -> float:
        """E test risk of theta_hat, by the closed form."""
        return self._moments["mean test risk"]

    @cached_property
    def sd_test_risk(self) -> float:
        """Standard deviation of the test risk, by the closed form."""
        return math.sqrt(self._moments["test risk variance"])

    @cached_property
    def mean_abs_gap(self) -> Value:
        """E |gap|, the mean generalization error."""
        mean, deviation = self.mean_gap, self.sd_gap
        angle = _STEEP if mean >= 4 * deviation else 0.0 if self.spread_by_counts >= _WIDE else _TURNED
        ray = self._ray(angle, decay=angle > 0)
        turn, half = np.exp(-1j * (math.pi / 2 + ray.angle)), ray.z * self.d / 2
        found = ray.integrate(
            lambda k: k.minus_one(half) * turn / ray.t**2,
            lambda k: self._at(k, ray, 0.0) / ray.t**2,
            beyond=math.cos(ray.angle),
        )
        value = found.scaled(2 / math.pi, 2 / math.pi * ray.angle * mean)
        # Between |E gap| and the root mean square.
        inside = min(max(value.value, abs(mean)), math.hypot(mean, deviation))
        return Value(inside, value.error + abs(value.value - inside))

    def sf(self, x: float) -> Value:
        """P(gap > x)."""
        ray = self._ray_for(x)
        found = ray.integrate(lambda k: self._at(k, ray, x) / ray.t, lambda k: self._at(k, ray, x) / ray.t)
        return self._within_cantelli(x, found.scaled(1 / math.pi, 0.5 + ray.angle / math.pi))

    def _within_cantelli(self, x: float, tail: Value) -> Value:
        """Use Cantelli's inequality where it says more: far out, where the integrand oscillates beyond the rule."""
        distance = (x - self.mean_gap) / self.sd_gap
        bound = 1 / (1 + distance**2)
        low, high = (0.0, bound) if distance > 0 else (1 - bound, 1.0)
        if tail.error <= bound / 2 and low - tail.error <= tail.value <= high + tail.error:
            return Value(min(max(tail.value, 0.0), 1.0), tail.error)
        return Value((low + high) / 2, bound / 2)

    def cdf(self, x: float) -> Value:
        """P(gap <= x)."""
        return self.sf(x).scaled(-1, 1)

    def pdf(self, x: float) -> Value:
        """Density of the gap at x."""
        ray = self._ray_for(x)
        turn = np.exp(1j * (math.pi / 2 + ray.angle))
        found = ray.integrate(lambda k: self._at(k, ray, x) * turn, lambda k: self._at(k, ray, x))
        if abs(x - self.mean_gap) > _FAR * self.sd_gap:
            # Far out the integrand oscillates beyond the rule: its absolute value is all that is known.
            largest = float(np.abs(self._at(ray.transforms[0], ray, x)) @ ray.dt)
            return Value(0.0, largest / math.pi)
        return found.scaled(1 / math.pi)

    def quantile(self, level: float) -> Value:
        """The x with P(gap <= x) = level.

        Args:
            level: in (0, 1); within 1e-10 of 0 or 1 nothing is found.

        Raises:
            ValueError: a level outside that.
        """
        if not 1e-10 <= level <= 1 - 1e-10:
            raise ValueError(f"a quantile's level must be between 1e-10 and 1 - 1e-10. Found {level}.")
        step = self.sd_gap
        low = high = self.mean_gap
        while self.cdf(low).value > level and low > self.mean_gap - _REACH * self.sd_gap:
            low, step = low - step, 1.5 * step
        step = self.sd_gap
        while self.cdf(high).value < level and high < self.mean_gap + _REACH * self.sd_gap:
            high, step = high + step, 1.5 * step
        x = float(brentq(lambda x: self.cdf(x).value - level, low, high, xtol=1e-13 * self.sd_gap, rtol=1e-14))
        density = self.pdf(x).value
        error = (self.cdf(x).error + abs(self.cdf(x).value - level)) / density if density > 0 else math.inf
        return Value(x, error + 1e-13 * self.sd_gap)

    def _at(self, transform: Transform, ray: Ray, x: float) -> Complex:
        return np.exp(transform.log_core + ray.z * (self.d / 2 - x))

    def _ray_for(self, x: float) -> Ray:
        """Choose a ray on which ``exp(-z x) K(z)`` falls off and is not large before."""
        if not is_gaussian(self.m_S, self.d):
            return self._ray(_TURNED if x < self.d / 2 else -_TURNED)
        if self.spread_by_counts >= _WIDE:
            return self._ray(0.0)  # some class counts have their law above x, some below
        distance = (x - self.mean_gap) / self.sd_gap
        return self._ray(_TURNED if distance < 0 else 0.0 if distance < _NEAR else -_TURNED)

    def _ray(self, angle: float, decay: bool = False) -> Ray:
        if (angle, decay) not in self._rays:
            # In units of the deviation given the class counts.
            deviation = self.sd_gap / math.sqrt(1 + self.spread_by_counts**2)
            self._rays[angle, decay] = make_ray(angle, self.components, self.d, deviation, decay)
        return self._rays[angle, decay]

    @cached_property
    def spread_by_counts(self) -> float:
        """Deviation of the mean gap between class counts, relative to that of the gap given them."""
        rule = self.components[0]
        each = [_conditional_moments(component.counts, self.d) for component in rule]
        weights = np.array([component.probability for component in rule])
        within = float(weights @ np.array([moments["gap variance"] for moments in each]))
        return math.sqrt(max(0.0, self.sd_gap**2 / within - 1))

    @cached_property
    def _moments(self) -> Mapping[str, float]:
        """Moments by name, averaged over the class counts by the laws of total mean and variance."""
        rule = self.components[0]
        each = [_conditional_moments(component.counts, self.d) for component in rule]
        weights = np.array([component.probability for component in rule])
        found: dict[str, float] = {}
        for name, spread in (("mean gap", "gap variance"), ("mean test risk", "test risk variance")):
            means = np.array([moments[name] for moments in each])
            variances = np.array([moments[spread] for moments in each])
            found[name] = float(weights @ means)
            found[spread] = float(weights @ variances + weights @ (means - found[name]) ** 2)
        return found


def law_of_gap(m_S: int, d: int, gamma: int | float | Fraction | str, labels: str = "balanced") -> GapLaw:
    """Return the law of the signed gap under NLL with the pooled variance; sigma and mu do not enter it.

    Args:
        m_S: size of S, at least 4.
        d: dimension, at least 1.
        gamma: ``m_G/m_S`` >= 0 with m_G an integer; a float stands for the decimal that it prints as.
        labels: *balanced*: half of S, and of S_G, in each class, class +1 with the extra one of an odd sample. *iid*:
            fair coins, S on the condition of two examples in each class.

    Returns:
        The law; nothing is computed before it is asked for.

    Raises:
        ValueError: an argument out of range; one line that names it and its value.
    """
    settings = one_cell(m_S, d, gamma, labels, "nll")
    m_G = settings.generated(settings.gammas[0])
    law = GapLaw(settings.m_S, m_G, settings.d, labels, count_rules(settings.m_S, m_G, labels))
    if labels == "balanced" or law.spread_by_counts < _WIDE:
        return law
    # The class counts alone move the gap by a share of its deviation: each counts, as far as there are not too many.
    for points in (200, 100, 63):
        every = iid_counts(settings.m_S, m_G, points)
        if len(every) <= _MOST_COUNTS:
            return GapLaw(settings.m_S, m_G, settings.d, labels, (every, iid_counts(settings.m_S, m_G, points // 2)))
    return law


def law_at_counts(n: Sequence[int], g: Sequence[int], d: int) -> GapLaw:
    """Return the law given the class counts.

    Args:
        n: examples of class +1 and -1 in S, at least 1 each and 3 together.
        g: the same in S_G.
        d: dimension.

    Raises:
        ValueError: counts out of range.
    """
    if len(n) != 2 or len(g) != 2 or min(n) < 1 or sum(n) < 3 or min(g) < 0 or d < 1:
        raise ValueError(f"class counts must be two of S >= 1, 3 together, and two of S_G >= 0. Found {n}, {g}.")
    counts = Counts(*map(float, (*n, *g)))
    return GapLaw(sum(n), sum(g), d, "given", ((WeightedCounts(counts, 1.0),),))


def _conditional_moments(counts: Counts, d: int) -> Mapping[str, float]:
    values = tuple(map(float, (counts.n_plus, counts.n_minus, counts.g_plus, counts.g_minus, d)))
    return {name: float(tape.run(NUMPY, values)) for name, tape in _moment_tapes().items()}


@lru_cache(maxsize=1)
def _moment_tapes() -> Mapping[str, Tape]:
    arguments = (n_plus, n_minus, g_plus, g_minus, d_symbol)
    return {name: record(moment, arguments) for name, moment in at_counts(stated_moments()).named().items()}
