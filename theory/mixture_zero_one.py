"""The expected test error of theta_hat under the 0-1 loss: the law of a fresh example's margin.

A fresh example with signed features u = y x is misclassified where u.theta_hat <= 0. Given the variances learned from S
the coordinates of u and of theta_hat are independent normals of mean mu_k, with variances sigma^2 and
``v sigma^2``, so the margin's transform is a product over coordinates; it is inverted in `numerics.zero_one`.
"""

from __future__ import annotations

import sympy as sp

from theory.derivation import CONCLUSION, Derivation, Step
from theory.gaussian_mixture import mu_k
from theory.mixture_law import s2
from theory.mixture_risk import learner_error, s_minus, s_plus, size_G, size_T
from theory.symbols import g_minus, g_plus, n_minus, n_plus, sigma

z = sp.Symbol("z", real=True)
"""Argument of the transform; real in the derivation, and continued to complex values from there."""
v = sp.Symbol("v", positive=True)
"""Variance of a coordinate of theta_hat given the learned variance, in units of sigma^2."""


SPREAD = 1 - z**2 * sigma**4 * v
"""Positive where the transform is finite."""


def margin_exponent() -> sp.Expr:
    """The exponent of `margin_transform`."""
    return mu_k**2 * (z + z**2 * sigma**2 * (1 + v) / 2) / SPREAD


def margin_transform() -> sp.Expr:
    """``E exp(z u_k theta_k)`` for independent normals of mean mu_k with variances sigma^2 and v sigma^2."""
    return sp.exp(margin_exponent()) / sp.sqrt(SPREAD)


def coordinate_variance() -> sp.Expr:
    """Variance of a coordinate of theta_hat given the learned variance, in units of sigma^2."""
    real = (n_plus + g_plus) ** 2 / n_plus + (n_minus + g_minus) ** 2 / n_minus
    return (real + s2 * size_G) / size_T**2


def exponential_moment(linear: sp.Expr, quadratic: sp.Expr, mean: sp.Expr, variance: sp.Expr) -> dict[str, sp.Expr]:
    """Compute ``E exp(linear x + quadratic x^2)`` for a normal x, by completing the square in its density.

    Args:
        linear, quadratic: the exponent's coefficients, with ``2 quadratic variance < 1``.
        mean, variance: of x.

    Returns:
        The moment's *exponent*, and the square of its *factor*.
    """
    x = sp.Symbol("x", real=True)
    second = sp.Symbol("second", positive=True)
    first = linear + mean / variance
    curvature = (1 - 2 * quadratic * variance) / (2 * variance)
    # first x - second x^2 = first^2/(4 second) - second (x - centre)^2, and the integral does not see the centre.
    centred = sp.integrate(sp.exp(-second * x**2), (x, -sp.oo, sp.oo))
    remainder = first * x - second * x**2 + second * (x - first / (2 * second)) ** 2
    exponent = sp.expand(remainder).subs(second, curvature) - mean**2 / (2 * variance)
    factor = centred**2 / (2 * sp.pi * variance)
    return {"factor squared": sp.cancel(factor.subs(second, curvature)), "exponent": sp.cancel(sp.together(exponent))}


def zero_one_transform() -> Derivation:
    """Derive the transform of one coordinate of a fresh example's margin, given the learned variance.

    Returns:
        The derivation; its conclusion is the v at which `margin_transform` is taken, `coordinate_variance`.
    """
    u = sp.Symbol("u", real=True)
    inner = exponential_moment(z * u, sp.Integer(0), mu_k, v * sigma**2)
    outer = exponential_moment(z * mu_k, z**2 * sigma**2 * v / 2, mu_k, sigma**2)
    error = learner_error()
    spread = (error.variance() / sigma**2).subs({s_plus: sp.sqrt(s2) * sigma, s_minus: sp.sqrt(s2) * sigma})
    steps = (
        Step(
            name="over theta_hat",
            says="The mean of exp(z u theta) over a normal theta, for a fixed u: an exponential of a square in u.",
            rule="calculus",
            computed=inner,
            stated={"factor squared": sp.Integer(1), "exponent": z * u * mu_k + z**2 * u**2 * v * sigma**2 / 2},
        ),
        Step(
            name="over the example",
            says="And over u; finite for |z| below 1/(sigma^2 sqrt(v)). This is the transform.",
            rule="calculus",
            computed=outer,
            stated={"factor squared": 1 / SPREAD, "exponent": margin_exponent()},
            uses=("over theta_hat",),
        ),
        Step(
            name="theta_hat",
            says="Given the learned variance a coordinate of theta_hat is normal, with this v.",
            rule="calculus",
            computed={CONCLUSION: spread},
            stated={CONCLUSION: coordinate_variance()},
            uses=("over the example",),
        ),
    )
    return Derivation(
        name="transform of the mixture's margin",
        assumes=("a fresh example is independent of S and S_G; the pooled variance; two classes in S",),
        steps=steps,
        notes=("the learned variances differ between coordinates: with generated data mu's direction matters",),
    )
