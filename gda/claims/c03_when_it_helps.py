"""Claim C3: augmentation gives a faster rate when the divergence is small enough."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Check, Claim, Evidence, Table
from gda.table import Entry, entries
from theory.augmentation import faster_powers, m, verdict
from theory.corollary import (
    BEYOND_POWERS,
    COUNTEREXAMPLES,
    FAMILY,
    Counterexample,
    corollary,
    verdict_by_divergence,
)
from theory.generators import settings

COMMAND = "gda verify --claim C3"


def counterexample_check(example: Counterexample) -> Check:
    """Ask whether the corollary's condition is enough in a setting that satisfies it."""
    setting, powers = example.setting, faster_powers(example.setting)
    stability = sp.limit(setting.beta * sp.log(m), m, sp.oo)
    return Check(
        f"beta = {setting.beta}, D_TV = {setting.tv}",
        f"beta_m = {setting.beta}, D_TV = {setting.tv}: the corollary's condition holds; is the rate faster at some "
        "m_G = m_S^p?",
        "identity",
        f"condition {'holds' if example.condition_holds else 'fails'}; faster "
        + ("for no p > 0" if powers is False else f"where {powers}")
        + f"; beta_n log n -> {stability}",
        "faster for some p",
        powers is not False if example.condition_holds else None,
        f"gda order --beta '{setting.beta}' --tv '{setting.tv}'",
    )


def amount_check(example: Counterexample) -> Check:
    """Ask whether there is a most efficient amount where the corollary's conclusion holds without one."""
    case, setting = example.case, example.setting
    return Check(
        f"m*_G at beta = {setting.beta}, D_TV = {setting.tv}",
        f"beta_m = {setting.beta}, D_TV = {setting.tv}: the corollary's condition holds; is there an m*_G?",
        "identity",
        f"{case.verdict}: {case.reason}",
        "an m*_G of some power of m_S",
        case.most_efficient is not None,
        f"gda order --beta '{setting.beta}' --tv '{setting.tv}'",
    )


def everywhere_check(found: Sequence[Entry]) -> Check:
    """Ask whether the amended statement holds for every learner and generator of the table that has an m*_G."""
    cases = [
        (settings(entry.learner, entry.generator), case)
        for entry in found
        for case in entry.cases
        if case.most_efficient is not None
    ]
    right = sum(verdict_by_divergence(setting, case) for setting, case in cases)
    return Check(
        "everywhere",
        "For every learner and generator of the table that has an m*_G: is the bound there of the order of M D_TV, and "
        "faster, no faster or slower as that is o, Theta or omega of max(beta_m log m, M/sqrt(m))?",
        "identity",
        f"in {right} of {len(cases)} cases",
        "in all",
        right == len(cases) > 0,
        "gda table",
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
    pairs = zip(COUNTEREXAMPLES, checks, strict=True)
    needs = list(dict.fromkeys(example.says for example, check in pairs if check.holds is False))
    everywhere = everywhere_check(entries())
    return Evidence(
        stated=(derived, *checks),
        amendment=(
            "Where m*_G exists, among m_G of order at least m_S, the bound there is of the order of M D_TV: faster, no "
            "faster or slower than without augmentation as D_TV is o, Theta or omega of max(beta_m log m/M, "
            "1/sqrt(m)). For that it is enough that beta_n falls like a power of n and D_TV no faster than some power."
        ),
        amended=(derived, everywhere),
        context=tuple(amount_check(example) for example in BEYOND_POWERS),
        findings=(
            *((f"The corollary needs more than it states: {'; '.join(needs)}.",) if needs else ()),
            "Its conclusion can hold without an m*_G of any power of m_S: "
            f"{'; '.join(example.says for example in BEYOND_POWERS)}.",
        ),
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
