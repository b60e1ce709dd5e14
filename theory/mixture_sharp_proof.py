"""The proof of the bound by the mixture's Gaussian structure; it starts from `theory.mixture_statistics`.

Per coordinate, 2 m_T times the gap is a constant, a multiple of the learned variance's excess over 1, and a centred
form in normals that are independent of it. Given the variances lemma L20 bounds the transform of the form; what is left
of the variances is chi-square, and has a bound of the same shape.
"""

from __future__ import annotations

import sympy as sp

from theory.derivation import CONCLUSION, Derivation, Step
from theory.lemmas import CHI_SQUARE_TAIL, MARKOV, x
from theory.mixture_sharp import (
    LETTERS,
    Variances,
    largest_weight,
    lever,
    remaining,
    share,
    sharp_bound,
    squared_weights,
    variance_bounds,
)
from theory.mixture_statistics import ERROR, NOTHING_GENERATED, ROTATED, SQUARES, c_1, c_2, q, r, x_1, x_2
from theory.quadratic_tails import QUADRATIC_TAIL, scale, squares
from theory.stability_proof import AUGMENTED
from theory.symbols import d, delta, g_minus, g_plus, m_G, m_S, n_minus, n_plus

VARIANCE = sp.Symbol("s2", positive=True)
"""Learned variance of a coordinate, in units of sigma^2; the scatter q is m_S - 2 times it."""
_z_1, _z_2 = sp.symbols("z_1 z_2", real=True)
_scatter = sp.Symbol("V", nonnegative=True)
_normals = (c_1, _z_1, c_2, _z_2)
_total = sp.Symbol("total", positive=True)


def coordinate_gap(size: sp.Expr) -> sp.Expr:
    """Compute 2 m_T times the gap of a coordinate: m_T (1 + error^2) less the squares about theta_hat."""
    total = m_S + size
    whole = total * (1 + ERROR**2) - SQUARES
    if size == 0:
        return sp.expand(whole.subs(NOTHING_GENERATED).subs({_total: total, q: (m_S - 2) * VARIANCE}))
    deviation = sp.sqrt(VARIANCE)
    balanced = {n_plus: m_S / 2, n_minus: m_S / 2, g_plus: size / 2, g_minus: size / 2, m_G: size}
    drawn = {x_1: deviation * _z_1, x_2: deviation * _z_2, r: VARIANCE * _scatter, q: (m_S - 2) * VARIANCE}
    values = {key: sp.simplify(value.subs(balanced)) for key, value in ROTATED.values.items()}
    return sp.expand(whole.subs(_total, total).subs(values).subs(drawn))


def form_matrix(gap: sp.Expr) -> sp.Matrix:
    """The matrix of the part that is quadratic in the four normals."""
    return sp.simplify(sp.hessian(gap, _normals) / 2)


def _free(size: sp.Expr) -> sp.Expr:
    """Degrees of freedom of the generated scatter."""
    return size - 2 if size != 0 else sp.S.Zero


def gap_steps(size: sp.Expr) -> tuple[Step, Step, Step]:
    """Split the gap of a coordinate, find the mean, and the squared weights of the centred form."""
    gap = coordinate_gap(size)
    matrix, total = form_matrix(gap), m_S + size
    form = (sp.Matrix([_normals]) * matrix * sp.Matrix(_normals))[0]
    linear = total - (m_S - 2) * VARIANCE - (VARIANCE * _scatter if size != 0 else 0)
    split = Step(
        name="one coordinate",
        says="2 m_T times its gap is m_T, less the two scatters, and a quadratic form in four standard normals.",
        rule="identity",
        computed={"gap less its form": sp.expand(sp.simplify(gap - form))},
        stated={"gap less its form": linear},
    )
    centre = linear.subs(_scatter, _free(size)) + sp.trace(matrix)
    mean = Step(
        name="centre",
        says="Given the learned variance its mean is 4 - 2 m_S/m_T, less the lever times the variance's excess over 1.",
        rule="identity",
        computed={"centre": centre, "mean": d * centre.subs(VARIANCE, 1) / (2 * total)},
        stated={
            "centre": 4 - 2 * m_S / total - lever(size) * (VARIANCE - 1),
            "mean": sharp_bound(size).terms["mean"],
        },
        uses=(split.name,),
    )
    gamma = size / m_S
    twist = (gamma - 1) / (gamma + 1)
    weights = Step(
        name="weights of the form",
        says="The sum of its squared weights, the generated scatter's among them, is increasing in the variance.",
        rule="identity",
        computed={"squares": sp.trace(matrix * matrix) + _free(size) * VARIANCE**2},
        stated={
            "squares": (size - 2 + 1 + twist**2) * VARIANCE**2 + 4 * gamma * VARIANCE + 2 * (1 + gamma) ** 2,
        },
        uses=(split.name,),
    )
    return split, mean, weights


