"""Risks of the binary Gaussian mixture: the loss, the test risk of any theta, and what to expect of theta_hat.

Coordinatewise facts of `theory.gaussian_mixture`, summed over the d coordinates. The expected risks are exact
for every size and every split of S and of S_G into classes, as the mean needs second moments only.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from theory.gaussian_forms import GaussianForm, Law, Normals, expectation, unbiased_scale
from theory.gaussian_mixture import EXAMPLE, SOURCE, mu_k, signed_x_k, y
from theory.result import Result
from theory.symbols import (
    d,
    g_minus,
    g_plus,
    m_G,
    m_S,
    n_minus,
    n_plus,
    sigma,
    squared_distance,
    theta_dot_mu,
    theta_norm,
)
from theory.symbols import m_T as balanced_total

theta_k = sp.Symbol("theta_k", real=True)
"""One coordinate of theta."""
error_k = sp.Symbol("error_k", real=True)
"""One coordinate of theta - mu."""

nll: sp.Expr = squared_distance / (2 * sigma**2)
"""The loss of an example at squared distance |x - y theta|^2: its negative log-likelihood, up to a constant."""

nll_risk: sp.Expr = d / 2 + squared_distance / (2 * sigma**2)
"""Test risk of theta under the NLL loss, with |theta - mu|^2 as `squared_distance`; see `nll_test_risk`."""
zero_one_risk: sp.Expr = sp.erfc(theta_dot_mu / (sp.sqrt(2) * sigma * theta_norm)) / 2
"""Test risk of theta under the 0-1 loss, Phi(-theta.mu / (sigma |theta|)); see `zero_one_test_risk`."""

s_plus, s_minus = sp.symbols("sigma_hat_plus sigma_hat_minus", real=True)
_SCALES: Mapping[sp.Symbol, Law] = {s_plus: unbiased_scale(sigma**2), s_minus: unbiased_scale(sigma**2)}
# Both denominators make the squared scales unbiased; the fresh noise has mean 0 given S, so nothing else of
# the scales enters a second moment, neither their dependence on S nor on each other (pooled: they are equal).

size_S: sp.Expr = n_plus + n_minus
"""Size of S, from its class counts."""
size_G: sp.Expr = g_plus + g_minus
"""Size of S_G, from its class counts."""
size_T: sp.Expr = size_S + size_G
"""Size of the augmented set."""


def over_coordinates(coordinate: sp.Expr, totals: Mapping[sp.Expr, sp.Expr]) -> sp.Expr:
    """Sum a polynomial in one coordinate over all d of them.

    Args:
        coordinate: A polynomial in the symbols that vary with the coordinate.
        totals: Each monomial that may occur, and its sum over coordinates; 1 sums to d.

    Returns:
        The sum, free of the symbols that vary.

    Raises:
        ValueError: A monomial occurs whose sum is not given.
    """
    known = {sp.Integer(1): d, **totals}
    varying = sorted(set().union(*(monomial.free_symbols for monomial in totals)), key=str)
    total = sp.Integer(0)
    for powers, coefficient in sp.Poly(sp.expand(coordinate), *varying).terms():
        monomial = sp.Mul(*(symbol**power for symbol, power in zip(varying, powers, strict=True)))
        if monomial not in known:
            raise ValueError(f"the sum over coordinates of {monomial} is not known")
        total += coefficient * known[monomial]
    return sp.expand(total)


def loss_of_signed_example() -> Result:
    """Derive that the loss sees an example through y x alone: |x - y theta|^2 = |y x - theta|^2.

    Returns:
        The difference of one coordinate's squares, reduced by y^2 = 1, and 0.
    """
    x = sp.Symbol("x_k", real=True)
    difference = (x - y * theta_k) ** 2 - (y * x - theta_k) ** 2
    return Result("|x - y theta| = |y x - theta|", sp.rem(difference, y**2 - 1, y), sp.Integer(0), SOURCE)


def nll_test_risk() -> Result:
    """Derive the test risk of any theta under the NLL loss: d/2 + |theta - mu|^2 / (2 sigma^2).

    Returns:
        The expected loss of a fresh example, and `nll_risk`.
    """
    square = expectation((signed_x_k - (mu_k + error_k)) ** 2, EXAMPLE)
    distance = over_coordinates(square, {error_k**2: squared_distance})
    return Result("test risk, NLL", nll.subs(squared_distance, distance), nll_risk, SOURCE)


def zero_one_test_risk() -> Result:
    """Derive the test risk of any theta != 0 under the 0-1 loss: Phi(-theta.mu / (sigma |theta|)).

    An example is misclassified where y theta.x <= 0; y theta.x is a sum of independent normal coordinates, and so
    normal, with the mean and the variance computed here.

    Returns:
        The probability that y theta.x <= 0, and `zero_one_risk`; Phi(-t) is written erfc(t / sqrt 2) / 2.
    """
    term = theta_k * signed_x_k
    mean_k = expectation(term, EXAMPLE)
    variance_k = expectation(term**2, EXAMPLE) - mean_k**2
    mean = over_coordinates(mean_k, {theta_k * mu_k: theta_dot_mu})
    variance = over_coordinates(variance_k, {theta_k**2: theta_norm**2})
    t = sp.Symbol("t", real=True)
    density = sp.exp(-(t**2) / 2) / sp.sqrt(2 * sp.pi)
    computed = sp.integrate(density, (t, -sp.oo, -mean / sp.sqrt(variance)))
    return Result("test risk, 0-1", computed, zero_one_risk, SOURCE)


def _class_errors() -> tuple[tuple[sp.Expr, sp.Expr, sp.Symbol, Normals, Normals, GaussianForm], ...]:
    # For each class: its size in S and in S_G, its scale, its noise in S and in S_G, and the error of its
    # signed mean, y mu_hat_y - mu.
    classes = []
    for name, size, generated, scale in (("+1", n_plus, g_plus, s_plus), ("-1", n_minus, g_minus, s_minus)):
        real, fresh = Normals(f"S, class {name}", size), Normals(f"S_G, class {name}", generated)
        classes.append((size, generated, scale, real, fresh, sigma * real.total() / size))
    return tuple(classes)


def learner_error() -> GaussianForm:
    """Return one coordinate of theta_hat - mu on the augmented set, as a linear form in all the noise."""
    total = GaussianForm(sp.Integer(0))
    for _, generated, scale, real, fresh, mean_error in _class_errors():
        total = total + sigma * real.total() + generated * mean_error + scale * fresh.total()
    return total / size_T


def expected_squared_error() -> Result:
    """Derive E |theta_hat - mu|^2 on the augmented set, given the class counts of S and of S_G.

    Returns:
        The mean square, and d sigma^2 [sum_y (n_y + g_y)^2 / n_y + m_G] / m_T^2.
    """
    computed = d * expectation(learner_error().mean_square(), _SCALES)
    real = (n_plus + g_plus) ** 2 / n_plus + (n_minus + g_minus) ** 2 / n_minus
    return Result("E |theta_hat - mu|^2", computed, d * sigma**2 * (real + size_G) / size_T**2, SOURCE)


def expected_train_risk() -> Result:
    """Derive the expected train risk under the NLL loss, given the class counts of S and of S_G.

    Returns:
        The mean over the augmented set of the expected loss of one example of each kind, and
        d/2 [1 + sum_y (g_y / n_y) / m_T] - E |theta_hat - mu|^2 / (2 sigma^2).
    """
    theta = learner_error()
    total = sp.Integer(0)
    for size, generated, scale, real, fresh, mean_error in _class_errors():
        total += size * (sigma * real.one() - theta).mean_square()
        total += generated * (mean_error + scale * fresh.one() - theta).mean_square()
    computed = nll.subs(squared_distance, d * expectation(total, _SCALES) / size_T)
    spread = d * (1 + (g_plus / n_plus + g_minus / n_minus) / size_T) / 2
    claimed = spread - expected_squared_error().claimed / (2 * sigma**2)
    return Result("E train risk, NLL", computed, claimed, SOURCE)


def expected_test_risk() -> Result:
    """Derive the expected test risk under the NLL loss for balanced labels and even sizes.

    Returns:
        E of the test risk of theta_hat, and d/2 [1 + 1/m_S + m_G/m_T^2]: augmentation raises it.
    """
    risk = nll_test_risk().computed.subs(squared_distance, expected_squared_error().computed)
    claimed = d * (1 + 1 / m_S + m_G / balanced_total**2) / 2
    return Result("E test risk, NLL, balanced", balanced(risk), claimed, "theta_hat's second moment")


def expected_gap() -> Result:
    """Derive the expected test risk less train risk under the NLL loss for balanced labels and even sizes.

    Returns:
        E of the gap, and d (m_S + 2 m_G) / m_T^2, in which neither sigma nor mu occurs.
    """
    gap = nll_test_risk().computed.subs(squared_distance, expected_squared_error().computed)
    computed = balanced(gap - expected_train_risk().computed)
    claimed = d * (m_S + 2 * m_G) / balanced_total**2
    return Result("E gap, NLL, balanced", computed, claimed, "theta_hat's second moment")


def balanced(expression: sp.Expr) -> sp.Expr:
    """Put half of S and half of S_G into each class; exact where m_S and m_G are even."""
    halves = {n_plus: m_S / 2, n_minus: m_S / 2, g_plus: m_G / 2, g_minus: m_G / 2}
    return sp.factor(expression.subs(halves))
