"""Proofs of the forms with half-centred terms, computed from their premises.

A term is a risk minus a loss at its own example. Half-centred, only the *loss* learns from an independent copy of
that example; the risk still learns from it. The term averages to zero over its own example even so, whatever the
others are, as example and copy may be exchanged. To centre the risk too, as `theory.tight_ordered_proof` does, costs
beta once more for each term, and saves no more than beta in the range of the example's own increment.

The second proof takes from every half-centred term its mean given its own example. These are a martingale with small
ranges; of the rest the variance is bounded, by lemma V3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from theory.arises import times
from theory.assembled import Assembled, summands
from theory.coupling import TAU, CoupledPremises, shift_step
from theory.derivation import CONCLUSION, Derivation, Step
from theory.families import Family, Part
from theory.functionals import TRAINING, Functional, average, combine, free_coordinates, mean, substitute_training
from theory.lemmas import MARKOV, a, b, n
from theory.stability import Bound
from theory.stability_proof import (
    AUGMENTED,
    G_J,
    G_REST,
    LAWS,
    REAL,
    decomposition_step,
    divergence_step,
    signed_error,
    union_step,
)
from theory.symbols import M, beta, delta, m_G, m_S, p
from theory.tight_bound import SHARES, half_centred_form, squared_ladder, trivial_form, variance_form
from theory.tight_moments_proof import split_orders
from theory.tight_ordered_proof import range_step
from theory.tight_proof import (
    COUPLED,
    Sums,
    azuma_step,
    is_tested,
    martingale_bound,
    own_changes,
    own_range,
    sums,
    tested_loss,
)
from theory.variance import VARIANCE_OF_RESTS

_RADIUS = sp.Symbol("t", positive=True)


class HalfCentred(Family):
    """A sum whose terms learn from a copy of their own example where they are tested on it, and nowhere else."""

    def centred(self) -> Functional:
        """Put for the loss at the example its mean over copies that are learned from instead."""
        loss = tested_loss(self)
        copied = substitute_training(loss, self.own, self.ghost)
        return combine([(1, self.term), (1, loss), (-1, mean(self.ghost, self.laws[self.ghost], copied))])

    def centring_remainder(self) -> sp.Expr:
        """Mean over the own example: 0 where example and copy may be exchanged, else an undetermined symbol.

        What learns from the example and is not tested on it is averaged over the copy instead: the two have one law.
        """
        own, ghost, law = self.own, self.ghost, self.laws[self.own]
        averaged = []
        for weight, f in combine([(1, self.centred())]).terms:
            renamed = f if is_tested(f, own) else mean(ghost, law, substitute_training(f, own, ghost))
            averaged.append((weight, average(renamed, own, law)))
        alike = law == self.laws[ghost] and combine(averaged) == combine(())
        return sp.Integer(0) if alike else sp.Symbol("E[g_i | Z_-i]")


@dataclass(frozen=True)
class _Start:
    """What both proofs begin with: the steps, the half-centred families, tau as found, and the terms of the costs."""

    parts: Sums
    families: tuple[HalfCentred, ...]
    steps: tuple[Step, ...]
    found: sp.Expr
    costs: Mapping[str, sp.Expr]


def _stated_change(family: Family, shift: sp.Expr) -> sp.Expr:
    return beta + shift if family.label == "S" else beta


def _stated_count(family: Family) -> sp.Expr:
    return m_S if family.label == "S" else AUGMENTED


def half_centring_step(family: Family, premises: CoupledPremises, stated: sp.Expr, uses: tuple[str, ...]) -> Step:
    """Put half-centred terms for the terms; only the loss at the example changes, by what it learned from it."""
    cost = premises.difference(tested_loss(family), family.own, TRAINING)
    return Step(
        name=f"half-centre {family.label}",
        says="Each term is within this of its half-centred version: the tested loss learns from a copy instead.",
        rule="calculus",
        computed={"each": cost, "all": family.count * cost},
        stated={"each": stated, "all": _stated_count(family) * stated},
        uses=uses,
        arises={"all": times(family.count, premises.changes(tested_loss(family), family.own, TRAINING))},
    )


def _start(premises: CoupledPremises, size: sp.Expr) -> _Start:
    parts = sums(size)
    steps = [decomposition_step(parts.split, size)]
    found, divergence = parts.shift, sp.S.Zero
    if size != 0:
        step, part = divergence_step(parts.split.rest, premises, size)
        shift, found = shift_step(premises, parts.real, (steps[0].name,))
        steps += [step, shift]
        divergence = part.bound
    after = (steps[-1].name,)
    families = tuple(
        HalfCentred(f.label, f.term, f.own, f.ghost, f.others, f.given, f.count, f.laws) for f in parts.families
    )
    halved = {f.label: half_centring_step(f, premises, _stated_change(f, parts.shift), after) for f in families}
    real = sp.expand(halved["S"].computed["all"])
    costs = {
        "divergence": divergence,
        "stability_S": real.coeff(TAU, 0),
        "stability_S_G": halved["S_G"].computed["all"] if size != 0 else sp.S.Zero,
        "dependence": real.coeff(TAU, 1) * TAU,
    }
    return _Start(parts, families, (*steps, *halved.values()), found, costs)


def _finish(
    start: _Start, terms: Mapping[str, sp.Expr], stated: tuple[Bound, Bound], name: str, steps: tuple[Step, ...]
) -> Derivation:
    size = start.parts.size
    total = m_S + size
    with_tau, written_out = (form.subs({m_G: size}) for form in stated)
    body = (*start.steps, *steps)
    whole, uses = {**start.costs, **terms}, tuple(step.name for step in body)
    assembly = Step(
        name="assembly",
        says="The parts, divided by m_T, are the terms of the bound as stated; tau is then written out.",
        rule="assembly",
        computed={
            **{key: value / total for key, value in whole.items()},
            CONCLUSION: (sp.Add(*whole.values()) / total).subs(TAU, start.found),
        },
        stated={**with_tau.terms, CONCLUSION: written_out.total},
        uses=uses,
        arises={} if "rests" in uses else {CONCLUSION: Assembled(total, summands(body), {TAU: start.found})},
    )
    suffix = "" if size != 0 else ", m_G = 0"
    return Derivation(name + suffix, martingale_bound(COUPLED, size).assumes, (*body, assembly))


def half_centred_bound(premises: CoupledPremises = COUPLED, size: sp.Expr = AUGMENTED) -> Derivation:
    """Derive the bound by one martingale of half-centred terms.

    Args:
        premises: what is assumed of loss, learner and generator.
        size: the number of generated examples, at least 1 or the number 0.

    Returns:
        The derivation; its conclusion is the bound on Gen.
    """
    start = _start(premises, size)
    shift = start.parts.shift
    ranges = tuple(
        range_step(f, start.parts, premises, (f"half-centre {f.label}",), M + _stated_change(f, shift))
        for f in start.families
    )
    squares = squared_ladder(M + beta + shift, 2 * (beta + shift), m_S)
    if size != 0:
        squares += squared_ladder(M + beta + 2 * m_S * beta, 2 * beta, AUGMENTED)
    found = sp.expand(sum((step.computed["squares"] for step in ranges), sp.Integer(0)))
    says = "Both sums of half-centred terms, and the sum over S given S, are a martingale over S, then S_G."
    tail, fluctuation = azuma_step(says, ranges, found, squares)
    union = union_step({"martingale": fluctuation}, 1, (tail.name,))
    stated = (half_centred_form(shift), half_centred_form())
    name = "general bound by one martingale of half-centred terms"
    return _finish(start, {"fluctuation": fluctuation.bound}, stated, name, (*ranges, tail, union))


def first_order_step(family: HalfCentred, parts: Sums, premises: CoupledPremises) -> Step:
    """Bound the range of the first-order part of an increment, and over S_G of the sum over S given S, and add up."""
    first, generated = split_orders(family).first, family.label == "S_G"
    own = own_range(premises, first, family.own)
    real = parts.split.count_S * premises.difference(parts.split.term_S, G_REST) if generated else sp.S.Zero
    stated_own, stated_real = M + _stated_change(family, parts.shift), 2 * m_S * beta if generated else sp.S.Zero
    return Step(
        name=f"first order {family.label}",
        says="The mean of a term given its own example moves with that example only, by the loss at it and the risk.",
        rule="calculus",
        computed={
            "own term": own,
            "another term": premises.difference(first, family.others),
            "sum over S": real,
            "squares": family.count * (own + real) ** 2,
        },
        stated={
            "own term": stated_own,
            "another term": sp.Integer(0),
            "sum over S": stated_real,
            "squares": _stated_count(family) * (stated_own + stated_real) ** 2,
        },
        conditions={
            "half-centred terms average to zero over their own example": family.centring_remainder() == 0,
            "the examples are independent, of one law": family.independent(),
            "what is given was revealed before": family.given <= REAL and (not generated or LAWS[G_J].of <= REAL),
        },
        uses=(f"half-centre {family.label}",),
        arises={"own term": own_changes(premises, first, family.own)},
    )


def rest_step(family: HalfCentred, premises: CoupledPremises, shift: sp.Expr) -> Step:
    """Bound the variance of what the first order leaves of a sum, by lemma V3."""
    change, count = 2 * _stated_change(family, shift), _stated_count(family)
    found = premises.difference(family.centred(), family.others)
    application = VARIANCE_OF_RESTS.apply(
        {n: family.count, b: change},
        {"independent": family.independent(), "centred": family.centring_remainder(), "difference": found},
    )
    return Step(
        name=f"rest {family.label}",
        says="What is left of the sum has this second moment at most.",
        rule="lemma",
        computed={"difference": found, "second moment": application.conclusion},
        stated={"difference": change, "second moment": count * (count - 1) * change**2 / 2},
        application=application,
        uses=(f"half-centre {family.label}",),
        axioms=(VARIANCE_OF_RESTS,),
    )


def rests_step(start: _Start, rests: tuple[Step, ...], share: sp.Expr) -> tuple[Step, Part]:
    """Add both second moments up, as the rests are orthogonal, and apply Markov's inequality to the square."""
    variance = sum((step.computed["second moment"] for step in rests), sp.Integer(0))
    shift = start.parts.shift
    stated = 2 * m_S * (m_S - 1) * (beta + shift) ** 2
    stated += 2 * AUGMENTED * (AUGMENTED - 1) * beta**2 if start.parts.size != 0 else 0
    radius = sp.sqrt(variance / share)
    application = MARKOV.apply({a: sp.sqrt(variance), b: _RADIUS, p: sp.Integer(2)}, {"moment": True})
    apart = {
        "given what is revealed before, a rest averages to zero": all(
            f.centring_remainder() == 0 and f.given <= REAL for f in start.families
        ),
        "the rest over S is a function of S": all(
            free_coordinates(split_orders(f).rest) <= REAL for f in start.families if f.label == "S"
        ),
    }
    step = Step(
        name="rests",
        says="The rest over S_G averages to zero given S, so that it is orthogonal to the rest over S. A sum beyond its"
        " root mean square over the root of a probability has that probability at most; one of variance 0 is 0.",
        rule="lemma",
        computed={"second moment": variance, "probability": application.conclusion.subs(_RADIUS, radius)},
        stated={"second moment": stated, "probability": share},
        application=application,
        conditions=apart,
        uses=tuple(step.name for step in rests),
        axioms=(MARKOV,),
    )
    return step, Part(radius, share)


