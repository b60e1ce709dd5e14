"""The proof of the general bound, computed from its premises.

Skeleton, for m_G >= 1. The generalization error times m_T is (i) a sum over S of risk minus loss, plus a sum over S_G
of generated risk minus loss, plus m_G times the difference of the two risks; (ii) the last is a divergence; (iii)
given S, the second is a sum of weakly dependent terms; (iv) the first moves little with any generated example, so it
is near its mean over S_G given S; (v) that mean is a sum of weakly dependent terms in S.

The decomposition is an identity of functionals; every later step works on the functionals that it yields. Every
constant is computed by `theory.functionals.Premises` or by a lemma applied, and compared with the one stated in its
own step. The two families of terms (iii) and (v) are bounded in `theory.families`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from theory.arises import Bounded, Equality, Outside, added, times
from theory.assembled import Assembled, summands
from theory.derivation import CONCLUSION, Derivation, Step
from theory.families import Family, Part, Stated, family_steps, total_variation_pair
from theory.functionals import (
    FRESH,
    Combination,
    Coordinate,
    Functional,
    Law,
    Loss,
    Mean,
    Premises,
    combine,
    group,
    mean,
)
from theory.lemmas import MCDIARMID, TV_DUALITY, c, n, width
from theory.stability import explicit_form
from theory.symbols import D_TV, M, T, beta, delta, m_G, m_S

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
LAWS: Mapping[Coordinate, Law] = {
    S_I: LAW_D,
    S_REST: LAW_D,
    S_GHOST: LAW_D,
    G_J: LAW_G,
    G_REST: LAW_G,
    G_GHOST: LAW_G,
    GENERATED_SAMPLE: LAW_G_SAMPLE,
}
"""The law of every example of the proof, given what it depends on."""


def risk(train: frozenset[Coordinate], law: Law) -> Functional:
    """The risk under a law of the learner trained on a sample."""
    return Mean(FRESH, law, Loss(train, FRESH))


def risk_minus_loss(train: frozenset[Coordinate], point: Coordinate) -> Combination:
    """Risk of the learner, under the law of an example, minus its loss at that example."""
    return combine([(1, risk(train, LAWS[point])), (-1, Loss(train, point))])


def signed_error(size: sp.Expr) -> Combination:
    """``m_T (risk - empirical mean)``, a sum over a block written as its size times the term singled out."""
    train = REAL | GENERATED if size != 0 else REAL
    losses = [(-m_S, Loss(train, S_I)), (-size, Loss(train, G_J))]
    return combine([(m_S + size, risk(train, LAW_D)), *losses])


@dataclass(frozen=True)
class Decomposition:
    """The signed error as ``n_S term_S + n_G term_G + rest``.

    Args:
        count_S, count_G: how often each term occurs, as the signed error has them.
        term_S, term_G: risk minus loss at a real and at a generated example.
        rest: what is left.
    """

    count_S: sp.Expr
    count_G: sp.Expr
    term_S: Combination
    term_G: Combination
    rest: Combination


def decompose(size: sp.Expr) -> Decomposition:
    """Split the signed error, each sum with the risk under the law of its own examples."""
    whole = signed_error(size)
    train = REAL | GENERATED if size != 0 else REAL
    coefficients = {f: coefficient for coefficient, f in whole.terms}
    count_S, count_G = (-coefficients.get(Loss(train, point), sp.S.Zero) for point in (S_I, G_J))
    term_S, term_G = risk_minus_loss(train, S_I), risk_minus_loss(train, G_J)
    rest = combine([(1, whole), (-count_S, term_S), (-count_G, term_G)])
    return Decomposition(count_S, count_G, term_S, term_G, rest)


def decomposition_step(parts: Decomposition, size: sp.Expr) -> Step:
    """Check the split: how often each term occurs, and what is left."""
    train = REAL | GENERATED
    left = {f: coefficient for coefficient, f in parts.rest.terms}
    known = {risk(train, LAW_D): size, risk(train, LAW_G): -size} if size != 0 else {}
    return Step(
        name="decomposition",
        says="m_T times the signed error is a sum over S, a sum over S_G, and m_G times a difference of two risks.",
        rule="identity",
        computed={
            "terms over S": parts.count_S,
            "terms over S_G": parts.count_G,
            "weight of R_D": left.get(risk(train, LAW_D), sp.S.Zero),
            "weight of R_DG": left.get(risk(train, LAW_G), sp.S.Zero),
        },
        stated={"terms over S": m_S, "terms over S_G": size, "weight of R_D": size, "weight of R_DG": -size},
        conditions={
            "nothing else is left": set(left) == set(known),
            "each sum has the risk under its own law": parts.term_S == risk_minus_loss(_train(size), S_I)
            and (size == 0 or parts.term_G == combine([(1, risk(train, LAW_G)), (-1, Loss(train, G_J))])),
        },
        claims={"nothing else is left": _split(parts, size)},
    )


def _split(parts: Decomposition, size: sp.Expr) -> Equality:
    # Every functional is one number here.
    whole = signed_error(size)
    functionals = {f for combination in (whole, parts.term_S, parts.term_G) for _, f in combination.terms}
    letters = {f: sp.Symbol(f"f_{index}", real=True) for index, f in enumerate(sorted(functionals, key=str), 1)}

    def written(combination: Combination) -> sp.Expr:
        return added(times(weight, letters[f]) for weight, f in combination.terms)

    counted = [times(parts.count_S, written(parts.term_S))]
    counted += [times(parts.count_G, written(parts.term_G)), written(parts.rest)] if size != 0 else []
    return Equality(written(whole), added(counted))


def _train(size: sp.Expr) -> frozenset[Coordinate]:
    return REAL | GENERATED if size != 0 else REAL


def divergence_step(rest: Combination, premises: Premises, size: sp.Expr) -> tuple[Step, Part]:
    """Bound what is left: the weight of the two risks times the width of the loss times total variation."""
    weight, body, laws = total_variation_pair(rest)
    spread = premises.width(body)
    application = TV_DUALITY.apply({width: M}, {"width": spread})
    bound = weight * application.conclusion
    step = Step(
        name="divergence",
        says="The two risks of one classifier differ by at most the width of the loss times D_TV.",
        rule="lemma",
        computed={"width": spread, "weight": weight, "bound": bound},
        stated={"width": M, "weight": size, "bound": size * M * D_TV},
        application=application,
        conditions={"D_TV is between the data's law and the generator's": laws == {LAW_D, LAW_G}},
        uses=("decomposition",),
        axioms=(TV_DUALITY,),
        arises={"bound": Bounded(weight)},
    )
    return step, Part(bound)


def coupling_steps(
    parts: Decomposition, premises: Premises, size: sp.Expr, share: sp.Expr
) -> tuple[tuple[Step, ...], Part]:
    """Bound the sum over S minus its mean over S_G given S, by McDiarmid in the m_G generated examples."""
    found = parts.count_S * premises.difference(parts.term_S, G_REST)
    difference = Step(
        name="coupling difference",
        says="The sum over S changes by at most this when one generated example is replaced.",
        rule="calculus",
        computed={"difference": found},
        stated={"difference": 2 * m_S * beta},
        uses=("decomposition",),
        arises={"difference": times(parts.count_S, premises.changes(parts.term_S, G_REST))},
    )
    application = MCDIARMID.apply(
        {n: parts.count_G, c: 2 * m_S * beta, delta: share},
        {"independent": LAWS[G_J].of <= REAL and LAWS[G_REST] == LAWS[G_J], "difference": found},
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


def union_step(parts: Mapping[str, Part], events: int, uses: tuple[str, ...]) -> Step:
    """Add up the probabilities with which the parts' bounds fail."""
    shares = [part.failure for part in parts.values() if part.failure != 0]
    return Step(
        name="union",
        says="All events hold at once.",
        rule="union bound",
        computed={
            "events": sp.Integer(sum(part.failure != 0 for part in parts.values())),
            "failure": sp.expand(sum((part.failure for part in parts.values()), sp.Integer(0))),
        },
        stated={"events": sp.Integer(events), "failure": delta},
        uses=uses,
        arises={
            "events": Outside("a number of events"),
            "failure": added(shares) if len(shares) > 1 else Outside("one event: nothing is added up"),
        },
    )


