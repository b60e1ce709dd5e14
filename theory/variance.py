"""The variance of a sum of weakly dependent terms beyond its part of first order: no moments, no logarithm of n.

Lemma L1 bounds every moment of such a sum, at the price of a logarithm and of large constants. The second moment
alone has neither: the terms' components in the orthogonal decomposition of Hoeffding are added up once and for all.
"""

from __future__ import annotations

import sympy as sp

from theory.arises import Inequality, Value, times
from theory.derivation import CONCLUSION, Derivation, Step
from theory.lemmas import Hypothesis, Lemma, b, n, width

_SIZE = sp.Symbol("s", integer=True, positive=True)
_PART = sp.Symbol("q_iA", nonnegative=True)
_RESAMPLED = sp.Symbol("V_i", nonnegative=True)

ORTHOGONAL_PARTS = Lemma(
    key="V1",
    title="orthogonal decomposition, Hoeffding and Efron-Stein",
    left="sum over k != i of E Var(g | all Z_j but Z_k)",
    bound=sp.Sum((_SIZE - 1) * _PART, (_SIZE, 1, n)),
    hypotheses=(
        Hypothesis("independent", "Z_1, ..., Z_n are independent, g has a second moment"),
        Hypothesis("centred", "E[g | all Z_j but Z_i] = 0, so that every part of g that is not 0 has Z_i in its set"),
    ),
    source="Hoeffding (1948), Efron, Stein (1981): g is the sum of orthogonal g_A, one for each set A of s examples,"
    " and E Var(g | all Z_j but Z_k) is the sum of E g_A^2 over the A with k; q_iA adds those of one size up; equality",
    sureness="seen",
)

POPOVICIU = Lemma(
    key="V2",
    title="Popoviciu",
    left="Var X",
    bound=width**2 / 4,
    hypotheses=(Hypothesis("width", "X lies in an interval of length width"),),
    source="Popoviciu (1935), textbook",
    sureness="seen",
)

VARIANCE_OF_RESTS = Lemma(
    key="V3",
    title="variance of a sum of weakly dependent functions, without their part of first order",
    left="E (sum_i (g_i - E[g_i | Z_i]))^2",
    bound=n * (n - 1) * b**2 / 2,
    hypotheses=(
        Hypothesis("independent", "Z_1, ..., Z_n are independent"),
        Hypothesis("centred", "E[g_i | all Z_j but Z_i] = 0", sp.Integer(0)),
        Hypothesis("difference", "g_i changes by at most b with any one Z_j, j != i", b),
    ),
    source="derived from V1, V2 in `variance_of_rests`",
    sureness="derived",
)

VARIANCE: tuple[Lemma, ...] = (ORTHOGONAL_PARTS, POPOVICIU, VARIANCE_OF_RESTS)
"""The lemmas of this module, in the order of their keys."""


def variance_of_rests() -> Derivation:
    """Prove lemma V3: orthogonal parts, each shared by as many terms as its set has examples."""
    others = n - 1
    resampled = POPOVICIU.apply({width: b}, {"width": True})
    changes = Step(
        name="changes",
        says="Given all others, a term lies in an interval of length b over each of the n - 1 other examples.",
        rule="lemma",
        computed={"V_i": others * resampled.conclusion},
        stated={"V_i": (n - 1) * b**2 / 4},
        application=resampled,
        axioms=(POPOVICIU,),
    )
    excess = sp.Symbol("t", integer=True, nonnegative=True)
    weight, counted = _SIZE, _SIZE - 1
    parts = Step(
        name="parts",
        says="A part of size s >= 2 weighs s at most in the sum of squares (Cauchy-Schwarz over the s terms that share"
        " it), and is counted s - 1 times in V_i: twice V_i is enough.",
        rule="elementary inequality",
        computed={"weight of a pair, over its count": (weight / counted).subs(_SIZE, 2)},
        stated={"weight of a pair, over its count": sp.Integer(2)},
        application=ORTHOGONAL_PARTS.apply({}, {"independent": True, "centred": True}),
        conditions={
            "s <= 2 (s - 1) for every s >= 2": bool(
                sp.expand((2 * counted - weight).subs(_SIZE, excess + 2)).is_nonnegative
            ),
            "parts of size 1 are those taken off": counted.subs(_SIZE, 1) == 0,
        },
        uses=(changes.name,),
        axioms=(ORTHOGONAL_PARTS,),
        arises={"weight of a pair, over its count": Value(weight / counted, {_SIZE: sp.Integer(2)})},
        claims={"s <= 2 (s - 1) for every s >= 2": Inequality(weight, 2 * counted, given=(_SIZE - 2,))},
    )
    factor = parts.computed["weight of a pair, over its count"]
    total = Step(
        name="sum",
        says="Added up over the n terms.",
        rule="assembly",
        computed={CONCLUSION: n * (factor * _RESAMPLED).subs(_RESAMPLED, changes.computed["V_i"])},
        stated={CONCLUSION: VARIANCE_OF_RESTS.bound},
        arises={CONCLUSION: times(n, times(factor, changes.computed["V_i"]))},
        uses=(parts.name,),
    )
    return Derivation(
        name="variance of a sum of weakly dependent functions",
        assumes=(
            "Z_1, ..., Z_n are independent; E[g_i | all Z_j but Z_i] = 0",
            "g_i changes by at most b with any one Z_j, j != i",
        ),
        steps=(changes, parts, total),
    )
