"""What falls when Gen falls: the mixture's mean gap, risks and variance of the gap under augmentation, balanced labels.

Gen is test risk less train risk. Every statement is proved for all even m_S >= 4 and all gamma = m_G/m_S > 0: signs are
those of polynomials whose coefficients have one sign, with m_S written as its least value plus a number >= 0.

Source: derived here, from the moments of `theory.mixture_moments`.
"""

from __future__ import annotations

import sympy as sp

from theory.arises import Inequality, Outside, Slope, Value, added, times
from theory.derivation import CONCLUSION, Derivation, Step
from theory.mixture_moments import balanced_moments
from theory.symbols import d, m_G, m_S, m_T

gamma = sp.Symbol("gamma", positive=True)
"""m_G / m_S, with augmentation."""
beyond = sp.Symbol("t", nonnegative=True)
"""m_S less its least value."""

BALANCED = "balanced labels, m_S and m_G even, m_S >= 4; the pooled variance; gamma = m_G/m_S"


def in_gamma(expression: sp.Expr) -> sp.Expr:
    """Put gamma m_S for m_G."""
    return sp.factor(expression.subs(m_G, gamma * m_S))


def positive(polynomial: sp.Expr, least: int) -> bool:
    """Tell whether a polynomial in m_S, and maybe gamma > 0, has positive coefficients from m_S = least on."""
    shifted = sp.Poly(sp.expand(polynomial.subs(m_S, least + beyond)), beyond, gamma)
    return not shifted.is_zero and all(c.is_positive for c in shifted.coeffs())


def rise(expression: sp.Expr) -> sp.Expr:
    """The change from m_G = 0 to m_G."""
    return sp.factor(expression - expression.subs(m_G, 0))


def what_falls() -> Derivation:
    """Derive the change of the mean gap, and of the two mean risks that it is the difference of.

    Returns:
        The derivation; its conclusion is the rise of the mean train risk.
    """
    moments = balanced_moments()
    risk, gap = moments.mean_test_risk, moments.mean_gap
    risks = {"test risk": risk, "train risk": risk - gap, "gap": gap}
    changes = {name: rise(value) for name, value in risks.items()}
    slopes = {name: sp.factor(sp.diff(in_gamma(value), gamma)) for name, value in risks.items()}
    limits = {name: sp.limit(in_gamma(value), gamma, sp.oo) for name, value in risks.items()}
    worst = in_gamma(changes["test risk"]).subs(gamma, 1)
    test_rise, gap_change = d * m_G / (2 * m_T**2), -d * m_G**2 / (m_S * m_T**2)
    steps = (
        Step(
            name="slopes",
            says="In gamma > 0 the mean gap falls, the train risk rises, the test risk rises to gamma = 1 and falls.",
            rule="calculus",
            computed=slopes,
            stated={
                "test risk": d * (1 - gamma) / (2 * m_S * (1 + gamma) ** 3),
                "train risk": d * (1 + 3 * gamma) / (2 * m_S * (1 + gamma) ** 3),
                "gap": -2 * d * gamma / (m_S * (1 + gamma) ** 3),
            },
            conditions={
                "the gap falls": slopes["gap"].is_negative,
                "the train risk rises": slopes["train risk"].is_positive,
                "the test risk turns at 1": sp.cancel(slopes["test risk"] / (1 - gamma)).is_positive,
            },
            arises={name: Slope(in_gamma(value), gamma) for name, value in risks.items()},
            claims={
                "the gap falls": Inequality(slopes["gap"], sp.S.Zero),
                "the train risk rises": Inequality(sp.S.Zero, slopes["train risk"], strict=True),
            },
        ),
        Step(
            name="limits",
            says="For gamma -> oo the gap vanishes and the test risk is again that without augmentation.",
            rule="calculus",
            computed={**limits, "without": risk.subs(m_G, 0)},
            stated={
                "test risk": d / 2 * (1 + 1 / m_S),
                "train risk": d / 2 * (1 + 1 / m_S),
                "gap": sp.Integer(0),
                "without": d / 2 * (1 + 1 / m_S),
            },
            arises={"gap": Outside("a limit"), "without": Value(risk, {m_G: sp.S.Zero})},
        ),
        Step(
            name="worst",
            says="Above that without at every gamma > 0, by at most this: this share of the excess over d/2.",
            rule="calculus",
            computed={"rise": worst, "share": worst / (risk.subs(m_G, 0) - d / 2)},
            stated={"rise": d / (8 * m_S), "share": sp.Rational(1, 4)},
            conditions={"it is above": in_gamma(changes["test risk"]).is_positive},
            arises={"rise": Value(in_gamma(changes["test risk"]), {gamma: sp.S.One})},
            uses=("slopes",),
        ),
        Step(
            name="what falls",
            says="The gap falls although the test risk rises, for the train risk rises 1 + 2 gamma times as much.",
            rule="identity",
            computed={
                "change of test risk": changes["test risk"],
                "change of gap": changes["gap"],
                "ratio": in_gamma(changes["train risk"] / changes["test risk"]),
                CONCLUSION: changes["train risk"],
            },
            stated={
                "change of test risk": test_rise,
                "change of gap": gap_change,
                "ratio": 1 + 2 * gamma,
                CONCLUSION: d * m_G * (m_S + 2 * m_G) / (2 * m_S * m_T**2),
            },
            conditions={"gap = test risk - train risk": sp.cancel(test_rise - changes["train risk"] - gap_change) == 0},
            arises={
                "change of test risk": added([risk, -risk.subs(m_G, 0)]),
                "change of gap": added([gap, -gap.subs(m_G, 0)]),
                CONCLUSION: added([test_rise, -gap_change]),
            },
            uses=("slopes",),
        ),
    )  # fmt: skip
    return Derivation("what falls when Gen falls", (BALANCED,), steps)


