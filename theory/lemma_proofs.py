"""Proofs of lemmas that are not taken from elsewhere: moments to tails, from Markov's inequality."""

from __future__ import annotations

import sympy as sp

from theory.arises import Inequality, Value, added, put, times
from theory.derivation import CONCLUSION, Derivation, Step
from theory.lemmas import MARKOV, MOMENTS_TO_TAILS, a, b
from theory.symbols import delta, p

LOG_INVERSE = sp.Symbol("x", nonnegative=True)
"""``x = log(1/delta)``, the variable of the proof."""


def _large_tail() -> tuple[Step, Step]:
    """For delta <= 1/e: Markov at the moment p = log(e/delta) >= 2."""
    x = LOG_INVERSE
    moment = 1 + x
    multiplier = sp.exp(x / moment)
    failure = MARKOV.bound.subs({a: 1, b: multiplier, p: moment}, simultaneous=True)
    markov = Step(
        name="Markov at p = log(e/delta)",
        says="|Y| exceeds exp(x/p) ||Y||_p with probability at most delta.",
        rule="lemma",
        computed={
            "failure": sp.powdenest(failure, force=True),
            "moment": sp.expand(sp.expand_log(sp.log(sp.E / delta)).subs(sp.log(delta), -x)),
        },
        stated={"failure": sp.exp(-x), "moment": moment},
        arises={
            "failure": put(MARKOV.bound, {a: sp.S.One, b: multiplier, p: moment}),
            "moment": sp.log(times(sp.E, sp.Pow(sp.exp(-x), -1, evaluate=False)), evaluate=False),
        },
        axioms=(MARKOV,),
    )
    margin = sp.factor(1 - sp.log(multiplier).simplify())
    large = Step(
        name="delta <= 1/e",
        says="The multiplier exp(x/(1+x)) is below e.",
        rule="elementary inequality",
        computed={"margin of the exponent": margin},
        stated={"margin of the exponent": 1 / (1 + x)},
        conditions={"the margin is positive": margin.is_positive},
        uses=(markov.name,),
        arises={"margin of the exponent": added([sp.S.One, -x / moment])},
        claims={"the margin is positive": Inequality(sp.S.Zero, margin, strict=True)},
    )
    return markov, large


def _small_tail(name: str, power: sp.Expr, worst: int) -> Step:
    """For delta > 1/e, p = 2: compare ``2^power e^(x/2)`` with ``e (1+x)^power`` on 0 <= x <= 1, in logarithms."""
    x = LOG_INVERSE
    margin = 1 + power * sp.log(1 + x) - power * sp.log(2) - x / 2
    slope = sp.factor(sp.diff(margin, x))
    inside = sp.Symbol("u", nonnegative=True)
    on_interval = sp.factor(slope.subs(x, inside / (1 + inside)))
    towards_worst = on_interval.is_nonpositive if worst == 1 else on_interval.is_nonnegative
    least = sp.simplify(margin.subs(x, worst))
    expected = {1: sp.Rational(1, 2), 0: 1 - power * sp.log(2)}[worst]
    return Step(
        name=name,
        says=f"With p = 2 the term with p^({power}) is below its bound on (1/e, 1); least margin at x = {worst}.",
        rule="elementary inequality",
        computed={"least margin": least},
        stated={"least margin": expected},
        conditions={
            "the margin is monotone towards its least value": towards_worst,
            "the least margin is positive": least.is_positive,
        },
        arises={"least margin": Value(margin, {x: sp.Integer(worst)})},
        claims={
            "the margin is monotone towards its least value": Inequality(
                *((slope, sp.S.Zero) if worst == 1 else (sp.S.Zero, slope)), given=(1 - x,)
            ),
            "the least margin is positive": Inequality(sp.S.Zero, least, strict=True),
        },
    )


def moments_to_tails() -> Derivation:
    """Prove lemma L2 for every delta in (0, 1) from moments p >= 2, by Markov's inequality.

    For delta <= 1/e the moment p = log(e/delta) is at least 2; above, p = 2 serves.
    """
    markov, large = _large_tail()
    small = (
        _small_tail("delta > 1/e, sqrt(p)", sp.Rational(1, 2), worst=1),
        _small_tail("delta > 1/e, p", sp.Integer(1), worst=0),
    )
    moment = markov.computed["moment"].subs(LOG_INVERSE, sp.log(1 / delta))
    bound = sp.E * (a * sp.sqrt(moment) + b * moment)
    assembly = Step(
        name="assembly",
        says="e times the moment bound at p = log(e/delta) is the lemma as stated.",
        rule="assembly",
        computed={CONCLUSION: bound},
        stated={CONCLUSION: MOMENTS_TO_TAILS.bound},
        uses=(large.name, *(step.name for step in small)),
    )
    return Derivation(
        name="moments to tails",
        assumes=("||Y||_p <= a sqrt(p) + b p for every p >= 2", "0 < delta < 1, x = log(1/delta)"),
        steps=(markov, large, *small, assembly),
    )
