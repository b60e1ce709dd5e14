"""Proofs of two lemmas on moments: Rio's inequality by Hölder's, bounded differences by integrating the tail of L3."""

from __future__ import annotations

import sympy as sp

from theory.derivation import CONCLUSION, Derivation, Step
from theory.lemmas import MCDIARMID, RIO, a, b, c, delta, n
from theory.sharpened_lemmas import HOELDER, SHARP_MOMENT_MCDIARMID
from theory.symbols import p

_ABOVE_TWO = sp.Symbol("u", nonnegative=True)
"""``p - 2``: a moment is of order p >= 2."""


def nonnegative_from_two(margin: sp.Expr) -> bool:
    """Whether a polynomial in p has nonnegative coefficients in p - 2."""
    found = sp.Poly(sp.expand(margin.subs(p, 2 + _ABOVE_TWO)), _ABOVE_TWO)
    return all(coefficient.is_nonnegative for coefficient in found.all_coeffs())


def _curvature_steps() -> tuple[Step, Step, Step]:
    """Bound the second derivative of ``h(t) = ||X + t Y||_p^2`` by 2 (p - 1) ||Y||_p^2; the first is 0 at t = 0."""
    t, x, y = sp.symbols("t x y", positive=True)
    f = sp.Function("f", positive=True)(t)
    first, second = sp.diff(f, t), sp.diff(f, t, 2)
    curvature = sp.diff(f ** (2 / p), t, 2)
    kept, dropped = sp.symbols("f' f''", real=True)
    plain = sp.expand(curvature.doit().subs(second, dropped).subs(first, kept))
    of_square = sp.simplify(plain.coeff(kept, 2) / f ** (2 / p - 2))
    chain = Step(
        name="chain rule",
        says="With f(t) = E|X + t Y|^p and h = f^(2/p), the part of h'' with f'^2 is not positive.",
        rule="calculus",
        computed={"factor of f''": sp.simplify(plain.coeff(dropped, 1)), "factor of f'^2": of_square},
        stated={"factor of f''": 2 / p * f ** (2 / p - 1), "factor of f'^2": 2 / p * (2 / p - 1)},
        conditions={"the latter is at most 0": nonnegative_from_two(sp.cancel(-of_square * p**2))},
    )
    inside = sp.diff((x + t * y) ** p, t, 2)
    application = HOELDER.apply({a: f ** (1 / p), b: a}, {"moments": True})
    bound = sp.simplify(inside / ((x + t * y) ** (p - 2) * y**2)) * application.conclusion
    bent = Step(
        name="Hölder",
        says="f'' is the mean of p (p - 1) |X + t Y|^(p - 2) Y^2, whatever the sign; so h'' is bounded, ||Y||_p <= a.",
        rule="lemma",
        computed={"h''": sp.powsimp(sp.powdenest(chain.computed["factor of f''"] * bound, force=True), force=True)},
        stated={"h''": 2 * (p - 1) * a**2},
        application=application,
        uses=(chain.name,),
        axioms=(HOELDER,),
    )
    slope = sp.diff((x + t * y) ** p, t).subs(t, 0)
    flat = Step(
        name="no slope",
        says="f'(0) is the mean of p |X|^(p - 1) sgn(X) Y, which is 0 as Y has mean 0 given X.",
        rule="calculus",
        computed={"per unit of y": sp.simplify(slope / y)},
        stated={"per unit of y": p * x ** (p - 1)},
        conditions={"it is a function of X times Y": not sp.simplify(slope / y).has(y)},
    )
    return chain, bent, flat


