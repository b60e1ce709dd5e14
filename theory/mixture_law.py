"""The law of the mixture's signed gap under NLL: E exp(z gap) of one coordinate, given the variance learned from S.

Given the learned variance all that is left in a coordinate is Gaussian, and its gap is a quadratic form. With
``y = z/m_T``, ``k = m_S - 2``, Q ~ chi-square with k degrees of freedom and ``s^2 = Q/k`` in units of sigma^2,

    E[exp(z gap_k) | Q] = exp(z/2 - y Q/2) (1 + y s^2)^(-(m_G - 2)/2) det(y, s^2)^(-1/2),

det a polynomial of degree 2 in s^2. Neither sigma nor mu occurs. Coordinates are independent and alike, so the
transform of the whole gap is the d-th power of the mean over Q; it is inverted in `numerics.law`.

Source: derived here, from the decomposition of the train risk in `theory.mixture_statistics`.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp

from theory.arises import Value
from theory.derivation import CONCLUSION, Derivation, Step
from theory.symbols import g_minus, g_plus, n_minus, n_plus

z = sp.Symbol("z", positive=True)
"""Argument of the transform; positive in the derivation, and continued to complex values from there."""
y = sp.Symbol("y", positive=True)
"""``z/m_T``."""
s2 = sp.Symbol("s2", positive=True)
"""Learned variance of the coordinate, in units of sigma^2."""
q = sp.Symbol("q", positive=True)
"""Within-class scatter of S in the coordinate, in units of sigma^2: chi-square, m_S - 2 degrees of freedom."""
n = sp.Symbol("n", positive=True)
"""Size of a class in S."""
g = sp.Symbol("g", nonnegative=True)
"""Size of the same class in S_G."""
total = sp.Symbol("m_T", positive=True)
"""Size of the augmented set."""
alpha, omega = sp.symbols("alpha omega", real=True)
_r = sp.Symbol("r", positive=True)
_lambda = sp.Symbol("lambda_", nonnegative=True)
_degrees = sp.Symbol("nu", positive=True)


@dataclass(frozen=True)
class ClassForm:
    """One class in a coordinate, as forms in two standard normals: the mean of S's part, and that of S_G's about it.

    Attributes:
        between: ``n a^2 + g b^2``, a and b the deviations from mu of the class's means in S and in S_G.
        error: the class's part of ``m_T e``, e the error of theta_hat: ``n a + g b``.
    """

    between: sp.Expr
    error: sp.Expr

    @staticmethod
    def derived() -> ClassForm:
        """Write both forms: a has variance 1/n, and b - a has variance s^2/g."""
        a = alpha / sp.sqrt(n)
        b = a + sp.sqrt(s2) * omega / sp.sqrt(g)
        return ClassForm(sp.expand(n * a**2 + g * b**2), sp.expand(n * a + g * b))

    @property
    def matrix(self) -> sp.Matrix:
        """The matrix of `between`."""
        return sp.simplify(sp.hessian(self.between, (alpha, omega)) / 2)

    @property
    def vector(self) -> sp.Matrix:
        """The coefficients of `error`."""
        return sp.simplify(sp.Matrix([sp.diff(self.error, x) for x in (alpha, omega)]))


def class_determinant() -> sp.Expr:
    """``det(I + y B)`` of one class with the matrix B of its squares between."""
    return 1 + y * (1 + g / n + s2) + y**2 * s2


def class_numerator() -> sp.Expr:
    """``v' adj(I + y B) v`` of one class, v the coefficients of its error times m_T."""
    return (n + g) ** 2 / n + y * s2 * (n + g) + s2 * g


def determinant() -> sp.Expr:
    """``det(y, s^2)``: of both classes, with the error's square; in the class counts, y, s^2 and m_T."""
    sizes = ({n: n_plus, g: g_plus}, {n: n_minus, g: g_minus})
    first, second = (class_determinant().subs(size, simultaneous=True) for size in sizes)
    up, down = (class_numerator().subs(size, simultaneous=True) for size in sizes)
    return first * second - 2 * y / total * (up * second + down * first)


def conditional_transform() -> sp.Expr:
    """``E[exp(z gap_k) | Q = q]`` in z, y, q, s^2 and the class counts; m_G = g_+ + g_-."""
    fresh = (1 + y * s2) ** (-(g_plus + g_minus - 2) / 2)
    return sp.exp(z / 2 - y * q / 2) * fresh / sp.sqrt(determinant())


def chi_square_transform(degrees: sp.Expr, rate: sp.Expr) -> sp.Expr:
    """Compute ``E exp(-rate R/2)`` for a chi-square R, by its density."""
    density = _r ** (degrees / 2 - 1) * sp.exp(-_r / 2) / (2 ** (degrees / 2) * sp.gamma(degrees / 2))
    return sp.simplify(sp.integrate(density * sp.exp(-rate * _r / 2), (_r, 0, sp.oo)))


