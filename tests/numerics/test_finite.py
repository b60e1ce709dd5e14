"""The tighter bounds in a model whose law is known: coverage, increments of martingales, distance from the truth."""

from fractions import Fraction
from itertools import product
from random import Random

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.bound import evaluate_bound
from numerics.finite import (
    FiniteSetting,
    failure_probability,
    inputs,
    joint_law,
    law_of_error,
    quantile,
    total_weight,
)
from numerics.finite_bound import AffineBound, bound_in_model
from numerics.finite_large import LargeSetting
from tests.numerics.finite_martingale import (
    Model,
    counting_model,
    extreme_model,
    linear_model,
    memorizing_model,
    random_model,
    weight,
)
from theory.stability import Bound, order_form
from theory.symbols import D_TV, M
from theory.tight_bound import bound_by, martingale_form, tighter_forms

HALF, TENTH, FIFTH, TWENTIETH = Fraction(1, 2), Fraction(1, 10), Fraction(1, 5), Fraction(1, 20)
COINS = {name: (1 - p, p) for name, p in (("0.1", TENTH), ("0.3", Fraction(3, 10)), ("0.5", HALF))}
DIE = (HALF, Fraction(3, 10), FIFTH)
BEST = bound_by("best")
FORMS = (*tighter_forms(), BEST, bound_by("published"))


def fails(setting: FiniteSetting, bound: Bound, delta: Fraction) -> Fraction:
    """Probability that Gen exceeds the bound, which enters rounded down: what covers has to cover even so."""
    return failure_probability(setting, bound_in_model(bound, delta, inputs(setting), "lower"))


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
    losses = [model.loss(S, G, z) for S, G in model.pairs() for z in model.letters]
    assert setting.width() == max(losses) - min(losses)
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
    assert bound_in_model(order_form(), HALF, known).slope == HALF * known["M"]


def test_what_is_neither_affine_nor_capped_at_M_is_refused():
    known = inputs(FiniteSetting(DIE, 2, 2))
    for term in (sp.Min(M * D_TV, 1 - M * D_TV, evaluate=False), sp.Min(2 * M * D_TV, M, evaluate=False)):
        with pytest.raises(ValueError, match="affine"):
            bound_in_model(Bound("bent", {"divergence": M * D_TV / 2, "other": term}), HALF, known)


@given(st.fractions(0, 1), st.sampled_from(FORMS))
@settings(max_examples=15, deadline=None)
def test_a_bound_in_the_model_is_the_bound(divergence, form):
    """Base, slope and cap give what the whole expression gives, and the ends of the ball enclose it."""
    setting = FiniteSetting(DIE, 40, 80)
    known = {**inputs_without_T(setting), "T": Fraction(9, 10)}
    low, high = (bound_in_model(form, TWENTIETH, known, end) for end in ("lower", "upper"))
    assert low.base <= high.base <= low.base * (1 + Fraction(1, 10**30))
    whole = evaluate_bound(form, {**known, "D_TV": divergence, "delta": TWENTIETH}).total
    assert low.at(divergence) <= whole
    assert float(high.at(divergence)) == pytest.approx(whole, rel=1e-14)


@pytest.mark.parametrize("divergence", [0, HALF, 1])
def test_the_best_bound_never_exceeds_M(divergence):
    setting = FiniteSetting(DIE, 4, 8)
    plain, best = (bound_in_model(form, TWENTIETH, inputs(setting)) for form in (martingale_form(), BEST))
    assert plain.at(1) > setting.width() == best.at(1) >= best.at(divergence)
    assert plain.cap is None
    assert best.divided(Fraction(4)).at(1) == setting.width() / 4


def inputs_without_T(setting: FiniteSetting) -> dict:
    names = {"M": setting.width, "beta": setting.stability, "T_1": setting.draw_dependence}
    return {**{name: value() for name, value in names.items()}, "m_S": setting.m_S, "m_G": setting.m_G}


# Coverage.


