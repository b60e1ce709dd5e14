"""Claim C2: the most efficient amount of augmentation is defined by balancing the two parts of the bound."""

from __future__ import annotations

from collections.abc import Sequence

from gda.context import Context
from gda.evidence import Check, Claim, Evidence
from gda.table import Entry, entries, summary
from theory.augmentation import m, most_efficient_order
from theory.generators import settings

COMMAND = "gda verify --claim C2"


def without_optimum(found: Sequence[Entry]) -> list[Entry]:
    """Entries that have no most efficient amount somewhere."""
    return [entry for entry in found if any(case.most_efficient is None for case in entry.cases)]


def existence_check(name: str, asks: str, found: Sequence[Entry]) -> Check:
    """Ask whether a most efficient order of m_G exists in every entry."""
    missing = without_optimum(found)
    reasons = list(dict.fromkeys(case.reason for entry in missing for case in entry.cases if case.reason))
    return Check(
        name,
        asks,
        "identity",
        f"{len(found) - len(missing)} of {len(found)}" + (f"; none where: {'; '.join(reasons)}" if missing else ""),
        "all",
        not missing,
        "gda table",
    )


def reading_finding(found: Sequence[Entry]) -> str:
    """Say how often the two readings of the definition differ."""
    differing = [
        f"{entry.learner.name} with {entry.generator.name}"
        for entry in found
        if entry.cases[0].most_efficient is not None
        and {o.order for o in most_efficient_order(settings(entry.learner, entry.generator), "unrestricted")}
        != {o.order for o in most_efficient_order(settings(entry.learner, entry.generator))}
    ]
    return (
        f"Read without the restriction to m_G of order at least m_S, a smaller amount is most efficient in "
        f"{len(differing)} of {len(found)} entries where both exist (for instance {differing[0]})."
        if differing
        else "Both readings of the definition give the same amounts."
    )


def gather(_context: Context) -> Evidence:
    """Solve for the most efficient order of m_G for every learner and generator of the table."""
    found = entries()
    stable = [entry for entry in found if entry.generator.tv != 0 and entry.learner.beta.has(m)]
    return Evidence(
        stated=(existence_check("exists", "Does every learner with every generator have a finite m*_G?", found),),
        amendment=(
            "m*_G exists, and is solved for, where D_TV > 0 and the learner's stability falls like a power of the "
            "sample size; without either there is none."
        ),
        amended=(
            existence_check(
                "exists where the divergence is positive and beta falls",
                "Does every learner whose stability falls, with every imperfect generator, have a finite m*_G?",
                stable,
            ),
        ),
        findings=(reading_finding(stable),),
        tables=(summary(found),),
        pending=("the finite-sample optimum against the order",),
    )


CLAIM = Claim(
    id="C2",
    statement=(
        "The most efficient amount of augmentation m*_G is defined by balancing the divergence with the "
        "generalization error of the mixed distribution."
    ),
    wanted="order solved for any learner and generator; finite-sample optimum",
    gather=gather,
)
