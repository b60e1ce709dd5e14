"""When m_G generated examples lower the bound at fixed sizes, however large: the learner's stability left aside.

With beta = T = 0 what is left of the bound is the divergence and the fluctuation of the losses. That is no best case
for augmentation: T is there with augmentation only, but beta is what it lowers. With W the bound without augmentation,

    bound(m_G) - W >= m_G/m_T (M D_TV - (1 - sqrt(m_S/m_G)) W),

an equality in the order form. So a gain needs m_G > m_S and M D_TV < W, and more of both the smaller m_G is. Where beta
counts there may be a gain without either; where beta = o(M), as d grows, it does not count.

Source: derived here, from both forms of `theory.stability`.
"""

from __future__ import annotations

import sympy as sp

from theory.derivation import CONCLUSION, Derivation, Step
from theory.lemmas import c_iid
from theory.stability import Bound, explicit_form, order_form
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, M, T, beta, delta, m_G, m_S

kappa = sp.Symbol("kappa", positive=True)
"""Weight of the fluctuation without augmentation: ``M kappa/sqrt(m_S)``."""
W = sp.Symbol("W", positive=True)
"""The bound without augmentation, ``M kappa/sqrt(m_S)``."""
WEIGHTS = {
    "order form": sp.sqrt(sp.log(sp.E / delta)),
    "explicit form": sp.E * c_iid * sp.sqrt(sp.log(sp.E / delta)),
}
"""What kappa is in each form. With augmentation the explicit form has delta/3 for delta."""


def without_stability(bound: Bound) -> sp.Expr:
    """Return what is left of a bound at m_G >= 1 with beta = T = 0."""
    return sp.expand_log(bound.subs({m_G: AUGMENTED, beta: 0, T: 0}).total, force=False)


def gain() -> Derivation:
    """Derive when the bound falls with m_G >= 1 generated examples, for beta = T = 0.

    Returns:
        The derivation; its conclusion is the D_TV from which on it does not fall, in m_S, m_G, M and W.
    """
    size = m_S + AUGMENTED
    kept = M * (AUGMENTED * D_TV + kappa * (sp.sqrt(m_S) + sp.sqrt(AUGMENTED))) / size
    forms = {"order form": order_form(), "explicit form": explicit_form(None)}
    remaining = {name: without_stability(form) for name, form in forms.items()}
    without = {name: form.subs({m_G: 0, beta: 0}).total for name, form in forms.items()}
    shared = {"order form": delta, "explicit form": delta / 3}
    share = sp.expand_log(sp.log(3 * sp.E / delta) - sp.log(sp.E / delta), force=True)
    difference = (kept - M * kappa / sp.sqrt(m_S)).subs(kappa, W * sp.sqrt(m_S) / M)
    slack = (1 - sp.sqrt(m_S / AUGMENTED)) * W
    (border,) = sp.solve(difference, D_TV)
    first = Step(
        name="without",
        says="Without augmentation and with beta = 0 both forms are a fluctuation of weight kappa.",
        rule="calculus",
        computed=without,
        stated={name: M * weight / sp.sqrt(m_S) for name, weight in WEIGHTS.items()},
    )
    second = Step(
        name="with",
        says="With it they are the divergence and a fluctuation of this weight, or a larger one where delta is shared.",
        rule="calculus",
        computed={**remaining, "share": share},
        stated={**{name: kept.subs(kappa, w.subs(delta, shared[name])) for name, w in WEIGHTS.items()},
                "share": sp.log(3)},
        conditions={"sharing delta costs": share.is_positive},
        uses=("without",),
    )  # fmt: skip
    third = Step(
        name="difference",
        says="So the bound changes by this at least, with kappa = W sqrt(m_S)/M.",
        rule="calculus",
        computed={"difference": difference},
        stated={"difference": AUGMENTED / size * (M * D_TV - slack)},
        uses=("without", "with"),
    )
    margin = sp.simplify(W - M * border)
    fourth = Step(
        name="gain",
        says="It can fall only if D_TV is below this: less than W/M, and positive for m_G > m_S only.",
        rule="calculus",
        computed={"margin": margin, CONCLUSION: border},
        stated={"margin": W * sp.sqrt(m_S / AUGMENTED), CONCLUSION: slack / M},
        conditions={"the margin is positive": margin.is_positive},
        uses=("difference",),
    )
    return Derivation(
        name="gain at fixed sizes",
        assumes=("the general bound at m_G >= 1; beta = T = 0",),
        steps=(first, second, third, fourth),
        notes=("at D_TV = 1 a gain needs W > M: the bound without augmentation then says nothing",),
    )
