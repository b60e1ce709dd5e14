"""Moments of Gaussian forms and polynomials, against explicit vectors and integrals."""

from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.gaussian_forms import (
    GaussianForm,
    Normals,
    expectation,
    rademacher,
    standard_normal,
    unbiased_scale,
)

x, y, c = sp.symbols("x y c", real=True)
n = sp.Symbol("n", integer=True, positive=True)
sigma = sp.Symbol("sigma", positive=True)


@pytest.mark.parametrize("order", range(9))
def test_moments_of_the_standard_normal_are_its_integrals(order):
    density = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
    assert sp.integrate(x**order * density, (x, -sp.oo, sp.oo)) == standard_normal(order)


@pytest.mark.parametrize("order", range(7))
def test_moments_of_a_sign_are_its_averages(order):
    assert sp.Rational((-1) ** order + 1, 2) == rademacher(order)


def test_expectation_of_a_polynomial_is_linear_and_multiplies_over_independent_noise():
    laws = {x: standard_normal, y: rademacher}
    assert expectation((c + x) ** 4, laws) == sp.expand(c**4 + 6 * c**2 + 3)
    assert expectation((1 + y) * x**2 * c, laws) == c
    assert expectation(y * x, laws) == 0
    assert expectation(c, laws) == c


def test_expectation_refuses_what_it_does_not_know():
    with pytest.raises(ValueError, match="not a polynomial"):
        expectation(sp.exp(x), {x: standard_normal})
    with pytest.raises(ValueError, match="Found order 4"):
        expectation(x**4, {x: unbiased_scale(sigma**2)})
    with pytest.raises(ValueError, match="Found order 1"):
        expectation(x, {x: unbiased_scale(sigma**2)})


def test_sample_mean_and_deviation():
    noise = Normals("z", n)
    mean = c + sigma * noise.total() / n
    one = c + sigma * noise.one()
    assert sp.simplify(mean.variance() - sigma**2 / n) == 0
    assert sp.simplify(mean.mean_square() - (c**2 + sigma**2 / n)) == 0
    assert sp.simplify(one.covariance(mean) - sigma**2 / n) == 0
    assert sp.simplify((one - mean).variance() - sigma**2 * (1 - 1 / n)) == 0


_coefficients = st.fractions(min_value=-3, max_value=3, max_denominator=7)
_vectors = st.tuples(_coefficients, *([st.tuples(_coefficients, _coefficients)] * 2))


@settings(max_examples=60, deadline=None)
@given(_vectors, _vectors, st.integers(1, 6), st.integers(1, 6))
def test_covariance_is_the_dot_product_of_explicit_coefficient_vectors(left, right, size_a, size_b):
    blocks = Normals("a", sp.Integer(size_a)), Normals("b", sp.Integer(size_b))

    def form(spec):
        mean, *weights = spec
        parts = [w_one * b.one() + w_all * b.total() for b, (w_one, w_all) in zip(blocks, weights, strict=True)]
        return sum(parts, start=GaussianForm(sp.Rational(mean)))

    def vector(spec):
        return [
            w_all + (w_one if i == 0 else 0)
            for size, (w_one, w_all) in zip((size_a, size_b), spec[1:], strict=True)
            for i in range(size)
        ]

    dot = sum(a * b for a, b in zip(vector(left), vector(right), strict=True))
    assert form(left).covariance(form(right)) == dot
    assert form(left).mean_product(form(right)) == Fraction(left[0]) * right[0] + dot
    assert (form(left) - 2 * form(right)).variance() == sum(
        (a - 2 * b) ** 2 for a, b in zip(vector(left), vector(right), strict=True)
    )


def test_forms_refuse_products_and_one_name_for_two_sizes():
    with pytest.raises(TypeError, match="product"):
        Normals("z", n).one() * Normals("z", n).one()
    with pytest.raises(ValueError, match="one size"):
        Normals("z", n).total() + Normals("z", n + 1).total()


def test_forms_print():
    assert str(3 - Normals("z", n).one()) == "3 + (-1) one of z"
