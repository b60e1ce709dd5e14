"""One coordinate of S and S_G reduced to eight independent numbers; theta_hat and its NLL risks need no others.

Everything is in units of sigma, and a point is its u = y x less mu. A class of N points enters by its mean and by its
scatter, the sum of squares about that mean. In a coordinate:

- S's class means are a rotation of two standard normals c_1, c_2 (`class_means`); its scatter q is chi-square with
  m_S - 2 degrees of freedom and gives the generator's variance.
- S_G's class means lie about S's by x_1, x_2, which are standard normals times the generator's deviation (`Axes`); its
  scatter r is chi-square times the generator's variance.
- The mean of N fresh test points is t_1 / sqrt(N), t_1 standard normal; their scatter v is chi-square with N - 1
  degrees of freedom.

That normal samples have independent means and chi-square scatter is Cochran's theorem. The coordinates are independent,
and the risks are sums over them: `rules` has the risks as functions of totals over the coordinates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement

import sympy as sp

from theory.gaussian_forms import Normals, expectation, standard_normal
from theory.mixture_risk import nll, nll_risk, over_coordinates
from theory.result import Result
from theory.symbols import g_minus, g_plus, m_G, m_S, m_T, n, n_minus, n_plus, sigma, squared_distance

SOURCE = "sums of squares split into within and between"

c_1, c_2 = sp.symbols("c_1 c_2", real=True)
"""S's class means: the normals of their mean over S, and of their difference."""
x_1, x_2 = sp.symbols("x_1 x_2", real=True)
"""S_G's class means about S's: normals times the generator's deviation."""
q = sp.Symbol("q", real=True)
"""Scatter of S within its classes."""
r = sp.Symbol("r", real=True)
"""Scatter of S_G within its classes."""
t_1 = sp.Symbol("t_1", real=True)
"""Mean of the test points, times the root of their number."""
v = sp.Symbol("v", real=True)
"""Scatter of the test points."""

FRESH: frozenset[sp.Symbol] = frozenset({x_1, x_2, r})
"""What belongs to S_G."""

TOTALS: Mapping[sp.Symbol, tuple[sp.Symbol, ...]] = {
    sp.Symbol("_".join(("sum", *map(str, factors))), real=True): factors
    for factors in (*combinations_with_replacement((c_1, c_2, x_1, x_2, t_1), 2), (q,), (r,), (v,))
}
"""Totals over the coordinates: of products of two normals, and of scatters."""

_MONOMIALS = {sp.Mul(*factors): total for total, factors in TOTALS.items()}
_SIZES = {m_S: n_plus + n_minus, m_G: g_plus + g_minus}
_CLASSES = (n_plus, n_minus, g_plus, g_minus)
_h_1, _h_2, _f_1, _f_2, _k, _spread = sp.symbols("h_1 h_2 f_1 f_2 k spread", real=True)
_total = sp.Symbol("total", positive=True)  # m_T


def class_means(
    plus: sp.Expr, minus: sp.Expr, total: sp.Expr, common: sp.Expr, contrast: sp.Expr
) -> tuple[sp.Expr, sp.Expr]:
    """Write the means of two classes of independent normals as a rotation of two standard normals.

    Args:
        plus: Size of class +1, at least 1.
        minus: Size of class -1, at least 1.
        total: Their sum.
        common: The standard normal behind the mean over both classes.
        contrast: The standard normal behind the difference of the means.

    Returns:
        The means of class +1 and class -1; see `law_of_class_means`.
    """
    return (
        (common + sp.sqrt(minus) / sp.sqrt(plus) * contrast) / sp.sqrt(total),
        (common - sp.sqrt(plus) / sp.sqrt(minus) * contrast) / sp.sqrt(total),
    )


REAL_MEANS = class_means(n_plus, n_minus, m_S, c_1, c_2)
"""S's class means."""
_LIFTS = tuple(mean.coeff(c_2) for mean in map(sp.expand, REAL_MEANS))
_IMBALANCE = g_plus * _LIFTS[0] + g_minus * _LIFTS[1]  # 0 where S_G's classes are as S's
_SPREAD = 1 + g_plus * _LIFTS[0] ** 2 + g_minus * _LIFTS[1] ** 2


@dataclass(frozen=True)
class Axes:
    """In which two directions S_G's class means are taken.

    Attributes:
        fresh: S_G's mean less S's, of class +1 and class -1, in x_1 and x_2.
        lever: By how much x_1 and x_2 move m_T times the error of theta_hat.
        tilt: Their products with c_2 in the sum of squares, halved.
    """

    fresh: tuple[sp.Expr, sp.Expr]
    lever: tuple[sp.Expr, sp.Expr]
    tilt: tuple[sp.Expr, sp.Expr]

    @property
    def values(self) -> Mapping[sp.Symbol, sp.Expr]:
        """What the coefficients of `ERROR` and `SQUARES` stand for."""
        return {
            **dict(zip((_h_1, _h_2, _f_1, _f_2), (*self.lever, *self.tilt), strict=True)),
            _k: _IMBALANCE,
            _spread: _SPREAD,
        }


