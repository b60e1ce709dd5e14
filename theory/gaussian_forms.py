"""Exact moments in Gaussian noise: of linear forms with symbolic multiplicities, and of polynomials.

A sample mean of n draws is a linear form in n independent standard normals, with n a symbol. `GaussianForm`
keeps such a form by blocks of equal coefficients, so that means and covariances are finite sums of symbols.
`expectation` does the same for polynomials in a few noise symbols whose moments are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.functions.combinatorial.numbers import stirling

Law = Callable[[int], sp.Expr]
"""A law, known by its moments: the order of a moment to its value."""


def standard_normal(order: int) -> sp.Expr:
    """Return the moment of N(0, 1): (order - 1)!! for even orders, 0 for odd ones."""
    return sp.factorial2(order - 1) if order % 2 == 0 else sp.Integer(0)


def rademacher(order: int) -> sp.Expr:
    """Return the moment of a uniform sign: 1 for even orders, 0 for odd ones."""
    return sp.Integer(1 - order % 2)


def normal(variance: sp.Expr) -> Law:
    """Return the law of N(0, variance): variance^(order/2) times the moment of N(0, 1)."""
    return lambda order: standard_normal(order) * variance ** sp.Rational(order, 2)


def chi_square(degrees: sp.Expr) -> Law:
    """Return the law of a chi-square: k (k + 2) ... (k + 2 order - 2) for k degrees of freedom; 0 for k = 0."""
    return lambda order: sp.Mul(*(degrees + 2 * i for i in range(order)))


def root_mean_square(degrees: sp.Expr) -> Law:
    """Return the law of s where ``degrees s^2`` is a chi-square, s > 0: a learned standard deviation."""

    def moment(order: int) -> sp.Expr:
        if order % 2 == 0:
            return chi_square(degrees)(order // 2) / degrees ** (order // 2)
        half = degrees / 2
        return half ** sp.Rational(-order, 2) * sp.gamma(half + sp.Rational(order, 2)) / sp.gamma(half)

    return moment


def fair_binomial(size: sp.Expr) -> Law:
    """Return the law of the number of heads among `size` fair coins, by its factorial moments ``(size)_j/2^j``."""

    def moment(order: int) -> sp.Expr:
        factorial = (sp.Mul(*(size - i for i in range(j))) / 2**j for j in range(order + 1))
        return sp.expand(sp.Add(*(stirling(order, j) * value for j, value in enumerate(factorial))))

    return moment


def unbiased_scale(variance: sp.Expr) -> Law:
    """Return the law of a scale of which no more is known than E[scale^2] = variance.

    Args:
        variance: The mean of the squared scale.

    Returns:
        A law with moments of order 0 and 2; any other is refused, as nothing is known of it.
    """

    def moment(order: int) -> sp.Expr:
        if order not in (0, 2):
            raise ValueError(f"only moments of order 0 and 2 of the scale are known. Found order {order}.")
        return variance if order == 2 else sp.Integer(1)

    return moment


def expectation(expression: sp.Expr, laws: Mapping[sp.Symbol, Law]) -> sp.Expr:
    """Take the mean of a polynomial in independent noise symbols.

    Args:
        expression: A polynomial in the keys of `laws`; every other symbol is a constant.
        laws: The law of each noise symbol; different symbols are independent.

    Returns:
        The mean, expanded, free of the noise symbols.

    Raises:
        ValueError: The expression is no polynomial in the noise, or needs an unknown moment.
    """
    noise = list(laws)
    try:
        terms = sp.Poly(sp.expand(expression), *noise).terms()
    except sp.PolynomialError as error:
        raise ValueError(f"not a polynomial in {noise}. Found {expression}.") from error
    return sp.expand(
        sp.Add(
            *(
                coefficient * sp.Mul(*(laws[symbol](k) for symbol, k in zip(noise, orders, strict=True)))
                for orders, coefficient in terms
            )
        )
    )


@dataclass(frozen=True)
class Normals:
    """`size` independent standard normals; normals of different names are independent of each other.

    Attributes:
        name: What tells these normals from others.
        size: How many there are; may be a symbol.
    """

    name: str
    size: sp.Expr

    def one(self) -> GaussianForm:
        """Return a single one of them, always the same."""
        return GaussianForm(sp.Integer(0), ((_Part(self, True), sp.Integer(1)),))

    def total(self) -> GaussianForm:
        """Return the sum of them all."""
        parts = (_Part(self, True), _Part(self, False))
        return GaussianForm(sp.Integer(0), tuple((part, sp.Integer(1)) for part in parts))


@dataclass(frozen=True)
class _Part:
    # The normal that `one` stands for is kept apart from the rest, so that one example may be set against the
    # mean of its sample. For size 0 the rest counts -1 and cancels it: identities in `size` stay polynomial.
    of: Normals
    first: bool

    @property
    def multiplicity(self) -> sp.Expr:
        return sp.Integer(1) if self.first else self.of.size - 1


@dataclass(frozen=True)
class GaussianForm:
    """A linear form: a mean plus, for each part, a coefficient times the sum of that part's normals.

    Forms add, subtract, and scale by expressions that are constant given the noise. A scale that depends on
    *other* noise may be carried as a symbol and averaged over afterwards with `expectation`.
    """

    mean: sp.Expr
    coefficients: tuple[tuple[_Part, sp.Expr], ...] = ()

    def __add__(self, other: Any) -> GaussianForm:
        """Add a form, or a constant."""
        if not isinstance(other, GaussianForm):
            other = GaussianForm(sp.sympify(other))
        merged = dict(self.coefficients)
        for part, coefficient in other.coefficients:
            merged[part] = merged.get(part, sp.Integer(0)) + coefficient
        sizes = {(part.of.name, part.of.size) for part in merged}
        if len(sizes) != len({name for name, _ in sizes}):
            raise ValueError(f"normals of one name have one size. Found {sorted(map(str, sizes))}.")
        return GaussianForm(self.mean + other.mean, tuple(merged.items()))

    __radd__ = __add__

    def __mul__(self, factor: Any) -> GaussianForm:
        """Scale the form by a constant."""
        if isinstance(factor, GaussianForm):
            raise TypeError("a product of two forms is no linear form; use mean_product")
        factor = sp.sympify(factor)
        return GaussianForm(self.mean * factor, tuple((part, c * factor) for part, c in self.coefficients))

    __rmul__ = __mul__

    def __truediv__(self, divisor: Any) -> GaussianForm:
        """Divide the form by a constant."""
        return self * (1 / sp.sympify(divisor))

    def __neg__(self) -> GaussianForm:
        """Negate the form."""
        return self * -1

    def __sub__(self, other: Any) -> GaussianForm:
        """Subtract a form, or a constant."""
        return self + -1 * other

    def __rsub__(self, other: Any) -> GaussianForm:
        """Subtract the form from a constant."""
        return -self + other

    def covariance(self, other: GaussianForm) -> sp.Expr:
        """Return the covariance with another form in the same normals: the sum over common parts."""
        theirs = dict(other.coefficients)
        return sp.Add(*(part.multiplicity * c * theirs.get(part, 0) for part, c in self.coefficients))

    def variance(self) -> sp.Expr:
        """Return the variance of the form."""
        return self.covariance(self)

    def mean_product(self, other: GaussianForm) -> sp.Expr:
        """Return the mean of the product of two forms."""
        return self.mean * other.mean + self.covariance(other)

    def mean_square(self) -> sp.Expr:
        """Return the mean of the square of the form."""
        return self.mean_product(self)

    def __str__(self) -> str:
        """Write the form as mean plus coefficient times named normals."""
        terms = [f"({c}) {'one of' if p.first else 'the rest of'} {p.of.name}" for p, c in self.coefficients]
        return " + ".join([str(self.mean), *terms])
