"""What i.i.d. labels change in the mixture's mean gap and risks: nothing up to order m_S^-2 but a lasting rise.

The mean gap falls with every generated example after the first; the mean test risk is above that without augmentation
at every m_G >= 1 and stays above for m_G -> oo, as the generated labels are fair coins whatever the counts of S are.

Source: derived here, from `theory.mixture_iid` and `theory.mixture_reciprocals`.
"""

from __future__ import annotations

import sympy as sp

from theory.arises import Outside, Value
from theory.derivation import CONCLUSION, Derivation, Step
from theory.mixture_consequences import gamma
from theory.mixture_iid import iid_moments
from theory.mixture_moments import Moments, balanced_moments
from theory.mixture_reciprocals import LEAST, ORDER, epsilon, expansion, reciprocal_mean, rho_1, rho_2, taylor
from theory.symbols import d, m_G, m_S

jensen = sp.Symbol("x", nonnegative=True)
"""What rho_1 is above 2/m_S."""
_m = sp.Symbol("m", positive=True)
_n = sp.Symbol("n", positive=True)
_beyond = sp.Symbol("t", nonnegative=True)
_size = sp.Symbol("m_G", positive=True)

IID = "labels of S and of S_G are fair coins, those of S given 2 <= n_+ <= m_S - 2; the pooled variance"


def _bounds() -> tuple[Step, Step]:
    """Bound rho_1 from below by 2/m_S and from above by 6/(m_S - 1)."""
    tangent = 4 / _m - 4 * _n / _m**2
    # 1/n <= (1 + 1/LEAST)/(n + 1), and the mean of 1/(n + 1) is below 2/(m + 1) over the chance of the condition.
    factor = 1 + sp.Rational(1, LEAST)
    lost = (2 * _m + 2) / 2**_m
    chance = 1 - lost.subs(_m, 5)
    upper = factor * 2 / (_m + 1) / chance
    margin = sp.factor(6 / (_m - 1) - upper)
    ratio = sp.simplify(lost.subs(_m, _m + 1) / lost)
    above_four = margin.subs(_m, 5 + _beyond)
    four = sp.Rational(reciprocal_mean(4, 1))
    return (
        Step(
            name="below",
            says="1/n is above its tangent at m/2, the mean of n: rho_1 >= 2/m, equal only where n is m/2 surely.",
            rule="elementary inequality",
            computed={"margin": sp.factor(1 / _n - tangent), "mean of the tangent": tangent.subs(_n, _m / 2)},
            stated={"margin": (2 * _n - _m) ** 2 / (_n * _m**2), "mean of the tangent": 2 / _m},
        ),
        Step(
            name="above",
            says="1/n <= (3/2)/(n + 1), of mean below 2/(m + 1) over the condition's chance; that rises from m = 5 on.",
            rule="elementary inequality",
            computed={"chance at 5": chance, "ratio lost": ratio, "margin below 6/(m - 1)": margin, "at 4": 2 - four},
            stated={
                "chance at 5": sp.Rational(5, 8),
                "ratio lost": (_m + 2) / (2 * (_m + 1)),
                "margin below 6/(m - 1)": 6 * (_m + 9) / (5 * (_m - 1) * (_m + 1)),
                "at 4": sp.Rational(3, 2),
            },
            conditions={
                "the margins are positive": bool(above_four.is_positive and four < 2),
                "less is lost at m + 1": sp.cancel(1 - ratio).is_positive,
            },
        ),
    )