def normal_transform(rate: sp.Expr) -> sp.Expr:
    """Compute ``E exp(-rate x^2/2)`` for a standard normal x, by its density."""
    x = sp.Symbol("x", real=True)
    return sp.integrate(sp.exp(-(x**2) * (1 + rate) / 2), (x, -sp.oo, sp.oo)) / sp.sqrt(2 * sp.pi)


def _joint_determinant(form: ClassForm) -> sp.Expr:
    """Determinant of the form of both classes and of the error's square, 4 x 4, computed as it stands."""
    sizes = ({n: n_plus, g: g_plus}, {n: n_minus, g: g_minus})
    blocks = [form.matrix.subs(size, simultaneous=True) for size in sizes]
    v = sp.Matrix.vstack(*(form.vector.subs(size, simultaneous=True) for size in sizes))
    # z e^2 = y m_T (v'x/m_T)^2.
    full = sp.eye(4) + y * sp.diag(*blocks) - 2 * y / total * v * v.T
    return sp.expand(full.det(method="berkowitz"))


def gap_transform() -> Derivation:
    """Derive the transform of one coordinate's gap, given the learned variance.

    Returns:
        The derivation; its conclusion is the conditional transform.
    """
    form = ClassForm.derived()
    shifted = sp.eye(2) + y * form.matrix
    numerator = (form.vector.T * shifted.adjugate() * form.vector)[0, 0]
    scatter = chi_square_transform(_degrees, _lambda)
    normal = normal_transform(_lambda)
    empty = {g: sp.Integer(0)}
    # m_G points in two classes: m_G - 2 degrees of freedom inside.
    inside = scatter.subs({_lambda: y * s2, _degrees: g_plus + g_minus - 2})
    joint = _joint_determinant(form)
    steps = (
        Step(
            name="class",
            says="A class's squares between its means are a form in two normals, and so is its part of the error.",
            rule="calculus",
            computed={
                **{f"B[{i},{j}]": form.matrix[i, j] for i, j in ((0, 0), (0, 1), (1, 1))},
                **{f"v[{i}]": form.vector[i] for i in (0, 1)},
            },
            stated={
                "B[0,0]": 1 + g / n,
                "B[0,1]": sp.sqrt(s2) * sp.sqrt(g) / sp.sqrt(n),
                "B[1,1]": s2,
                "v[0]": (n + g) / sp.sqrt(n),
                "v[1]": sp.sqrt(s2) * sp.sqrt(g),
            },
        ),
        Step(
            name="determinants",
            says="Of one class: det(I + y B) and v' adj(I + y B) v.",
            rule="identity",
            computed={"det": shifted.det(), "numerator": numerator},
            stated={"det": class_determinant(), "numerator": class_numerator()},
            uses=("class",),
        ),
        Step(
            name="both classes",
            says="z times the error's square takes a form of rank one from both: det(I + y B - 2 z e e').",
            rule="identity",
            computed={"det": joint},
            stated={"det": determinant()},
            uses=("determinants",),
        ),
        Step(
            name="normal and chi-square",
            says="E exp(-lambda x^2/2) of a normal, so det(I + A)^(-1/2) of several; of a chi-square, power by power.",
            rule="calculus",
            computed={"normal": normal, "chi-square": scatter},
            stated={"normal": (1 + _lambda) ** sp.Rational(-1, 2), "chi-square": (1 + _lambda) ** (-_degrees / 2)},
        ),
        Step(
            name="empty class",
            says="A class with nothing generated has a normal less and a degree of freedom more: the formula says so.",
            rule="identity",
            computed={
                "det": sp.factor(class_determinant().subs(empty)),
                "numerator": sp.factor(class_numerator().subs(empty)),
            },
            stated={"det": (1 + y) * (1 + y * s2), "numerator": n * (1 + y * s2)},
            arises={"det": Value(class_determinant(), empty), "numerator": Value(class_numerator(), empty)},
            uses=("determinants",),
        ),
        Step(
            name="transform",
            says="gap_k = 1/2 + e^2 - (Q + s^2 R + squares between)/(2 m_T), R inside the generated classes.",
            rule="assembly",
            computed={CONCLUSION: sp.exp(z / 2 - y * q / 2) * inside / sp.sqrt(determinant())},
            stated={CONCLUSION: conditional_transform()},
            uses=("both classes", "normal and chi-square", "empty class"),
        ),
    )
    return Derivation(
        name="transform of the mixture's gap",
        assumes=(
            "two classes with at least one example in each and m_S >= 3; the pooled variance, denominator m_S - 2",
            "the means of S, the scatter within its classes and all fresh noise are independent (Cochran)",
        ),
        steps=steps,
        notes=(
            "for complex z the roots are continued from positive z along a path on which nothing under them is 0",
            "neither sigma nor mu occurs: the law of the gap depends on the class counts and on d alone",
        ),
    )


def coefficients() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """``det(y, s^2) - 1`` by powers of s^2: coefficients of 1, s^2 and s^4, in y, m_T and the class counts."""
    poly = sp.Poly(sp.expand(determinant() - 1), s2)
    zero, one, two = (sp.factor(poly.coeff_monomial(s2**power)) for power in range(3))
    return zero, one, two
