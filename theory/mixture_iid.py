"""Moments of the mixture's test risk and signed gap under NLL with i.i.d. labels.

The labels of S are fair coins given two examples of each class at least, those of S_G are fair coins. Means over g_+
are binomial moments; what is left of the means over n_+ are those of 1/n_+ and 1/n_+^2, `rho_1` and `rho_2`, as
``1/(n_+ n_-) = (1/n_+ + 1/n_-)/m_S``. Given the counts the d coordinates are independent; they share the counts, so
the variance within the counts is of order d and that between them of order d^2. An empty generated class needs no case
of its own: see `theory.mixture_moments_proof`.

Source: derived here.
"""

from __future__ import annotations

from functools import cache

import sympy as sp

from theory.derivation import CONCLUSION, Derivation, Step
from theory.gaussian_forms import Law, expectation, fair_binomial
from theory.mixture_moments import WEIGHTS, Moments, stated_moments, w_11, w_21, w_22, w_32
from theory.mixture_reciprocals import reciprocal_mean, rho_1, rho_2
from theory.symbols import d, g_plus, m_G, m_S, m_T, n_minus, n_plus

_p, _q = sp.symbols("p q", positive=True)  # 1/n_+ and 1/n_-
_COUNT: dict[sp.Symbol, Law] = {g_plus: fair_binomial(m_G)}


def label_mean(expression: sp.Expr) -> sp.Expr:
    """Take the mean over the labels of a polynomial in the `WEIGHTS`, of degree 2 at most in 1/n_+ and 1/n_-."""
    sums = {w: g_plus**i * _p**j + (m_G - g_plus) ** i * _q**j for w, (i, j) in WEIGHTS.items()}
    given_reals = expectation(expression.subs(sums), _COUNT)
    # The classes of S have one law, so 1/n_- has the moments of 1/n_+.
    known = {(0, 0): sp.Integer(1), (1, 0): rho_1, (0, 1): rho_1, (2, 0): rho_2, (0, 2): rho_2, (1, 1): 2 * rho_1 / m_S}
    terms = sp.Poly(given_reals, _p, _q).terms()
    return sp.factor(sp.Add(*(value * known[powers] for powers, value in terms)))


def weight_means() -> dict[sp.Expr, sp.Expr]:
    """The means over the labels of the `WEIGHTS` and of their products, as stated."""
    pairs = m_G * (m_G - 1)
    fourth = m_G * (m_G + 1) * (m_G**2 + 5 * m_G - 2)
    return {
        w_11: m_G * rho_1,
        w_21: m_G * (m_G + 1) * rho_1 / 2,
        w_22: m_G * (m_G + 1) * rho_2 / 2,
        w_32: m_G**2 * (m_G + 3) * rho_2 / 4,
        w_11**2: m_G * (m_G + 1) * rho_2 / 2 + pairs * rho_1 / m_S,
        w_11 * w_21: m_G**2 * (m_G + 3) * rho_2 / 4 + m_G * pairs * rho_1 / (2 * m_S),
        w_21**2: fourth * rho_2 / 8 + pairs * (m_G**2 - m_G + 2) * rho_1 / (4 * m_S),
    }


def between_counts() -> tuple[sp.Expr, sp.Expr]:
    """The variances over the labels of the mean test risk and of the mean gap given the counts, as stated."""
    risk = (
        m_S * rho_2 * (m_G**3 + 6 * m_G**2 + 3 * m_G - 2)
        + 2 * rho_1 * (m_G - 1) * (m_G**2 - m_G + 2)
        - 2 * rho_1**2 * m_S * m_G * (m_G + 1) ** 2
    )
    gap = (
        m_S * rho_2 * (m_G**2 + (m_S - 1) * (m_S - 3) * m_G + m_S**2 - 2)
        - 2 * rho_1 * (m_G**2 - (m_S**2 + 3) * m_G + m_S**2 + 2)
        - 2 * rho_1**2 * m_S * m_G * (m_S - 1) ** 2
    )
    return d**2 * m_G * risk / (32 * m_S * m_T**4), d**2 * m_G * gap / (8 * m_S * m_T**4)


def _within_counts() -> tuple[sp.Expr, sp.Expr]:
    # The variances given the counts, with the stated means of the weights and of their products.
    given = stated_moments()
    return _over_labels(given.test_risk_variance), _over_labels(given.gap_variance)


def _over_labels(variance: sp.Expr) -> sp.Expr:
    means = weight_means()
    return sp.Add(*(value * means.get(power, power) for power, value in _by_weights(variance)))