BY_CLASS = Axes(
    fresh=(x_1 / sp.sqrt(g_plus), x_2 / sp.sqrt(g_minus)),
    lever=(sp.sqrt(g_plus), sp.sqrt(g_minus)),
    tilt=(sp.sqrt(g_plus) * _LIFTS[0], sp.sqrt(g_minus) * _LIFTS[1]),
)
"""x_1 belongs to class +1 and x_2 to class -1; each is 0 where its class is empty."""
ROTATED = Axes(
    fresh=class_means(g_plus, g_minus, m_G, x_1, x_2),
    lever=(sp.sqrt(m_G), sp.Integer(0)),
    tilt=(
        _IMBALANCE / sp.sqrt(m_G),
        sp.sqrt(g_plus) * sp.sqrt(g_minus) * sp.sqrt(m_S) / (sp.sqrt(m_G) * sp.sqrt(n_plus) * sp.sqrt(n_minus)),
    ),
)
"""x_1 belongs to the mean over S_G and x_2 to the difference of the classes; for a variance that the classes share.

With an empty class x_2^2 is a part of the scatter within the other, and r has m_G - 2 degrees of freedom all the same.
At m_G = 1 both are 0.
"""

ERROR: sp.Expr = c_1 / sp.sqrt(m_S) + (_k * c_2 + _h_1 * x_1 + _h_2 * x_2) / _total
"""Error of theta_hat, in the coefficients of `Axes.values`."""
SQUARES: sp.Expr = (
    q
    + r
    + x_1**2
    + x_2**2
    + _spread * c_2**2
    + 2 * c_2 * (_f_1 * x_1 + _f_2 * x_2)
    - (_k * c_2 + _h_1 * x_1 + _h_2 * x_2) ** 2 / _total
)
"""Sum of squares of S and S_G about theta_hat, in the coefficients of `Axes.values`."""
NOTHING_GENERATED: Mapping[sp.Symbol, sp.Expr] = {
    **dict.fromkeys((_h_1, _h_2, _f_1, _f_2, _k, r, x_1, x_2), sp.S.Zero),
    _spread: sp.S.One,
}
"""Values of the coefficients and of S_G's numbers at m_G = 0."""


def squares_about_a_point() -> Result:
    """Derive that the squares of N points about any t are their scatter and N times the squared distance of their mean.

    Returns:
        The sum, from the sums of the points and of their squares, and scatter + N (mean - t)^2.
    """
    point, t, mean, scatter, squares = sp.symbols("point t mean scatter squares", real=True)

    def about(centre: sp.Expr, sum_of_squares: sp.Expr) -> sp.Expr:
        sums = {sp.Integer(1): n, point: n * mean, point**2: sum_of_squares}
        return over_coordinates((point - centre) ** 2, sums)  # a sum over points, here

    (found,) = sp.solve(about(mean, squares) - scatter, squares)
    return Result("squares about a point", about(t, found), _squares(n, mean, scatter, t), SOURCE)


def _squares(size: sp.Expr, mean: sp.Expr, scatter: sp.Expr, about: sp.Expr) -> sp.Expr:
    return scatter + size * (mean - about) ** 2


def train_squares() -> Result:
    """Derive the sum of squares of S and S_G about theta_hat from their class means and scatters.

    Returns:
        The sum over the four classes of their squares about the mean of all, and scatter within + squares of the class
        means about mu - m_T times the square of the error.
    """
    means = sp.symbols("a_plus a_minus b_plus b_minus", real=True)
    scatters = (q, sp.Integer(0), r, sp.Integer(0))  # q and r are sums over the classes, and enter as such
    error = _mean_of_all(means).subs(_SIZES)
    parts = zip(_CLASSES, means, scatters, strict=True)
    computed = sum(_squares(size, mean, scatter, error) for size, mean, scatter in parts)
    return Result("squares about theta_hat", computed, _within_and_between(means).subs(_SIZES), SOURCE)


def _mean_of_all(means: tuple[sp.Expr, ...]) -> sp.Expr:
    return sum(size * mean for size, mean in zip(_CLASSES, means, strict=True)) / m_T


def _within_and_between(means: tuple[sp.Expr, ...]) -> sp.Expr:
    between = sum(size * mean**2 for size, mean in zip(_CLASSES, means, strict=True))
    return q + r + between - m_T * _mean_of_all(means) ** 2


