"""The map of where generated examples lower the mixture's bound: what is certified, as a table and as a figure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gda.certificates.cells import (
    DECADES,
    DIMENSIONS,
    FORMS,
    LEVEL,
    Help,
    Plan,
    help_claim,
    none_claim,
    plan,
    void_claims,
)
from gda.certificates.claim import Claim
from gda.certificates.gain import mean_claims
from gda.certificates.run import Settled
from gda.evidence import Table
from gda.figures import Regions, draw_regions
from numerics.compile import compile_expression
from theory.mixture_gain import Form, border, divergences

UNDECIDED = "undecided"


def power(value: int) -> str:
    """Write a power of ten as one."""
    return f"1e{len(str(value)) - 1}"


class Answers:
    """Which claims were settled as they should be, by name."""

    def __init__(self, settled: Sequence[Settled]) -> None:
        """Remember the answers."""
        self.good = {one.claim.goal.name for one in settled if one.as_wanted}

    def hold(self, *claims: Claim | None) -> bool:
        """Tell whether all of some claims are settled as they should be."""
        return all(claim is not None and claim.goal.name in self.good for claim in claims)


def gain_tables(settled: Sequence[Settled]) -> tuple[Table, ...]:
    """Tabulate for each form which m_G lowers the bound, over decades of m_S and dimensions; delta = 1/20.

    Args:
        settled: the claims that serve C4, from `gda.certificates.run.settle_all`. A cell whose claims are not among
            them, or not settled as they should be, is *undecided*.
    """
    answers = Answers(settled)
    return tuple(_table(form, answers) for form in FORMS)


def _table(form: Form, answers: Answers) -> Table:
    found = plan(form)
    rows = [["bound(0) > M", *(_void(found, cell, answers) for cell in DECADES)]]
    rows += [[f"d = {dim}", *(status(found, cell, dim, answers) for cell in DECADES)] for dim in DIMENSIONS]
    title = (
        f"An m_G that lowers the mixture's bound, {form} form, delta = {LEVEL}: certified for all m_S of a decade; "
        "none: for every m_G >= 1"
    )
    return Table(title, ["", *(f"m_S {power(low)} to {power(high)}" for low, high in DECADES)], rows)


def _void(found: Plan, cell: tuple[int, int], answers: Answers) -> str:
    low, high = cell
    if not answers.hold(*void_claims(found.form)):
        return UNDECIDED
    last, first = found.void.last, found.void.first
    if first is not None and first <= low:
        return "no"
    if last is None:
        return UNDECIDED
    return "yes" if last >= high else f"yes up to {last}"


def status(found: Plan, cell: tuple[int, int], dimension: int, answers: Answers) -> str:
    """Write what is known of a cell: *none*, an m_G that helps, both with the m_S that part them, or *undecided*."""
    low, high = cell
    means = (claim for claim in mean_claims() if claim.true)
    nones = (none_claim(found.form, found.none_claimed_at(dimension)), *void_claims(found.form), *means)
    first = found.none_from(dimension) if answers.hold(*nones) else None
    if first is not None and first <= low:
        return "none"
    ways = [way for way in found.helps if way.low == low and way.dimension >= dimension]
    top = min(high, found.helped_up_to(dimension) or 0)
    known = [way for way in ways if way.high == top and answers.hold(help_claim(found.form, way))]
    helps = _first(known)
    if helps is None or top == high:
        return UNDECIDED if helps is None else helps
    return f"{helps} up to {top}, " + (UNDECIDED if first is None else f"none from {first}")


def _first(ways: Sequence[Help]) -> str | None:
    return f"1e{min(way.power for way in ways)}" if ways else None


_KINDS = ("no number does", "some number does", "some does, and bound(0) > M says nothing")


def draw_gain(settled: Sequence[Settled]) -> Callable[[Path], None]:
    """Return what draws where some m_G lowers the bound, with the certified thresholds as dots; delta = 1/20."""
    answers = Answers(settled)
    title = "Does some number of generated examples lower the mixture's bound?"
    return draw_regions([_regions(form, answers) for form in FORMS], title)


def _regions(form: Form, answers: Answers) -> Regions:
    sizes = np.unique(np.round(np.geomspace(DECADES[0][0], DECADES[-1][1], 400)))
    dimensions = np.geomspace(1, DIMENSIONS[-1], 300)
    # The dimension is an integer; between two the picture shows the one below.
    cap, free = (compile_expression(border(form) - x) for x in divergences())
    void = cap(m_S=sizes, delta=float(LEVEL)) > 0
    gains = free(m_S=sizes[None, :], d=np.floor(dimensions)[:, None], delta=float(LEVEL)) > 0
    kind = np.where(void[None, :], 2, np.where(gains, 1, 0))
    found = plan(form)
    firsts = [(found.none_from(dimension), dimension) for dimension in DIMENSIONS]
    dots = [
        (float(first), float(dimension))
        for first, dimension in firsts
        if first is not None and answers.hold(none_claim(form, found.none_claimed_at(dimension)))
    ]
    label = "from here on certified: no number"
    return Regions(f"{form} form, delta = {LEVEL}", sizes, dimensions, kind, _KINDS, dots, label)
