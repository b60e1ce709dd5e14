"""Follow-up R1: what recursive training does to the divergence, and to the verdict."""

from __future__ import annotations

import sympy as sp

from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Check, Claim, Evidence, Table
from theory.augmentation import Setting, m
from theory.recursive import REGIMES, Regime, amplification, d_TV, generation, recursion, recursive_verdict, share

COMMAND = "gda verify --claim R1"

t = sp.Symbol("t", positive=True)
SETTING = Setting(1 / m, m**-t)
"""beta = 1/m, d_TV = m^-t, T = 0: each training adds d_TV."""


def verdict_line(regime: Regime) -> str:
    """Say where augmentation by the last generation is faster."""
    if regime.factor == sp.oo:
        return "-"
    faster = [str(case.condition) for case in recursive_verdict(SETTING, regime) if case.verdict == "faster"]
    return " | ".join(faster) or "nowhere"


def bounded_check(regime: Regime) -> Check:
    """Ask whether the recursion's bound on TV_i, over its generations, is at most a constant times d_TV."""
    computed = recursive_limit(regime)
    order = sp.simplify(computed / d_TV) if computed.is_finite is not False else sp.oo
    return Check(
        regime.name,
        f"{regime.name}: is the bound on TV_i at most a constant times d_TV?",
        "identity",
        f"TV_i <= {computed}" + (f", share {size_of(regime)}" if order.has(share) else ""),
        "a constant times d_TV",
        bool(order.is_finite is not False and not order.subs(share, regime.real).has(m, generation)),
        COMMAND,
    )


def size_of(regime: Regime) -> str:
    """Say how the share of real data falls; only its order is asked for."""
    names = {sp.S.Zero: "0", sp.S.One: "a constant alpha in (0, 1]"}
    return names.get(regime.real, f"of order {regime.real}")


def recursive_limit(regime: Regime) -> sp.Expr:
    """The bound that the recursion gives in a regime: its limits in i and in the share, or its closed form."""
    chain = recursion()
    limits = chain.step("limits").computed
    if regime.generations == sp.oo:
        return sp.oo if regime.real == 0 else limits["i -> oo"]
    found = limits["share -> 0"] if regime.real == 0 else chain.conclusion
    return found.subs(generation, regime.generations) if regime.generations != 1 else found.subs(generation, 1)


def gather(_context: Context) -> Evidence:
    """Check the recursion and apply it to every regime of real data and generations."""
    chains = (recursion(), amplification())
    derived = tuple(derivation_check(chain, COMMAND) for chain in chains)
    rows = [[r.name, size_of(r), str(r.generations), str(r.factor), verdict_line(r), r.says] for r in REGIMES]
    bounded = [bounded_check(regime) for regime in REGIMES if regime.name == "constant-share"]
    table = Table(
        "Recursive training: by what d_TV is multiplied, and where the last generation's data gives a faster rate "
        "(beta = 1/m, d_TV = m^-t, T = 0)",
        ["regime", "share of real data", "generations", "factor, up to 1 - 1/e", "faster where", "what follows"],
        rows,
    )
    return Evidence(
        stated=(*derived, *bounded),
        context=tuple(bounded_check(regime) for regime in REGIMES if regime.name != "constant-share"),
        findings=(
            "d_TV is what one training costs at most, on whatever mixture of real and generated data: an assumption on "
            "every generation's training, not on the first alone, and not with high probability; if training on real "
            "data alone costs d_TV, and a later one costs more, the bound need not hold. The share of real data is of "
            "the data's law itself, fresh in every generation.",
            "Only the shift term is derived; that of recursive stability is kept as a symbol. These are upper bounds: "
            "one that grows is no proof of collapse.",
        ),
        tables=(table,),
        derivations=chains,
    )


CLAIM = Claim(
    id="R1",
    statement=(
        "Recursive training (follow-up, Fu et al., ICLR 2025): if no training, on whatever mixture, costs more than "
        "d_TV, then generation i trained on a share alpha of real data is at most d_TV (1 - (1 - alpha)^i)/alpha from "
        "the data's law, which stays bounded for a constant share."
    ),
    wanted="derivation; verdicts by regime",
    gather=gather,
)