def variance_bound(
    premises: CoupledPremises = COUPLED, size: sp.Expr = AUGMENTED, share: sp.Expr = SHARES[0]
) -> Derivation:
    """Derive the form that bounds the variance of the part of second order.

    Args:
        premises, size: as in `half_centred_bound`.
        share: of delta, for the part of second order.
    """
    start = _start(premises, size)
    shift = start.parts.shift
    first = tuple(first_order_step(f, start.parts, premises) for f in start.families)
    rests = tuple(rest_step(f, premises, shift) for f in start.families)
    squares = m_S * (M + beta + shift) ** 2
    squares += AUGMENTED * (M + beta + 2 * m_S * beta) ** 2 if size != 0 else 0
    found = sum((step.computed["squares"] for step in first), sp.Integer(0))
    says = "The parts of first order, and the sum over S given S, are a martingale over S, then S_G."
    tail, fluctuation = azuma_step(says, first, found, squares, (1 - share) * delta)
    rest, remainder = rests_step(start, rests, share * delta)
    union = union_step({"martingale": fluctuation, "rests": remainder}, 2, (tail.name, rest.name))
    terms = {"fluctuation": fluctuation.bound, "second_order": remainder.bound}
    stated = (variance_form(share, shift), variance_form(share))
    name = f"first order by a martingale, the rest by its variance, {share} of delta"
    return _finish(start, terms, stated, name, (*first, *rests, tail, rest, union))


def trivial_bound(premises: CoupledPremises = COUPLED, size: sp.Expr = AUGMENTED) -> Derivation:
    """Derive that Gen is at most M: risk and empirical mean lie in one interval."""
    magnitude = premises.magnitude(signed_error(size))
    step = Step(
        name="interval",
        says="m_T times the signed error is m_T risks minus m_T losses, each in the interval of the loss.",
        rule="calculus",
        computed={CONCLUSION: magnitude / (m_S + size)},
        stated={CONCLUSION: trivial_form().total},
    )
    return Derivation("losses between 0 and M" + ("" if size != 0 else ", m_G = 0"), ("0 <= loss <= M",), (step,))