def rio() -> Derivation:
    """Prove lemma L6, Rio's inequality: one increment by two integrations of a bounded curvature, then all of them."""
    chain, bent, flat = _curvature_steps()
    t, s = sp.symbols("t s", nonnegative=True)
    gain = sp.integrate(sp.integrate(bent.computed["h''"], (s, 0, t)), (t, 0, 1))
    one = Step(
        name="one increment",
        says="||X + Y||_p^2 is at most ||X||_p^2 and this.",
        rule="calculus",
        computed={"gain": sp.expand(gain)},
        stated={"gain": sp.expand((p - 1) * a**2)},
        uses=(bent.name, flat.name),
    )
    total = a**2 + (n - 1) * one.computed["gain"]
    margin = sp.expand((p - 1) * a**2 - a**2)
    return Derivation(
        name="Rio's inequality for martingale differences",
        assumes=(
            "X_1, ..., X_n are martingale differences with ||X_i||_p <= a, p >= 2",
            "f(t) = E|X + t Y|^p is positive on [0, 1]: else E[X Y] = 0 makes X or Y zero, and nothing is to be shown",
            "moments of order p are finite, so that f is twice differentiable under the mean",
        ),
        steps=(
            chain,
            bent,
            flat,
            one,
            Step(
                name="all increments",
                says="The first costs a^2, each further one the gain; a^2 is at most the gain as p >= 2.",
                rule="assembly",
                computed={"margin": margin, CONCLUSION: sp.expand(total + margin)},
                stated={"margin": (p - 2) * a**2, CONCLUSION: sp.expand(RIO.bound)},
                conditions={"the margin is nonnegative": nonnegative_from_two(margin / a**2)},
                uses=("one increment",),
            ),
        ),
    )


def moment_mcdiarmid() -> Derivation:
    """Prove `SHARP_MOMENT_MCDIARMID` by integrating the tail of L3."""
    t, spread = sp.symbols("t v", positive=True)
    # With v = n c^2: L3 at delta = 2 exp(-2 t^2/v) is the tail at t.
    level = 2 * sp.exp(-2 * t**2 / spread)
    at_level = MCDIARMID.bound.subs({c: sp.sqrt(spread / n), delta: level}, simultaneous=True)
    tail = Step(
        name="tail",
        says="L3 at this level, if below 1: |Y| exceeds t with probability 2 exp(-2 t^2/v) at most, v = n c^2.",
        rule="lemma",
        computed={"t": sp.simplify(at_level)},
        stated={"t": t},
        axioms=(MCDIARMID,),
    )
    moment = sp.integrate(p * t ** (p - 1) * level, (t, 0, sp.oo))
    integral = Step(
        name="moment",
        says="E|Y|^p is the integral of p t^(p - 1) P(|Y| > t).",
        rule="calculus",
        computed={"E|Y|^p": sp.simplify(moment)},
        stated={"E|Y|^p": 2 * sp.gamma(p / 2 + 1) * (spread / 2) ** (p / 2)},
        uses=(tail.name,),
    )
    gamma = _gamma_step()
    norm = sp.powdenest((p ** (p / 2) * (spread / 2) ** (p / 2)) ** (1 / p), force=True)
    return Derivation(
        name="moments of a function with bounded differences",
        assumes=("Z_1, ..., Z_n are independent", "f changes by at most c with any one of them", "p >= 2"),
        steps=(
            tail,
            integral,
            gamma,
            Step(
                name="norm",
                says="The p-th root, with p^(p/2) for twice the gamma function.",
                rule="assembly",
                computed={CONCLUSION: norm.subs(spread, n * c**2)},
                stated={CONCLUSION: SHARP_MOMENT_MCDIARMID.bound},
                uses=(integral.name, gamma.name),
            ),
        ),
    )


def _gamma_step() -> Step:
    """Show ``2 Gamma(p/2 + 1) <= p^(p/2)`` for p >= 2, with q = p/2 = 1 + u."""
    q = sp.Symbol("q", positive=True)
    at_two = sp.simplify((q * sp.log(2 * q) - sp.log(2 * sp.gamma(q + 1))).subs(q, 1))
    # The logarithm of the gamma function is convex: its slope at q + 1 is at most its rise up to q + 2.
    rise = sp.log(sp.gammasimp(sp.gamma(q + 2) / sp.gamma(q + 1)))
    slope = sp.diff(q * sp.log(2 * q), q) - rise
    ratio = sp.simplify(sp.exp(slope - 1))
    above_one = sp.factor(sp.together(ratio - 1).subs(q, 1 + _ABOVE_TWO))
    return Step(
        name="gamma function",
        says="2 Gamma(q + 1) <= (2 q)^q, equal at q = 1; the logarithm of the ratio rises with slope 1 at least.",
        rule="elementary inequality",
        computed={"margin at q = 1": at_two, "exp(slope - 1)": ratio},
        stated={"margin at q = 1": sp.Integer(0), "exp(slope - 1)": 2 * q / (q + 1)},
        conditions={
            "the logarithm of the gamma function is convex": sp.polygamma(1, q).is_positive,
            "the slope is at least 1": above_one.is_nonnegative,
        },
    )
