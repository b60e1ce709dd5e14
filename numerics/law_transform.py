"""The transform E exp(z gap_k) of one coordinate of the mixture's gap: an average over the learned variance.

The conditional transform is `theory.mixture_law.conditional_transform`; Q, the scatter within the classes of S, is
chi-square with k = m_S - 2 degrees of freedom. The integral over Q runs along a ray ``Q = k omega X``, X > 0, on which
the integrand does not oscillate: omega is the saddle point in Q (1 at z = 0), turned back where the ray would come too
close to a zero of ``det(y, s^2)``; the integral does not depend on it. With ``P = y omega/(1 + y omega)`` the integrand
splits into a factor that does not depend on X, the density of chi-square at ``k X``, and

    exp(k/2 (X - 1)(1 - omega (1 + y))) (1 + P (X - 1))^(-nu/2) det(y, omega X)^(-1/2),        nu = m_G - 2.

X = exp(s - exp(-s)) turns it into an integrand on the whole line that falls off double-exponentially on the left, for
which the trapezoid rule converges faster than any power of its step (Takahasi, Mori 1974).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from numerics.arithmetic import NUMPY
from numerics.tape import Tape, record
from theory.mixture_law import coefficients, total, y
from theory.symbols import g_minus, g_plus, n_minus, n_plus

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]

_STEP = 0.12
_STEP_IN_DEVIATIONS = 0.26
_SMALLEST_WEIGHT = -70.0
_TURN = 0.6
_INPUTS = (y, total, n_plus, n_minus, g_plus, g_minus)


@dataclass(frozen=True)
class Counts:
    """Class counts of S and of S_G. The transform is analytic in them, so they need not be integers."""

    n_plus: float
    n_minus: float
    g_plus: float
    g_minus: float

    @property
    def m_S(self) -> float:
        """Size of S."""
        return self.n_plus + self.n_minus

    @property
    def m_G(self) -> float:
        """Size of S_G."""
        return self.g_plus + self.g_minus

    @property
    def m_T(self) -> float:
        """Size of both."""
        return self.m_S + self.m_G


@dataclass(frozen=True, eq=False)
class LogTransform:
    """``log E exp(z (gap_k - 1/2))`` along a path of z, continued from the path's beginning near 0.

    Attributes:
        fine, coarse: from all nodes of the rule and from every other one; complex, the shape of z.
        rounding: an estimate of the absolute error of `fine` through rounding, of the same shape.
    """

    fine: Complex
    coarse: Complex
    rounding: Real


def log1p(w: Complex) -> Complex:
    """``log(1 + w)`` with an error small against |w|, which NumPy's does not have; principal branch."""
    u, v = w.real, w.imag
    return 0.5 * np.log1p(u * (2 + u) + v * v) + 1j * np.arctan2(v, 1 + u)


def expm1(w: Complex) -> Complex:
    """``exp(w) - 1`` with an error small against |w|."""
    u, v = w.real, w.imag
    return np.expm1(u) * np.cos(v) - 2 * np.sin(v / 2) ** 2 + 1j * np.exp(u) * np.sin(v)


def log_transform(z: Complex, counts: Counts) -> LogTransform:
    """Compute the transform of ``gap_k - 1/2`` along a path in the upper half plane.

    Args:
        z: points of the path in order, shape (n,), from close to 0 outwards, near enough to one another that no phase
            changes by pi between two.
        counts: class counts, with m_S > 2.
    """
    k, nu = counts.m_S - 2, counts.m_G - 2
    u = z / counts.m_T
    if counts.m_G == 0:
        # Nothing depends on the learned variance, which may be 0 then: the scatter alone is averaged over.
        omega, log_omega, linear = np.zeros_like(u), -log1p(u), np.zeros_like(u)
        x, weights = np.zeros(1), np.ones(1)
    else:
        omega, log_omega, linear = _saddle(u, max(nu, 0) / k)
        x, weights = chi_square_nodes(k)
    ratio = u * omega / (1 + u * omega)
    lead = k / 2 * (log_omega + linear) - nu / 2 * log1p(u * omega)
    s2 = omega[:, None] * (1 + x)
    zero, one, two = (c[:, None] for c in _determinant(u, counts))
    log_det = _continued(log1p(zero + s2 * (one + s2 * two)))
    exponent = k / 2 * linear[:, None] * x - nu / 2 * log1p(ratio[:, None] * x) - log_det / 2
    fine = lead + _log_mean(exponent, weights)
    coarse = fine if len(x) == 1 else lead + _log_mean(exponent[:, ::2], weights[::2] / weights[::2].sum())
    parts = np.abs(z) + k * (np.abs(log_omega) + np.abs(linear)) + abs(nu) * np.abs(log1p(u * omega))
    rounding = np.finfo(float).eps * (parts + np.abs(fine))
    return LogTransform(fine, coarse, rounding)