def law_of_class_means() -> Result:
    """Derive that `class_means` of two standard normals are the means of two independent samples.

    Returns:
        The variance of any combination of the two, and of the same combination of two sample means.
    """
    up, down = sp.symbols("up down", real=True)
    means = [Normals(name, size).total() / size for name, size in (("+1", n_plus), ("-1", n_minus))]
    claimed = (up * means[0] + down * means[1]).variance()
    combined = (up * REAL_MEANS[0] + down * REAL_MEANS[1]).subs(_SIZES)
    computed = expectation(combined**2, {c_1: standard_normal, c_2: standard_normal})
    return Result("law of the class means", computed, claimed, "means of independent normals")


def law_of_fresh_means(axes: Axes) -> Result:
    """Derive that S_G's class means about S's have the law of means, where no class is empty.

    Args:
        axes: `BY_CLASS` or `ROTATED`.

    Returns:
        The variance of any combination of the two for a deviation of 1, and of two sample means.
    """
    up, down = sp.symbols("up down", real=True)
    combined = (up * axes.fresh[0] + down * axes.fresh[1]).subs(_SIZES)
    computed = expectation(combined**2, {x_1: standard_normal, x_2: standard_normal})
    claimed = up**2 / g_plus + down**2 / g_minus
    return Result("law of the fresh means", computed, claimed, "means of independent normals")


def error(axes: Axes) -> Result:
    """Derive the error of theta_hat in the independent numbers.

    Args:
        axes: `BY_CLASS` or `ROTATED`.

    Returns:
        The mean of all points less mu and less `ERROR`, over a common denominator, and 0.
    """
    difference = _over_roots(_mean_of_all(_all_means(axes)) - _at(axes, ERROR))
    return Result("error of theta_hat", difference, sp.Integer(0), "its definition")


def squares(axes: Axes) -> Result:
    """Derive the sum of squares about theta_hat in the independent numbers; c_1, which moves all points, drops out.

    Args:
        axes: `BY_CLASS` or `ROTATED`.

    Returns:
        What `train_squares` claims less `SQUARES`, over a common denominator, and 0.
    """
    difference = _over_roots(_within_and_between(_all_means(axes)) - _at(axes, SQUARES))
    return Result("squares about theta_hat", difference, sp.Integer(0), "train_squares")


def _all_means(axes: Axes) -> tuple[sp.Expr, ...]:
    return (*REAL_MEANS, *(mean + shift for mean, shift in zip(REAL_MEANS, axes.fresh, strict=True)))


def _at(axes: Axes, formula: sp.Expr) -> sp.Expr:
    return formula.subs(_total, m_T).subs(axes.values)


def _over_roots(difference: sp.Expr) -> sp.Expr:
    # The numerator as a polynomial in the roots of the sizes, with those of m_S and m_G reduced by their squares.
    roots = {size: sp.Symbol(f"root_{size}", positive=True) for size in (*_SIZES, *_CLASSES)}
    squared = {size: root**2 for size, root in roots.items()}
    numerator = sp.numer(sp.together(difference.subs(squared)))
    for size, parts in _SIZES.items():
        numerator = sp.rem(numerator, roots[size] ** 2 - parts.subs(squared), roots[size])
    return numerator


@dataclass(frozen=True)
class Rules:
    """The risks as functions of totals over the coordinates (`TOTALS`), of the sizes and of d.

    Attributes:
        test: Test risk of theta_hat.
        points: Mean loss over n fresh test points.
        train: Mean loss over S and S_G.
    """

    test: sp.Expr
    points: sp.Expr
    train: sp.Expr


def rules(axes: Axes | None) -> Rules:
    """Sum the coordinates and put the sums into the loss.

    Args:
        axes: `BY_CLASS` or `ROTATED`; None where nothing is generated, and then S may be of any size.
    """
    values = {_total: m_S} if axes is None else {_total: m_T, **axes.values}

    def risk(formula: sp.Expr, coordinate: sp.Expr, size: sp.Expr) -> sp.Expr:
        # Summed with the coefficients as symbols, so that they stay in their short and stable form.
        reduced = coordinate.subs(NOTHING_GENERATED) if axes is None else coordinate
        distance = sigma**2 * over_coordinates(reduced, _MONOMIALS) / size
        return formula.subs(squared_distance, distance).subs(values)

    about = _squares(n, t_1 / sp.sqrt(n), v, ERROR)
    return Rules(
        test=risk(nll_risk, ERROR**2, sp.Integer(1)), points=risk(nll, about, n), train=risk(nll, SQUARES, _total)
    )
