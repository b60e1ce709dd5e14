"""The most efficient m_G is sufficient and minimal; verdicts agree with the numbers at huge m."""

from fractions import Fraction
from functools import cache

import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.augmentation import NotASetting, Setting, m, m_G, most_efficient_order, rate, verdict
from theory.functions import n_log_en
from theory.order import ONE, NotInAlgebra, Order, is_O, is_o, is_Theta, substitute
from theory.testing import settings_of_powers

t, b, s = sp.symbols("t b s", positive=True)
HALF = sp.Rational(1, 2)
READINGS = ("default", "unrestricted")


def parts(setting, size):
    """Orders of the mixed part and of the divergence at an order of m_G."""
    terms = dict(setting.bound().terms)
    divergence = terms.pop("divergence")
    mixed = sp.Add(*terms.values())
    return (substitute(e, m_G, size, m, setting.assumptions).order for e in (mixed, divergence))


def smaller(order):
    """Orders a little below: a lower log exponent, a lower power."""
    return (Order(order.power, order.log - HALF), Order(order.power - sp.Rational(1, 16), order.log))


@pytest.mark.parametrize("reading", READINGS)
@given(setting=settings_of_powers())
@settings(max_examples=60, deadline=None)
def test_most_efficient_order_suffices_and_nothing_smaller_does(reading, setting):
    (optimum,) = most_efficient_order(setting, reading)
    assert optimum.order is not None
    mixed, divergence = parts(setting, optimum.order)
    assert is_O(mixed, divergence) is True
    least = Order(1) if reading == "default" else ONE
    for lower in smaller(optimum.order):
        if is_o(lower, least) is False:
            mixed, divergence = parts(setting, lower)
            assert is_O(mixed, divergence) is False, lower
    larger = optimum.order * Order(sp.Rational(1, 8), 1)
    mixed, divergence = parts(setting, larger)
    assert is_O(mixed, divergence) is True


@given(setting=settings_of_powers())
@settings(max_examples=60, deadline=None)
def test_the_unrestricted_reading_never_asks_for_more(setting):
    (default,), (free,) = (most_efficient_order(setting, reading) for reading in READINGS)
    assert is_O(free.order, default.order) is True
    if is_o(free.order, Order(1)) is False:
        assert free.order == default.order


@given(setting=settings_of_powers())
@settings(max_examples=60, deadline=None)
def test_at_the_most_efficient_size_the_bound_is_the_divergence(setting):
    """Half of the corollary: there the whole bound is of the order of M D_TV (default reading)."""
    (optimum,) = most_efficient_order(setting)
    divergence = rate(Setting(setting.beta, setting.tv, 0, setting.loss_bound), None)  # same setting, for its scale
    found = rate(setting, optimum.order).order
    expected = substitute(setting.loss_bound * setting.tv, m_G, optimum.order, m).order
    assert found == expected
    assert len(divergence) == 1


@given(setting=settings_of_powers())
@settings(max_examples=60, deadline=None)
def test_the_corollary_follows(setting):
    """Faster iff D_TV = o(max(log(m) beta_m/M, 1/sqrt m)), no faster iff Theta, slower otherwise."""
    (case,) = verdict(setting)
    scale = substitute(setting.loss_bound, m_G, ONE, m).order
    tv = substitute(setting.tv, m_G, ONE, m).order
    stability = substitute(setting.beta * sp.log(m), m_G, ONE, m).order / scale
    reference = stability if is_o(Order(-HALF), stability) is True else Order(-HALF)
    expected = "faster" if is_o(tv, reference) else ("no faster" if is_Theta(tv, reference) else "slower")
    assert case.verdict == expected
    assert case.no_augmentation == reference * scale


def bound_at(expression, log_m, size=None):
    """Evaluate a bound at m = exp(log_m) and m_G = size(m), in high precision; far beyond any float."""
    expression = expression.replace(n_log_en, lambda n: n * (1 + sp.log(n)))
    with mp.workdps(60):
        point = {m: mp.exp(log_m)}
        if size is not None:
            point[m_G] = sp.lambdify(m, size.as_expr(m), "mpmath")(point[m])
        return sp.lambdify(list(point), expression, "mpmath")(*point.values())


@given(setting=settings_of_powers())
@settings(max_examples=60, deadline=None)
def test_verdicts_agree_with_the_numbers_at_huge_m(setting):
    """Between log m = 1e4 and 1e8, a power apart changes the ratio by e^(1e4/16) at least, one log by 1e4^(1/2)."""
    (case,) = verdict(setting)
    total, without = setting.bound().total, setting.without()
    sizes = (10**4, 10**8)
    first, second = (
        mp.log(bound_at(total, log_m, case.most_efficient)) - mp.log(bound_at(without, log_m)) for log_m in sizes
    )
    change = second - first
    if case.verdict == "faster":
        assert change < -1
    elif case.verdict == "slower":
        assert change > 1
    else:
        assert abs(change) < 1


@given(setting=settings_of_powers(), factor=st.integers(2, 50))
@settings(max_examples=30, deadline=None)
def test_constants_do_not_matter(setting, factor):
    scaled = Setting(
        setting.beta * factor, setting.tv / factor, setting.dependence * factor, setting.loss_bound * factor
    )
    assert verdict(scaled) == verdict(setting)