@pytest.mark.parametrize("gamma", [0, 1, 4])
@pytest.mark.parametrize("name", COINS)
def test_the_best_bound_covers(name, gamma):
    for m_S in range(3, 31, 3):
        setting = FiniteSetting(COINS[name], m_S, gamma * m_S)
        for delta in (TWENTIETH, FIFTH):
            assert fails(setting, BEST, delta) <= delta


@st.composite
def small_settings(draw) -> FiniteSetting:
    weights = draw(st.lists(st.integers(1, 30), min_size=2, max_size=3))
    law = tuple(Fraction(w, sum(weights)) for w in weights)
    return FiniteSetting(law, draw(st.integers(1, 6)), draw(st.integers(0, 5)), draw(LOSS))


LOSS = st.sampled_from(["absolute", "squared"])
DELTAS = st.fractions(Fraction(1, 1000), Fraction(999, 1000))


@given(small_settings(), DELTAS)
@settings(max_examples=60, deadline=None)
def test_every_form_covers(setting, delta):
    for form in FORMS:
        assert fails(setting, form, delta) <= delta


@pytest.mark.parametrize("gamma", [0, 1, 4])
def test_a_bound_that_is_too_small_is_found_to_fail(gamma):
    """So the coverage above could have failed: the bound is within this factor of the truth."""
    setting = FiniteSetting(COINS["0.3"], 30, 30 * gamma)
    small = bound_in_model(BEST, TWENTIETH, inputs(setting)).divided(Fraction(7))
    assert failure_probability(setting, small) > TWENTIETH


