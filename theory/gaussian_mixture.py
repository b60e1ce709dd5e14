"""The binary Gaussian mixture: model, learner, generator and constants, and what is true of them.

Model: y is uniform on {-1, 1}, x | y ~ N(y mu, sigma^2 I_d), |mu| = 1; the classifier is sign(theta.x).
Learner: theta_hat = (1/m) sum y_i x_i, the minimiser of the loss |x - y theta|^2 / (2 sigma^2).
Generator: class means mu_hat_y and within-class variances sigma_hat_k^2 of S; y uniform,
x | y ~ N(mu_hat_y, diag(sigma_hat_1^2 .. sigma_hat_d^2)).

Every fact is a function that returns what is computed beside what is claimed. Facts are derived for one
coordinate, where x_k = y mu_k + sigma z_k with z_k standard normal. The risks are in `theory.mixture_risk`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import sympy as sp

from theory.gaussian_forms import Law, Normals, expectation, rademacher, standard_normal
from theory.result import Result
from theory.symbols import d, delta, m_G, m_S, m_T, n, n_minus, n_plus, sigma

SOURCE = "Zheng, Wu, Li (2023), binary Gaussian mixture; reconstructed"

y = sp.Symbol("y", real=True)
"""The label, a uniform sign."""
z_k = sp.Symbol("z_k", real=True)
"""The noise of one coordinate, standard normal."""
mu_k = sp.Symbol("mu_k", real=True)
"""One coordinate of mu."""

EXAMPLE: Mapping[sp.Symbol, Law] = {y: rademacher, z_k: standard_normal}
"""The laws of the noise of one example."""

x_k: sp.Expr = y * mu_k + sigma * z_k
"""One coordinate of an example."""
signed_x_k: sp.Expr = y * x_k
"""One coordinate of y x, through which alone an example enters the learner and the loss."""

pooled_denominator: sp.Expr = m_S - 2
"""What the pooled within-class sum of squares is divided by: each class's mean costs one degree of freedom."""
class_denominator: sp.Expr = n - 1
"""What the sum of squares of a single class of n examples is divided by, in the published code."""


def signed_noise(order: int, label_order: int = 0) -> Result:
    """Derive that y x is mu plus sigma times standard normal noise, independent of the label.

    The claim is E[w^order y^label_order] = E[z^order] E[y^label_order] for every pair of orders, with
    w = (y x_k - mu_k) / sigma.

    Args:
        order: Order of the moment of w, a non-negative integer.
        label_order: Order of the moment of y, a non-negative integer.

    Returns:
        The mixed moment, and the product of the two moments.
    """
    w = (signed_x_k - mu_k) / sigma
    claimed = standard_normal(order) * rademacher(label_order)
    return Result("law of y x", expectation(w**order * y**label_order, EXAMPLE), claimed, SOURCE)


def learner_mean(per_example: sp.Expr = signed_x_k) -> Result:
    """Derive that the learner is unbiased, E theta_hat = mu, at every size m_S >= 1.

    Args:
        per_example: What the learner averages over examples. The claim holds for y x_k; not for x_k, say.

    Returns:
        E (1/m_S) sum_i y_i x_ik, and mu_k.
    """
    i = sp.Symbol("i", integer=True, positive=True)
    total = sp.Sum(expectation(per_example, EXAMPLE), (i, 1, m_S)).doit()
    return Result("E theta_hat = mu", total / m_S, mu_k, SOURCE)


def class_mean(label: int = 1) -> Result:
    """Derive that the class mean is unbiased, E mu_hat_y = y mu, for any class of n >= 1 examples.

    Args:
        label: The class, -1 or 1.

    Returns:
        E of one coordinate of mu_hat_y, and y mu_k.

    Raises:
        ValueError: The label is neither -1 nor 1.
    """
    if label not in (-1, 1):
        raise ValueError(f"label must be -1 or 1. Found {label}.")
    given_label = x_k.subs(y, label)
    centre = expectation(given_label, EXAMPLE)
    total = n * centre + given_label.coeff(z_k) * Normals("noise of the class", n).total()
    return Result("E mu_hat_y = y mu", (total / n).mean, label * mu_k, SOURCE)