@given(setting=settings_of_powers(), change=st.sampled_from(["beta", "tv", "dependence"]))
@settings(max_examples=60, deadline=None)
def test_monotone_in_beta_divergence_and_dependence(setting, change):
    """More stability never asks for more m_G; less divergence never for less; less dependence never for more."""
    less = {"beta": setting.beta, "tv": setting.tv, "dependence": setting.dependence}
    less[change] = less[change] / sp.log(m) ** HALF
    (before,) = most_efficient_order(setting)
    (after,) = most_efficient_order(Setting(**less, loss_bound=setting.loss_bound))
    if change == "tv":
        assert is_O(before.order, after.order) is True
    else:
        assert is_O(after.order, before.order) is True
    assert is_O(rate(Setting(**less, loss_bound=setting.loss_bound), None).order, rate(setting, None).order) is True


def words(setting, reading="default"):
    return {(case.verdict, case.most_efficient) for case in verdict(setting, reading)}


@cache
def symbolic_cases(reading):
    return verdict(Setting(m**-b, m**-t), reading)


def at(values, reading):
    """The case of beta = m^-b, tv = m^-t that holds at a point: exactly one does."""
    found = [case for case in symbolic_cases(reading) if case.condition.subs(values) == sp.true]
    assert len(found) == 1
    return found[0]


def test_the_border_of_a_stable_learner_is_at_one_half():
    cases = {case.verdict: case.condition for case in verdict(Setting(1 / m, m**-t))}
    assert cases["faster"] == (t > HALF)
    assert cases["slower"] == (t < HALF)
    assert cases["no faster"] == sp.Eq(t, HALF)


@given(st.fractions(Fraction(1, 8), 2, max_denominator=8), st.fractions(Fraction(1, 8), 2, max_denominator=8))
@settings(max_examples=40, deadline=None)
@pytest.mark.parametrize("reading", READINGS)
def test_symbolic_cases_agree_with_the_numeric_algebra(reading, x, y):
    """beta = m^-b, tv = m^-t: the case at a point is the case of the setting with the numbers put in."""
    values = {b: sp.Rational(x), t: sp.Rational(y)}
    case = at(values, reading)
    (numeric,) = verdict(Setting(m ** -values[b], m ** -values[t]), reading)
    assert case.verdict == numeric.verdict
    assert case.most_efficient.subs(values) == numeric.most_efficient
    assert case.with_most_efficient.subs(values) == numeric.with_most_efficient
    assert case.at_equal_size.subs(values) == numeric.at_equal_size


def test_the_gaussian_mixture():
    """m log^4 m for the mixture: the dependence binds, and the rate is that without augmentation."""
    mixture = Setting((3 + sp.log(m)) / m, m**-HALF, sp.sqrt(m_G) * sp.log(m) / m, 3 + sp.log(m))
    (case,) = verdict(mixture)
    assert (case.most_efficient, case.binding, case.verdict) == (Order(1, 4), "dependence", "no faster")


def test_a_gan_is_slower_and_a_little_augmentation_is_harmless_in_the_unrestricted_reading():
    gan = Setting(1 / m, (sp.log(m) / m) ** sp.Rational(1, 4))
    assert words(gan) == {("slower", Order(1))}
    assert words(gan, "unrestricted") == {("no faster", Order(sp.Rational(3, 4), -sp.Rational(1, 4)))}


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (Setting(1 / m, 0), "divergence is 0"),
        (Setting(1, m**-HALF), "does not fall"),
        (Setting(1 / sp.log(m), m**-HALF), "does not fall"),
        (Setting(1 / sp.log(m) ** 2, m**-HALF), "none inside the algebra"),
    ],
)
def test_where_there_is_no_finite_optimum_the_reason_is_told(setting, told):
    (case,) = verdict(setting)
    assert case.verdict == "no finite optimum"
    assert case.most_efficient is None
    assert told in case.reason


def test_a_logarithm_against_a_logarithm_has_an_optimum():
    (case,) = verdict(Setting(1 / sp.log(m) ** 2, 1 / sp.log(m)))
    assert case.most_efficient == Order(2, -2)
    assert case.verdict == "no faster"


def test_the_cap_of_the_dependence_is_respected():
    """T that would grow like m_G obstructs nothing, since it is at most 1."""
    (capped,) = most_efficient_order(Setting(1 / m, m**-HALF, m_G))
    assert capped.order == Order(sp.Rational(3, 2), 1)
    (zero,) = most_efficient_order(Setting(1 / m, m**-HALF))
    assert zero.order == Order(1)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((m, m**-HALF), NotASetting),
        ((sp.log(m), m**-HALF), NotASetting),
        ((1 / m, m), NotASetting),
        ((1 / m, m**-HALF, m_G**2), NotASetting),
        ((1 / m, m**-HALF, m_G * sp.log(m_G)), NotASetting),
        ((-1 / m, m**-HALF), NotInAlgebra),
        ((sp.exp(-m), m**-HALF), NotInAlgebra),
        ((sp.sin(m), m**-HALF), NotInAlgebra),
        ((0, m**-HALF), NotASetting),
        ((m**s / m, m**-HALF), NotASetting),
    ],
)
def test_what_is_no_setting_is_refused(arguments, error):
    with pytest.raises(error, match="Found"):
        verdict(Setting(*arguments))


def test_an_unknown_reading_is_refused():
    with pytest.raises(ValueError, match="loose"):
        most_efficient_order(Setting(1 / m, m**-HALF), "loose")
