"""Recursive training: the recursion solved, its limits, its order, and what it does to the verdict."""

from fractions import Fraction

import pytest
import sympy as sp

from theory import recursive
from theory.augmentation import Setting, m, verdict
from theory.recursive import (
    REGIMES,
    amplification,
    closed_form,
    d_TV,
    find_regime,
    follow_up_bound,
    generation,
    k,
    r,
    recursion,
    recursive_verdict,
    share,
    void_from,
)
from theory.symbols import M

DERIVATIONS = {"recursion": recursion(), "amplification": amplification()}
STATED = [
    pytest.param(name, step.name, quantity, id=f"{name}:{step.name}:{quantity}")
    for name, derivation in DERIVATIONS.items()
    for step in derivation.steps
    for quantity in step.stated
]
PARAMETRIC = Setting(1 / m, m ** -sp.Rational(3, 5))
"""A setting in which augmentation helps: the divergence is below m^(-1/2)."""


@pytest.mark.parametrize("name", DERIVATIONS)
def test_derivation_holds(name):
    assert DERIVATIONS[name].failures() == ()
    assert DERIVATIONS[name].axioms == ()


@pytest.mark.parametrize(("name", "step", "quantity"), STATED)
@pytest.mark.parametrize("mutate", [lambda x: 2 * x + 1, lambda x: x / 2 + d_TV], ids=["double", "halve"])
def test_every_stated_constant_is_caught_in_its_own_step(name, step, quantity, mutate):
    original = DERIVATIONS[name].step(step)
    mutant = original.restate(quantity, mutate(sp.sympify(original.stated[quantity])))
    assert [failure.step for failure in mutant.failures()] == [step]


def test_a_wrong_closed_form_is_caught_by_the_induction(monkeypatch):
    monkeypatch.setattr(recursive, "closed_form", lambda i=generation, real=share: closed_form(i + 1, real))
    assert recursion().failures()[0].step == "induction"


@pytest.mark.parametrize("real", [Fraction(1, 100), Fraction(1, 3), Fraction(1)])
def test_the_closed_form_is_the_recursion_run(real):
    value = Fraction(0)
    for i in range(1, 12):
        value = Fraction(1, 50) + (1 - real) * value
        put = closed_form(sp.Integer(i), sp.Rational(real.numerator, real.denominator))
        assert put.subs(d_TV, sp.Rational(1, 50)) == sp.Rational(value.numerator, value.denominator)
        assert value <= Fraction(1, 50) * min(i, 1 / real)


def test_the_recursion_is_attained_by_laws_that_drift_one_way():
    """The data's law sits at 0; each training moves mass d_TV of the mixture's mass at 0 to a point of its own."""
    step, real, moved = Fraction(1, 20), Fraction(1, 4), Fraction(0)
    for i in range(1, 8):
        moved = (1 - real) * moved  # the mixture: what is not at 0
        moved += step
        assert sp.Rational(moved.numerator, moved.denominator) == closed_form(sp.Integer(i), sp.Rational(1, 4)).subs(
            d_TV, sp.Rational(1, 20)
        )


@pytest.mark.parametrize("real", [0.001, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("i", [1, 3, 30, 3000])
def test_the_factor_has_the_order_of_the_smaller_of_i_and_one_over_the_share(real, i):
    factor = (1 - (1 - real) ** i) / real
    least = float(DERIVATIONS["amplification"].conclusion)
    assert least * min(i, 1 / real) * (1 - 1e-12) <= factor <= min(i, 1 / real) * (1 + 1e-12)


def test_the_bound_is_void_from_a_generation_on_or_never():
    assert void_from(0) == 1 / d_TV
    values = {share: sp.Rational(1, 10), d_TV: sp.Rational(1, 5)}
    i = float(void_from().subs(values))
    assert i == pytest.approx(6.578813478960585)  # log(1/2)/log(9/10)
    assert (
        float(closed_form().subs(generation, 6).subs(values))
        < 1
        < float(closed_form().subs(generation, 7).subs(values))
    )
    assert sp.limit(closed_form().subs({share: sp.Rational(1, 5), d_TV: sp.Rational(1, 10)}), generation, sp.oo) < 1


# Regimes


def test_bounded_if_and_only_if_there_is_real_data():
    for regime in REGIMES:
        assert regime.bounded == (regime.real != 0)
    assert find_regime("no-real-data-for-ever").limit == sp.oo
    assert find_regime("constant-share").limit == d_TV / share


@pytest.mark.parametrize("name", ["few-generations", "constant-share"])
def test_a_constant_factor_leaves_the_verdict_as_it_is(name):
    (before,) = verdict(PARAMETRIC)
    (after,) = recursive_verdict(PARAMETRIC, find_regime(name))
    assert before.verdict == "faster"
    assert after == before


@pytest.mark.parametrize(("name", "symbol"), [("no-real-data", k), ("falling-share", r)])
@pytest.mark.parametrize(
    ("value", "word"), [("1/20", "faster"), ("1/10", "no faster"), ("1/5", "slower"), ("1", "slower")]
)
def test_a_growing_factor_turns_the_verdict_where_it_passes_the_slack(name, symbol, value, word):
    """d_TV = m^(-3/5) against m^(-1/2): a factor of m^(1/10) is what there is to lose."""
    found = recursive_verdict(PARAMETRIC, find_regime(name))
    (case,) = [case for case in found if case.condition.subs(symbol, sp.Rational(value)) == sp.true]
    assert case.verdict == word


@pytest.mark.parametrize(
    ("generations", "falling", "word"), [(1, "1/20", "faster"), ("1/20", 1, "faster"), (1, 1, "slower")]
)
def test_the_smaller_of_both_factors_counts(generations, falling, word):
    found = recursive_verdict(PARAMETRIC, find_regime("falling-share-generations"))
    at = {k: sp.Rational(generations), r: sp.Rational(falling)}
    (case,) = [case for case in found if case.condition.subs(at) == sp.true]
    assert case.verdict == word


def test_without_real_data_and_without_end_there_is_no_verdict():
    with pytest.raises(ValueError, match="no limit"):
        recursive_verdict(PARAMETRIC, find_regime("no-real-data-for-ever"))


def test_an_unknown_regime_is_refused_with_the_list():
    with pytest.raises(ValueError, match=r"few-generations, .*Found 'collapse'") as refusal:
        find_regime("collapse")
    assert "\n" not in str(refusal.value)


def test_the_follow_up_bound_holds_the_derived_shift_and_says_what_is_recalled():
    bound = follow_up_bound()
    assert sp.simplify(bound.terms["shift"] - M * closed_form()) == 0
    assert follow_up_bound(sp.S.Zero).terms["shift"] == M * generation * d_TV
    assert "shift alone derived" in bound.caveat
