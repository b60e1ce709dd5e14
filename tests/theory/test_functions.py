"""The two functions of the bounds and their conventions at zero."""

import pytest
import sympy as sp

from theory.functions import n_ceil_log2, n_log_en


@pytest.mark.parametrize("n", range(1, 70))
def test_levels_are_the_least_number_of_doublings(n):
    levels = next(k for k in range(10) if 2**k >= n)
    assert n_ceil_log2(sp.Integer(n)) == n * levels


def test_conventions_at_zero():
    assert n_ceil_log2(sp.Integer(0)) == 0
    assert n_log_en(sp.Integer(0)) == 0
    assert n_log_en(sp.Integer(1)) == 1


def test_a_large_integer_is_exact():
    assert n_ceil_log2(sp.Integer(2**500 + 1)) == (2**500 + 1) * 501


@pytest.mark.parametrize("function", [n_ceil_log2, n_log_en])
def test_a_negative_number_is_refused(function):
    with pytest.raises(ValueError, match="Found -1"):
        function(sp.Integer(-1))


def test_they_render():
    n = sp.Symbol("n")
    assert "lceil" in sp.latex(n_ceil_log2(n))
    assert sp.latex(n_log_en(n) ** 2) == r"\left(n \log(e\,n)\right)^{2}"
