"""The proof of the bound by one martingale, computed from its premises.

m_T times the signed error is, as in `theory.stability_proof`, a sum over S, a sum over S_G and a divergence. From the
sum over S_G its mean given S is taken off, which is small. What is left, F, is revealed one example after the other,
S first. Given S the mean of F is the mean of the sum over S alone: without taking off that mean, every real example
would also move the mean of the sum over S_G, and the ranges over S would be larger by up to 2 m_G beta.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from theory.arises import added, evaluated, times
from theory.assembled import Assembled, summands
from theory.concentration import AZUMA_HOEFFDING
from theory.coupling import TAU, CoupledPremises, shift_step
from theory.derivation import CONCLUSION, Derivation, Step
from theory.families import Family, Part
from theory.functionals import (
    TRAINING,
    Combination,
    Coordinate,
    Functional,
    Law,
    Loss,
    Mean,
    Premises,
    average,
    combine,
    free_coordinates,
    mean,
    substitute_training,
)
from theory.lemmas import a
from theory.stability_proof import (
    AUGMENTED,
    G_J,
    G_REST,
    LAWS,
    REAL,
    S_I,
    S_REST,
    Decomposition,
    averaged_term,
    decompose,
    decomposition_step,
    divergence_step,
    generated_family,
    real_family,
    union_step,
)
from theory.symbols import T_1, M, T, beta, delta, m_G, m_S
from theory.tight_bound import martingale_form, range_G, range_S

COUPLED = CoupledPremises(sp.Integer(0), M, beta, T, draw_dependence=T_1)
"""Loss in [0, M], learner uniformly beta-stable, dependence T of the generated sample and T_1 of one draw."""


@dataclass(frozen=True)
class Sums:
    """The two sums of the decomposition, as the proof needs them.

    Args:
        size: number of generated examples.
        split: the decomposition.
        real: a term of the sum over S, averaged over S_G given S where something is generated.
        shift: `TAU`, or 0 where nothing is generated.
    """

    size: sp.Expr
    split: Decomposition
    real: Functional
    shift: sp.Expr

    @property
    def families(self) -> tuple[Family, ...]:
        """The sum over S_G given S, if there is one, and the sum over S."""
        real = real_family(self.split, self.real)
        return (generated_family(self.split), real) if self.size != 0 else (real,)


def sums(size: sp.Expr) -> Sums:
    """Split the signed error for a number of generated examples."""
    split = decompose(size)
    real = averaged_term(split) if size != 0 else split.term_S
    return Sums(size, split, real, TAU if size != 0 else sp.Integer(0))


def tested_loss(family: Family) -> Functional:
    """The loss at the example itself, of the term of a family that is a risk minus that loss."""
    (loss,) = (f for weight, f in combine([(1, family.term)]).terms if weight == -1)
    return loss


def exchange_turns_loss_into_risk(family: Family) -> bool:
    """Whether the mean of the risk is that of the loss at the example, learned from its copy instead.

    Averaged over example and copy, which have one law, the names of the two may be exchanged.
    """
    own, ghost, law = family.own, family.ghost, family.laws[family.own]
    loss = tested_loss(family)
    risk = combine([(1, family.term), (1, loss)])
    elsewhere = average(mean(ghost, law, substitute_training(loss, own, ghost)), own, law)
    renamed = mean(ghost, law, substitute_training(risk, own, ghost))
    alike = law == family.laws[ghost] and own not in free_coordinates(renamed)
    return alike and combine([(1, elsewhere), (-1, renamed)]) == combine(())


def mean_step(family: Family, premises: Premises, each: sp.Expr, uses: tuple[str, ...]) -> Step:
    """Bound the mean of a sum: only the loss at the example learned from the example, not the risk."""
    found = premises.difference(tested_loss(family), family.own, TRAINING)
    count = m_S if family.own == S_I else AUGMENTED
    return Step(
        name=f"mean {family.label}",
        says="The risk is, on average, the loss at the example learned from a copy of it; replacing it costs this.",
        rule="calculus",
        computed={"each": found, "all": family.count * found},
        stated={"each": each, "all": count * each},
        conditions={
            "example and copy may be exchanged": exchange_turns_loss_into_risk(family),
            "the examples are independent, of one law": family.independent(),
        },
        uses=uses,
        arises={"all": times(family.count, premises.changes(tested_loss(family), family.own, TRAINING))},
    )


def own_range(premises: Premises, term: Functional, own: Coordinate) -> sp.Expr:
    """Bound the change of a term when its own example is replaced: the loss at it by its width, the rest as ever."""
    return sp.expand(evaluated(own_changes(premises, term, own)))


def own_changes(premises: Premises, term: Functional, own: Coordinate) -> sp.Expr:
    """Write the same bound as it arises, change by change."""
    parts = combine([(1, term)]).terms
    changes = [(weight, premises.width(f) if is_tested(f, own) else premises.changes(f, own)) for weight, f in parts]
    return added(times(sp.Abs(weight, evaluate=False), change) for weight, change in changes if change != 0)


def is_tested(f: Functional, own: Coordinate) -> bool:
    """Whether a loss, or a mean of one, is taken at an example."""
    return is_tested(f.body, own) if isinstance(f, Mean) else isinstance(f, Loss) and f.point == own


def range_step_S(parts: Sums, premises: Premises, uses: tuple[str, ...]) -> Step:
    """Bound the range of an increment over one real example, the real examples before it given."""
    own = own_range(premises, parts.real, S_I)
    other = premises.difference(parts.real, S_REST)
    shift = parts.shift
    return Step(
        name="range S",
        says="The mean of F given S changes by at most this with one real example.",
        rule="calculus",
        computed={"own term": own, "another term": other, "range": own + (parts.split.count_S - 1) * other},
        stated={"own term": M + beta + shift, "another term": 2 * (beta + shift), "range": range_S(shift)},
        arises={
            "own term": own_changes(premises, parts.real, S_I),
            "another term": premises.changes(parts.real, S_REST),
        },
        conditions={"the real examples are independent": not LAWS[S_I].of and LAWS[S_REST] == LAWS[S_I]},
        uses=uses,
    )


def centre_of_generated(term: Functional) -> tuple[Functional, Combination]:
    """A generated term's mean given S, and the term with it taken off."""
    law: Law = LAWS[G_J]
    centre = average(average(term, G_REST, law), G_J, law)
    return centre, combine([(1, term), (-1, centre)])


