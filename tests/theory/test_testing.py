"""The strategies draw what they promise, reach the edges, and shrink to simple cases."""

import subprocess
import sys

import pytest
import sympy as sp
from hypothesis import find, given, settings

from numerics.bound import evaluate_bound
from theory.gaussian_mixture_bound import mixture_bound
from theory.order import ONE, Order, is_O, order_of
from theory.setting import m
from theory.stability import explicit_form
from theory.testing import bound_points, exponents, mixture_points, orders, settings_of_powers, sizes


@given(settings_of_powers())
@settings(max_examples=50, deadline=None)
def test_drawn_settings_are_settings(setting):
    assert is_O(order_of(setting.tv, m), ONE) is True


@given(bound_points())
@settings(max_examples=50, deadline=None)
def test_the_bound_has_a_value_at_every_point(point):
    assert evaluate_bound(explicit_form(), point).total >= 0


@given(mixture_points())
@settings(max_examples=30, deadline=None)
def test_the_mixtures_bound_has_a_value_at_every_point(point):
    assert evaluate_bound(mixture_bound("order"), point).total > 0


def test_they_shrink_to_simple_cases():
    assert find(orders(), lambda order: order.power > 1) == Order(2)
    assert find(sizes(), lambda size: size > 99) == 100
    assert find(exponents(), lambda x: x > sp.Rational(1, 3)) == 1
    assert find(bound_points(), lambda point: point["m_G"] == 0)["m_S"] == 1


@pytest.mark.parametrize("strategy", [sizes, bound_points, mixture_points])
def test_the_edges_are_reached(strategy):
    edge = {sizes: lambda x: x == 1, bound_points: lambda x: x["m_G"] == 0, mixture_points: lambda x: x["d"] == 1}
    assert find(strategy(), edge[strategy]) is not None


def test_importing_the_strategies_does_not_import_hypothesis():
    code = "import sys, theory.testing; sys.exit('hypothesis' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