def _log_mean(exponents: Complex, weights: Real) -> Complex:
    """Return ``log sum weights exp(exponents)`` along the first axis, precise where it is close to 0."""
    largest = exponents.real.max(axis=1)
    sums = (np.exp(exponents - largest[:, None]) * weights).sum(axis=1)
    logs = largest + np.log(sums)
    close = np.flatnonzero(np.abs(exponents).max(axis=1) < 0.5)
    logs[close] = log1p((expm1(exponents[close]) * weights).sum(axis=1))
    return _continued(logs)


def _continued(log: Complex) -> Complex:
    """Continue a logarithm from its principal branch along the first axis."""
    return log.real + 1j * np.unwrap(log.imag, axis=0)


def _saddle(u: Complex, rho: float) -> tuple[Complex, Complex, Complex]:
    """Return omega, its logarithm, and ``1 - omega (1 + u)``, each with an error small against u.

    omega solves ``1/omega = 1 + u + rho u/(1 + u omega)``, turned back to an argument of at most `_TURN` arg u.
    """
    # omega = 2/(A + sqrt(A^2 + 4 u (1 + u))) = 1/(1 + w) with A = 1 + rho u. The root is the product of two of linear
    # factors, whose zeros are on the negative axis: it is analytic off it.
    wide, narrow = rho + 2 + 2 * math.sqrt(rho), rho + 2 - 2 * math.sqrt(rho)
    inner = 2 * rho * u + (rho * u) ** 2 + 4 * u * (1 + u)
    w = (rho * u + inner / (1 + np.sqrt(1 + wide * u) * np.sqrt(1 + narrow * u))) / 2
    log_omega = -log1p(w)
    limit = -_TURN * np.angle(u)
    log_omega = np.where(log_omega.imag < limit, log_omega.real + 1j * limit, log_omega)
    shift = expm1(log_omega)
    return 1 + shift, log_omega, -shift - u * (1 + shift)


def _determinant(u: Complex, counts: Counts) -> tuple[Complex, Complex, Complex]:
    values = (u, *map(float, (counts.m_T, counts.n_plus, counts.n_minus, counts.g_plus, counts.g_minus)))
    with np.errstate(all="ignore"):
        zero, one, two = (np.asarray(tape.run(NUMPY, values), dtype=complex) for tape in _tapes())
    return zero, one, two


@lru_cache(maxsize=1)
def _tapes() -> tuple[Tape, ...]:
    return tuple(record(coefficient, _INPUTS) for coefficient in coefficients())


@lru_cache(maxsize=256)
def chi_square_nodes(degrees: float) -> tuple[Real, Real]:
    """Return the rule for averages over chi-square divided by its degrees of freedom.

    Args:
        degrees: degrees of freedom, at least 1.

    Returns:
        X - 1 at the nodes, and weights that add up to 1.
    """
    middle = 0.5671432904097838  # s = exp(-s): X = 1
    step = min(_STEP, _STEP_IN_DEVIATIONS * math.sqrt(2 / degrees))
    reach = np.arange(1, 4 + math.ceil(6 / step))
    above, below = (
        int(np.count_nonzero(_log_weight(middle + sign * step * reach, degrees) > _SMALLEST_WEIGHT)) for sign in (1, -1)
    )
    s = middle + step * np.arange(-below, above + 1)
    log_x = s - np.exp(-s)
    # Normalised by their sum: the constant of the density, through the logarithm of a gamma function, is less precise.
    weights = np.exp(_log_weight(s, degrees)) * (1 + np.exp(-s))
    return np.asarray(np.expm1(log_x), dtype=float), weights / weights.sum()


def _log_weight(s: NDArray[np.floating], degrees: float) -> Real:
    log_x = s - np.exp(-s)
    return np.asarray(degrees / 2 * (log_x - np.expm1(log_x)), dtype=float)
