"""The most efficient m_G: against brute force, at infinity, at m_S = 10^9, and the enclosures its proof needs."""

import itertools
import math
import random
import time
from fractions import Fraction
from functools import lru_cache

import numpy as np
import pytest
import sympy as sp
from flint import arb, ctx

from numerics import optimum_search
from numerics.bound import evaluate_bound
from numerics.compile import DomainError, compile_expression
from numerics.optimum import Optimum, most_efficient_number
from numerics.optimum_function import PRECISION, Function
from numerics.optimum_growth import fitted_order, smallest_within
from numerics.optimum_jets import Jet
from numerics.optimum_tail import Undecided
from theory.augmentation import Setting, most_efficient_order
from theory.augmentation import m as size
from theory.functions import n_ceil_log2
from theory.gaussian_mixture_bound import mixture_bound, without_augmentation
from theory.stability import Bound, explicit_form, order_form
from theory.symbols import D_TV, M, T, beta, d, delta, m_G, m_S, m_T

LARGEST = 6000
FORMS = {"order": order_form(), "explicit": explicit_form()}
BETAS = {
    "constant": beta,
    "1/m_T": M / m_T,
    "root": M / sp.sqrt(m_T),
    "log": M * sp.log(sp.E * m_T) / m_T,
    "capped": sp.Min(M / 5, 30 * M / m_T),
}
DEPENDENCES = {
    "none": sp.Integer(0),
    "constant": T,
    "root": sp.Min(1, sp.sqrt(m_G * d) * sp.log(d * m_S / delta) / m_S),
    "linear": sp.Min(1, m_G / (7 * m_S**2)),
}
# Few terms, so that optima inside the range of brute force are common.
TOYS = {
    "levels": {"up": n_ceil_log2(m_G) * D_TV / (100 * m_T), "down": sp.sqrt(m_S) / m_T + beta / sp.sqrt(m_T)},
    "caps": {"up": sp.Min(1, m_G / (3 * m_S)) * D_TV + sp.Min(sp.Rational(1, 9), m_G / 5000), "down": m_S / m_T},
    "waves": {"up": D_TV * sp.Abs(sp.log((1 + m_G) / (20 * m_S))), "down": sp.Max(1 / m_T, beta / 1000)},
}


def _random_case(seed: int) -> tuple[Bound, dict]:
    rng = random.Random(seed)
    values = {
        "m_S": rng.choice([1, 2, rng.randint(3, 60), rng.randint(60, 2000)]),
        "D_TV": rng.choice([0, Fraction(rng.randint(1, 999), 1000), Fraction(rng.randint(1, 99), 10**5)]),
        "delta": Fraction(rng.randint(1, 99), 100),
        "M": rng.randint(1, 4),
        "beta": Fraction(rng.randint(0, 300), 1000),
        "T": Fraction(rng.randint(0, 100), 1000),
        "d": rng.randint(1, 20),
    }
    if rng.random() < 0.35:
        bound = Bound("toy", TOYS[rng.choice(list(TOYS))])
    else:
        letters = {beta: BETAS[rng.choice(list(BETAS))], T: DEPENDENCES[rng.choice(list(DEPENDENCES))]}
        bound = FORMS[rng.choice(list(FORMS))].subs(letters)
        if rng.random() < 0.4:  # a learner that some terms forget: optima of every size
            kept = rng.sample(list(bound.terms), rng.randint(3, 6))
            bound = Bound("part", {key: bound.terms[key] for key in {*kept, "divergence", "stability_S_G"}})
    names = {symbol.name for symbol in bound.total.free_symbols}
    return bound, {key: value for key, value in values.items() if key in names}


@lru_cache
def _solved(seed: int) -> Optimum:
    return most_efficient_number(*_random_case(seed))


def _brute(bound: Bound, values: dict) -> np.ndarray:
    compiled = compile_expression(bound.total)
    floats = {name: float(value) for name, value in values.items()}
    return compiled(m_G=np.arange(LARGEST + 1.0), **floats)


