"""How a bound does in a cell: which end of its ball is taken where, and which way a cell is computed."""

from fractions import Fraction

import pytest
import sympy as sp

from numerics import finite_coverage
from numerics.finite import FiniteSetting, failure_probability, quantile
from numerics.finite_bound import AffineBound
from numerics.finite_coverage import MOST_EXACT, coverage, largest_failure, pairs_of_counts
from theory.stability import Bound
from theory.symbols import delta
from theory.tight_bound import best_bound

HALF, TENTH, TWENTIETH = Fraction(1, 2), Fraction(1, 10), Fraction(1, 20)
COIN = (1 - TENTH, TENTH)
DIE = (HALF, Fraction(3, 10), Fraction(1, 5))


def test_a_bound_that_is_attained_is_taken_at_its_lower_end_where_it_has_to_cover():
    """The bound is the quantile itself, written so that its ball has a width: Gen may or may not exceed it."""
    setting = FiniteSetting(COIN, 10, 10)
    q = quantile(setting, TWENTIETH)
    one = sp.log(sp.E / delta) / (1 + sp.log(1 / delta))
    bound = Bound("the quantile", {"all": sp.Rational(q.numerator, q.denominator) * one})
    found = coverage(setting, bound, TWENTIETH)
    beyond = failure_probability(setting, AffineBound(q, Fraction(0)))
    from_q_on = failure_probability(setting, AffineBound(q - Fraction(1, 10**20), Fraction(0)))
    assert beyond < from_q_on
    assert (found.failure.lower, found.failure.upper) == (beyond, from_q_on)
    assert largest_failure(setting, bound, TWENTIETH) == from_q_on
    assert found.quoted.lower < q < found.quoted.upper
    assert 1 < found.ratio < 1 + 1e-15 or found.ratio == 1


@pytest.mark.parametrize("m_S", [10, 100])
def test_coverage_takes_the_lower_end_of_everything(m_S, monkeypatch):
    asked = []

    def spy(bound, level, known, end="upper", real=finite_coverage.bound_in_model):
        asked.append(end)
        return real(bound, level, known, end)

    monkeypatch.setattr(finite_coverage, "bound_in_model", spy)
    largest_failure(FiniteSetting(COIN, m_S, m_S), best_bound(), TWENTIETH)
    assert asked == ["lower"]


def test_both_ways_give_the_same_where_both_can_be_gone(monkeypatch):
    setting = FiniteSetting(COIN, 30, 30, "squared")
    exact = coverage(setting, best_bound(), HALF)
    monkeypatch.setattr(finite_coverage, "MOST_DIGITS", 1)
    enclosed = coverage(setting, best_bound(), HALF)
    assert (exact.exact, enclosed.exact) == (True, False)
    for name in ("failure", "truth", "median", "quoted"):
        inner, outer = getattr(exact, name), getattr(enclosed, name)
        assert outer.lower <= inner.lower <= inner.upper <= outer.upper
        assert float(outer.upper) - float(outer.lower) < 1e-10
    assert exact.failure.upper > 0
    assert exact.width == enclosed.width


@pytest.mark.parametrize("level", [Fraction(0), Fraction(1), Fraction(1, 10**7), Fraction(-1)])
def test_a_level_outside_is_refused_with_its_value(level):
    with pytest.raises(ValueError, match=rf"delta must be in .*Found {level}\."):
        coverage(FiniteSetting(COIN, 2, 2), best_bound(), level)


def test_cells_that_are_too_large_are_refused_with_their_sizes():
    large = FiniteSetting(DIE, 40, 40)
    assert pairs_of_counts(large) > MOST_EXACT
    with pytest.raises(ValueError, match="m_S = 40, m_G = 40"):
        coverage(large, best_bound(), HALF)
    with pytest.raises(ValueError, match="m_S = 1000000, m_G = 1000000"):
        coverage(FiniteSetting(COIN, 10**6, 10**6), best_bound(), HALF)


def test_pairs_of_counts_are_counted():
    assert pairs_of_counts(FiniteSetting(COIN, 3, 4)) == 4 * 5
    assert pairs_of_counts(FiniteSetting(DIE, 2, 3)) == 6 * 10
