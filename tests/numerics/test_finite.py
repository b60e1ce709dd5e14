"""The tighter bounds in a model whose law is known: coverage, increments of martingales, distance from the truth."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest

from numerics.finite import (
    AffineBound,
    FiniteSetting,
    bound_in_model,
    bound_quantile,
    failure_probability,
    inputs,
    joint_law,
    law_of_error,
    quantile,
    total_weight,
)
from numerics.finite_large import LargeSetting
from tests.numerics.finite_martingale import Model, counting_model, extreme_model, memorizing_model, weight
from theory.stability import Bound, order_form
from theory.symbols import D_TV
from theory.tight_bound import bound_by, coupled_form, martingale_form, ordered_form, split_form

HALF, TENTH, FIFTH, TWENTIETH = Fraction(1, 2), Fraction(1, 10), Fraction(1, 5), Fraction(1, 20)
COINS = {name: (1 - p, p) for name, p in (("0.1", TENTH), ("0.3", Fraction(3, 10)), ("0.5", HALF))}
DIE = (HALF, Fraction(3, 10), FIFTH)
BEST = bound_by("best")
FORMS = (martingale_form(), ordered_form(), coupled_form(), split_form())


def lowered(bound: AffineBound) -> AffineBound:
    """The bound without the upward rounding of its base: what covers has to cover even so."""
    return replace(bound, base=bound.base * (1 - Fraction(1, 10**12)))


# The model itself, against all samples listed.


@pytest.mark.parametrize(("law", "m_S", "m_G"), [(COINS["0.3"], 3, 2), (COINS["0.1"], 2, 3), (DIE, 2, 2), (DIE, 3, 1)])
@pytest.mark.parametrize("loss", ["absolute", "squared"])
def test_counts_give_the_law_that_all_samples_give(law, m_S, m_G, loss):
    setting = FiniteSetting(law, m_S, m_G, loss)
    model = counting_model(law, m_S, m_G, power=1 if loss == "absolute" else 2)
    values: dict[Fraction, Fraction] = {}
    for S, G in model.pairs():
        empirical = sum(model.loss(S, G, z) for z in S + G) / (m_S + m_G)
        error = abs(model.risk(S, G, law) - empirical)
        values[error] = values.get(error, Fraction(0)) + weight(S, law) * weight(G, model.generator(S))
    assert dict(law_of_error(setting)) == {error: mass for error, mass in values.items() if mass}
    assert setting.stability() == model.beta()
    assert (setting.dependence(), setting.draw_dependence()) == model.dependences()
    for S in product(range(len(law)), repeat=m_S):
        fitted = model.generator(S)
        distance = sum(abs(a - b) for a, b in zip(law, fitted, strict=True)) / 2
        assert setting.divergence(tuple(S.count(z) for z in range(len(law)))) == distance


def test_probabilities_add_up_to_one():
    setting = FiniteSetting(DIE, 5, 7)
    assert sum(w for _, row in joint_law(setting) for _, w in row) == total_weight(setting)
    assert sum(probability for _, probability in law_of_error(setting)) == 1


@pytest.mark.parametrize(
    ("law", "m_S", "m_G"), [((HALF, HALF, HALF), 2, 0), ((Fraction(1),), 2, 0), (DIE, 0, 1), (DIE, 1, -1)]
)
def test_what_is_no_setting_is_refused(law, m_S, m_G):
    with pytest.raises(ValueError, match="must be"):
        FiniteSetting(law, m_S, m_G)


def test_a_bound_that_is_not_affine_in_the_divergence_is_refused():
    square = Bound("square", {"divergence": D_TV**2})
    with pytest.raises(ValueError, match="affine"):
        bound_in_model(square, HALF, inputs(FiniteSetting(DIE, 2, 2)))
    known = inputs(FiniteSetting(DIE, 2, 2))
    assert bound_in_model(order_form(), HALF, known).slope == HALF


# Coverage.


@pytest.mark.parametrize("gamma", [0, 1, 4])
@pytest.mark.parametrize("name", COINS)
def test_the_best_bound_covers(name, gamma):
    for m_S in range(3, 31):
        setting = FiniteSetting(COINS[name], m_S, gamma * m_S)
        known = inputs(setting)
        for delta in (TWENTIETH, FIFTH):
            assert failure_probability(setting, lowered(bound_in_model(BEST, delta, known))) <= delta


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
@pytest.mark.parametrize("loss", ["absolute", "squared"])
def test_every_form_covers_with_three_letters(form, loss):
    for m_S, m_G in ((4, 0), (4, 4), (5, 10), (8, 8)):
        setting = FiniteSetting(DIE, m_S, m_G, loss)
        for delta in (TWENTIETH, FIFTH):
            limit = lowered(bound_in_model(form, delta, inputs(setting)))
            assert failure_probability(setting, limit) <= delta


@pytest.mark.parametrize(("gamma", "divisor"), [(0, 12), (1, 12), (4, 12)])
def test_a_bound_that_is_too_small_is_found_to_fail(gamma, divisor):
    """So the coverage above could have failed: the bound is within this factor of the truth."""
    setting = FiniteSetting(COINS["0.3"], 30, 30 * gamma)
    bound = bound_in_model(BEST, TWENTIETH, inputs(setting))
    small = AffineBound(bound.base / divisor, bound.slope / divisor)
    assert failure_probability(setting, small) > TWENTIETH


def test_the_quantile_is_the_smallest_bound_that_covers():
    setting = FiniteSetting(DIE, 6, 6)
    q = quantile(setting, TWENTIETH)
    assert failure_probability(setting, AffineBound(q, Fraction(0))) <= TWENTIETH
    assert failure_probability(setting, AffineBound(q - Fraction(1, 10**9), Fraction(0))) > TWENTIETH


# The martingales, increment by increment.


def limits(model: Model) -> dict[str, list[Fraction]]:
    """The ranges that the proofs derive, at each place."""
    beta, (T, T_1), m_S, m_G = model.beta(), model.dependences(), model.m_S, model.m_G
    tau = min(T, m_G * beta * T_1)
    return {
        "plain": [1 + (2 * m_S - 1) * (beta + tau)] * m_S + [1 + (2 * (m_S + m_G) - 1) * beta] * m_G,
        "centred": [1 + 2 * (beta + tau) * i for i in range(m_S)]
        + [1 + 2 * m_S * beta + 2 * beta * j for j in range(m_G)],
    }


MODELS = {
    f"{name}, m_S = {m_S}, m_G = {m_G}, power {power}": counting_model(law, m_S, m_G, power)
    for name, law, m_S, m_G in (("0.3", COINS["0.3"], 3, 2), ("0.1", COINS["0.1"], 3, 2), ("die", DIE, 2, 2))
    for power in (1, 2)
}
EXTREME = {f"extreme, m_S = {m_S}, m_G = {m_G}": (m_S, m_G) for m_S, m_G in ((3, 0), (2, 1), (1, 2))}
MODELS |= {name: extreme_model(*sizes, Fraction(1, 1000), FIFTH) for name, sizes in EXTREME.items()}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("kind", ["plain", "centred"])
def test_the_increments_are_within_the_ranges_derived(name, kind):
    model = MODELS[name]
    mean, found = model.ranges(getattr(model, kind))
    assert all(range_ <= limit for range_, limit in zip(found, limits(model)[kind], strict=True))
    beta, (T, T_1) = model.beta(), model.dependences()
    cost = model.m_S * (beta + min(T, model.m_G * beta * T_1))
    assert mean == 0 if kind == "centred" else abs(mean) <= cost


@pytest.mark.parametrize("name", MODELS)
def test_what_is_taken_off_is_within_what_is_paid(name):
    model = MODELS[name]
    beta, (T, T_1) = model.beta(), model.dependences()
    for S, G in model.pairs():
        both = sum(model.sums(S, G))
        assert abs(both - model.plain(S, G)) <= model.m_G * beta
        cost = 2 * model.m_S * (beta + min(T, model.m_G * beta * T_1)) + 2 * model.m_G * beta
        assert abs(both - model.centred(S, G)) <= cost


@pytest.mark.parametrize("name", EXTREME)
@pytest.mark.parametrize("kind", ["plain", "centred"])
def test_the_ranges_are_attained(name, kind):
    """Up to the probability of three rare letters: a constant smaller by any of its parts would be false."""
    model = MODELS[name]
    _, found = model.ranges(getattr(model, kind))
    assert found[-1] > limits(model)[kind][-1] - Fraction(1, 100)
    assert found[-1] > limits(model)[kind][-1] - model.beta()  # 2 m - 2 for 2 m - 1, or i - 1/2 for i


def test_without_the_mean_given_S_taken_off_the_range_over_S_is_exceeded():
    """By up to 2 m_G beta: what is generated is learned by heart, for better or worse as the real example has it."""
    model = memorizing_model(letters=10, rare=Fraction(1, 1000), beta=FIFTH)
    _, whole = model.ranges(lambda S, G: sum(model.sums(S, G)))
    _, plain = model.ranges(model.plain)
    (limit, _) = limits(model)["plain"]
    assert plain[0] <= limit < whole[0]
    assert whole[0] > limit + 2 * model.beta() - Fraction(1, 10)


# Float64 for large samples, against the rationals.


@pytest.mark.parametrize("loss", ["absolute", "squared"])
@pytest.mark.parametrize(("p", "m_S", "m_G"), [(TENTH, 30, 120), (Fraction(3, 10), 60, 60), (HALF, 100, 0)])
def test_float64_encloses_what_rationals_give(p, m_S, m_G, loss):
    setting, large = FiniteSetting((1 - p, p), m_S, m_G, loss), LargeSetting(p, m_S, m_G, loss)
    bound = bound_in_model(martingale_form(), TWENTIETH, inputs(setting))
    for part in (2, 5, 10, 20):
        small = AffineBound(bound.base / part, bound.slope / part)
        exact, found = failure_probability(setting, small), large.failure_probability(small)
        assert found.lower <= exact <= found.upper
        assert found.upper - found.lower < 1e-8
    for delta in (TWENTIETH, FIFTH):
        exact, found = quantile(setting, delta), large.quantile(float(delta))
        assert found.lower == pytest.approx(float(exact), rel=1e-12) == found.upper
        exact, found = bound_quantile(setting, bound, delta), large.bound_quantile(bound, float(delta))
        assert found.lower == pytest.approx(float(exact), rel=1e-12) == found.upper
    assert 0 <= large.dependence() - setting.dependence() <= 1e-8


# How far the bounds are from the truth: the 95% quantile of the bound over that of Gen, D_TV that of the S at hand.


def ratio(setting: LargeSetting, bound: Bound) -> tuple[float, float]:
    known = bound_in_model(bound, TWENTIETH, setting.inputs())
    value, truth = setting.bound_quantile(known, 0.05), setting.quantile(0.05)
    assert truth.relative_width < 1e-2
    return value.upper / truth.lower, value.upper


@pytest.mark.parametrize("p", [TENTH, Fraction(3, 10)])
@pytest.mark.parametrize("m_S", [100, 1000, 10**4])
@pytest.mark.parametrize("gamma", [0, 1, 4])
def test_the_best_bound_is_within_ten_times_the_truth(p, m_S, gamma):
    setting = LargeSetting(p, m_S, gamma * m_S)
    best, value = ratio(setting, BEST)
    assert 1 < best < 10
    assert value < 0.5
    published, _ = ratio(setting, bound_by("published"))
    assert published > 15 * best