def assembly_step(parts: Mapping[str, Part], size: sp.Expr, uses: tuple[str, ...], body: tuple[Step, ...]) -> Step:
    """Compare the sum of the parts, term by term and as a whole, with the theorem as stated."""
    letter = sp.Symbol("t", positive=True)
    theorem = explicit_form(None).subs({m_G: size})
    real = sp.expand(parts["S"].bound)
    with_T = sp.expand((real.coeff(M, 1) * M).subs(T, letter))
    generated = sp.expand(parts["S_G"].bound) if "S_G" in parts else sp.Integer(0)
    zero = Part(sp.S.Zero)
    computed = {
        "divergence": parts.get("divergence", zero).bound,
        "sampling_S": with_T.coeff(letter, 0),
        "sampling_S_G": generated.coeff(M, 1) * M,
        "stability_S": real.coeff(M, 0),
        "stability_S_G": generated.coeff(M, 0),
        "coupling": parts.get("coupling", zero).bound,
        "dependence": with_T.coeff(letter, 1) * T,
    }
    total = m_S + size
    terms = {key: sp.expand(value / total) for key, value in computed.items()}
    return Step(
        name="assembly",
        says="The parts, divided by m_T, are the terms of the theorem as stated.",
        rule="assembly",
        computed={**terms, CONCLUSION: sp.Add(*(part.bound for part in parts.values())) / total},
        stated={**theorem.terms, CONCLUSION: theorem.total},
        uses=uses,
        arises={CONCLUSION: Assembled(total, summands(body), {})},
    )