def iid_consequences() -> Derivation:
    """Derive what becomes of the mean gap and of the mean test risk as m_G grows, with i.i.d. labels.

    Returns:
        The derivation; its conclusion is the limit of the mean test risk for m_G -> oo, at a fixed m_S.
    """
    moments = iid_moments().subs({m_G: _size})
    total = m_S + _size
    weight = sp.Symbol("c", real=True)
    form = d * (m_S + weight * _size) / total**2
    solved = sp.solve(sp.cancel((moments.mean_gap - form) * total**2 / d), weight)[0]
    fall = sp.expand(sp.cancel((form - form.subs(_size, _size + 1)) * total**2 * (total + 1) ** 2 / d))
    largest = 2 + 1 / m_S
    at_zero, at_largest = (sp.expand(fall.subs(weight, value)) for value in (0, largest))
    risk = moments.mean_test_risk
    rise = sp.factor(risk.subs(rho_1, 2 / m_S + jensen) - risk.subs(_size, 0))
    limit = sp.limit(risk, _size, sp.oo)
    steps = (
        *_bounds(),
        Step(
            name="form",
            says="The mean gap is d (m_S + c m_G)/m_T^2; c is between these as rho_1 is between its bounds.",
            rule="identity",
            computed={
                "c": solved,
                "largest": solved.subs(rho_1, 2 / m_S),
                "least": solved.subs(rho_1, 6 / (m_S - 1)),
            },
            stated={"c": 3 - (m_S - 1) * rho_1 / 2, "largest": largest, "least": sp.Integer(0)},
            uses=("below", "above"),
        ),
        Step(
            name="gap falls",
            says="From m_G to m_G + 1 it falls by this over m_T^2 (m_T + 1)^2/d: linear in c, so see both ends.",
            rule="calculus",
            computed={"at c = 0": at_zero, "at the largest c": at_largest, "first step": at_largest.subs(_size, 0)},
            stated={
                "at c = 0": m_S * (2 * total + 1),
                "at the largest c": _size * (2 * m_S + 2 * _size + 2 + (_size + 1) / m_S),
                "first step": sp.Integer(0),
            },
            conditions={
                "it is linear in c": sp.Poly(fall, weight).degree() == 1,
                "both are positive for m_G >= 1": at_zero.is_positive and at_largest.is_positive,
            },
            uses=("form",),
        ),
        Step(
            name="gap vanishes",
            says="For m_G -> oo.",
            rule="calculus",
            computed={"limit": sp.limit(moments.mean_gap, _size, sp.oo)},
            stated={"limit": sp.Integer(0)},
            arises={"limit": Outside("a limit")},
        ),
        Step(
            name="test risk",
            says="It is above that without augmentation at every m_G >= 1, with rho_1 = 2/m_S + x.",
            rule="calculus",
            computed={"rise": rise},
            stated={"rise": d * _size / (2 * total**2) * (1 + 1 / m_S + jensen * (_size + 1) / 2)},
            conditions={"it is positive": rise.is_positive},
            uses=("below",),
        ),
        Step(
            name="limit",
            says="For m_G -> oo it stays above by d x/4, and returns at m_S = 4 only, where the counts of S are equal.",
            rule="calculus",
            computed={
                "excess": sp.expand((limit - risk.subs(_size, 0)).subs(rho_1, 2 / m_S + jensen)),
                "x at m_S = 4": sp.Rational(reciprocal_mean(4, 1)) - sp.Rational(1, 2),
                CONCLUSION: limit,
            },
            stated={"excess": d * jensen / 4, "x at m_S = 4": sp.Integer(0), CONCLUSION: d / 2 * (1 + rho_1 / 2)},
            arises={"excess": Value(limit - risk.subs(_size, 0), {rho_1: 2 / m_S + jensen}),
                    CONCLUSION: Outside("a limit")},
            uses=("below",),
        ),
    )  # fmt: skip
    return Derivation("mean gap and test risk with i.i.d. labels", (IID, "m_S >= 4"), steps)


def at_large(moments: Moments, orders: Moments) -> Moments:
    """Expand moments for m_S -> oo at a fixed gamma = m_G/m_S, in epsilon = 1/m_S.

    Args:
        moments: in m_S, m_G, d, rho_1 and rho_2.
        orders: the largest power of epsilon to keep in each, integers up to `ORDER`.
    """
    known = {rho_1: expansion(1), rho_2: expansion(2), m_G: gamma / epsilon, m_S: 1 / epsilon}
    large = moments.map(lambda value: value.subs({m_G: gamma * m_S}).subs(known))
    pairs = zip(large.named().values(), orders.named().values(), strict=True)
    return Moments(*(taylor(value, int(order)) for value, order in pairs))


def _bounded(expression: sp.Expr) -> bool:
    """Tell whether the coefficients of rho_1 and rho_2 stay bounded, so that their remainders pass on unenlarged."""
    at = sp.together(expression.subs(m_G, gamma * m_S).subs(m_S, 1 / epsilon))
    coefficients = sp.Poly(sp.expand(sp.numer(at)), rho_1, rho_2).coeffs()
    limits = (sp.limit(sp.cancel(c / sp.denom(at)), epsilon, 0) for c in coefficients)
    return all(limit.is_finite for limit in (value.subs({gamma: 1, d: 1}) for value in limits))


