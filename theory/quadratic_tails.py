"""Tails of quadratic forms in normals: the lemma of Laurent and Massart, for weights of either sign, proved.

``Y = sum_i w_i (z_i^2 - 1)`` with independent standard normals z_i. The logarithm of its transform is at most
``F t^2/(1 - 2 c t)``, F the sum of the squared weights and c the largest weight, or 0; Markov's inequality does the
rest. The tails of chi-square follow: all weights 1 above, all -1 below, where c = 0.
"""

from __future__ import annotations

import sympy as sp

from theory.arises import put, times
from theory.derivation import CONCLUSION, Derivation, Step
from theory.lemmas import CHI_SQUARE_TAIL, MARKOV, Hypothesis, Lemma, x
from theory.symbols import d

squares = sp.Symbol("F", nonnegative=True)
"""Bound on the sum of the squared weights."""
scale = sp.Symbol("c", nonnegative=True)
"""Bound on the largest weight; 0 where no weight is positive."""
_t = sp.Symbol("t", positive=True)
_weight = sp.Symbol("w", positive=True)
_u = sp.Symbol("u", nonnegative=True)
_v = sp.Symbol("v", nonnegative=True)

QUADRATIC_TAIL = Lemma(
    key="L20",
    title="upper tail of a quadratic form in normals, weights of either sign",
    left="sum_i w_i (z_i^2 - 1), with probability at least 1 - exp(-x)",
    bound=2 * sp.sqrt(squares * x) + 2 * scale * x,
    hypotheses=(
        Hypothesis("law", "z_1, ..., z_n are independent standard normals, w_1, ..., w_n numbers"),
        Hypothesis("squares", "sum_i w_i^2 <= F", squares),
        Hypothesis("scale", "w_i <= c for every i, c >= 0", scale),
    ),
    source="Laurent, Massart (2000), Lemma 1, for weights of either sign; derived in `quadratic_tail`",
    sureness="derived",
)

CHI_SQUARE_LOWER = Lemma(
    key="L21",
    title="lower tail of chi-square",
    left="d - U, with probability at least 1 - exp(-x), U ~ chi-square with d degrees of freedom",
    bound=QUADRATIC_TAIL.bound.subs({squares: d, scale: 0}),
    hypotheses=CHI_SQUARE_TAIL.hypotheses,
    source="Laurent, Massart (2000), Lemma 1; L20 with every weight -1",
    sureness="derived",
)

NORMAL_TAIL = Lemma(
    key="L22",
    title="two-sided tail of a standard normal",
    left="|z|, with probability at least 1 - exp(-x)",
    bound=sp.sqrt(2 * (x + sp.log(2))),
    hypotheses=(Hypothesis("law", "z is standard normal"),),
    source="textbook (Chernoff); derived in `normal_tail`",
    sureness="derived",
)

TAILS: tuple[Lemma, ...] = (QUADRATIC_TAIL, CHI_SQUARE_LOWER, NORMAL_TAIL)
"""The lemmas of this module, in the order of their keys."""


def log_transform(weight: sp.Expr, argument: sp.Expr) -> sp.Expr:
    """Compute ``log E exp(t w (z^2 - 1))`` for a standard normal z, by its density; for 2 t w < 1."""
    z, rate = sp.Symbol("z", real=True), sp.Symbol("rate", positive=True)
    density = sp.exp(-(z**2) * rate / 2) / sp.sqrt(2 * sp.pi)
    transform = sp.integrate(density, (z, -sp.oo, sp.oo))
    return sp.expand_log(sp.log(transform), force=True).subs(rate, 1 - 2 * weight * argument) - weight * argument


def transform_bound() -> sp.Expr:
    """``F t^2/(1 - 2 c t)``, for 0 < t < 1/(2 c)."""
    return squares * _t**2 / (1 - 2 * scale * _t)


def _weight_step(name: str, says: str, sign: int, limit: sp.Expr, inside: sp.Expr) -> Step:
    # margin of one weight, in u = 2 t |w|; `inside` puts the interval's points into its place.
    own = _u**2 / 4 / limit
    margin = own - log_transform(sign * _weight, _t).subs(_weight, _u / (2 * _t))
    slope = sp.factor(sp.together(sp.diff(margin, _u)))
    stated = _u**2 / (4 * (1 - _u) ** 2) if sign > 0 else _u**2 / (2 * (1 + _u))
    return Step(
        name=name,
        says=says,
        rule="elementary inequality",
        computed={"margin at 0": sp.simplify(margin.subs(_u, 0)), "slope of the margin": slope},
        stated={"margin at 0": sp.S.Zero, "slope of the margin": stated},
        conditions={"the margin rises": sp.factor(slope.subs(_u, inside)).is_nonnegative},
    )