def gap_variance_turns() -> Derivation:
    """Derive that the variance of the gap is larger with augmentation, at every gamma > 0, and where it turns.

    Returns:
        The derivation; its conclusion is the limit of the variance for gamma -> oo.
    """
    variance = in_gamma(balanced_moments().gap_variance)
    without = balanced_moments().gap_variance.subs(m_G, 0)
    bottom = 2 * m_S**2 * (m_S - 2)
    raised = sp.expand(sp.cancel((variance - without) * bottom * (1 + gamma) ** 4 / (d * gamma)))
    slope = sp.Poly(sp.expand(sp.cancel(sp.diff(variance, gamma) * bottom * (1 + gamma) ** 5 / d)), gamma)
    zero, one, _two, three = (slope.coeff_monomial(gamma**power) for power in range(4))
    limit = sp.factor(sp.limit(variance, gamma, sp.oo))
    leading = sp.Poly(slope.as_expr(), m_S).LC()
    large = sp.limit(sp.cancel(variance / without), m_S, sp.oo)
    large_slope = sp.factor(sp.diff(large, gamma))
    stated_slope = (
        -(m_S**2 - 4 * m_S - 8) * gamma**3
        - (m_S**2 - 12 * m_S + 24) * gamma**2
        + (m_S**2 + 24 * m_S - 24) * gamma
        + m_S**2
        - 8
    )
    steps = (
        Step(
            name="rise",
            says="The variance over that without, times 2 m_S^2 (m_S - 2) (1 + gamma)^4/(d gamma): always above.",
            rule="calculus",
            computed={"rise": raised},
            stated={
                "rise": 4 * (m_S - 1) * gamma**3
                + (m_S**2 + 12 * m_S - 24) * gamma**2
                + 2 * (m_S**2 + 6 * m_S - 12) * gamma
                + m_S**2
                - 8
            },
            conditions={"it is positive": positive(raised, 4)},
        ),
        Step(
            name="slope",
            says="The slope in gamma, times 2 m_S^2 (m_S - 2) (1 + gamma)^5/d.",
            rule="calculus",
            computed={"slope": slope.as_expr()},
            stated={"slope": stated_slope},
        ),
        Step(
            name="m_S = 4",
            says="At m_S = 4 the slope is positive: the variance rises for ever.",
            rule="calculus",
            computed={"slope": slope.as_expr().subs(m_S, 4)},
            stated={"slope": 8 * gamma**3 + 8 * gamma**2 + 88 * gamma + 8},
            conditions={"it is positive": slope.as_expr().subs(m_S, 4).is_positive},
            arises={"slope": Value(slope.as_expr(), {m_S: sp.Integer(4)})},
            claims={"it is positive": Inequality(sp.S.Zero, slope.as_expr().subs(m_S, 4), strict=True)},
            uses=("slope",),
        ),
        Step(
            name="one turn",
            says="From m_S = 6 on the coefficients change sign once: one positive root (Descartes), a rise and a fall.",
            rule="calculus",
            computed={"constant": zero, "linear": one, "cubic": three},
            stated={"constant": m_S**2 - 8, "linear": m_S**2 + 24 * m_S - 24, "cubic": -(m_S**2) + 4 * m_S + 8},
            claims={
                "the constant coefficient is positive": Inequality(sp.S.Zero, zero, strict=True, given=(m_S - 6,)),
                "the linear one is positive": Inequality(sp.S.Zero, one, strict=True, given=(m_S - 6,)),
                "the cubic one is negative": Inequality(three, sp.S.Zero, strict=True, given=(m_S - 6,)),
            },
            conditions={
                "constant and linear coefficient are positive": positive(zero, 6) and positive(one, 6),
                "the cubic one is negative": positive(-three, 6),
            },
            uses=("slope",),
        ),
        Step(
            name="where",
            says="It turns beyond gamma = 1, where it still rises; at gamma = 1 in the limit m_S -> oo.",
            rule="calculus",
            computed={"slope at 1": slope.as_expr().subs(gamma, 1), "of order m_S^2": sp.factor(leading)},
            stated={"slope at 1": 40 * m_S - 48, "of order m_S^2": (1 - gamma) * (1 + gamma) ** 2},
            conditions={"it still rises": positive(slope.as_expr().subs(gamma, 1), 4)},
            uses=("one turn",),
        ),
        Step(
            name="large m_S",
            says="For m_S -> oo the variance is this multiple of d/(2 m_S): 5/4 at gamma = 1, and 1 at both ends.",
            rule="calculus",
            computed={"multiple": large, "at 1": large.subs(gamma, 1), "slope": large_slope,
                      "end": sp.limit(large, gamma, sp.oo)},
            stated={"multiple": 1 + gamma / (1 + gamma) ** 2, "at 1": sp.Rational(5, 4),
                    "slope": (1 - gamma) / (1 + gamma) ** 3, "end": sp.Integer(1)},
            uses=("rise",),
        ),
        Step(
            name="limit",
            says="For gamma -> oo it does not vanish, and stays above that without augmentation, d/(2 m_S).",
            rule="calculus",
            computed={"excess": sp.factor(limit - without), CONCLUSION: limit},
            stated={
                "excess": 2 * d * (m_S - 1) / (m_S**2 * (m_S - 2)),
                CONCLUSION: d * (1 / m_S**2 + 1 / (2 * (m_S - 2))),
            },
            conditions={"the excess is positive": positive(m_S - 1, 4) and positive(m_S - 2, 4)},
        ),
    )  # fmt: skip
    return Derivation(
        name="variance of the mixture's gap under augmentation",
        assumes=(BALANCED,),
        steps=steps,
        notes=("so the mean gap vanishes for gamma -> oo, and the gap does not: it keeps a spread of sqrt(d/(2 m_S))",),
    )


