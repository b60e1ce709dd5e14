"""The reduction to sufficient statistics: every identity holds, mutants do not, and its means are the known ones."""

import pytest
import sympy as sp

from theory import mixture_statistics as statistics
from theory.gaussian_forms import expectation, standard_normal, unbiased_scale
from theory.mixture_risk import expected_squared_error, expected_train_risk, size_G, size_S
from theory.result import Result
from theory.symbols import d, g_minus, g_plus, m_G, m_S, n, n_minus, n_plus, sigma

AXES = {"by class": statistics.BY_CLASS, "rotated": statistics.ROTATED}
FACTS = {
    "squares about a point": statistics.squares_about_a_point,
    "train squares": statistics.train_squares,
    "class means": statistics.law_of_class_means,
    **{
        f"{fact.__name__}, {name}": lambda fact=fact, axes=axes: fact(axes)
        for fact in (statistics.law_of_fresh_means, statistics.error, statistics.squares)
        for name, axes in AXES.items()
    },
}
SIZES = {m_S: size_S, m_G: size_G}


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)
def test_fact_holds_and_a_mutant_does_not(fact):
    result = fact()
    assert result.holds()
    assert not Result(result.name, result.computed, result.claimed + sp.Rational(1, 1000), result.source).holds()


@pytest.mark.parametrize("name", AXES)
@pytest.mark.parametrize("coefficient", range(6))
def test_every_coefficient_matters(name, coefficient, monkeypatch):
    axes = AXES[name]
    values = dict(axes.values)
    key = list(values)[coefficient]
    values[key] = values[key] * sp.Rational(11, 10) if values[key] else sp.Integer(1)
    monkeypatch.setattr(statistics.Axes, "values", property(lambda _: values))
    assert not statistics.squares(axes).holds()
    in_the_error = coefficient in (0, 1, 4)  # the levers and the imbalance
    assert statistics.error(axes).holds() == (not in_the_error)


def _mean(expression, scatter):
    # The mean over coordinates of S and S_G given their sizes, at a generator of mean square 1.
    scale, z_1, z_2 = sp.symbols("scale z_1 z_2")
    laws = dict.fromkeys((statistics.c_1, statistics.c_2, z_1, z_2), standard_normal)
    noise = {statistics.x_1: scale * z_1, statistics.x_2: scale * z_2, **scatter}
    given_scale = expectation(expression.subs(noise), laws)  # odd powers of the scale go with odd powers of noise
    return expectation(given_scale, {scale: unbiased_scale(sp.Integer(1))})


@pytest.mark.parametrize("name", AXES)
def test_means_are_those_derived_from_the_examples(name):
    axes = AXES[name]
    degrees = {statistics.q: size_S - 2, statistics.r: size_G - 2}
    error, squares = (f.subs(statistics._total, m_S + m_G) for f in (statistics.ERROR, statistics.SQUARES))
    mean_square = _mean(error**2, {}).subs(axes.values).subs(SIZES)
    assert sp.simplify(d * sigma**2 * mean_square - expected_squared_error().claimed) == 0
    train = d * _mean(squares, degrees).subs(axes.values).subs(SIZES) / (2 * (size_S + size_G))
    assert sp.simplify(train - expected_train_risk().claimed) == 0


@pytest.mark.parametrize("name", AXES)
def test_an_empty_class_leaves_no_trace_but_scatter(name):
    at = {g_plus: 5, g_minus: 0, m_G: 5, n_plus: 2, n_minus: 4, m_S: 6}
    (_, h_2), (_, f_2) = AXES[name].lever, AXES[name].tilt
    assert h_2.subs(at) == f_2.subs(at) == 0


def test_without_generated_data_the_sizes_of_the_classes_do_not_matter():
    found = statistics.rules(None)
    sums = {str(symbol): symbol for symbol in statistics.TOTALS}
    assert found.test == d / 2 + sums["sum_c_1_c_1"] / (2 * m_S)
    assert sp.simplify(found.train - (sums["sum_q"] + sums["sum_c_2_c_2"]) / (2 * m_S)) == 0
    assert {n_plus, n_minus}.isdisjoint(found.points.free_symbols)


@pytest.mark.parametrize("axes", [None, *AXES.values()], ids=["nothing", *AXES])
def test_the_risks_do_not_depend_on_sigma(axes):
    found = statistics.rules(axes)
    assert sigma not in found.test.free_symbols | found.points.free_symbols | found.train.free_symbols
    # Test points whose mean and scatter are the expected ones give the test risk.
    expected = {symbol: 0 for symbol, factors in statistics.TOTALS.items() if statistics.t_1 in factors}
    expected |= {symbol: d * n for symbol, factors in statistics.TOTALS.items() if statistics.v in factors}
    assert sp.cancel(sp.expand(found.points.subs(expected)) - sp.expand(found.test)) == 0