def _sum_step(uses: tuple[str, ...]) -> Step:
    # With c = w + s for a positive weight w, and r = 1 - 2 c t > 0.
    s, r = sp.Symbol("s", nonnegative=True), sp.Symbol("r", positive=True)
    common = _weight**2 * _t**2 / r
    positive = common - (_u**2 / 4 / (1 - _u)).subs(_u, 2 * _t * _weight)
    margin = sp.factor(positive.subs(_weight * _t, (1 - r) / 2 - s * _t).subs(_weight, ((1 - r) / 2 - s * _t) / _t))
    negative = sp.factor((common - _weight**2 * _t**2).subs(r, 1 - _v).subs(_v, 2 * scale * _t))
    return Step(
        name="sum",
        says="Independent terms add; for w <= c, 2 c t < 1 each is at most w^2 t^2/(1 - 2 c t); w^2 add up to F.",
        rule="elementary inequality",
        computed={
            "margin, w > 0": margin,
            "margin, w < 0": negative,
            "all": squares * sp.cancel(common / _weight**2).subs(r, 1 - 2 * scale * _t),
        },
        stated={
            "margin, w > 0": s * _t * (1 - r - 2 * s * _t) ** 2 / (2 * r * (r + 2 * s * _t)),
            "margin, w < 0": _weight**2 * _t**2 * 2 * scale * _t / (1 - 2 * scale * _t),
            "all": transform_bound(),
        },
        conditions={"the first is nonnegative": margin.is_nonnegative},
        uses=uses,
    )


def quadratic_tail() -> Derivation:
    """Prove lemma L20."""
    up = _weight_step(
        "positive weight",
        "For 0 <= u = 2 t w < 1 the logarithm of the transform is at most u^2/(4 (1 - u)) = w^2 t^2/(1 - 2 t w).",
        1,
        1 - _u,
        _v / (1 + _v),
    )
    down = _weight_step(
        "negative weight",
        "For u = 2 t |w| >= 0 it is at most u^2/4 = w^2 t^2.",
        -1,
        sp.Integer(1),
        _v,
    )
    total = _sum_step((up.name, down.name))
    best = sp.sqrt(x) / (sp.sqrt(squares) + 2 * scale * sp.sqrt(x))
    level = QUADRATIC_TAIL.bound
    exponent = sp.simplify((transform_bound() - _t * level).subs(_t, best))
    tail = Step(
        name="tail",
        says="Markov for exp(t Y) at t = sqrt(x)/(sqrt F + 2 c sqrt x), at which 2 c t < 1.",
        rule="lemma",
        computed={"exponent": exponent, "1 - 2 c t": sp.factor(1 - 2 * scale * best), CONCLUSION: level},
        stated={
            "exponent": -x,
            "1 - 2 c t": sp.sqrt(squares) / (sp.sqrt(squares) + 2 * scale * sp.sqrt(x)),
            CONCLUSION: 2 * sp.sqrt(squares) * sp.sqrt(x) + 2 * scale * x,
        },
        uses=(total.name,),
        axioms=(MARKOV,),
    )
    return Derivation(
        name="tails of quadratic forms in normals",
        assumes=("z_1, ..., z_n are independent standard normals", "sum w_i^2 <= F, w_i <= c; F > 0, c >= 0, x > 0"),
        steps=(up, down, total, tail),
        notes=("a weight may be random, if F and c bound it and the normals are independent of it",),
    )


def chi_square_tails() -> Derivation:
    """Prove lemmas L10 and L21: the two tails of chi-square with d degrees of freedom."""
    above = QUADRATIC_TAIL.apply({squares: d, scale: sp.S.One}, {"law": True, "squares": d, "scale": sp.S.One})
    below = QUADRATIC_TAIL.apply({squares: d, scale: sp.S.Zero}, {"law": True, "squares": d, "scale": sp.S.Zero})
    upper = Step(
        name="upper",
        says="All weights are 1.",
        rule="lemma",
        computed={"bound": above.conclusion},
        stated={"bound": CHI_SQUARE_TAIL.bound},
        application=above,
        axioms=(QUADRATIC_TAIL,),
    )
    lower = Step(
        name="lower",
        says="All weights are -1, and none is positive.",
        rule="lemma",
        computed={CONCLUSION: below.conclusion},
        stated={CONCLUSION: 2 * sp.sqrt(d) * sp.sqrt(x)},
        application=below,
        axioms=(QUADRATIC_TAIL,),
    )
    return Derivation("tails of chi-square", ("U is a sum of d squared standard normals",), (upper, lower))


def normal_tail() -> Derivation:
    """Prove lemma L22, by Markov's inequality for exp(t z)."""
    z = sp.Symbol("z", real=True)
    transform = sp.integrate(sp.exp(_t * z - z**2 / 2) / sp.sqrt(2 * sp.pi), (z, -sp.oo, sp.oo))
    level = sp.Symbol("level", positive=True)
    exponent = sp.expand_log(sp.log(transform), force=True) - _t * level
    chernoff = Step(
        name="one side",
        says="P(z > level) <= exp(-level^2/2), by Markov for exp(t z) at t = level.",
        rule="lemma",
        computed={"exponent": exponent.subs(_t, level), "slope there": sp.diff(exponent, _t).subs(_t, level)},
        stated={"exponent": -(level**2) / 2, "slope there": sp.S.Zero},
        axioms=(MARKOV,),
    )
    failure = 2 * sp.exp(chernoff.computed["exponent"]).subs(level, NORMAL_TAIL.bound)
    both = Step(
        name="both sides",
        says="At this level both sides together fail with probability exp(-x).",
        rule="union bound",
        computed={"failure": sp.simplify(failure), CONCLUSION: NORMAL_TAIL.bound},
        stated={"failure": sp.exp(-x), CONCLUSION: sp.sqrt(2 * x + 2 * sp.log(2))},
        arises={"failure": times(sp.Integer(2), put(sp.exp(-(level**2) / 2), {level: NORMAL_TAIL.bound}))},
        uses=(chernoff.name,),
    )
    return Derivation("tail of a normal", ("z is standard normal",), (chernoff, both))
