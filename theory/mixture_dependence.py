"""How much the mixture's generator depends on one real example: T as a supremum, and of the clipped mixture.

Everything is in units of sigma about mu, coordinate by coordinate. Replacing u by u' in a class of n examples whose
other members have the mean b moves the class mean by (u' - u)/n and the pooled scatter by
``(1 - 1/n) [(u' - b)^2 - (u - b)^2]``; the generated laws are normals with these means and variances.

Source: derived here; `theory.mixture_theorem` states what comes of it.
"""

from __future__ import annotations

import sympy as sp

from theory.arises import Outside, Value, added, times
from theory.derivation import CONCLUSION, Derivation, Step
from theory.gaussian_forms import expectation, standard_normal
from theory.lemmas import KL, PINSKER
from theory.mixture_theorem import LETTERS, scatter_change
from theory.symbols import d, m_G, m_S

_b, _new, _old, _rest = sp.symbols("b u' u rest", real=True)
_ratio = sp.Symbol("h", positive=True)
_variance, _other = sp.symbols("v v'", positive=True)
_shift = sp.Symbol("shift", real=True)
_t = sp.Symbol("t", positive=True)
_floor = sp.Symbol("v_lo", positive=True)
_count = sp.Symbol("n", integer=True, positive=True)


def grown_scatter() -> sp.Expr:
    """Compute the scatter of n points in one coordinate: of n - 1 with mean b and scatter `rest`, and of u."""
    mean = ((_count - 1) * _b + _old) / _count
    return _rest + (_count - 1) * (_b - mean) ** 2 + (_old - mean) ** 2


def leave_one_out_step() -> Step:
    """By how much an example's replacement moves its class mean and the scatter of a coordinate."""
    grown = grown_scatter()
    mean = ((_count - 1) * _b + _old) / _count
    change = sp.factor(grown.subs(_old, _new) - grown)
    return Step(
        name="one example replaced",
        says="A class mean moves by (u' - u)/n, the scatter by (1 - 1/n) [(u' - b)^2 - (u - b)^2].",
        rule="identity",
        computed={"mean": sp.factor(mean.subs(_old, _new) - mean), "scatter": change},
        stated={
            "mean": (_new - _old) / _count,
            "scatter": (1 - 1 / _count) * ((_new - _b) ** 2 - (_old - _b) ** 2),
        },
    )


def scatter_steps() -> tuple[Step, Step, Step]:
    """Bound the change of the scatter over all coordinates, by lengths and by coordinates of the examples."""
    r, c, angle = LETTERS["r"], LETTERS["c"], sp.Symbol("phi", real=True)
    one = leave_one_out_step()
    change = one.computed["scatter"]
    # |u' - u| = 2 r sin(phi) and |u' + u| <= 2 r cos(phi), for |u|^2 + |u'|^2 <= 2 r^2; |b| <= r.
    product = 2 * r * sp.sin(angle) * (2 * r * sp.cos(angle) + 2 * r)
    turn = sp.pi / 3
    factors = sp.factor(change / (1 - 1 / _count))
    lengths = Step(
        name="scatter by lengths",
        says="Summed over coordinates it is at most |u' - u| (|u' + u| + 2 |b|), by Cauchy-Schwarz.",
        rule="elementary inequality",
        computed={
            "one coordinate": factors,
            "slope at pi/3": sp.simplify(sp.diff(product, angle).subs(angle, turn)),
            "largest": sp.simplify(product.subs(angle, turn)),
        },
        stated={
            "one coordinate": (_new - _old) * (_new + _old - 2 * _b),
            "slope at pi/3": sp.S.Zero,
            "largest": 3 * sp.sqrt(3) * r**2,
        },
        conditions={"it is the only turn between 0 and pi/2": _turns_once(product, angle)},
        uses=(one.name,),
    )
    ends = [(high - _b) ** 2 for high in (c, -c)]
    widest = sp.Max(*(end.subs(_b, b) for end in ends for b in (c, -c)))
    coordinates = Step(
        name="scatter by coordinates",
        says="In one coordinate it is at most the square of the width of [-c, c]; d of them add up like squares.",
        rule="elementary inequality",
        computed={"one coordinate": widest, "all": sp.sqrt(d * widest**2) / (m_S - 2)},
        stated={"one coordinate": 4 * c**2, "all": scatter_change(r, c).args[1].args[1] / (m_S - 2)},
        arises={
            "one coordinate": Value((_b - _old) ** 2, {_b: c, _old: -c}),
            "all": times(sp.Pow(added([times(d, widest**2)]), sp.Rational(1, 2), evaluate=False), 1 / (m_S - 2)),
        },
        uses=(one.name,),
    )
    return one, lengths, coordinates


