"""By how much a mean over the generated sample changes when a real example is replaced: the smaller of two bounds.

The proof of `theory.stability_proof` charges the width of what is averaged times the total variation of the whole
sample, M T. When the draws are coupled one by one instead, each draw that differs costs what the learner's output
changes by, beta, and m_G T_1 draws differ on average. The smaller of the two is written tau.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from theory.arises import added
from theory.concentration import DRAW_BY_DRAW
from theory.derivation import Step
from theory.functionals import (
    EVERYWHERE,
    TRAINING,
    Coordinate,
    Functional,
    Mean,
    Premises,
    UndecidedError,
    free_coordinates,
)
from theory.lemmas import TV_DUALITY, Application, c, n, width
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, T_1, M, T, beta

TAU = sp.Symbol("tau", nonnegative=True)
"""Bound on the change of a loss averaged over the generated sample, when its law changes with one real example."""


def sample_shift(size: sp.Expr) -> sp.Expr:
    """Write out tau: ``min(M T, m_G beta T_1)``; 0 where nothing is generated."""
    return sp.Min(M * T, size * beta * T_1)


@dataclass(frozen=True)
class CoupledPremises(Premises):
    """Premises with the dependence of a single generated draw besides that of the sample.

    Args:
        draw_dependence: total variation between the laws of one draw when one example of S is replaced.
        draws: how many draws the generated sample has.
    """

    draw_dependence: sp.Expr = T_1
    draws: sp.Expr = AUGMENTED

    def by_duality(self, f: Mean) -> Application:
        """Bound the change of the mean with the law of the sample: width times total variation."""
        if self.dependence is None or not f.law.block:
            raise UndecidedError(f"no premise bounds the change of {f.law}")
        spread = self.width(f.body)
        return TV_DUALITY.apply({width: spread, D_TV: self.dependence}, {"width": spread})

    def by_coupling(self, f: Mean) -> Application:
        """Bound the same change draw by draw: what one draw changes, times how many draws differ."""
        each = self.difference(f.body, f.variable, TRAINING)
        tested = f.variable in free_coordinates(f.body) and not _only_learned_from(f.body, f.variable)
        letters = {n: self.draws, c: each, D_TV: self.draw_dependence}
        return DRAW_BY_DRAW.apply(letters, {"product": f.law.block and not tested, "difference": each})

    def law_change(self, f: Mean) -> sp.Expr:
        """Bound the change of a mean over the generated sample when the sample's law changes with one example."""
        bounds = [application.conclusion for application in (self.by_duality(f), self.by_coupling(f))]
        return sp.Min(*(sp.expand(bound) for bound in bounds))

    def changes(self, f: Functional, variable: Coordinate, roles: frozenset[str] = EVERYWHERE) -> sp.Expr:
        """Write the changes of a functional when an example is replaced; the change of a sample's law is `TAU`.

        Raises:
            UndecidedError: a law depends on the example and the premises say nothing of that dependence.
        """
        if variable not in free_coordinates(f):
            return sp.Integer(0)
        if isinstance(f, Mean) and f.law.block and variable in f.law.of and "training" in roles:
            change = self.law_change(f)
            parts = (self.changes(f.body, variable, roles), TAU if change == sample_shift(self.draws) else change)
            return added(part for part in parts if part != 0)
        return super().changes(f, variable, roles)


def _only_learned_from(f: Functional, variable: Coordinate) -> bool:
    if isinstance(f, Mean):
        return variable not in f.law.of and _only_learned_from(f.body, variable)
    return getattr(f, "point", None) != variable


def shift_step(premises: CoupledPremises, averaged: Functional, uses: tuple[str, ...]) -> tuple[Step, sp.Expr]:
    """State what tau is: both bounds on every mean over the generated sample that the proof has.

    Returns:
        The step, and the largest tau that was computed.
    """
    means = [f for _, f in getattr(averaged, "terms", ()) if isinstance(f, Mean) and f.law.block]
    duality = {premises.by_duality(f).conclusion for f in means}
    coupled = {premises.by_coupling(f).conclusion for f in means}
    found = sp.Min(*(sp.expand(sp.Max(*values)) for values in (duality, coupled)))
    step = Step(
        name="shift",
        says="The law of S_G changes with one real example; a loss averaged over S_G by tau at most.",
        rule="lemma",
        computed={"width times TV": sp.Max(*duality), "draw by draw": sp.Max(*coupled), "tau": found},
        stated={
            "width times TV": M * T,
            "draw by draw": AUGMENTED * beta * T_1,
            "tau": sample_shift(AUGMENTED),
        },
        application=premises.by_coupling(means[0]),
        conditions={"every mean over S_G is bounded alike": len(duality) == len(coupled) == 1},
        uses=uses,
        axioms=(TV_DUALITY, DRAW_BY_DRAW),
    )
    return step, found
