"""The proof of the bound by one martingale of centred terms, computed from its premises.

A term of either sum is replaced by its centred version, which learns from an independent copy of its own example, and
so averages to zero over that example, whatever the others are. The centred terms are revealed in order, S first. While
an example is revealed, the terms of later examples average to zero and stay so: only the term of the example itself,
by the width of the loss, and those of earlier examples, by the learner's stability, can move. Uncentred terms all move.
"""

from __future__ import annotations

import sympy as sp

from theory.assembled import Assembled, summands
from theory.coupling import TAU, CoupledPremises, shift_step
from theory.derivation import CONCLUSION, Derivation, Step
from theory.families import Family, Part, Stated, centring_step
from theory.stability_proof import AUGMENTED, G_J, G_REST, LAWS, REAL, decomposition_step, divergence_step, union_step
from theory.symbols import M, beta, m_G, m_S
from theory.tight_bound import ordered_form, squared_ladder
from theory.tight_proof import COUPLED, Sums, azuma_step, martingale_bound, own_changes, own_range, sums

INDEX = sp.Symbol("i", integer=True, positive=True)
"""Place of an example in its block."""


def range_step(
    family: Family, parts: Sums, premises: CoupledPremises, uses: tuple[str, ...], stated_own: sp.Expr = M
) -> Step:
    """Bound the ranges of the increments over a block, the i-th of which moves i - 1 earlier terms, and add squares."""
    centred, generated = family.centred(), family.label == "S_G"
    own, earlier = own_range(premises, centred, family.own), premises.difference(centred, family.others)
    real = parts.split.count_S * premises.difference(parts.split.term_S, G_REST) if generated else sp.S.Zero
    squares = sp.summation(sp.expand((own + real + (INDEX - 1) * earlier) ** 2), (INDEX, 1, family.count))
    stated_real = 2 * m_S * beta if generated else sp.S.Zero
    stated_earlier = 2 * beta if generated else 2 * (beta + parts.shift)
    count = AUGMENTED if generated else m_S
    return Step(
        name=f"ranges {family.label}",
        says="An example moves its own term, and the terms of earlier examples; later terms average to zero still.",
        rule="calculus",
        computed={"own term": own, "an earlier term": earlier, "sum over S": real, "squares": squares},
        stated={
            "own term": stated_own,
            "an earlier term": stated_earlier,
            "sum over S": stated_real,
            "squares": squared_ladder(stated_own + stated_real, stated_earlier, count),
        },
        conditions={
            "centred terms average to zero over their own example": family.centring_remainder() == 0,
            "the examples are independent, of one law": family.independent(),
            "what is given was revealed before": family.given <= REAL and (not generated or LAWS[G_J].of <= REAL),
        },
        uses=uses,
        arises={
            "own term": own_changes(premises, centred, family.own),
            "an earlier term": premises.changes(centred, family.others),
        },
    )


def martingale_step(ranges: tuple[Step, ...], stated: sp.Expr) -> tuple[Step, Part]:
    """Apply Azuma-Hoeffding to the centred terms, and to the sum over S minus its mean given S."""
    found = sum((step.computed["squares"] for step in ranges), sp.Integer(0))
    says = "Both sums of centred terms, and the sum over S given S, are a martingale over S, then S_G."
    return azuma_step(says, ranges, sp.expand(found), stated)


def ordered_bound(premises: CoupledPremises = COUPLED, size: sp.Expr = AUGMENTED) -> Derivation:
    """Derive the bound by one martingale of centred terms.

    Args:
        premises: what is assumed of loss, learner and generator.
        size: the number of generated examples, at least 1 or the number 0.

    Returns:
        The derivation; its conclusion is the bound on Gen.
    """
    parts = sums(size)
    steps = [decomposition_step(parts.split, size)]
    found, divergence = parts.shift, sp.S.Zero
    if size != 0:
        step, part = divergence_step(parts.split.rest, premises, size)
        shift, found = shift_step(premises, parts.real, (steps[0].name,))
        steps += [step, shift]
        divergence = part.bound
    expected = {"S": Stated(m_S, 2 * beta + 2 * parts.shift), "S_G": Stated(AUGMENTED, 2 * beta)}
    after = (steps[-1].name,)
    centred = {f.label: centring_step(f, premises, expected[f.label], after) for f in parts.families}
    ranges = tuple(range_step(f, parts, premises, (centred[f.label].name,)) for f in parts.families)
    squares = squared_ladder(M, 2 * (beta + parts.shift), m_S)
    if size != 0:
        squares += squared_ladder(M + 2 * m_S * beta, 2 * beta, AUGMENTED)
    tail, fluctuation = martingale_step(ranges, squares)
    steps += [*centred.values(), *ranges, tail, union_step({"martingale": fluctuation}, 1, (tail.name,))]
    real = sp.expand(centred["S"].computed["all"])
    terms = {
        "divergence": divergence,
        "stability_S": real.coeff(TAU, 0),
        "stability_S_G": centred["S_G"].computed["all"] if size != 0 else sp.S.Zero,
        "dependence": real.coeff(TAU, 1) * TAU,
        "fluctuation": fluctuation.bound,
    }
    total = m_S + size
    whole = sp.Add(*terms.values()) / total
    assembly = Step(
        name="assembly",
        says="The parts, divided by m_T, are the terms of the bound as stated; tau is then written out.",
        rule="assembly",
        computed={**{key: value / total for key, value in terms.items()}, CONCLUSION: whole.subs(TAU, found)},
        stated={
            **ordered_form(parts.shift).subs({m_G: size}).terms,
            CONCLUSION: ordered_form().subs({m_G: size}).total,
        },
        uses=tuple(step.name for step in steps),
        arises={CONCLUSION: Assembled(total, summands(steps), {TAU: found})},
    )
    name = "general bound by one martingale of centred terms" + ("" if size != 0 else ", m_G = 0")
    return Derivation(name, martingale_bound(premises, size).assumes, (*steps, assembly))