def generated_family(parts: Decomposition) -> Family:
    """The sum over S_G, given S."""
    return Family("S_G", parts.term_G, G_J, G_GHOST, G_REST, REAL, parts.count_G, LAWS)


def real_family(parts: Decomposition, term: Functional) -> Family:
    """The sum over S of a term."""
    return Family("S", term, S_I, S_GHOST, S_REST, frozenset(), parts.count_S, LAWS)


def averaged_term(parts: Decomposition) -> Functional:
    """One term of the sum over S, averaged over S_G given S."""
    return mean(GENERATED_SAMPLE, LAWS[GENERATED_SAMPLE], group(parts.term_S, GENERATED, GENERATED_SAMPLE))


def general_bound(premises: Premises = STANDARD, share: sp.Expr = delta / 3) -> Derivation:
    """Derive the explicit bound for m_G >= 1, with the constants of lemma L1 as symbols.

    Args:
        premises: what is assumed of loss, learner and generator.
        share: probability that each of the three events may fail with.

    Returns:
        The derivation; its conclusion is the bound on Gen.
    """
    size = AUGMENTED
    split = decompose(size)
    divergence, divergence_part = divergence_step(split.rest, premises, size)
    steps_G, part_G = family_steps(generated_family(split), premises, Stated(size, 2 * beta), share, ("decomposition",))
    steps_C, part_C = coupling_steps(split, premises, size, share)
    steps_S, part_S = family_steps(
        real_family(split, averaged_term(split)), premises, Stated(m_S, 2 * beta + 2 * M * T), share, ("coupling",)
    )
    parts = {"divergence": divergence_part, "S_G": part_G, "coupling": part_C, "S": part_S}
    body = (decomposition_step(split, size), divergence, *steps_G, *steps_C, *steps_S)
    union = union_step(parts, 3, ("tail S_G", "coupling", "tail S"))
    assembly = assembly_step(parts, size, ("divergence", "bound S_G", "coupling", "bound S", "union"), body)
    return Derivation(
        name="general bound, explicit form, m_G >= 1",
        assumes=(
            "S is m_S i.i.d. examples of D; given S, S_G is m_G i.i.d. draws of D_G(S)",
            "0 <= loss <= M; the learner is uniformly beta-stable at m_T examples, for all data",
            "D_G is a deterministic map of S with TV(D_G(S)^m_G, D_G(S^i)^m_G) <= T for all S, S^i",
        ),
        steps=(*body, union, assembly),
        notes=(
            "balanced labels are independent, not identical draws: the sum over S stays a sum of independent terms"
            " with replacements within a class, and m_S R_D is the sum of the class risks when the classes are equal",
        ),
    )


def ordinary_bound(premises: Premises = STANDARD) -> Derivation:
    """Derive the bound without augmentation, m_G = 0: one sum, one event, no split of delta."""
    size = sp.Integer(0)
    split = decompose(size)
    steps_S, part_S = family_steps(
        real_family(split, split.term_S), premises, Stated(m_S, 2 * beta), delta, ("decomposition",)
    )
    parts = {"S": part_S}
    union = union_step(parts, 1, ("tail S",))
    assembly = assembly_step(parts, size, ("bound S", "union"), steps_S)
    return Derivation(
        name="general bound, explicit form, m_G = 0",
        assumes=(
            "S is m_S i.i.d. examples of D",
            "0 <= loss <= M; the learner is uniformly beta-stable at m_S examples, for all data",
        ),
        steps=(decomposition_step(split, size), *steps_S, union, assembly),
    )