def size_of_weights_step(size: sp.Expr) -> Step:
    """Bound every weight of the form: by 1 + gamma + s2 in absolute value; by 1 where nothing is generated."""
    matrix, gamma = form_matrix(coordinate_gap(size)), size / m_S
    first, second = matrix[:2, :2], matrix[2:, 2:]
    limit = 1 + gamma + VARIANCE if size != 0 else sp.S.One
    trace = sp.factor(-sp.trace(second))
    # The sign of an off-diagonal entry is that of a normal, which may be turned.
    outside = [first[0, 0] + second[0, 0], first[0, 1] ** 2 - second[0, 1] ** 2]
    return Step(
        name="size of the weights",
        says="The second block is negative with trace -(1 + gamma + s2), the first is below minus the second, and its "
        "only negative weight is the quotient of its determinant by one above 1; the generated scatter's are -s2.",
        rule="elementary inequality",
        computed={
            "trace": trace,
            "det of the second": sp.factor(second.det()),
            "first and second": sp.simplify((-second - first)[1, 1]),
            "det of the first": sp.factor(first.det()),
            "corner": sp.simplify(first[0, 0]),
        },
        stated={
            "trace": 1 + gamma + (VARIANCE if size != 0 else 0),
            "det of the second": VARIANCE if size != 0 else sp.S.Zero,
            "first and second": 2 * VARIANCE / (1 + gamma) if size != 0 else sp.S.Zero,
            "det of the first": -VARIANCE if size != 0 else sp.S.Zero,
            "corner": 1 + gamma,
        },
        conditions={
            "the blocks are apart": matrix[:2, 2:].is_zero_matrix is True,
            "the first is below minus the second": all(sp.simplify(entry) == 0 for entry in outside),
            "the bound is no less than the trace": sp.simplify(limit - trace).is_nonnegative,
        },
        uses=("one coordinate",),
    )


def variance_step() -> Step:
    """State the events on the learned variances."""
    at, degrees = variance_bounds(), m_S - 2
    largest, mean = sp.log(d / share), sp.log(1 / share)
    bound = CHI_SQUARE_TAIL.bound
    return Step(
        name="variances",
        says="m_S - 2 times a learned variance is chi-square; so is the sum of d, with d (m_S - 2) degrees of freedom.",
        rule="lemma",
        computed={
            "largest": 1 + bound.subs({d: degrees, x: largest}, simultaneous=True) / degrees,
            "mean": 1 + bound.subs({d: d * degrees, x: mean}, simultaneous=True) / (d * degrees),
            "failure": sp.simplify(d * sp.exp(-largest) + sp.exp(-mean)),
        },
        stated={"largest": at.largest, "mean": at.mean, "failure": 2 * share},
        axioms=(CHI_SQUARE_TAIL,),
    )


def tail_steps(size: sp.Expr) -> tuple[Step, Step, Step]:
    """Add the exponents of form and variances, and invert."""
    degrees, gamma = m_S - 2, size / m_S
    twist = (gamma - 1) / (gamma + 1)
    at = LETTERS if size != 0 else Variances(sp.S.One, sp.S.One)
    own = lever(size) / degrees
    # Sums of squared variances are at most the largest times the sum.
    fresh = d * ((size - 2 + 1 + twist**2) * at.largest * at.mean + 4 * gamma * at.mean + 2 * (1 + gamma) ** 2)
    add = Step(
        name="exponents",
        says="On the event E the form given the variances has a transform of at most exp(F_form t^2/(1 - 2 c t)); "
        "times the variances' own, 1_E dropped, that is the product, and the exponents add: d (m_S - 2) weights of "
        "their chi-square, and the form's, with sums of squared variances at most the largest times the sum.",
        rule="assembly",
        computed={"F": d * degrees * own**2 + fresh, "weight of the variances": own},
        stated={"F": squared_weights(size, at), "weight of the variances": lever(size) / degrees},
        uses=("weights of the form",) + (("variances",) if size != 0 else ()),
    )
    top = largest_weight(size, at)
    covered = {
        "a weight of the form": top.has(1 + gamma + at.largest) if size != 0 else top == 1,
        "a weight of the variances": top.has(own) if size != 0 else sp.simplify(own) == 1,
    }
    form = Step(
        name="tail",
        says="Either side, with probability exp(-x), where F and c bound squares and size of all weights.",
        rule="lemma",
        computed={"deviation": QUADRATIC_TAIL.bound.subs({squares: squared_weights(size, at), scale: top})},
        stated={"deviation": 2 * sp.sqrt(squared_weights(size, at) * x) + 2 * top * x},
        conditions={f"c covers {text}": bool(truth) for text, truth in covered.items()},
        uses=(add.name, "size of the weights"),
        axioms=(QUADRATIC_TAIL, MARKOV),
    )
    left = remaining(size)
    failures = 2 * sp.exp(-sp.log(2 / left)) + (2 * share if size != 0 else 0)
    union = Step(
        name="union",
        says="Both sides, and the events on the variances.",
        rule="union bound",
        computed={"failure": sp.expand(failures)},
        stated={"failure": delta},
        uses=(form.name,),
    )
    return add, form, union


def sharp_theorem(size: sp.Expr = AUGMENTED) -> Derivation:
    """Derive the bound.

    Args:
        size: the number of generated examples, even, at least 2, or the number 0.

    Returns:
        The derivation; its conclusion is the bound on Gen.
    """
    steps = [*gap_steps(size), size_of_weights_step(size)]
    if size != 0:
        steps.append(variance_step())
    steps += tail_steps(size)
    at, total, level = variance_bounds(), m_S + size, sp.log(2 / remaining(size))
    parts = {LETTERS.largest: at.largest, LETTERS.mean: at.mean, x: level}
    deviation = steps[-2].computed["deviation"]
    whole = steps[1].computed["mean"] + deviation.subs(parts, simultaneous=True) / (2 * total)
    assembly = Step(
        name="assembly",
        says="The mean gap and the deviation, over 2 m_T.",
        rule="assembly",
        computed={CONCLUSION: whole},
        stated={CONCLUSION: sharp_bound(size).total},
        uses=tuple(step.name for step in steps),
    )
    return Derivation(
        name="Gaussian mixture by its Gaussian structure" + ("" if size != 0 else ", m_G = 0"),
        assumes=(
            "m_S >= 4 and m_G are even, labels balanced",
            "class means and scatters are independent, normal and chi-square",
            "S_G has S's class means and pooled variances; its noise is independent of S",
        ),
        steps=(*steps, assembly),
        notes=("that normal samples have independent means and chi-square scatter is Cochran's theorem",),
    )