def _is_smallest(found, bound, values) -> bool:
    brute = _brute(bound, values)
    close = np.flatnonzero(brute <= brute.min() * (1 + 1e-12))
    if found.m_G is None:
        return bool(found.at_infinity and brute.min() >= found.bound * (1 - 1e-12))
    if found.m_G > LARGEST:
        return bool(brute.min() > found.bound)
    best = min(close[:20], key=lambda n: (evaluate_bound(bound, {**values, "m_G": int(n)}).total, n))
    return found.m_G == best and math.isclose(found.bound, brute[best], rel_tol=1e-12, abs_tol=1e-300)


CASES = range(44)


@pytest.mark.parametrize("seed", CASES)
def test_the_optimum_is_that_of_brute_force(seed):
    bound, values = _random_case(seed)
    found = _solved(seed)
    assert _is_smallest(found, bound, values), (bound, values, found)
    assert found.proved
    assert found.gap == 0


def test_the_random_cases_reach_every_kind_of_optimum():
    found = [_solved(seed) for seed in CASES]
    assert sum(f.at_infinity for f in found) >= 8
    assert sum(f.m_G == 0 for f in found) >= 4
    assert sum(f.m_G is not None and 0 < f.m_G <= LARGEST for f in found) >= 8
    assert {piece.why for f in found for piece in f.pieces} >= {"above", "rises", "falls", "convex", "expansion"}


@pytest.mark.parametrize("seed", range(0, 44, 4))
def test_pieces_cover_every_integer_once(seed):
    pieces = _solved(seed).pieces
    assert pieces[0].first == 1
    assert all(b.first == a.last + 1 for a, b in itertools.pairwise(pieces))
    assert pieces[-1].last is None


# The proof


def _misled(monkeypatch, jet):
    """Without a guess from float64, and with the enclosures of intervals put through a function."""
    monkeypatch.setattr(optimum_search, "_scan", lambda *_: [1])
    over = Function.over
    monkeypatch.setattr(Function, "over", lambda self, a, b: jet(over(self, a, b), a, b))
    return [_is_smallest(most_efficient_number(*case), *case) for case in map(_random_case, range(0, 44, 4))]


def test_the_optimum_does_not_rest_on_the_guess(monkeypatch):
    assert all(_misled(monkeypatch, lambda jet, *_: jet))


def test_a_lower_bound_that_is_too_high_is_found_out(monkeypatch):
    def raised(jet, first, last):
        return Jet(jet.value.upper() * 2, jet.first, jet.second, jet.ends) if last > first else jet

    assert not all(_misled(monkeypatch, raised))


def test_a_wrong_sign_of_the_slope_is_found_out(monkeypatch):
    assert not all(_misled(monkeypatch, lambda jet, *_: Jet(jet.value, -jet.first, jet.second, jet.ends)))


