"""The dependence T of a generated sample on one real example, derived: kernel density estimate, fitted family.

T(m_S, m_G) is the total variation between m_G draws before and after one of the m_S examples is exchanged.
"""

from __future__ import annotations

import sympy as sp

from theory.arises import Outside, added, times
from theory.derivation import CONCLUSION, Derivation, Step
from theory.lemmas import KL, PRODUCT_TV
from theory.setting import m, m_G
from theory.symbols import D_TV
from theory.symbols import m_G as m_G_symbol

influence = sp.Symbol("influence", positive=True)
"""By at most influence/m the fitted parameter changes with one example."""
fisher = sp.Symbol("fisher", positive=True)
"""Upper end of the Fisher information's eigenvalues over the family."""


def kernel_dependence() -> Derivation:
    """Derive T of a kernel density estimate: at most m_G/m_S, as one example has weight 1/m_S in its law."""
    each = (1 / m) * sp.Rational(1, 2) * (1 + 1)
    one = Step(
        name="one draw",
        says="Two mixtures with a component of weight 1/m_S exchanged differ by half its L1 norm and its substitute's.",
        rule="calculus",
        computed={"tv": each},
        stated={"tv": 1 / m},
        arises={"tv": times(1 / m, sp.Rational(1, 2), added([sp.S.One, sp.S.One]))},
    )
    # The components may be mutually singular: nothing is known of the divergence KL.
    application = PRODUCT_TV.apply({D_TV: each, KL: sp.oo, m_G_symbol: m_G}, {"laws": True})
    sample = application.conclusion
    product = Step(
        name="sample",
        says="Total variation of i.i.d. samples is sub-additive.",
        rule="lemma",
        computed={CONCLUSION: sp.Min(1, sample)},
        stated={CONCLUSION: sp.Min(1, m_G / m)},
        arises={CONCLUSION: sp.Min(1, times(m_G, one.arises["tv"]), evaluate=False)},
        application=application,
        uses=("one draw",),
        axioms=(PRODUCT_TV,),
    )
    # Kernels with disjoint supports tell the two samples apart as soon as the component is drawn once.
    lower = 1 - (1 - each) ** m_G
    tight = Step(
        name="lower end",
        says="It is attained up to a constant: two far examples give 1 - (1 - 1/m_S)^m_G.",
        rule="calculus",
        computed={"at m_G = m_S": sp.limit(lower.subs(m_G, m), m, sp.oo)},
        stated={"at m_G = m_S": 1 - sp.exp(-1)},
        arises={"at m_G = m_S": Outside("a limit")},
        uses=("one draw",),
    )
    return Derivation(
        name="dependence of a kernel density estimate",
        assumes=("kernel a density; bandwidth fixed in advance, not fitted to S",),
        steps=(one, tight, product),
        notes=("a kernel of higher order, its negative part cut off, changes the constant only",),
    )


def family_dependence() -> Derivation:
    """Derive T of a fitted regular family: at most of the order sqrt(m_G)/m_S, by the divergences of single draws."""
    change = influence / m
    divergence, half = fisher * change**2 / 2, sp.Rational(1, 2)
    # Of the lemma's two bounds the one by KL is meant here: the other is left out.
    application = PRODUCT_TV.apply({D_TV: sp.oo, KL: divergence, m_G_symbol: m_G}, {"laws": True})
    sample = application.conclusion
    steps = (
        Step(
            name="one draw",
            says="Laws with parameters this far apart have a divergence of half the information times its square.",
            rule="calculus",
            computed={"KL": divergence},
            stated={"KL": fisher * influence**2 / (2 * m**2)},
            arises={"KL": times(fisher, sp.Pow(times(influence, 1 / m), 2, evaluate=False), sp.Rational(1, 2))},
        ),
        Step(
            name="sample",
            says="Divergences of i.i.d. draws add up; Pinsker.",
            rule="lemma",
            computed={CONCLUSION: sp.Min(1, sample)},
            stated={CONCLUSION: sp.Min(1, influence * sp.sqrt(fisher * m_G) / (2 * m))},
            arises={CONCLUSION: sp.Min(1, sp.Pow(times(m_G, divergence, half), half, evaluate=False), evaluate=False)},
            application=application,
            uses=("one draw",),
            axioms=(PRODUCT_TV,),
        ),
    )
    return Derivation(
        name="dependence of a fitted family",
        assumes=(
            "one example changes the fitted parameter by at most influence/m_S, for all data (bounded statistics)",
            "the Fisher information is at most fisher along every segment between fitted parameters",
        ),
        steps=steps,
    )
