"""The proof of the general bound, computed from its premises.

Skeleton, for m_G >= 1. The generalization error times m_T is (i) a sum over S of risk minus loss, plus a sum over S_G
of generated risk minus loss, plus m_G times the difference of the two risks; (ii) the last is a divergence; (iii)
given S, the second is a sum of weakly dependent terms; (iv) the first moves little with any generated example, so it
is near its mean over S_G given S; (v) that mean is a sum of weakly dependent terms in S. Every constant is computed
by `theory.functionals.Premises` or by a lemma applied, and compared with the one stated in its own step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from theory.derivation import Derivation, Step
from theory.functionals import (
    FRESH,
    TRAINING,
    Coordinate,
    Functional,
    Law,
    Loss,
    Mean,
    Premises,
    average,
    combine,
    mean,
    substitute_training,
)
from theory.functions import n_ceil_log2
from theory.lemmas import BKZ_MOMENT, MCDIARMID, MOMENTS_TO_TAILS, TV_DUALITY, a, b, c, c_chaos, c_iid, n, width
from theory.stability import explicit_form
from theory.symbols import D_TV, M, T, beta, delta, m_G, m_S, p

STANDARD = Premises(loss_lower=sp.Integer(0), loss_upper=M, stability=beta, dependence=T)
"""Loss in [0, M], learner uniformly beta-stable, generator with dependence T."""

AUGMENTED = sp.Symbol("m_G", integer=True, positive=True)
"""m_G where something is generated: the same letter, known to be at least 1."""

S_I, S_REST, S_GHOST = Coordinate("S_i"), Coordinate("S_rest"), Coordinate("S_i'")
G_J, G_REST, G_GHOST = Coordinate("G_j"), Coordinate("G_rest"), Coordinate("G_j'")
REAL, GENERATED = frozenset({S_I, S_REST}), frozenset({G_J, G_REST})
GENERATED_SAMPLE = Coordinate("S_G")
LAW_D = Law("D")
LAW_G = Law("D_G", of=REAL)
LAW_G_SAMPLE = Law("D_G", of=REAL, block=True)


@dataclass(frozen=True)
class Part:
    """A part of m_T Gen that was bounded: its bound, and the probability with which that fails."""

    bound: sp.Expr
    failure: sp.Expr = sp.S.Zero


@dataclass(frozen=True)
class Family:
    """A sum of `count` terms risk minus loss, one for each example of a block, to be bounded with lemma L1.

    Args:
        label: the block, as steps are named.
        term: the functional at the example singled out.
        own, ghost, others: the example, an independent copy of it, and the rest of its block.
        law: law of each example of the block.
        given: coordinates that are held fixed (conditioned on).
        count: number of terms.
    """

    label: str
    term: Functional
    own: Coordinate
    ghost: Coordinate
    others: Coordinate
    law: Law
    given: frozenset[Coordinate]
    count: sp.Expr

    def centred(self) -> Functional:
        """Learn from an independent copy of the example, averaged out: what is left averages to zero over it."""
        return mean(self.ghost, self.law, substitute_training(self.term, self.own, self.ghost))

    def centring_remainder(self) -> sp.Expr:
        """Mean of the centred term over its own example: 0 when it is centred, else an undetermined symbol."""
        left = average(self.centred(), self.own, self.law)
        return sp.Integer(0) if left == combine(()) else sp.Symbol("E[g_i | Z_-i]")

    def independent(self) -> bool:
        """Whether the examples are independent, given what is held fixed."""
        return self.law.of <= self.given


def risk_minus_loss(train: frozenset[Coordinate], point: Coordinate, law: Law) -> Functional:
    """Risk of the learner under a law minus its loss at an example."""
    return combine([(1, Mean(FRESH, law, Loss(train, FRESH))), (-1, Loss(train, point))])


def real_term() -> Functional:
    """One term of the sum over S: risk minus the loss at a real example, trained on S and S_G."""
    return risk_minus_loss(REAL | {GENERATED_SAMPLE}, S_I, LAW_D)


def real_family(term: Functional) -> Family:
    """The sum over S."""
    return Family("S", term, S_I, S_GHOST, S_REST, LAW_D, frozenset(), m_S)


def generated_family(size: sp.Expr) -> Family:
    """The sum over S_G, given S."""
    term = risk_minus_loss(REAL | GENERATED, G_J, LAW_G)
    return Family("S_G", term, G_J, G_GHOST, G_REST, LAW_G, REAL, size)


def centring_step(family: Family, premises: Premises, each: sp.Expr, uses: tuple[str, ...]) -> Step:
    """Replace each term by its centred version; costs the difference once for each term."""
    cost = premises.difference(family.term, family.own, TRAINING)
    return Step(
        name=f"centre {family.label}",
        says=f"Each of the {family.count} terms is within its training difference of its centred version.",
        rule="calculus",
        computed={"each": cost, "all": family.count * cost},
        stated={"each": each, "all": family.count * each},
        uses=uses,
        axioms=(TV_DUALITY,) if cost.has(T) else (),
    )


def moment_step(family: Family, premises: Premises, difference: sp.Expr, uses: tuple[str, ...]) -> Step:
    """Bound the moments of the sum of centred terms with lemma L1, its hypotheses computed."""
    g = family.centred()
    found = premises.difference(g, family.others)
    magnitude = premises.magnitude(g)
    application = BKZ_MOMENT.apply(
        {n: family.count, M: magnitude, b: found},
        {
            "independent": family.independent(),
            "conditional mean": magnitude,
            "centred": family.centring_remainder(),
            "difference": found,
        },
    )
    levels = n_ceil_log2(family.count)
    return Step(
        name=f"moments {family.label}",
        says=f"The centred terms are bounded by M and change little with any other example of {family.label}.",
        rule="lemma",
        computed={"difference": found, "magnitude": magnitude, "moment": application.conclusion},
        stated={
            "difference": difference,
            "magnitude": M,
            "moment": c_chaos * p * difference * levels + c_iid * M * sp.sqrt(p * family.count),
        },
        application=application,
        uses=uses,
        axioms=(BKZ_MOMENT,),
    )


def moment_coefficients(moment: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Read a and b off a moment bound ``a sqrt(p) + b p``.

    Raises:
        ValueError: the moment bound has another shape.
    """
    root = sp.Symbol("root_p", positive=True)
    polynomial = sp.Poly(sp.expand(moment.subs(p, root**2)), root)
    if any(degree not in (1, 2) for (degree,) in polynomial.monoms()):
        raise ValueError(f"a moment bound is a sqrt(p) + b p. Found {moment}.")
    return polynomial.coeff_monomial(root), polynomial.coeff_monomial(root**2)