@pytest.mark.parametrize("seed", range(24))
def test_enclosures_hold_value_and_differences(seed):
    bound, values = _random_case(seed)
    function = Function(compile_expression(bound.total), values, "m_G")
    rng = random.Random(seed)
    with ctx.workprec(PRECISION):
        for _ in range(5):
            first = rng.randint(1, 3000)
            last = first + rng.randint(1, 1 + first // 4)
            jet = function.over(first, last)
            a, b = sorted((rng.randint(first, last), rng.randint(first, last)))
            at_a, at_b = function.at(arb(a)).value, function.at(arb(b)).value
            assert jet.value.contains(at_a)
            if jet.first.is_finite() and a < b:
                assert jet.first.overlaps((at_b - at_a) / (arb(b) / a).log())
            if jet.second.is_finite() and a < b:
                slopes = function.over(b, b).first - function.over(a, a).first
                assert jet.second.overlaps(slopes / (arb(b) / a).log())


@pytest.mark.parametrize("seed", range(24))
def test_expansions_hold_far_out(seed):
    bound, values = _random_case(seed)
    function = Function(compile_expression(bound.total), values, "m_G")
    decided = 0
    with ctx.workprec(PRECISION):
        for bits in (20, 40, 200):
            try:
                _, tail = function.beyond(bits)
            except Undecided:
                continue
            decided += 1
            for x in (2**bits, 3 * 2**bits + 1, 2 ** (bits + 70)):
                u = arb(x).log()
                terms = [c * (u * p.numerator / p.denominator).exp() * u ** int(q) for (p, q), c in tail.terms.items()]
                assert sum(terms, arb(0)).overlaps(function.at(arb(x)).value)
    assert decided >= 1


# At infinity, and at 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("real", [1, 50, 10**9])
def test_a_perfect_generator_has_its_infimum_at_infinity(form, real):
    bound = FORMS[form].subs({beta: M / m_T, D_TV: 0, T: 0})
    found = most_efficient_number(bound, {"m_S": real, "M": 1, "delta": "0.05"})
    assert (found.m_G, found.at_infinity, found.limit, found.bound, found.proved) == (None, True, 0.0, 0.0, True)


def test_the_limit_is_the_divergence():
    bound = order_form().subs({beta: M / m_T})
    found = most_efficient_number(bound, {"m_S": 1000, "M": 3, "delta": "0.05", "D_TV": "0.01", "T": "0.5"})
    assert found.at_infinity
    assert 0.03 <= found.limit == found.bound < 0.03 + 1e-15
    assert "m_G -> oo" in str(found)


def test_a_stability_that_does_not_decay_leaves_a_finite_optimum():
    found = most_efficient_number(
        order_form(), {"m_S": 10, "M": 1, "delta": "0.05", "D_TV": 0, "T": 0, "beta": "0.001"}
    )
    assert found.limit == math.inf
    assert found.m_G > LARGEST
    assert found.proved
    values = {"m_S": 10, "M": 1, "delta": "0.05", "D_TV": 0, "T": 0, "beta": "0.001"}
    around = [evaluate_bound(order_form(), {**values, "m_G": found.m_G + step}).total for step in (-99, 0, 99)]
    assert min(around) == around[1] == found.bound


def test_nothing_to_gain_is_m_G_0():
    found = most_efficient_number(explicit_form(), {"m_S": 10, "M": 0, "delta": "0.1", "D_TV": 1, "T": 1, "beta": 0})
    assert (found.m_G, found.bound, found.proved) == (0, 0.0, True)


def test_equal_values_go_to_the_smaller_number():
    # (m_G - 3)^2 (m_G - 11)^2 is 0 twice; the cap makes it end.
    steps = Bound("two zeros", {"all": sp.Min(1, (m_G - 3) ** 2 * (m_G - 11) ** 2 / sp.Integer(10**4) + 1 / m_S)})
    found = most_efficient_number(steps, {"m_S": 8})
    assert (found.m_G, found.proved) == (3, True)
    assert found.bound == pytest.approx(0.125)


def test_a_plateau_goes_to_its_smallest_number():
    found = most_efficient_number(Bound("plateau", {"all": sp.Max(1 / m_T, beta / 1000)}), {"m_S": 1, "beta": "0.7"})
    assert (found.m_G, found.proved) == (1428, True)
    assert found.bound == pytest.approx(0.0007)


def test_a_tie_that_no_precision_resolves_leaves_a_gap():
    # sqrt(x)/(m + x) is the same at x and m^2/x: at 2 and 8 for m = 4, where the Max begins and ends.
    wave = sp.Max(-sp.sqrt(m_G) / m_T, -sp.sqrt(2) / 6) + 1
    found = most_efficient_number(Bound("two ends", {"all": wave}), {"m_S": 4})
    assert found.m_G == 2
    assert found.bound == pytest.approx(1 - math.sqrt(2) / 6)
    assert not found.proved
    assert 0 < found.gap < 1e-300


# The mixture, settings, large sizes


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("real", [1, 30, 1000, 10**9])
def test_the_mixture_is_answered_fast_and_proved(form, real):
    bound, values = mixture_bound(form), {"m_S": real, "d": 3, "delta": "0.1"}
    start = time.perf_counter()
    found = most_efficient_number(bound, values)
    assert time.perf_counter() - start < 2
    assert found.proved
    assert found.bound_without == evaluate_bound(without_augmentation(bound), values).total
    assert found.bound <= found.bound_without
    assert _is_smallest(found, bound, values)


def test_a_setting_has_no_dependence_where_nothing_is_generated():
    setting = Setting(1 / size, size ** sp.Rational(-1, 4), dependence=sp.S.One)
    found = most_efficient_number(setting.bound(), {"m": 10**4})
    assert found.bound_without == pytest.approx(float(setting.without().subs(size, 10**4)))
    assert found.m_G == 0
    given = most_efficient_number(setting.bound(), {"m": 10**4}, without=Bound("none", {"all": 1 / sp.sqrt(size)}))
    assert given.bound_without == 0.01


@pytest.mark.parametrize("power", [Fraction(2, 3), Fraction(3, 4)])
def test_the_fitted_order_is_near_the_symbolic_one(power):
    setting = Setting(1 / size, size ** -sp.Rational(power.numerator, power.denominator))
    (symbolic,) = most_efficient_order(setting)
    fit = fitted_order(setting.bound(), {}, [10**k for k in range(6, 13)])
    # The smallest order's rivals differ by 1/6 and more: from m_S itself, and from the other power here.
    assert abs(fit.slope - float(symbolic.order.power)) < 0.05
    assert fit.smallest <= fit.slope <= fit.largest
    assert "m_G ~ m_S^" in str(fit)


@pytest.mark.parametrize("seed", range(0, 44, 5))
def test_the_smallest_number_within_a_factor_is_that_of_brute_force(seed):
    bound, values = _random_case(seed)
    infimum, brute = _solved(seed).bound, _brute(bound, values)
    n = smallest_within(bound, values)
    if infimum == 0:
        assert n is None
    elif n <= LARGEST:
        assert brute[n] <= 2 * infimum * (1 + 1e-12)
        assert (brute[:n] > 2 * infimum * (1 - 1e-12)).all()
    else:
        assert (brute > 2 * infimum * (1 - 1e-12)).all()


# Honesty and refusals


def test_a_limit_outside_the_algebra_is_not_proved():
    slow = Bound("log log", {"all": 1 / sp.log(sp.E + sp.log(sp.E + m_G)) + 1 / m_S})
    found = most_efficient_number(slow, {"m_S": 5})
    assert not found.proved
    assert found.gap == math.inf
    assert found.pieces[-1].why == "open"
    assert "not proved" in str(found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"d": None}, r"Missing \['d'\], unknown \[\]"),
        ({"q": 1}, r"unknown \['q'\]"),
        ({"m_G": 1}, "m_G is what is solved for"),
        ({"m_S": 0}, "m_S must be an integer >= 1"),
        ({"delta": 2}, "delta must be in"),
    ],
)
def test_bad_values_are_one_clear_line(change, message):
    values = {key: v for key, v in {"m_S": 10, "d": 2, "delta": "0.1", **change}.items() if v is not None}
    with pytest.raises(ValueError, match=message) as caught:
        most_efficient_number(mixture_bound("order"), values)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, DomainError) == ("must be" in message)


def test_a_bound_without_m_G_or_without_rigorous_form_is_refused():
    with pytest.raises(ValueError, match="must have the symbol m_G"):
        most_efficient_number(Bound("fixed", {"all": M / m_S}), {"M": 1, "m_S": 3})
    with pytest.raises(ValueError, match="no rigorous form is known for 'erf'"):
        most_efficient_number(Bound("erf", {"all": sp.erf(m_G) + M}), {"M": 1})
    with pytest.raises(TypeError, match="m_S must be a real number"):
        most_efficient_number(mixture_bound("order"), {"m_S": "many", "d": 2, "delta": "0.1"})


def test_sizes_of_a_fit_are_checked():
    bound = Setting(1 / size, 1 / size).bound()
    with pytest.raises(ValueError, match="sizes must be"):
        fitted_order(bound, {}, [100, 10])
    with pytest.raises(ValueError, match="two sizes"):
        fitted_order(bound, {}, [100])
    with pytest.raises(ValueError, match="factor"):
        smallest_within(bound, {"m": 10}, factor=1)
