"""Rates of the Gaussian mixture: orders of the bound, slopes of the simulated error: ``pytest -k gmm_rate``."""

import pytest
import sympy as sp

from numerics.estimate import loglog_slope
from numerics.mixture import simulate
from theory.functions import n_ceil_log2, n_log_en
from theory.gaussian_mixture_bound import at_ratio, at_size, mixture_bound, without_augmentation
from theory.order import Order, is_o, order_of
from theory.symbols import d, m_S

FORMS = ("order", "explicit")
HALF = sp.Rational(1, 2)

CASES = [
    # without augmentation: M/sqrt(m) with M of order log m
    pytest.param(without_augmentation, m_S, Order(-HALF, 1), id="m^-1/2_log_m-without-augmentation"),
    # the dependence term, M log(m) T with T of order log(m)/sqrt(m)
    pytest.param(at_ratio, m_S, Order(-HALF, 3), id="m^-1/2_log^3_m-at-m_G=gamma_m_S"),
    pytest.param(without_augmentation, d, Order(1), id="d-without-augmentation"),
    pytest.param(at_ratio, d, Order(1), id="d-at-m_G=gamma_m_S"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("specialise", "variable", "expected"), CASES)
def test_order_of_the_bound(form, specialise, variable, expected):
    found = order_of(specialise(mixture_bound(form)).total, variable)
    assert found == expected
    assert found != expected * Order(0, 1)


@pytest.mark.parametrize("form", FORMS)
def test_order_is_the_growth_of_the_number(form):
    """bound / (m^-1/2 log^3 m) is the same at log m = 1e4 and 1e6 to 1 %; another log factor would be 100 times off."""
    total = at_ratio(mixture_bound(form)).total
    point = {"gamma": 1, "d": 2, "delta": sp.Rational(1, 20)}
    total = total.subs({symbol: point[symbol.name] for symbol in total.free_symbols if symbol.name in point})
    # At these sizes ceil(log2 m) is log2 m to 1e-4, and m is too large for a float: it is written as exp(log m).
    smooth = total.replace(n_ceil_log2, lambda n: n * sp.log(n) / sp.log(2))
    smooth = smooth.replace(n_log_en, lambda n: n * (1 + sp.log(n)))
    ratio = smooth / (m_S**-HALF * sp.log(m_S) ** 3)
    first, second = (float(ratio.subs(m_S, sp.exp(log_m)).evalf(30, maxn=10**6)) for log_m in (10**4, 10**6))
    assert second == pytest.approx(first, rel=0.01)


def test_no_amount_of_augmentation_makes_the_bound_faster():
    bound = mixture_bound("order")
    without = order_of(without_augmentation(bound).total, m_S)
    for size in (m_S, m_S * sp.log(m_S), m_S**2, m_S ** sp.Rational(3, 2) * sp.log(m_S)):
        assert is_o(order_of(at_size(bound, size).total, m_S), without) is False


@pytest.mark.parametrize("gamma", [0, 1, 5])
def test_slope_of_the_error_in_m_S(gamma):
    """Rate m^-1/2 within a 99.9 % interval that excludes m^-1/2 log m (slope about -0.37 here) and m^-1/4, m^-1."""
    sizes = (200, 800, 3200, 12800)
    samples = [simulate(m, 1, [gamma], repeats=1500, seed=11, sampler="literal").cells[0].abs_gap for m in sizes]
    slope = loglog_slope(sizes, samples, level=0.999)
    assert slope.contains(-0.5)
    assert -0.56 < slope.low < slope.high < -0.44


@pytest.mark.parametrize("gamma", [0, 1, 5])
def test_slope_of_the_error_in_d(gamma):
    """Rate d at m_S = 10, within an interval that excludes d log d (slope about 1.17 here) and sqrt(d)."""
    dimensions = (128, 256, 512, 1024, 2048)
    drawn = (simulate(10, dim, [gamma], repeats=400, seed=12, sampler="literal") for dim in dimensions)
    samples = [simulation.cells[0].abs_gap for simulation in drawn]
    slope = loglog_slope(dimensions, samples, level=0.999)
    assert 0.92 < slope.low < slope.high < 1.08