def tail_step(family: Family, moment: sp.Expr, difference: sp.Expr, share: sp.Expr, uses: tuple[str, ...]) -> Step:
    """Turn the moments into a bound with probability 1 - share."""
    root_part, linear_part = moment_coefficients(moment)
    application = MOMENTS_TO_TAILS.apply({a: root_part, b: linear_part, delta: share}, {"moments": True})
    log_tail = sp.log(sp.E / share)
    levels = n_ceil_log2(family.count)
    stated = sp.E * (c_iid * M * sp.sqrt(family.count * log_tail) + c_chaos * difference * levels * log_tail)
    return Step(
        name=f"tail {family.label}",
        says=f"With probability at least 1 - ({share}) the sum of the centred terms is small.",
        rule="lemma",
        computed={"tail": application.conclusion},
        stated={"tail": stated},
        application=application,
        uses=uses,
        axioms=(MOMENTS_TO_TAILS,),
    )


def family_steps(
    family: Family, premises: Premises, difference: sp.Expr, share: sp.Expr, after: tuple[str, ...]
) -> tuple[tuple[Step, ...], Part]:
    """Bound a sum of weakly dependent terms: centre, moments, tail. `difference` is the constant stated for it."""
    centring = centring_step(family, premises, difference, after)
    moments = moment_step(family, premises, difference, (centring.name,))
    tail = tail_step(family, moments.computed["moment"], difference, share, (moments.name,))
    return (centring, moments, tail), Part(centring.computed["all"] + tail.computed["tail"], share)