def range_step_G(parts: Sums, premises: Premises, uses: tuple[str, ...]) -> Step:
    """Bound the range of an increment over one generated example, S and those before it given."""
    term, size = parts.split.term_G, parts.split.count_G
    own, other = own_range(premises, term, G_J), premises.difference(term, G_REST)
    real = premises.difference(parts.split.term_S, G_REST)
    centre, centred = centre_of_generated(term)
    again = average(average(centred, G_REST, LAWS[G_J]), G_J, LAWS[G_J])
    return Step(
        name="range S_G",
        says="F changes by at most this with one generated example.",
        rule="calculus",
        computed={
            "own term": own,
            "another term": other,
            "term of S": real,
            "range": own + (size - 1) * other + parts.split.count_S * real,
        },
        stated={
            "own term": M + beta,
            "another term": 2 * beta,
            "term of S": 2 * beta,
            "range": range_G(AUGMENTED),
        },
        conditions={
            "given S, the generated examples are independent": LAWS[G_J].of <= REAL and LAWS[G_REST] == LAWS[G_J],
            "what was taken off is a function of S": free_coordinates(centre) <= REAL,
            "given S, the sum over S_G adds nothing to the mean of F": again == combine(()),
        },
        arises={
            "own term": own_changes(premises, term, G_J),
            "another term": premises.changes(term, G_REST),
            "term of S": premises.changes(parts.split.term_S, G_REST),
        },
        uses=uses,
    )


def martingale_step(parts: Sums, ranges: tuple[Step, ...]) -> tuple[Step, Part]:
    """Apply Azuma-Hoeffding to F, revealed over S and then over S_G."""
    counts = {"range S": parts.split.count_S, "range S_G": parts.split.count_G}
    found = sum((counts[step.name] * step.computed["range"] ** 2 for step in ranges), sp.Integer(0))
    squares = m_S * range_S(parts.shift) ** 2
    squares += AUGMENTED * range_G(AUGMENTED) ** 2 if parts.size != 0 else 0
    says = "F is near its mean; revealing S first, then S_G, its increments given the past have these ranges."
    return azuma_step(says, ranges, found, squares)


