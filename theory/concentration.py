"""Two more cited lemmas, and one derived from them: a martingale with bounded ranges, couplings of samples."""

from __future__ import annotations

import sympy as sp

from theory.arises import Total, times
from theory.derivation import CONCLUSION, Derivation, Step
from theory.lemmas import Hypothesis, Lemma, a, c, n
from theory.symbols import D_TV, delta

AZUMA_HOEFFDING = Lemma(
    key="L11",
    title="Azuma-Hoeffding, two-sided, with conditional ranges",
    left="|Y - E Y|, with probability at least 1 - delta, Y the last value of a martingale",
    bound=sp.sqrt(a * sp.log(2 / delta) / 2),
    hypotheses=(
        Hypothesis("martingale", "the increments average to zero, each given what was revealed before it"),
        Hypothesis("ranges", "given the past, increment k lies in an interval of length c_k, and sum c_k^2 <= a", a),
    ),
    source="Azuma (1967), Hoeffding (1963), in the form of McDiarmid (1989)",
    sureness="recalled",
)

MAXIMAL_COUPLING = Lemma(
    key="L12",
    title="maximal coupling",
    left="P(X != Y) of the best pair X ~ P, Y ~ Q",
    bound=D_TV,
    hypotheses=(Hypothesis("laws", "D_TV(P, Q) <= D_TV"),),
    source="textbook",
    sureness="seen",
)

DRAW_BY_DRAW = Lemma(
    key="L13",
    title="samples coupled draw by draw",
    left="|E_(P^n) phi - E_(Q^n) phi|",
    bound=n * c * D_TV,
    hypotheses=(
        Hypothesis("product", "the n draws are independent with one law, P or Q, and D_TV(P, Q) <= D_TV"),
        Hypothesis("difference", "phi changes by at most c with any one draw", c),
    ),
    source="derived from L12 in `draw_by_draw`",
    sureness="derived",
)

CONCENTRATION: tuple[Lemma, ...] = (AZUMA_HOEFFDING, MAXIMAL_COUPLING, DRAW_BY_DRAW)
"""The lemmas of this module, in the order of their keys."""

_DRAW = sp.Symbol("k", integer=True, positive=True)
_DRAWS = sp.Symbol("n", integer=True, positive=True)


def draw_by_draw() -> Derivation:
    """Prove lemma L13: couple the two samples draw by draw; only the draws that differ cost anything."""
    application = MAXIMAL_COUPLING.apply({}, {"laws": True})
    pair = Step(
        name="one pair",
        says="The k-th draws of the two samples can be made to differ with probability D_TV only.",
        rule="lemma",
        computed={"P(X_k != Y_k)": application.conclusion},
        stated={"P(X_k != Y_k)": D_TV},
        application=application,
        axioms=(MAXIMAL_COUPLING,),
    )
    expected = sp.summation(application.conclusion, (_DRAW, 1, _DRAWS))
    number = Step(
        name="differing draws",
        says="Their expected number is the sum of the probabilities, independent pairs or not.",
        rule="identity",
        computed={"expected number": expected},
        stated={"expected number": _DRAWS * D_TV},
        arises={"expected number": Total(application.conclusion, _DRAW, _DRAWS)},
        uses=(pair.name,),
    )
    path = Step(
        name="path",
        says="From one sample to the other by exchanging the differing draws, each at a cost of c at most.",
        rule="assembly",
        computed={CONCLUSION: (c * expected).subs(_DRAWS, n)},
        stated={CONCLUSION: DRAW_BY_DRAW.bound},
        arises={CONCLUSION: times(c, times(n, D_TV))},
        uses=(number.name,),
    )
    return Derivation(
        name="samples coupled draw by draw",
        assumes=("X_1, ..., X_n are i.i.d. of law P, Y_1, ..., Y_n of law Q", "phi changes by at most c with one draw"),
        steps=(pair, number, path),
    )