def decomposition_step(size: sp.Expr) -> Step:
    """Split m_T (risk - empirical mean) into the three parts."""
    risk, generated_risk, loss_S, loss_G = sp.symbols("R_D R_DG sum_S sum_SG", real=True)
    total = m_S + size
    whole = sp.expand(total * (risk - (loss_S + loss_G) / total))
    over_S, over_G = m_S * risk - loss_S, size * generated_risk - loss_G
    return Step(
        name="decomposition",
        says="m_T times the signed error is a sum over S, a sum over S_G, and the rest.",
        rule="identity",
        computed={"rest": sp.expand(sp.simplify(whole) - over_S - over_G)},
        stated={"rest": size * (risk - generated_risk)},
    )


def divergence_step(premises: Premises, size: sp.Expr) -> tuple[Step, Part]:
    """Bound m_G times the difference of the two risks of one classifier by total variation."""
    loss = Loss(REAL | {GENERATED_SAMPLE}, FRESH)
    spread = premises.width(loss)
    application = TV_DUALITY.apply({width: spread}, {"width": spread})
    bound = size * application.conclusion
    step = Step(
        name="divergence",
        says="The two risks of one classifier differ by at most the width of the loss times D_TV.",
        rule="lemma",
        computed={"width": spread, "bound": bound},
        stated={"width": M, "bound": size * M * D_TV},
        application=application,
        uses=("decomposition",),
        axioms=(TV_DUALITY,),
    )
    return step, Part(bound)


def coupling_steps(premises: Premises, size: sp.Expr, share: sp.Expr) -> tuple[tuple[Step, ...], Part]:
    """Bound the sum over S minus its mean over S_G given S, by McDiarmid in the m_G generated examples."""
    found = m_S * premises.difference(real_term(), GENERATED_SAMPLE)
    difference = Step(
        name="coupling difference",
        says="The sum over S changes by at most this when one generated example is replaced.",
        rule="calculus",
        computed={"difference": found},
        stated={"difference": 2 * m_S * beta},
        uses=("decomposition",),
    )
    application = MCDIARMID.apply(
        {n: size, c: found, delta: share},
        {"independent": generated_family(size).independent(), "difference": found},
    )
    concentration = Step(
        name="coupling",
        says="Given S, the sum over S is near its mean over S_G.",
        rule="lemma",
        computed={"tail": application.conclusion},
        stated={"tail": m_S * beta * sp.sqrt(2 * size * sp.log(2 / share))},
        application=application,
        uses=("coupling difference",),
        axioms=(MCDIARMID,),
    )
    return (difference, concentration), Part(application.conclusion, share)


def union_step(parts: Mapping[str, Part], uses: tuple[str, ...]) -> Step:
    """Add up the probabilities with which the parts' bounds fail."""
    return Step(
        name="union",
        says=f"All {sum(part.failure != 0 for part in parts.values())} events hold at once.",
        rule="union bound",
        computed={"failure": sp.expand(sum((part.failure for part in parts.values()), sp.Integer(0)))},
        stated={"failure": delta},
        uses=uses,
    )


def total_bound(parts: Mapping[str, Part], size: sp.Expr) -> sp.Expr:
    """Add up the parts' bounds, for each example of the augmented set."""
    return sp.Add(*(part.bound for part in parts.values())) / (m_S + size)


