"""The last step of a bound as one implication: from the lemmas and the parts of the error to the bound as stated.

m_T times the signed error is a sum of parts. The absolute value of each is at most what a step before gives: what a
lemma bounds, times a weight, or a number. A lemma enters as it is stated, for all values of its letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sympy as sp

from theory.arises import Bounded
from theory.lemmas import Application


@dataclass(frozen=True)
class Summand:
    """A part of the error and what bounds it.

    Args:
        name: the step that bounds it.
        weight: of what the lemma bounds, or the bound itself where there is no lemma.
        application: the lemma applied; None where the step gives a number.
    """

    name: str
    weight: sp.Expr
    application: Application | None = None


@dataclass(frozen=True)
class Assembled:
    """The bound on the error: its parts, and what the sum of the parts is divided by.

    Args:
        size: the number of examples, m_T.
        parts: of size times the signed error.
        put: expressions for letters of the proof that the bound as stated does not have.
    """

    size: sp.Expr
    parts: tuple[Summand, ...]
    put: Mapping[sp.Symbol, sp.Expr]


def summands(steps: Iterable[object]) -> tuple[Summand, ...]:
    """Read off the steps of a proof which parts they bound: those that state *all*, a *tail*, or a weighted *bound*."""
    found = []
    for step in steps:
        computed, application, name = step.computed, step.application, step.name  # type: ignore[attr-defined]
        if "all" in computed:
            found.append(Summand(name, computed["all"]))
        elif application is not None and computed.get("tail") == application.conclusion:
            found.append(Summand(name, sp.S.One, application))
        elif isinstance(step.arises.get("bound"), Bounded):  # type: ignore[attr-defined]
            found.append(Summand(name, step.arises["bound"].weight, application))  # type: ignore[attr-defined]
    return tuple(found)