def azuma_step(
    says: str, ranges: tuple[Step, ...], found: sp.Expr, stated: sp.Expr, share: sp.Expr = delta
) -> tuple[Step, Part]:
    """Apply Azuma-Hoeffding to a martingale over S, then S_G.

    Args:
        says: of what.
        ranges: the steps that give the increments' ranges, and that they are a martingale's.
        found, stated: the sum of the squared ranges, computed and as a reader expects it.
        share: probability with which it may fail.
    """
    independent = all(truth for step in ranges for truth in step.conditions.values())
    application = AZUMA_HOEFFDING.apply(
        {a: stated, delta: share}, {"martingale": independent, "ranges": sp.expand(found)}
    )
    step = Step(
        name="martingale",
        says=says,
        rule="lemma",
        computed={"sum of squares": found, "tail": application.conclusion},
        stated={"sum of squares": stated, "tail": sp.sqrt(stated * sp.log(2 / share) / 2)},
        application=application,
        uses=tuple(step.name for step in ranges),
        axioms=(AZUMA_HOEFFDING,),
    )
    return step, Part(application.conclusion, share)


def martingale_bound(premises: CoupledPremises = COUPLED, size: sp.Expr = AUGMENTED) -> Derivation:
    """Derive the bound by one martingale.

    Args:
        premises: what is assumed of loss, learner and generator.
        size: the number of generated examples, at least 1 or the number 0.

    Returns:
        The derivation; its conclusion is the bound on Gen.
    """
    parts = sums(size)
    start = decomposition_step(parts.split, size)
    steps: list[Step] = [start]
    bounds: dict[str, sp.Expr] = {"divergence": sp.S.Zero, "S_G": sp.S.Zero}
    found = parts.shift
    after: tuple[str, ...] = (start.name,)
    if size != 0:
        divergence, part = divergence_step(parts.split.rest, premises, size)
        shift, found = shift_step(premises, parts.real, after)
        steps += [divergence, shift]
        bounds["divergence"], after = part.bound, (start.name, shift.name)
    for family in parts.families:
        each = beta + parts.shift if family.label == "S" else beta
        step = mean_step(family, premises, each, after)
        steps.append(step)
        bounds[family.label] = step.computed["all"]
    ranges = [range_step_S(parts, premises, after)]
    if size != 0:
        ranges.append(range_step_G(parts, premises, ("mean S_G",)))
    tail, fluctuation = martingale_step(parts, tuple(ranges))
    union = union_step({"martingale": fluctuation}, 1, (tail.name,))
    steps += [*ranges, tail, union]
    assembly = _assembly(parts, bounds, fluctuation, found, tuple(steps))
    return Derivation(
        name="general bound by one martingale" + ("" if size != 0 else ", m_G = 0"),
        assumes=(
            "S is m_S i.i.d. examples of D; given S, S_G is m_G i.i.d. draws of D_G(S)",
            "0 <= loss <= M; the learner is uniformly beta-stable at m_T examples, for all data",
            "D_G is a deterministic map of S; for all S, S^i, TV(D_G(S)^m_G, D_G(S^i)^m_G) <= T and"
            " TV(D_G(S), D_G(S^i)) <= T_1",
        ),
        steps=(*steps, assembly),
        notes=("D_TV may be that of the S at hand: it enters before anything is averaged",),
    )


def _assembly(
    parts: Sums, bounds: dict[str, sp.Expr], fluctuation: Part, found: sp.Expr, body: tuple[Step, ...]
) -> Step:
    stated = martingale_form(parts.shift).subs({m_G: parts.size})
    real = sp.expand(bounds["S"])
    total = m_S + parts.size
    computed = {
        "divergence": bounds["divergence"],
        "stability_S": real.coeff(TAU, 0),
        "stability_S_G": bounds["S_G"],
        "dependence": real.coeff(TAU, 1) * TAU,
        "fluctuation": fluctuation.bound,
    }
    terms = {key: value / total for key, value in computed.items()}
    whole = sp.Add(*bounds.values(), fluctuation.bound) / total
    return Step(
        name="assembly",
        says="The parts, divided by m_T, are the terms of the bound as stated; tau is then written out.",
        rule="assembly",
        computed={**terms, CONCLUSION: whole.subs(TAU, found)},
        stated={**stated.terms, CONCLUSION: martingale_form().subs({m_G: parts.size}).total},
        uses=tuple(step.name for step in body),
        arises={CONCLUSION: Assembled(total, summands(body), {TAU: found})},
    )