def iid_expansion() -> Derivation:
    """Derive the four moments with i.i.d. labels for m_S -> oo at a fixed gamma, up to relative order m_S^-2.

    Returns:
        The derivation; its conclusion is what the mean gap exceeds that with balanced labels by.
    """
    orders = Moments(*(sp.Integer(order) for order in (3, 4, 3, 4)))
    found = at_large(iid_moments(), orders)
    apart = {
        name: sp.factor(sp.expand(getattr(found, name) - taylor(_in_epsilon(getattr(balanced_moments(), name)), 3)))
        for name in ("mean_test_risk", "mean_gap")
    }
    base = 1 + gamma
    e = epsilon
    steps = (
        Step(
            name="remainders",
            says="What the moments multiply rho_1 and rho_2 by is bounded: their remainders are passed on as they are.",
            rule="calculus",
            computed={"order kept": sp.Integer(ORDER)},
            stated={"order kept": sp.Integer(5)},
            arises={"order kept": Outside("an order of growth")},
            conditions={name: _bounded(value) for name, value in iid_moments().named().items()},
        ),
        Step(
            name="means",
            says="Of test risk and gap, with epsilon = 1/m_S.",
            rule="calculus",
            computed={"test risk": found.mean_test_risk, "gap": found.mean_gap},
            stated={
                "test risk": d / 2
                * (1 + e * (gamma**2 + 3 * gamma + 1) / base**2 + e**2 * gamma / base
                   + e**3 * gamma * (3 * gamma + 1) / base**2),
                "gap": d * (e * (1 + 2 * gamma) - 2 * e**3 * gamma) / base**2,
            },
            uses=("remainders",),
        ),
        Step(
            name="variances",
            says="The share between the class counts is of order d^2/m_S^4.",
            rule="calculus",
            computed={"test risk": found.test_risk_variance, "gap": found.gap_variance},
            stated={"test risk": stated_risk_variance(), "gap": stated_gap_variance()},
            uses=("remainders",),
        ),
        Step(
            name="beside balanced labels",
            says="The mean gap is the same up to order m_S^-2, the test risk is higher from order m_S^-2 on.",
            rule="calculus",
            computed={"test risk": apart["mean_test_risk"], CONCLUSION: apart["mean_gap"]},
            stated={
                "test risk": d * e**2 * gamma / 2 * (base + e * (1 + 3 * gamma)) / base**2,
                CONCLUSION: -2 * d * e**3 * gamma / base**2,
            },
            uses=("means",),
        ),
    )  # fmt: skip
    return Derivation("moments with i.i.d. labels for large m_S", (IID, "m_S -> oo, gamma = m_G/m_S fixed"), steps)


def _in_epsilon(expression: sp.Expr) -> sp.Expr:
    return expression.subs(m_G, gamma * m_S).subs(m_S, 1 / epsilon)


def stated_risk_variance() -> sp.Expr:
    """The variance of the test risk up to ``epsilon^4``."""
    powers = {
        2: (gamma**2 + 3 * gamma + 1) ** 2,
        3: gamma * (2 * gamma**3 + 8 * gamma**2 + 11 * gamma + 2),
        4: gamma * (9 * gamma**3 + 26 * gamma**2 + 21 * gamma + 2) + d * gamma**2 * (1 + gamma) ** 2,
    }
    return d / (2 * (1 + gamma) ** 4) * sp.Add(*(epsilon**k * value for k, value in powers.items()))


def stated_gap_variance() -> sp.Expr:
    """The variance of the gap up to ``epsilon^4``."""
    powers = {
        1: (gamma**2 + 3 * gamma + 1) * (1 + gamma) ** 2 / 2,
        2: gamma * (2 * gamma**3 + 7 * gamma**2 + 8 * gamma + 1),
        3: gamma * (3 * gamma**3 + 7 * gamma**2 + 7 * gamma - 3),
        4: gamma * (7 * gamma**3 + 23 * gamma**2 + 25 * gamma + 5) + d * gamma * (1 + gamma) ** 2,
    }
    return d / (1 + gamma) ** 4 * sp.Add(*(epsilon**k * value for k, value in powers.items()))