def critical_dimension() -> sp.Expr:
    """The d above which, and only there, the mean squared gap at gamma is below that without augmentation."""
    return (
        4 * (m_S - 1) * gamma**3
        + (m_S**2 + 12 * m_S - 24) * gamma**2
        + 2 * (m_S**2 + 6 * m_S - 12) * gamma
        + m_S**2
        - 8
    ) / (2 * (m_S - 2) * gamma * (gamma**2 + 4 * gamma + 2))


def mean_square_falls() -> Derivation:
    """Derive for which dimensions augmentation lowers the mean squared gap.

    Returns:
        The derivation; its conclusion is the critical dimension.
    """
    moments = balanced_moments()
    spread, mean = (in_gamma(rise(value)) for value in (moments.gap_variance, moments.mean_gap**2))
    gap = in_gamma(moments.mean_gap)
    change = spread / d + d * mean / d**2  # over d, linear in d
    (border,) = sp.solve(sp.numer(sp.together(change)), d)
    border = sp.factor(border)
    slope = sp.factor(sp.diff(border, gamma))
    falling = -sp.expand(sp.cancel(slope * 2 * (m_S - 2) * gamma**2 * (gamma**2 + 4 * gamma + 2) ** 2))
    steps = (
        Step(
            name="both parts",
            says="The variance rises like d, the mean's square falls like d^2: the fall, over d^2.",
            rule="calculus",
            computed={"fall": -mean / d**2},
            stated={"fall": gamma**2 * (gamma**2 + 4 * gamma + 2) / (m_S**2 * (1 + gamma) ** 4)},
            conditions={"it is a fall": (-mean).is_positive},
            arises={"fall": times(added([in_gamma(moments.mean_gap.subs(m_G, 0)) ** 2, -(gap**2)]), 1 / d**2)},
            claims={"it is a fall": Inequality(mean, sp.S.Zero, strict=True)},
        ),
        Step(
            name="critical dimension",
            says="The mean squared gap is below that without augmentation if and only if d is above this.",
            rule="calculus",
            computed={CONCLUSION: border},
            stated={CONCLUSION: critical_dimension()},
            uses=("both parts",),
        ),
    )
    shape = (
        Step(
            name="shape",
            says="Infinite at gamma = 0, where the mean is flat; from m_S = 6 on it falls with gamma, to this.",
            rule="calculus",
            computed={"reciprocal at 0": sp.limit(1 / border, gamma, 0), "at oo": sp.limit(border, gamma, sp.oo)},
            stated={"reciprocal at 0": sp.Integer(0), "at oo": 2 + 2 / (m_S - 2)},
            conditions={"it falls": positive(falling, 6)},
        ),
        Step(
            name="d >= m_S",
            says="From m_S = 6 and gamma = 1 on, d = m_S is above it by this at least.",
            rule="calculus",
            computed={"margin": sp.factor(m_S - border.subs(gamma, 1))},
            stated={"margin": (5 * m_S**2 - 28 * m_S + 30) / (7 * (m_S - 2))},
            conditions={"it is positive": positive(5 * m_S**2 - 28 * m_S + 30, 6) and positive(m_S - 2, 6)},
            uses=("shape",),
        ),
    )
    return Derivation("mean squared gap of the mixture under augmentation", (BALANCED,), (steps[0], *shape, steps[1]))
