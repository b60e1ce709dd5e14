"""The proof of L16: two Gaussians near one another, by Pinsker's inequality; without "near" it fails (X3)."""

from __future__ import annotations

import sympy as sp

from theory.derivation import CONCLUSION, Derivation, Step
from theory.lemmas import KL, PINSKER
from theory.tested_lemmas import GAUSSIAN_TV_LARGER, larger

_LAMBDA = sp.Symbol("lambda", real=True)
_RISE = sp.Symbol("u", nonnegative=True)
_FALL = sp.Symbol("w", positive=True)


def _curve_step() -> Step:
    """Show ``lambda - log(1 + lambda) <= lambda^2`` for lambda >= -1/2: the margin is least, 0, at lambda = 0."""
    margin = _LAMBDA**2 - _LAMBDA + sp.log(1 + _LAMBDA)
    slope = sp.factor(sp.diff(margin, _LAMBDA))
    # From -1/2 to 0: lambda = -1/(2 (1 + w)), w > 0.
    left = sp.factor(slope.subs(_LAMBDA, -1 / (2 * (1 + _FALL))))
    right = sp.factor(slope.subs(_LAMBDA, _RISE))
    return Step(
        name="curve",
        says="lambda - log(1 + lambda) <= lambda^2 from -1/2 on.",
        rule="elementary inequality",
        computed={"slope of the margin": slope, "margin at 0": margin.subs(_LAMBDA, 0)},
        stated={
            "slope of the margin": _LAMBDA * (2 * _LAMBDA + 1) / (_LAMBDA + 1),
            "margin at 0": sp.Integer(0),
        },
        conditions={"it falls up to 0": left.is_nonpositive, "it rises from 0 on": right.is_nonnegative},
    )


def near_gaussians() -> Derivation:
    """Prove lemma L16: S_1 = I without loss, S_2 - I with eigenvalues lambda_i, means D apart, both within Delta."""
    squares, shift = sp.symbols("sum_lambda^2 D^2", nonnegative=True)
    curve = _curve_step()
    # KL(N_2 || N_1) is half of sum (lambda_i - log(1 + lambda_i)) + D^2, and each summand at most lambda_i^2.
    divergence = (squares + shift) / 2
    bounded = divergence.subs({squares: larger**2, shift: larger**2})
    kl = Step(
        name="divergence",
        says="KL is half the sum of lambda_i - log(1 + lambda_i) and of D^2; every |lambda_i| is at most Delta <= 1/2.",
        rule="calculus",
        computed={"KL": bounded},
        stated={"KL": larger**2},
        conditions={"KL rises with both": all(sp.diff(divergence, s).is_nonnegative for s in (squares, shift))},
        uses=(curve.name,),
    )
    application = PINSKER.apply({KL: kl.computed["KL"]}, {"divergence": True})
    pinsker = Step(
        name="Pinsker",
        says="Total variation is at most the root of half of it.",
        rule="lemma",
        computed={CONCLUSION: application.conclusion},
        stated={CONCLUSION: GAUSSIAN_TV_LARGER.bound},
        application=application,
        uses=(kl.name,),
        axioms=(PINSKER,),
    )
    return Derivation(
        name="total variation of two near Gaussians",
        assumes=tuple(hypothesis.text for hypothesis in GAUSSIAN_TV_LARGER.hypotheses),
        steps=(curve, kl, pinsker),
    )