def _turns_once(product: sp.Expr, angle: sp.Symbol) -> bool:
    # In cos(phi) the slope is a quadratic with one root in (0, 1).
    cosine = sp.Symbol("cosine")
    slope = sp.expand(sp.expand_trig(sp.diff(product, angle))).subs(sp.sin(angle) ** 2, 1 - sp.cos(angle) ** 2)
    roots = sp.solve(sp.expand(slope).subs(sp.cos(angle), cosine), cosine)
    return [root for root in roots if 0 <= root < 1] == [sp.Rational(1, 2)]


def normal_divergence() -> sp.Expr:
    """Compute KL(N(a, v) || N(a', v')) in one dimension, in v, v' and the shift a - a'."""
    z = sp.Symbol("z", real=True)
    logs = sp.log(_other / _variance) / 2
    ratio = -(z**2) / 2 + (_shift + sp.sqrt(_variance) * z) ** 2 / (2 * _other)
    return logs + expectation(sp.expand(ratio), {z: standard_normal})


def divergence_step() -> Step:
    """Bound KL of two normals, both variances at least v_lo, by the squares of the two changes."""
    t, u = sp.Symbol("t", positive=True), sp.Symbol("u", nonnegative=True)
    found = normal_divergence()
    by_ratio = (t - 1 - sp.log(t)) / 2
    above, below = ((t - 1) ** 2 / width - 2 * by_ratio for width in (2, 2 * t))
    slopes = [sp.factor(sp.diff(margin, t)) for margin in (above, below)]
    return Step(
        name="two normals",
        says="KL is (v/v' - 1 - log(v/v'))/2 + shift^2/(2 v'); t - 1 - log t is at most (t - 1)^2/(2 min(1, t)), "
        "and so at most (v - v')^2/(2 v_lo^2).",
        rule="elementary inequality",
        computed={
            "KL": found,
            "margin at 1": above.subs(t, 1),
            "margin at 1, t < 1": below.subs(t, 1),
            "slope, t >= 1": slopes[0],
            "slope, t < 1": slopes[1],
            "square, v >= v'": sp.factor((_variance / _other - 1) ** 2 / 2),
            "square, v < v'": sp.factor((_variance / _other - 1) ** 2 / (2 * _variance / _other)),
        },
        stated={
            "KL": by_ratio.subs(t, _variance / _other) + _shift**2 / (2 * _other),
            "margin at 1": sp.S.Zero,
            "margin at 1, t < 1": sp.S.Zero,
            "slope, t >= 1": (t - 1) ** 2 / t,
            "slope, t < 1": -((t - 1) ** 2) / (2 * t**2),
            "square, v >= v'": (_variance - _other) ** 2 / (2 * _other**2),
            "square, v < v'": (_variance - _other) ** 2 / (2 * _variance * _other),
        },
        conditions={
            "the margin rises from t = 1 on": sp.factor(slopes[0].subs(t, 1 + u)).is_nonnegative,
            "it falls up to t = 1": sp.factor(slopes[1].subs(t, 1 / (1 + u))).is_nonpositive,
            "either denominator is at least 2 v_lo^2": all(map(_above_the_floor, (_other**2, _variance * _other))),
        },
    )


def _above_the_floor(product: sp.Expr) -> bool:
    # Both variances are v_lo and something that is not negative.
    more, most = sp.symbols("more most", nonnegative=True)
    excess = product.subs({_variance: _floor + more, _other: _floor + most}) - _floor**2
    return bool(sp.expand(excess).is_nonnegative)


