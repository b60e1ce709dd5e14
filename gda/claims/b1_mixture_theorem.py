"""Theorem B1: the general bound for the Gaussian mixture, whose constants the claims C4 to C7 stand on."""

from __future__ import annotations

import sympy as sp

from gda import mixture_theorems
from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Check, Claim, Evidence
from theory.gaussian_mixture import constants
from theory.lemmas import PINSKER
from theory.mixture_dependence import dependence_is_one
from theory.mixture_theorem import EVENTS, constants_for_orders
from theory.order import order_of
from theory.symbols import m_G, m_S

COMMAND = "gda verify --claim B1"
CELLS = ((100, 2), (1_000, 2), (100_000, 2), (1_000, 50))
GAMMAS = (0, 1, 4)


def supremum_check() -> Check:
    """Ask whether T of the published generator, as the general bound takes it, is below 1."""
    chain = dependence_is_one()
    return Check(
        "T of the published generator",
        "Is T, the supremum over all data sets that differ in one example, below 1 for the published generator?",
        "identity",
        f"sup T = {chain.conclusion} at every m_S >= 4, m_G >= 1, d, sigma",
        "T <= C sqrt(m_G d) log(m_S d/delta)/m_S",
        False if chain.holds and chain.conclusion == 1 else None,
        COMMAND,
    )


def orders_check() -> Check:
    """Ask whether the amended theorem's constants are of the orders that the source states."""
    ratio = sp.Symbol("gamma", positive=True)
    pairs = {
        name: tuple(
            order_of(getattr(c, name).subs(m_G, ratio * m_S), m_S) for c in (constants_for_orders(), constants())
        )
        for name in ("M", "beta", "T", "D_TV")
    }
    return Check(
        "orders of the constants",
        "d fixed, m_G = gamma m_S: are M, beta, T and D_TV of the clipped mixture, which hold for all its data, of the "
        "orders that the source states?",
        "identity",
        "; ".join(f"{name}: {ours.as_expr(m_S)}" for name, (ours, _) in pairs.items()),
        "; ".join(f"{name}: {theirs.as_expr(m_S)}" for name, (_, theirs) in pairs.items()),
        all(ours == theirs for ours, theirs in pairs.values()),
        COMMAND,
        axioms=(PINSKER.key,),
    )


def findings() -> tuple[str, ...]:
    """Say what fails as stated and what the amendment is, and what it costs."""
    return (
        "As stated the general bound does not apply to the mixture: the loss is unbounded, the learner not uniformly "
        "stable, and T, a supremum over all data, is 1 at all sizes, because a learned variance can vanish or be "
        "arbitrarily large (pooled variances, as the source's theorem has them; examples bounded or not).",
        "The clipped mixture is the mixture on five events, each of which fails with probability delta/20 at most: "
        f"{'; '.join(EVENTS.values())}. The price of clipping is that probability, and the risk outside the clips "
        "(term *price* of `gda bound --setting bgmm --route stability`).",
        mixture_theorems.conclusion_finding(),
        mixture_theorems.cost_finding(),
    )


def gather(context: Context) -> Evidence:
    """Derive the supremum, the amended theorem and the sharper one; count how often they fail."""
    requests = [context.request(size, dim, GAMMAS, context.repeats // 2) for size, dim in CELLS]
    simulations = context.simulations(requests)
    cells = [(size, dim, cell) for (size, dim), s in zip(CELLS, simulations, strict=True) for cell in s.cells]
    chains = mixture_theorems.theorem_derivations()
    derived = tuple(derivation_check(chain, COMMAND) for chain in chains)
    return Evidence(
        stated=(supremum_check(),),
        amendment=(
            "With probability at least 1 - delta, Gen of the mixture (balanced labels, any d and sigma, m_S and m_G "
            "even, m_S at least 4, and m_S - 2 > 4 log(40 d/delta) where something is generated) is at most the "
            "general bound at 3 delta/4 and at the constants of the clipped mixture, plus the price of clipping. These "
            "constants are explicit, and at fixed d and m_G = gamma m_S of the orders in m_S that are stated."
        ),
        amended=(*derived, orders_check(), *mixture_theorems.coverage_checks(cells, COMMAND)),
        findings=findings(),
        tables=(mixture_theorems.useful_table(), mixture_theorems.cost_table()),
        derivations=chains,
    )


CLAIM = Claim(
    id="B1",
    statement=(
        "bGMM: the general bound holds for the mixture, with M of order d + log m_S, beta = M/m_T, D_TV of order "
        "sqrt(d log(d/delta)/m_S), T of order sqrt(m_G d) log(m_S d/delta)/m_S."
    ),
    wanted="derivation; what sup T is; explicit constants; coverage by simulation",
    gather=gather,
)
