"""Follow-up R1: what recursive training does to the divergence, and to the verdict."""

from __future__ import annotations

import sympy as sp

from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Check, Claim, Evidence, Table
from theory.augmentation import Setting, m
from theory.recursive import REGIMES, Regime, amplification, recursion, recursive_verdict

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
    """Ask whether the bound on the divergence stays below a multiple of d_TV however many generations there are."""
    return Check(
        regime.name,
        f"{regime.name}: is the bound on TV_i at most a constant times d_TV?",
        "identity",
        f"TV_i <= {regime.limit}, of order {regime.factor} d_TV",
        "a constant times d_TV",
        bool(regime.factor.is_number and regime.factor.is_finite),
        COMMAND,
    )


def gather(_context: Context) -> Evidence:
    """Check the recursion and apply it to every regime of real data and generations."""
    chains = (recursion(), amplification())
    derived = tuple(derivation_check(chain, COMMAND) for chain in chains)
    rows = [[r.name, str(r.real), str(r.generations), str(r.factor), verdict_line(r), r.says] for r in REGIMES]
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
            "Only the shift term is derived; that of recursive stability is kept as a symbol. These are upper bounds: "
            "one that grows is no proof of collapse.",
        ),
        tables=(table,),
        derivations=chains,
    )


CLAIM = Claim(
    id="R1",
    statement=(
        "Recursive training (follow-up, Fu et al., ICLR 2025): generation i trained on a share alpha of real data is "
        "at most d_TV (1 - (1 - alpha)^i)/alpha from the data's law, which stays bounded for a constant share."
    ),
    wanted="derivation; verdicts by regime",
    gather=gather,
)
