"""Claim C2: the most efficient amount of augmentation is defined by balancing the two parts of the bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from gda.context import Context
from gda.evidence import Check, Claim, Evidence, Table
from gda.table import Entry, entries, summary
from numerics.optimum import Optimum, most_efficient_number
from numerics.optimum_growth import FittedOrder, fitted_order
from theory.augmentation import Case, Setting, m, m_G, most_efficient_order, verdict
from theory.generators import settings
from theory.order import cases_of

COMMAND = "gda verify --claim C2"
_R = sp.Rational

FINITE: tuple[Setting, ...] = (
    Setting(1 / m, m ** -_R(3, 4)),
    Setting(1 / m, m ** -_R(3, 4) * sp.log(m)),
    Setting(1 / m, m ** -_R(3, 4), sp.S.One),
    Setting(m ** -_R(1, 2), m ** -_R(2, 3)),
    Setting(m ** -_R(1, 4), m ** -_R(1, 3)),
    Setting(m ** -_R(1, 6), (sp.log(m) / m) ** _R(1, 4), sp.S.One),
    Setting(1 / m, m ** -_R(1, 2), sp.Min(1, sp.sqrt(m_G) * sp.log(m) / m)),
    Setting(1 / m, (sp.log(m) / m) ** _R(1, 4), sp.S.One),
)
"""Settings without symbols, in which the order form (all constants 1) is minimised over the integers m_G.

Six where augmentation is faster, one where it is not (the orders of the mixture), one where it is slower (of a GAN).
"""
FASTER = FINITE[:6]
SIZE = 10**6
SMALL = (10**3, 10**6, 10**9)
LARGE = tuple(10**k for k in (20, 30, 40, 50, 60))
TOLERANCE = 0.02
"""Largest difference of the last fitted exponent from the symbolic one; at 10^60 other terms still count a little."""


@dataclass(frozen=True)
class Finite:
    """The integer that minimises a setting's order form, and how it grows.

    Args:
        setting, case: what was solved, and the symbolic answer.
        optimum: at m_S = `SIZE`.
        small, large: growth of the smallest m_G within twice the infimum; None where that is m_G = 0.
    """

    setting: Setting
    case: Case
    optimum: Optimum
    small: FittedOrder | None
    large: FittedOrder | None

    @property
    def agrees(self) -> bool:
        """Whether the growth at large sizes is that of the order; not where nothing was fitted."""
        if self.large is None or self.case.most_efficient is None:
            return False
        return abs(self.large.last - float(self.case.most_efficient.power)) <= TOLERANCE


def minimise(setting: Setting) -> Finite:
    """Minimise a setting's order form over the integers, and fit how the minimiser grows where it is not 0."""
    (case,) = verdict(setting)
    bound = setting.bound()
    optimum = most_efficient_number(bound, {"m": SIZE})
    if case.verdict != "faster" or case.most_efficient is None:
        return Finite(setting, case, optimum, None, None)
    log_power = float(case.most_efficient.log)
    small, large = (fitted_order(bound, {}, sizes, log_power=log_power) for sizes in (SMALL, LARGE))
    return Finite(setting, case, optimum, small, large)


def growth_check(found: Sequence[Finite]) -> Check:
    """Ask whether the integers that minimise the bound grow as the order says."""
    fitted = [each for each in found if each.setting in FASTER]
    worst = max(
        abs(each.large.last - float(each.case.most_efficient.power))
        for each in found
        if each.large is not None and each.case.most_efficient is not None
    )
    return Check(
        "growth of the integer optimum",
        "Does the smallest m_G at which the order form is within twice its infimum, each proved over all integers, "
        "grow as the symbolic m*_G, for m_S up to 10^60?",
        "certificate",
        f"in {sum(each.agrees for each in fitted)} of {len(fitted)} settings where augmentation is faster; largest "
        f"difference of the exponents {worst:.3f}",
        f"in all, within {TOLERANCE}",
        all(each.agrees for each in fitted),
        COMMAND,
        internal=True,
    )


def growth_table(found: Sequence[Finite]) -> Table:
    """Set the integer optimum beside the order."""
    rows = [
        [
            str(each.setting.beta),
            str(each.setting.tv),
            str(each.setting.dependence),
            each.case.verdict,
            "m_G -> oo" if each.optimum.m_G is None else f"m_G = {each.optimum.m_G}",
            f"{each.optimum.bound / each.optimum.bound_without:.3f}",
            str(each.case.most_efficient),
            "-" if each.small is None else f"{each.small.slope:.3f}",
            "-" if each.large is None else f"{each.large.last:.3f}",
        ]
        for each in found
    ]
    header = [
        "beta",
        "D_TV",
        "T",
        "verdict",
        "optimum at m_S = 10^6",
        "bound there / without",
        "m*_G",
        "fitted, m_S to 10^9",
        "fitted, m_S to 10^60",
    ]
    return Table(
        "The integer that minimises the order form; fitted: exponent of m_S in the smallest m_G within twice the "
        "infimum, logarithms as in m*_G taken out",
        header,
        rows,
    )


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


def falls_like_a_power(entry: Entry) -> bool:
    """Whether the learner's stability falls like a power of the sample size, whatever its symbols are."""
    setting = settings(entry.learner, entry.generator)
    return all(order.power.is_negative for _, order in cases_of(setting.beta, m, setting.assumptions))


def none_check(found: Sequence[Entry]) -> Check:
    """Ask whether there is no most efficient amount with a perfect generator."""
    missing = [entry for entry in found if all(case.most_efficient is None for case in entry.cases)]
    return Check(
        "none where the divergence is 0",
        "With a perfect generator, is there a most efficient amount for no learner?",
        "identity",
        f"none for {len(missing)} of {len(found)}",
        "for none",
        len(missing) == len(found) > 0,
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
    finite = [minimise(setting) for setting in FINITE]
    imperfect = [entry for entry in found if entry.generator.tv != 0]
    stable = [entry for entry in imperfect if falls_like_a_power(entry)]
    perfect = [entry for entry in found if entry.generator.tv == 0]
    return Evidence(
        stated=(existence_check("exists", "Does every learner with every generator have a finite m*_G?", found),),
        amendment=(
            "m*_G exists, and is solved for, where the learner's stability falls like a power of the sample size and "
            "D_TV > 0 no faster than some power. Where D_TV = 0 there is none: the rest of the bound never comes down "
            "to 0. With a stability that falls more slowly, or not at all, there is one only if beta_n log n comes "
            "down to the order of M D_TV."
        ),
        amended=(
            existence_check(
                "exists where the divergence is positive and beta falls",
                "Does every learner whose stability falls like a power, with every imperfect generator, have a finite "
                "m*_G?",
                stable,
            ),
            none_check(perfect),
        ),
        context=(growth_check(finite),),
        findings=(
            "The claim is a definition; what is amended is what it takes for granted, that there is such an amount.",
            reading_finding(stable),
            f"At m_S = 10^6 the integer that minimises the order form is 0, or there is none as the bound falls for "
            f"ever, in {sum(each.optimum.m_G in (0, None) for each in finite)} of {len(finite)} settings: where "
            "augmentation helps, m*_G is not the best amount but the one beyond which little is left to gain.",
        ),
        tables=(growth_table(finite), summary(found)),
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
