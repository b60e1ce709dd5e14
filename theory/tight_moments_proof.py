"""Proofs of the two tighter forms that use lemma L1, and of the choice among all of them.

The coupled form is the proof of `theory.stability_proof` with tau. The split form takes from every centred term its
mean given its own example. These means, and the sum over S given S, are a martingale with small ranges; the rest has
no part of first order, so that lemma L1 applies with M = 0, to the sums over S and S_G under one event.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from theory.arises import Inequality
from theory.assembled import Assembled, summands
from theory.concentration import AZUMA_HOEFFDING
from theory.coupling import TAU, CoupledPremises, shift_step
from theory.derivation import CONCLUSION, Derivation, Step
from theory.families import Family, Part, Stated, centring_step, family_steps
from theory.functionals import Combination, Functional, average, combine
from theory.lemmas import BKZ_MOMENT, MOMENTS_TO_TAILS, a, b, c_chaos, n
from theory.stability import Bound
from theory.stability_proof import (
    AUGMENTED,
    G_J,
    G_REST,
    LAWS,
    REAL,
    coupling_steps,
    decomposition_step,
    divergence_step,
    union_step,
)
from theory.symbols import D_TV, M, beta, delta, m_G, m_S, p
from theory.tight_bound import coupled_form, smallest_of, split_form, tighter_forms, trivial_form
from theory.tight_proof import COUPLED, Sums, martingale_bound, own_changes, own_range, sums

GEN = sp.Symbol("Gen", nonnegative=True)
"""The error itself."""


def stated_family(label: str, shift: sp.Expr = TAU) -> Stated:
    """What a reader expects of either sum: its number of terms, their change with one other example of the block."""
    return Stated(m_S, 2 * beta + 2 * shift) if label == "S" else Stated(AUGMENTED, 2 * beta)


def _assembly(
    terms: dict[str, sp.Expr],
    stated: tuple[Bound, Bound],
    found: sp.Expr,
    body: tuple[Step, ...],
    uses: tuple[str, ...],
    generated: sp.Expr = AUGMENTED,
) -> Step:
    with_tau, written_out = (form.subs({m_G: generated}) for form in stated)
    size = m_S + generated
    computed = {key: sp.expand(value / size) for key, value in terms.items()}
    return Step(
        name="assembly",
        says="The parts, divided by m_T, are the terms of the bound as stated; tau is then written out.",
        rule="assembly",
        computed={**computed, CONCLUSION: (sp.Add(*terms.values()) / size).subs(TAU, found)},
        stated={**with_tau.terms, CONCLUSION: written_out.total},
        uses=uses,
        arises={CONCLUSION: Assembled(size, summands(body), {TAU: found})},
    )


def coupled_bound(premises: CoupledPremises = COUPLED, share: sp.Expr = delta / 3) -> Derivation:
    """Derive the explicit form with tau, m_G >= 1; where nothing is generated it is the explicit form itself."""
    size = AUGMENTED
    parts = sums(size)
    split = parts.split
    divergence, divergence_part = divergence_step(split.rest, premises, size)
    shift, found = shift_step(premises, parts.real, ("decomposition",))
    generated, real = parts.families
    steps_G, part_G = family_steps(generated, premises, stated_family("S_G"), share, ("decomposition",))
    steps_C, part_C = coupling_steps(split, premises, size, share)
    steps_S, part_S = family_steps(real, premises, stated_family("S"), share, ("coupling", "shift"))
    body = (decomposition_step(split, size), divergence, shift, *steps_G, *steps_C, *steps_S)
    union = union_step({"S_G": part_G, "C": part_C, "S": part_S}, 3, ("tail S_G", "coupling", "tail S"))
    bound_S, bound_G = sp.expand(part_S.bound), sp.expand(part_G.bound)
    terms = {
        "divergence": divergence_part.bound,
        "sampling_S": bound_S.coeff(M, 1) * M,
        "sampling_S_G": bound_G.coeff(M, 1) * M,
        "stability_S": bound_S.coeff(beta, 1) * beta,
        "stability_S_G": bound_G.coeff(beta, 1) * beta,
        "coupling": part_C.bound,
        "dependence": bound_S.coeff(TAU, 1) * TAU,
    }
    assembly = _assembly(
        terms,
        (coupled_form(None, TAU), coupled_form(None)),
        found,
        body,
        ("divergence", "shift", "bound S_G", "coupling", "bound S", "union"),
    )
    assumes = martingale_bound(premises).assumes
    return Derivation("explicit form, draws coupled one by one", assumes, (*body, union, assembly))


@dataclass(frozen=True)
class Orders:
    """A centred term as the mean given its own example, and the rest."""

    first: Functional
    rest: Combination


def split_orders(family: Family) -> Orders:
    """Take from a centred term its mean given its own example."""
    centred = family.centred()
    first = average(centred, family.others, family.laws[family.others])
    return Orders(first, combine([(1, centred), (-1, first)]))


def first_order_step(family: Family, premises: CoupledPremises, uses: tuple[str, ...]) -> Step:
    """Bound the range of the first-order term in its own example."""
    first = split_orders(family).first
    return Step(
        name=f"first order {family.label}",
        says="Its mean given its own example is a loss at that example and a constant.",
        rule="calculus",
        computed={
            "range": own_range(premises, first, family.own),
            "with another example": premises.difference(first, family.others),
        },
        stated={"range": M, "with another example": sp.Integer(0)},
        uses=uses,
        arises={"range": own_changes(premises, first, family.own)},
    )


def second_order_step(family: Family, premises: CoupledPremises, stated: Stated, uses: tuple[str, ...]) -> Step:
    """Bound the moments of the sum of the rests by lemma L1 with M = 0.

    The rest averages to zero over its own example where the centred term does: the mean that was taken from it is a
    mean of the centred term over examples that are independent of its own.
    """
    orders = split_orders(family)
    others = average(orders.rest, family.others, family.laws[family.others])
    found = premises.difference(family.centred(), family.others) + premises.difference(orders.first, family.others)
    application = BKZ_MOMENT.apply(
        {n: family.count, M: sp.S.Zero, b: stated.difference},
        {
            "independent": family.independent(),
            "conditional mean": sp.S.Zero if others == combine(()) else sp.Symbol("E[g_i | Z_i]"),
            "centred": family.centring_remainder(),
            "difference": sp.expand(found),
        },
    )
    return Step(
        name=f"second order {family.label}",
        says="The rest averages to zero over its own example, and over all the others.",
        rule="lemma",
        computed={"difference": sp.expand(found), "moment": application.conclusion},
        stated={"difference": stated.difference, "moment": c_chaos * p * stated.difference * stated.levels},
        application=application,
        uses=uses,
        axioms=(BKZ_MOMENT,),
    )


def chaos_tail_step(moments: tuple[Step, ...], expected: tuple[Stated, ...], share: sp.Expr) -> tuple[Step, Part]:
    """Turn the sum of both moments, a norm of the sum of both rests, into a tail with one event."""
    slope = sum((sp.expand(step.computed["moment"]).coeff(p, 1) for step in moments), sp.Integer(0))
    orders = [step.application.lemma.moments_from for step in moments if step.application is not None]
    application = MOMENTS_TO_TAILS.apply({a: sp.S.Zero, b: slope, delta: share}, {"moments from": sp.Max(*orders)})
    stated = sum((each.difference * each.levels for each in expected), sp.Integer(0))
    step = Step(
        name="second order",
        says="Both rests together are small: a norm of the sum is at most the sum of the norms.",
        rule="lemma",
        computed={"tail": application.conclusion},
        stated={"tail": sp.E * c_chaos * stated * sp.log(sp.E / share)},
        application=application,
        uses=tuple(step.name for step in moments),
        axioms=(MOMENTS_TO_TAILS,),
    )
    return step, Part(application.conclusion, share)


def _first_order_martingale(
    parts: Sums, premises: CoupledPremises, steps: tuple[Step, ...], share: sp.Expr
) -> tuple[Step, Part]:
    # Over S: the first-order terms of the sum over S alone, as those of S_G average to zero given S. Over S_G: their
    # own, and the sum over S itself minus its mean given S.
    ranges = {step.name: step.computed["range"] for step in steps}
    over = {"over S": ranges["first order S"]}
    stated = {"over S": M}
    found, squares = parts.split.count_S * over["over S"] ** 2, m_S * M**2
    if parts.size != 0:
        real = premises.difference(parts.split.term_S, G_REST)
        over["over S_G"] = ranges["first order S_G"] + parts.split.count_S * real
        stated["over S_G"] = M + 2 * m_S * beta
        found += parts.split.count_G * over["over S_G"] ** 2
        squares += AUGMENTED * stated["over S_G"] ** 2
    independent = all(family.independent() for family in parts.families) and LAWS[G_J].of <= REAL
    application = AZUMA_HOEFFDING.apply(
        {a: squares, delta: share}, {"martingale": independent, "ranges": sp.expand(found)}
    )
    step = Step(
        name="martingale",
        says="The parts of first order, and the sum over S given S, are a martingale over S, then S_G.",
        rule="lemma",
        computed={**over, "tail": application.conclusion},
        stated={**stated, "tail": sp.sqrt(squares * sp.log(2 / share) / 2)},
        application=application,
        uses=tuple(step.name for step in steps),
        axioms=(AZUMA_HOEFFDING,),
    )
    return step, Part(application.conclusion, share)


def split_bound(
    premises: CoupledPremises = COUPLED, size: sp.Expr = AUGMENTED, share: sp.Expr = delta / 2
) -> Derivation:
    """Derive the form that spends lemma L1 on the part of second order only; `size` is at least 1, or the number 0."""
    parts = sums(size)
    steps = [decomposition_step(parts.split, size)]
    found, divergence = parts.shift, sp.S.Zero
    if size != 0:
        step, part = divergence_step(parts.split.rest, premises, size)
        shift, found = shift_step(premises, parts.real, ("decomposition",))
        steps += [step, shift]
        divergence = part.bound
    expected = {family.label: stated_family(family.label, parts.shift) for family in parts.families}
    centred = {f.label: centring_step(f, premises, expected[f.label], (steps[-1].name,)) for f in parts.families}
    first = tuple(first_order_step(f, premises, (centred[f.label].name,)) for f in parts.families)
    second = tuple(second_order_step(f, premises, expected[f.label], (centred[f.label].name,)) for f in parts.families)
    martingale, martingale_part = _first_order_martingale(parts, premises, first, share)
    chaos, chaos_part = chaos_tail_step(second, tuple(expected.values()), share)
    union = union_step({"first": martingale_part, "second": chaos_part}, 2, (martingale.name, chaos.name))
    steps += [*centred.values(), *first, *second, martingale, chaos, union]
    real = sp.expand(centred["S"].computed["all"])
    terms = {
        "divergence": divergence,
        "stability_S": real.coeff(TAU, 0),
        "stability_S_G": centred["S_G"].computed["all"] if size != 0 else sp.S.Zero,
        "dependence": real.coeff(TAU, 1) * TAU,
        "fluctuation": martingale_part.bound,
        "second_order": chaos_part.bound,
    }
    stated = (split_form(None, parts.shift), split_form(None))
    assembly = _assembly(terms, stated, found, tuple(steps), tuple(step.name for step in steps), size)
    assumes = martingale_bound(premises).assumes
    name = "first order by a martingale, second order by moments" + ("" if size != 0 else ", m_G = 0")
    return Derivation(name, assumes, (*steps, assembly))


def best_choice() -> Derivation:
    """Derive that the smallest of the tighter forms and the trivial one holds with the same delta."""
    routes = tighter_forms(None)
    divergence = m_G * M * D_TV / (m_S + m_G)
    rests = [sp.expand(route.total - divergence) for route in routes]
    choice = Step(
        name="choice",
        says="The forms have one divergence, and are otherwise numbers known before S is drawn.",
        rule="identity",
        computed={f"divergence {route.name}": route.terms["divergence"] for route in routes},
        stated={f"divergence {route.name}": divergence for route in routes},
        conditions={"nothing else depends on the examples": not any(rest.has(D_TV) for rest in rests)},
    )
    letters = sp.symbols(f"rest_1:{len(routes) + 1}", nonnegative=True)
    assembly = Step(
        name="assembly",
        says="The smallest of such numbers, written rest_1, rest_2 and so on, is one of them; M is never exceeded.",
        rule="assembly",
        computed={CONCLUSION: divergence + sp.Min(*letters, trivial_form().total - divergence)},
        stated={CONCLUSION: smallest_of(divergence, letters).total},
        claims={
            "Gen is at most the smallest form": Inequality(
                GEN, divergence + sp.Min(*letters), given=tuple(divergence + rest - GEN for rest in letters)
            )
        },
        uses=("choice",),
    )
    return Derivation("smallest of the tighter forms", ("each of the forms holds",), (choice, assembly))