def dependence_step(uses: tuple[str, ...]) -> Step:
    """Bound T_1 and T of the clipped mixture, by Pinsker's inequality."""
    scatter, floor, r = LETTERS["scatter"], LETTERS["v_lo"], LETTERS["r"]
    moved = 2 * r / (m_S / 2)
    spread, shift = scatter**2 / (4 * floor**2), moved**2 / (2 * floor)
    own, other = spread + shift, spread  # KL of a draw of the example's class, and of the other class
    one = [PINSKER.bound.subs(KL, part) for part in (own, other)]
    whole = PINSKER.bound.subs(KL, m_G / 2 * (own + other))
    application = PINSKER.apply({KL: own}, {"divergence": True})
    return Step(
        name="dependence",
        says="Half the draws are of the class whose mean moves, or each is with probability 1/2; KL adds up over the "
        "draws, Pinsker bounds TV, and putting draws outside K to 0 raises neither.",
        rule="lemma",
        computed={"T_1": sum(one) / 2, "T": whole},
        stated={
            "T_1": (sp.sqrt(scatter**2 / (8 * floor**2) + 4 * r**2 / (m_S**2 * floor)) + scatter / (sp.sqrt(8) * floor))
            / 2,
            "T": sp.sqrt(m_G * (scatter**2 / (8 * floor**2) + 2 * r**2 / (m_S**2 * floor))),
        },
        application=application,
        uses=uses,
        axioms=(PINSKER,),
    )


def dependence_is_one() -> Derivation:
    """Prove that T of the published generator, with pooled variances, is 1 at all sizes, examples bounded or not.

    The learned variance of a coordinate can be arbitrarily larger with the one example than with the other.
    """
    one = leave_one_out_step()
    # u = b in one sample, u' = b + t in the other.
    scatter, more = sp.symbols("scatter more", positive=True)
    grown = ((_rest + one.computed["scatter"].subs({_old: _b, _new: _b + _t})) / _rest).subs(_rest, scatter)
    grown = sp.factor(grown).subs(_count, 1 + more)  # a class of two examples or more
    unbounded = Step(
        name="ratio of the variances",
        says="With examples far out it grows without bound; with bounded ones, too, as the other scatter vanishes.",
        rule="calculus",
        computed={
            "reciprocal, far out": sp.limit(1 / grown, _t, sp.oo),
            "reciprocal, no scatter": sp.limit(1 / grown, scatter, 0, "+"),
        },
        stated={"reciprocal, far out": sp.S.Zero, "reciprocal, no scatter": sp.S.Zero},
        arises=dict.fromkeys(("reciprocal, far out", "reciprocal, no scatter"), Outside("a limit")),
        uses=(one.name,),
    )
    # In units of the smaller deviation: the interval |z| <= h^(1/4), under N(0, 1) and under N(s, h), any s.
    narrow = sp.erf(_ratio ** sp.Rational(1, 4) / sp.sqrt(2))
    wide = 2 * _ratio ** sp.Rational(1, 4) / sp.sqrt(2 * sp.pi * _ratio)
    apart = Step(
        name="two variances",
        says="TV is at least P(|z| <= h^(1/4)) less the same under the wide law, whose density is at most its peak.",
        rule="calculus",
        computed={"narrow": sp.limit(narrow, _ratio, sp.oo), "wide": sp.limit(wide, _ratio, sp.oo)},
        stated={"narrow": sp.S.One, "wide": sp.S.Zero},
        arises=dict.fromkeys(("narrow", "wide"), Outside("a limit")),
        uses=(unbounded.name,),
    )
    supremum = Step(
        name="supremum",
        says="TV of the sample is at least that of one draw in one coordinate, and at most 1.",
        rule="assembly",
        computed={CONCLUSION: apart.computed["narrow"] - apart.computed["wide"]},
        stated={CONCLUSION: sp.S.One},
        uses=(apart.name,),
    )
    return Derivation(
        name="dependence of the published generator",
        assumes=(
            "m_S >= 4, m_G >= 1, any d, sigma and labels of S_G; one variance for both classes, as pooled",
            "the supremum is over all S and S^i, or over almost all",
        ),
        steps=(one, unbounded, apart, supremum),
    )
