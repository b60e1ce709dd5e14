"""Moments of Gaussian forms and polynomials, against explicit vectors and integrals."""

from fractions import Fraction

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.gaussian_forms import (
    GaussianForm,
    Normals,
    chi_square,
    expectation,
    fair_binomial,
    normal,
    rademacher,
    root_mean_square,
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


@pytest.mark.parametrize("degrees", range(1, 4))
@pytest.mark.parametrize("order", range(4))
def test_moments_of_a_chi_square_are_those_of_a_sum_of_squares(degrees, order):
    normals = sp.symbols(f"z_0:{degrees}", real=True)
    squares = sum(z**2 for z in normals)
    assert chi_square(sp.Integer(degrees))(order) == expectation(
        squares**order, dict.fromkeys(normals, standard_normal)
    )


def test_a_chi_square_without_degrees_of_freedom_is_0():
    assert [chi_square(sp.Integer(0))(order) for order in range(3)] == [1, 0, 0]


@pytest.mark.parametrize("degrees", [1, 2, 5])
@pytest.mark.parametrize("order", range(5))
def test_moments_of_a_learned_scale_are_integrals_over_its_chi_square(degrees, order):
    q = sp.Symbol("q", positive=True)
    half = sp.Rational(degrees, 2)
    density = q ** (half - 1) * sp.exp(-q / 2) / (2**half * sp.gamma(half))
    moment = sp.integrate((q / degrees) ** sp.Rational(order, 2) * density, (q, 0, sp.oo))
    assert sp.simplify(moment - root_mean_square(sp.Integer(degrees))(order)) == 0


@pytest.mark.parametrize("size", range(6))
@pytest.mark.parametrize("order", range(5))
def test_moments_of_a_binomial_are_its_sums(size, order):
    total = sum(sp.binomial(size, heads) * sp.Integer(heads) ** order for heads in range(size + 1))
    assert fair_binomial(n)(order).subs(n, size) == total / sp.Integer(2) ** size


def test_a_normal_scales_with_its_variance():
    assert [normal(sigma**2)(order) for order in range(5)] == [1, 0, sigma**2, 0, 3 * sigma**4]


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