def within_class_squares(size: sp.Expr) -> sp.Expr:
    """Derive the mean of one coordinate's sum of squares around the mean of its class.

    By exchangeability it is `size` times the mean square of one example's deviation.

    Args:
        size: Number of examples in the class, at least 1.

    Returns:
        E sum_i (x_ik - mu_hat_k)^2.
    """
    noise = Normals("noise of the class", size)
    deviation = sigma * (noise.one() - noise.total() / size)
    return sp.factor(size * deviation.mean_square())


def pooled_variance(denominator: sp.Expr = pooled_denominator) -> Result:
    """Derive that the pooled sigma_hat_k^2 is unbiased, whatever the class counts; no class may be empty.

    Args:
        denominator: What the pooled sum of squares is divided by. The claim holds for m_S - 2; for another
            denominator `Result.difference` is the bias.

    Returns:
        E sigma_hat_k^2, and sigma^2.
    """
    squares = within_class_squares(n_plus) + within_class_squares(n_minus)
    computed = sp.factor(squares.subs(n_minus, m_S - n_plus)) / denominator
    return Result("E sigma_hat^2 = sigma^2, pooled", sp.factor(computed), sigma**2, SOURCE)


def class_variance(denominator: sp.Expr = class_denominator) -> Result:
    """Derive that the variance of a single class is unbiased, for a class of n >= 2 examples.

    Args:
        denominator: What the class's sum of squares is divided by. The claim holds for n - 1.

    Returns:
        E sigma_hat_yk^2, and sigma^2.
    """
    computed = sp.factor(within_class_squares(n) / denominator)
    return Result("E sigma_hat_y^2 = sigma^2, per class", computed, sigma**2, SOURCE)


@dataclass(frozen=True)
class MixtureConstants:
    """What the general bound needs to know of the mixture, each as an expression in `theory.symbols`.

    Attributes:
        M: Upper end of the loss; needs d, m_S.
        beta: Uniform stability of the learner at size m_T; needs d, m_S, m_G.
        D_TV: Divergence of the generator, at most 1; needs d, delta, m_S.
        T: Dependence of the generator, at most 1 and 0 at m_G = 0; needs d, delta, m_S, m_G.
        status: How far the expressions are to be trusted.
    """

    M: sp.Expr
    beta: sp.Expr
    D_TV: sp.Expr
    T: sp.Expr
    status: str

    def __str__(self) -> str:
        lines = [f"{name} = {value}" for name, value in self._expressions()]
        return "\n".join([*lines, f"({self.status})"])

    def _repr_latex_(self) -> str:
        symbols = {"M": "M", "beta": r"\beta_{m_T}", "D_TV": r"D_{TV}", "T": "T"}
        rows = [rf"{symbols[name]} &= {sp.latex(value)}" for name, value in self._expressions()]
        return r"$\displaystyle \begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}$"

    def _expressions(self) -> list[tuple[str, sp.Expr]]:
        return [(field.name, getattr(self, field.name)) for field in fields(self) if field.name != "status"]


def constants() -> MixtureConstants:
    """Return the mixture's constants as the source's orders state them, with 1 for each absolute constant.

    Returns:
        M = d + log m_S, beta = M / m_T, D_TV = min(1, sqrt(d log(d/delta) / m_S)) and
        T = min(1, sqrt(m_G d) log(m_S d/delta) / m_S).

    Source: the paper's orders for the mixture, which hold with high probability; reconstructed.
    """
    M = d + sp.log(m_S)
    return MixtureConstants(
        M=M,
        beta=M / m_T,
        D_TV=sp.Min(1, sp.sqrt(d * sp.log(d / delta) / m_S)),
        T=sp.Min(1, sp.sqrt(m_G * d) * sp.log(m_S * d / delta) / m_S),
        status="with constant 1; reconstructed",
    )
