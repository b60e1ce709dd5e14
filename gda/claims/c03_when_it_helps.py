"""Claim C3: augmentation gives a faster rate when the divergence is small enough."""

from __future__ import annotations

from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Check, Claim, Evidence, Table
from theory.augmentation import verdict
from theory.corollary import COUNTEREXAMPLES, FAMILY, Counterexample, corollary

COMMAND = "gda verify --claim C3"


def counterexample_check(example: Counterexample) -> Check:
    """Ask whether the corollary's condition is enough in a setting that satisfies it."""
    case, setting = example.case, example.setting
    return Check(
        f"beta = {setting.beta}, D_TV = {setting.tv}",
        f"beta_m = {setting.beta}, D_TV = {setting.tv}: the corollary's condition holds; is the rate at m*_G faster?",
        "identity",
        f"condition {'holds' if example.condition_holds else 'fails'}; {case.verdict}: {case.reason}",
        "faster",
        case.verdict == "faster" if example.condition_holds else None,
        f"gda order --beta '{setting.beta}' --tv '{setting.tv}'",
    )


def gather(_context: Context) -> Evidence:
    """Derive the corollary, and show with counterexamples what it needs besides."""
    chain = corollary()
    derived = derivation_check(chain, COMMAND)
    checks = tuple(counterexample_check(example) for example in COUNTEREXAMPLES)
    rows = [
        [str(case.condition), str(case.no_augmentation), str(case.most_efficient), case.binding, case.verdict]
        for case in verdict(FAMILY)
    ]
    table = Table(
        "All power orders at once: beta_n = n^-b, D_TV = m^-t, T = 0",
        ["where", "rate without", "m*_G", "binding term", "verdict"],
        rows,
    )
    needs = [example.needs for example, check in zip(COUNTEREXAMPLES, checks, strict=True) if check.holds is False]
    return Evidence(
        stated=(derived, *checks),
        amendment=(
            "If besides 0 < D_TV and beta_n log n falls like a power of n, the bound at m*_G is faster, no faster or "
            "slower than without augmentation as D_TV is o, Theta or omega of max(beta_m log m, 1/sqrt(m))."
        ),
        amended=(derived,),
        findings=(f"The corollary needs more than it states: {'; '.join(needs)}.",) if needs else (),
        tables=(table,),
        derivations=(chain,),
    )


CLAIM = Claim(
    id="C3",
    statement=(
        "Augmentation gives a faster rate when the divergence is o(max(log(m) beta_m, 1/sqrt(m))); sufficient "
        "conditions for helping and for not helping."
    ),
    wanted="orders, property tests over parameter regions",
    gather=gather,
)