def assembly_step(parts: Mapping[str, Part], size: sp.Expr, uses: tuple[str, ...]) -> Step:
    """Compare the sum of the parts, term by term, with the theorem as stated in `theory.stability`."""
    letter = sp.Symbol("t", positive=True)
    theorem = explicit_form(None).subs({m_G: size})
    split_S = {k: sp.expand(parts["S"].bound).coeff(M, power) for k, power in (("beta", 0), ("M", 1))}
    with_T = sp.expand(split_S["M"].subs(T, letter) * M)
    split_G = sp.expand(parts["S_G"].bound) if "S_G" in parts else sp.Integer(0)
    zero = Part(sp.S.Zero)
    computed = {
        "divergence": parts.get("divergence", zero).bound,
        "sampling_S": with_T.coeff(letter, 0),
        "sampling_S_G": split_G.coeff(M, 1) * M,
        "stability_S": split_S["beta"],
        "stability_S_G": split_G.coeff(M, 0),
        "coupling": parts.get("coupling", zero).bound,
        "dependence": with_T.coeff(letter, 1) * T,
    }
    total = m_S + size
    return Step(
        name="assembly",
        says="The parts, divided by m_T, are the terms of the theorem as stated.",
        rule="assembly",
        computed={key: sp.expand(value / total) for key, value in computed.items()},
        stated=theorem.terms,
        uses=uses,
    )


def general_bound(premises: Premises = STANDARD, share: sp.Expr = delta / 3) -> Derivation:
    """Derive the explicit bound for m_G >= 1, with the constants of lemma L1 as symbols.

    Args:
        premises: what is assumed of loss, learner and generator.
        share: probability that each of the three events may fail with.

    Returns:
        The derivation; its conclusion is the bound on Gen.
    """
    size = AUGMENTED
    divergence, divergence_part = divergence_step(premises, size)
    steps_G, part_G = family_steps(generated_family(size), premises, 2 * beta, share, ("decomposition",))
    steps_C, part_C = coupling_steps(premises, size, share)
    family_S = real_family(mean(GENERATED_SAMPLE, LAW_G_SAMPLE, real_term()))
    steps_S, part_S = family_steps(family_S, premises, 2 * beta + 2 * M * T, share, ("coupling",))
    parts = {"divergence": divergence_part, "S_G": part_G, "coupling": part_C, "S": part_S}
    body = (decomposition_step(size), divergence, *steps_G, *steps_C, *steps_S)
    union = union_step(parts, ("tail S_G", "coupling", "tail S"))
    assembly = assembly_step(parts, size, ("divergence", "centre S_G", "centre S", "union"))
    return Derivation(
        name="general bound, explicit form, m_G >= 1",
        assumes=(
            "S is m_S i.i.d. examples of D; given S, S_G is m_G i.i.d. draws of D_G(S)",
            "0 <= loss <= M; the learner is uniformly beta-stable at m_T examples, for all data",
            "D_G is a deterministic map of S with TV(D_G(S)^m_G, D_G(S^i)^m_G) <= T for all S, S^i",
        ),
        steps=(*body, union, assembly),
        conclusion=total_bound(parts, size),
        notes=(
            "balanced labels are independent, not identical draws: the sum over S stays a sum of independent terms"
            " with replacements within a class, and m_S R_D is the sum of the class risks when the classes are equal",
        ),
    )


def ordinary_bound(premises: Premises = STANDARD) -> Derivation:
    """Derive the bound without augmentation, m_G = 0: one sum, one event, no split of delta."""
    size = sp.Integer(0)
    family = real_family(risk_minus_loss(REAL, S_I, LAW_D))
    steps_S, part_S = family_steps(family, premises, 2 * beta, delta, ("decomposition",))
    parts = {"S": part_S}
    union = union_step(parts, ("tail S",))
    assembly = assembly_step(parts, size, ("centre S", "union"))
    return Derivation(
        name="general bound, explicit form, m_G = 0",
        assumes=(
            "S is m_S i.i.d. examples of D",
            "0 <= loss <= M; the learner is uniformly beta-stable at m_S examples, for all data",
        ),
        steps=(decomposition_step(size), *steps_S, union, assembly),
        conclusion=total_bound(parts, size),
    )
