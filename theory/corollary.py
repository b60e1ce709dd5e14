"""The corollary, derived: when the bound with the most efficient augmentation is of smaller order than without.

For beta_n = n^-b and D_TV = m^-t, all b, t > 0 at once, the steps show that (i) every term of the mixed part vanishes
as m_G -> oo at fixed m_S; (ii) without augmentation the bound is of order max(beta_m log m, m^-1/2); (iii) at the most
efficient m_G it is of the order of the divergence; so (iv) it is faster exactly where the divergence is o of (ii).
What (iii) and (iv) say holds wherever m*_G exists (`verdict_by_divergence`). `COUNTEREXAMPLES` shows what the source's
corollary needs beyond what it states, `BEYOND_POWERS` where its conclusion holds, if at no m*_G.

Source: Zheng, Wu, Li (2023), Corollary 3.1, reconstructed.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.arises import Outside
from theory.augmentation import Case, rate, verdict
from theory.derivation import CONCLUSION, Derivation, Step
from theory.functions import n_log_en
from theory.order import Cases, Order, cases_of, dominant, is_o, is_Theta, order_of
from theory.setting import Setting, m, m_G

b, t = sp.symbols("b t", positive=True)
HALF = sp.Rational(1, 2)
FAMILY = Setting(m**-b, m**-t)
"""A learner and a generator with power orders; T = 0."""
INDEPENDENT, DEPENDENT = sp.S.Zero, sp.S.One
"""The two extremes of the dependence, between which every T lies."""


def mixed_limits(dependence: sp.Expr, size: int = 8) -> dict[str, sp.Expr]:
    """Take m_G -> oo at a fixed m_S in every term of the bound but the divergence."""
    terms = Setting(m**-b, m**-t, dependence).bound().terms
    written = {k: v.replace(n_log_en, n_log_en.definition) for k, v in terms.items() if k != "divergence"}
    return {k: sp.limit(sp.piecewise_fold(v.subs(m, size)).subs(m_G, _growing), _growing, sp.oo)
            for k, v in written.items()}  # fmt: skip


_growing = sp.Symbol("n", integer=True, positive=True)


def vanishing_step() -> Step:
    """Check that the mixed part vanishes, at both extremes of the dependence."""
    limits = {f"{k}, T = {T}": v for T in (INDEPENDENT, DEPENDENT) for k, v in mixed_limits(T).items()}
    return Step(
        name="the mixed part vanishes",
        says="As m_G -> oo at fixed m_S every term but the divergence tends to 0.",
        rule="calculus",
        computed=limits,
        stated=dict.fromkeys(limits, sp.S.Zero),
        arises=dict.fromkeys(limits, Outside("a limit")),
    )


def reference() -> Cases:
    """Order of the bound without augmentation, as the corollary states it: ``max(beta_m log m, m^-1/2)``."""
    return dominant(order_of(FAMILY.beta * sp.log(m), m), Order(-HALF))


def without_step() -> Step:
    """Compare the order without augmentation with the one stated."""
    return Step(
        name="without augmentation",
        says="The bound at m_G = 0 is of order max(beta_m log m, m^-1/2).",
        rule="calculus",
        computed={"order": rate(FAMILY, None).as_expr(m)},
        stated={"order": reference().as_expr(m)},
        arises={"order": Outside("an order of growth")},
        conditions={"the same in every case": is_Theta(rate(FAMILY, None), reference()) is True},
    )


def at_best_step(cases: tuple[Case, ...]) -> Step:
    """Check that at the most efficient m_G the bound is of the order of the divergence, in every case."""
    orders = {str(case.condition): case.with_most_efficient for case in cases}
    divergence = Order(-t)
    return Step(
        name="at the most efficient m_G",
        says="There the bound is of the order of the divergence.",
        rule="calculus",
        computed={key: (order or Order()).as_expr(m) for key, order in orders.items()},
        stated=dict.fromkeys(orders, divergence.as_expr(m)),
        arises=dict.fromkeys(orders, Outside("an order of growth")),
        uses=("the mixed part vanishes",),
    )


def corollary_step(cases: tuple[Case, ...]) -> Step:
    """Check that in every case the verdict is what the divergence against the order without augmentation says."""
    divergence = Order(-t)
    conditions = {
        f"{case.verdict} where {case.condition}": word_of(divergence, case.no_augmentation, case.condition)
        == case.verdict
        for case in cases
    }
    return Step(
        name="corollary",
        says="The rate is faster, no faster or slower as D_TV is o, Theta or omega of max(beta_m log m, m^-1/2).",
        rule="assembly",
        computed={CONCLUSION: divergence.as_expr(m)},
        stated={CONCLUSION: FAMILY.tv},
        arises={CONCLUSION: Outside("an order of growth")},
        conditions=conditions,
        uses=("without augmentation", "at the most efficient m_G"),
    )


def word_of(divergence: Order | Cases, without: Order | Cases, where: Boolean) -> str | None:
    """Say what the divergence against the order without augmentation makes of the rate; None if that depends."""
    faster, same = is_o(divergence, without, where), is_Theta(divergence, without, where)
    return "faster" if faster is True else "no faster" if same is True else "slower" if faster is False else None


def verdict_by_divergence(setting: Setting, case: Case) -> bool:
    """Tell whether, at a case's m*_G, the bound is of the order of M D_TV, and its verdict what that makes of the rate.

    It has to be: by the definition of m*_G the rest is at most of that order, and at m_G >= m_S the divergence itself
    is M D_TV m_G/m_T >= M D_TV/2.
    """
    where = sp.And(setting.assumptions, case.condition)
    divergence = cases_of(setting.tv * setting.loss_bound, m, where)
    stability, sampling = setting.beta * sp.log(m), setting.loss_bound / sp.sqrt(m)
    without = dominant(cases_of(stability, m, where), cases_of(sampling, m, where))
    there = case.with_most_efficient
    same = there is not None and is_Theta(there, divergence, where) is True
    return same and word_of(divergence, without, where) == case.verdict


def corollary() -> Derivation:
    """Derive the corollary for all power orders at once."""
    cases = verdict(FAMILY)
    return Derivation(
        name="corollary: when augmentation gives a faster rate",
        assumes=("beta_n = n^-b and D_TV = m^-t with b, t > 0; M constant", "m_G of order at least m_S"),
        steps=(vanishing_step(), without_step(), at_best_step(cases), corollary_step(cases)),
        notes=("logarithms, a growing M and T change the orders, not the argument: see verdict_by_divergence",),
    )


@dataclass(frozen=True)
class Counterexample:
    """A setting in which the corollary's condition holds, and its conclusion does not, or at no m*_G.

    Args:
        says: what the corollary needs beyond what it states, or how its conclusion holds.
        setting: the setting, without symbols.
    """

    says: str
    setting: Setting

    @property
    def condition_holds(self) -> bool:
        """Whether ``D_TV = o(max(beta_m log m / M, m^-1/2))``."""
        stability = order_of(self.setting.beta * sp.log(m) / self.setting.loss_bound, m)
        if self.setting.tv == 0:
            return True
        return is_o(order_of(self.setting.tv, m), dominant(stability, Order(-HALF))) is True

    @property
    def case(self) -> Case:
        """What the setting's verdict is."""
        (case,) = verdict(self.setting)
        return case


_STABLE = "for bounded M, beta_n log n -> 0: else the stability term stays, whatever m_G is"
COUNTEREXAMPLES: tuple[Counterexample, ...] = (
    Counterexample(_STABLE, Setting(1 / sp.log(m), m**-HALF)),
    Counterexample(_STABLE, Setting(sp.S.One, m**-HALF)),
)
"""The corollary's condition holds, and no amount is faster, of a power of m_S or not.

The stability terms are at least ``beta_n (m_S log m_S + m_G log m_G)/m_T >= beta_n log(m_T/2)`` at ``n = m_T``.
"""
BEYOND_POWERS = (
    Counterexample(
        "beta_n log n falls more slowly than any power: no m_G of any power of m_S is faster, exp(sqrt(m_S)) is",
        Setting(1 / sp.log(m) ** 2, m**-HALF),
    ),
    Counterexample("D_TV = 0: there are faster amounts, and no most efficient one", Setting(1 / m, 0)),
)
"""The corollary's condition holds, and so does its conclusion; but there is no m*_G of any power of m_S."""