def _by_weights(expression: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    poly = sp.Poly(expression, *WEIGHTS)
    return [(sp.Mul(*(w**k for w, k in zip(WEIGHTS, powers, strict=True))), c) for powers, c in poly.terms()]


@cache
def iid_moments() -> Moments:
    """The four moments with i.i.d. labels, in m_S >= 4, m_G, d, rho_1 and rho_2; variances are within plus between."""
    (risk_within, gap_within), (risk_between, gap_between) = _within_counts(), between_counts()
    return Moments(
        mean_test_risk=d / 2 * (1 + (m_S + 3 * m_G + m_G * (m_G + 1) * rho_1 / 2) / m_T**2),
        test_risk_variance=sp.factor(risk_within) + risk_between,
        mean_gap=d * (m_S + 3 * m_G - m_G * (m_S - 1) * rho_1 / 2) / m_T**2,
        gap_variance=sp.factor(gap_within) + gap_between,
    )


def exact_iid_moments(real: int, generated: int, dimension: int) -> Moments:
    """Compute the four moments with i.i.d. labels as rational numbers.

    Args:
        real: m_S, an integer >= 4.
        generated: m_G, an integer >= 0.
        dimension: d, an integer >= 1.

    Raises:
        ValueError: m_S is below 4.
    """
    one, two = (reciprocal_mean(real, power) for power in (1, 2))
    at = {m_S: real, m_G: generated, d: dimension, rho_1: sp.Rational(one), rho_2: sp.Rational(two)}
    return iid_moments().subs({symbol: sp.sympify(value) for symbol, value in at.items()})


def _count_steps() -> tuple[Step, ...]:
    # The moments of g_+ from its generating function, and of the weights.
    t = sp.Symbol("t", real=True)
    generating = ((1 + sp.exp(t)) / 2) ** m_G
    law = fair_binomial(m_G)
    stated = {
        1: m_G / 2,
        2: m_G * (m_G + 1) / 4,
        3: m_G**2 * (m_G + 3) / 8,
        4: m_G * (m_G + 1) * (m_G**2 + 5 * m_G - 2) / 16,
    }
    return (
        Step(
            name="fair coins",
            says="The moments of g_+, from its generating function ((1 + e^t)/2)^m_G.",
            rule="calculus",
            computed={f"E g_+^{k}": sp.expand(sp.diff(generating, t, k).subs(t, 0)) for k in stated},
            stated={f"E g_+^{k}": value for k, value in stated.items()},
            conditions={"the law has them": all(sp.expand(law(k) - value) == 0 for k, value in stated.items())},
        ),
        Step(
            name="reciprocals",
            says="A product of reciprocals is a sum of them.",
            rule="identity",
            computed={"1/(n_+ n_-)": 1 / (n_plus * n_minus)},
            stated={"1/(n_+ n_-)": (1 / n_plus + 1 / n_minus) / (n_plus + n_minus)},
        ),
        Step(
            name="weights",
            says="The means over all labels, with rho_i the mean of 1/n_+^i.",
            rule="calculus",
            computed={str(w): label_mean(w) for w in weight_means()},
            stated={str(w): value for w, value in weight_means().items()},
            uses=("fair coins", "reciprocals"),
        ),
    )


@cache
def iid_label_moments() -> Derivation:
    """Derive the four moments with i.i.d. labels.

    Returns:
        The derivation; its conclusion is the variance of the gap, in m_S, m_G, d, rho_1 and rho_2.
    """
    given, stated = stated_moments(), iid_moments()
    risk, gap = given.mean_test_risk, given.mean_gap
    within = tuple(label_mean(sp.expand(value)) for value in (given.test_risk_variance, given.gap_variance))
    between = tuple(sp.factor(label_mean(sp.expand(mean**2)) - label_mean(mean) ** 2) for mean in (risk, gap))
    risk_between, gap_between = between_counts()
    risk_within, gap_within = _within_counts()
    steps = (
        *_count_steps(),
        Step(
            name="means",
            says="Of test risk and gap.",
            rule="calculus",
            computed={"test risk": label_mean(risk), "gap": label_mean(gap)},
            stated={"test risk": stated.mean_test_risk, "gap": stated.mean_gap},
            uses=("weights",),
        ),
        Step(
            name="within",
            says="The mean over the labels of the variance given the counts.",
            rule="calculus",
            computed={"test risk": within[0], "gap": within[1]},
            stated={"test risk": risk_within, "gap": gap_within},
            uses=("weights",),
        ),
        Step(
            name="between",
            says="The variance over the labels of the mean given the counts, which all coordinates share.",
            rule="calculus",
            computed={"test risk": between[0], "gap": between[1]},
            stated={"test risk": risk_between, "gap": gap_between},
            uses=("weights",),
        ),
        Step(
            name="variance",
            says="Within plus between.",
            rule="assembly",
            computed={"test risk": within[0] + between[0], CONCLUSION: within[1] + between[1]},
            stated={"test risk": stated.test_risk_variance, CONCLUSION: stated.gap_variance},
            uses=("within", "between"),
        ),
    )
    return Derivation(
        name="moments of the mixture's gap, i.i.d. labels",
        assumes=(
            "the class counts' moments (moments of the mixture's gap), whether or not a generated class is empty",
            "labels of S and of S_G are independent fair coins, those of S given 2 <= n_+ <= m_S - 2",
        ),
        steps=steps,
    )