def test_the_best_bound_is_not_vacuous_where_the_published_one_is():
    setting = LargeSetting(Fraction(3, 10), 100, 100)
    best, published = (bound_in_model(bound_by(c), TWENTIETH, setting.inputs()) for c in ("best", "published"))
    assert setting.bound_quantile(best, TWENTIETH).upper < 0.3 < 1 < float(published.base)


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
    both = beta + tau
    return {
        "half_centred": [1 + (2 * i + 1) * both for i in range(m_S)]
        + [1 + 2 * m_S * beta + (2 * j + 1) * beta for j in range(m_G)],
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
@pytest.mark.parametrize("kind", ["plain", "centred", "half_centred"])
def test_the_increments_are_within_the_ranges_derived(name, kind):
    model = MODELS[name]
    mean, found = model.ranges(getattr(model, kind))
    assert all(range_ <= limit for range_, limit in zip(found, limits(model)[kind], strict=True))
    beta, (T, T_1) = model.beta(), model.dependences()
    cost = model.m_S * (beta + min(T, model.m_G * beta * T_1))
    assert abs(mean) <= cost if kind == "plain" else mean == 0


@pytest.mark.parametrize("name", MODELS)
def test_what_is_taken_off_is_within_what_is_paid(name):
    model = MODELS[name]
    beta, (T, T_1) = model.beta(), model.dependences()
    for S, G in model.pairs():
        both = sum(model.sums(S, G))
        assert abs(both - model.plain(S, G)) <= model.m_G * beta
        cost = 2 * model.m_S * (beta + min(T, model.m_G * beta * T_1)) + 2 * model.m_G * beta
        assert abs(both - model.centred(S, G)) <= cost
        assert abs(both - model.half_centred(S, G)) <= cost / 2


@pytest.mark.parametrize("name", EXTREME)
@pytest.mark.parametrize("kind", ["plain", "centred", "half_centred"])
def test_the_ranges_are_attained(name, kind):
    """Up to the probability of three rare letters: a constant smaller by any of its parts would be false."""
    model = MODELS[name]
    _, found = model.ranges(getattr(model, kind))
    assert found[-1] > limits(model)[kind][-1] - Fraction(1, 100)
    assert found[-1] > limits(model)[kind][-1] - model.beta()  # 2 m - 2 for 2 m - 1, or i - 1/2 for i


def variance_limit(model: Model) -> Fraction:
    beta, (T, T_1), m_S, m_G = model.beta(), model.dependences(), model.m_S, model.m_G
    both = beta + min(T, m_G * beta * T_1)
    return 2 * m_S * (m_S - 1) * both**2 + 2 * m_G * (m_G - 1) * beta**2


@pytest.mark.parametrize("name", MODELS)
def test_the_rests_have_the_variance_derived(name):
    model = MODELS[name]
    assert model.second_moment_of_rests() <= variance_limit(model)


@pytest.mark.parametrize(("m_S", "m_G"), [(2, 0), (4, 0), (2, 2), (1, 3)])
def test_a_quarter_of_the_variance_is_attained(m_S, m_G):
    """By a linear learner: a bound smaller than that, with b = beta for 2 beta, say, and less, would be false."""
    model = linear_model(m_S, m_G, Fraction(1, 10))
    assert (model.beta(), model.dependences()) == (Fraction(1, 10), (0, 0))
    assert model.second_moment_of_rests() == variance_limit(model) / 4


MUTANTS = {
    "the own example moves the loss only": lambda i, real, both: 1 + real + 2 * i * both,
    "the risk does not move with others": lambda i, real, both: 1 + real + (i + 1) * both,
    "one earlier term forgotten": lambda i, real, both: 1 + real + (2 * i - 1) * both,
    "half the sum over S": lambda i, real, both: 1 + real / 2 + (2 * i + 1) * both,
    "less than the width of the loss": lambda i, real, both: Fraction(19, 20) + real + (2 * i + 1) * both,
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_shortened_range_is_exceeded_by_some_learner(mutant):
    exceeded = []
    for name, (m_S, m_G) in EXTREME.items():
        model = MODELS[name]
        beta = model.beta()
        places = [(i, 0, beta) for i in range(m_S)] + [(j, 2 * m_S * beta, beta) for j in range(m_G)]
        wrong = [MUTANTS[mutant](i, real, both) for i, real, both in places]
        _, found = model.ranges(model.half_centred)
        exceeded += [name for range_, limit in zip(found, wrong, strict=True) if range_ > limit]
    assert exceeded


@pytest.mark.parametrize(
    ("letters", "m_S", "m_G"), [(2, 2, 1), (2, 1, 2), (2, 2, 2), (3, 2, 1), (2, 3, 1), (2, 4, 0), (3, 1, 2)]
)
def test_random_learners_with_random_generators_stay_within(letters, m_S, m_G):
    """Nothing of the half-centred proofs needs more of learner and generator than their beta, T and T_1."""
    rng = Random(17)
    for _ in range(8):
        model = random_model(rng, letters, m_S, m_G)
        width = max(model.loss(S, G, z) for S, G in model.pairs() for z in model.letters)
        mean, found = model.ranges(model.half_centred)
        allowed = [limit - 1 + width for limit in limits(model)["half_centred"]]
        assert mean == 0
        assert all(range_ <= limit for range_, limit in zip(found, allowed, strict=True))
        assert model.second_moment_of_rests() <= variance_limit(model)
        beta, (T, T_1) = model.beta(), model.dependences()
        cost = m_S * (beta + min(T, m_G * beta * T_1)) + m_G * beta
        assert all(abs(sum(model.sums(S, G)) - model.half_centred(S, G)) <= cost for S, G in model.pairs())


def test_without_the_mean_given_S_taken_off_the_range_over_S_is_exceeded():
    """By up to 2 m_G beta: what is generated is learned by heart, for better or worse as the real example has it."""
    model = memorizing_model(letters=10, rare=Fraction(1, 1000), beta=FIFTH)
    _, whole = model.ranges(lambda S, G: sum(model.sums(S, G)))
    _, plain = model.ranges(model.plain)
    (limit, _) = limits(model)["plain"]
    assert plain[0] <= limit < whole[0]
    assert whole[0] > limit + 2 * model.beta() - Fraction(1, 10)
