"""The specialisation to diffusions: the three terms, time and steps, and the rates they give."""

import math
from dataclasses import replace

import pytest
import sympy as sp

from theory import diffusion
from theory.derivation import agree
from theory.diffusion import (
    C_C,
    C_O,
    CHEN,
    CHEN_TERMS,
    KL_0,
    OKO,
    L_score,
    diffusion_bound,
    divergence,
    epsilon,
    horizon,
    m_2,
    n_denoise,
    noise_step,
    order_with_score,
    target,
    time_and_steps,
)
from theory.generators import e, find_generator, s
from theory.lemmas import PINSKER
from theory.network import B_equal, network_of
from theory.order import Order, order_of
from theory.setting import m
from theory.symbols import d, delta, m_S

DERIVATION = time_and_steps()
STATED = [
    pytest.param(step.name, quantity, id=f"{step.name}:{quantity}")
    for step in DERIVATION.steps
    for quantity in step.stated
]


def test_derivation_holds():
    assert DERIVATION.failures() == ()
    assert {lemma.key for lemma in DERIVATION.axioms} == {"L7", "G2"}


@pytest.mark.parametrize(("step", "quantity"), STATED)
@pytest.mark.parametrize("mutate", [lambda x: 2 * x + 1, lambda x: x / 2 + d], ids=["double", "halve"])
def test_every_stated_constant_is_caught_in_its_own_step(step, quantity, mutate):
    original = DERIVATION.step(step)
    mutant = original.restate(quantity, mutate(sp.sympify(original.stated[quantity])))
    assert [failure.step for failure in mutant.failures()] == [step]


def test_a_wrong_lemma_is_caught_in_the_step_that_applies_it(monkeypatch):
    monkeypatch.setattr(diffusion, "PINSKER", replace(PINSKER, bound=2 * PINSKER.bound))
    assert noise_step().failures()


@pytest.mark.parametrize(
    ("term", "factor", "first"),
    [("noise", 2, "noise"), ("discretisation", 2, "steps"), ("score", 2, "divergence")],
)
def test_a_wrong_term_is_caught_in_the_first_step_that_uses_it(monkeypatch, term, factor, first):
    monkeypatch.setitem(CHEN_TERMS, term, factor * CHEN_TERMS[term])
    assert time_and_steps().failures()[0].step == first


def test_the_three_terms_at_a_point_by_hand():
    """h = 4/16; e^-4 sqrt(9) + (2 sqrt(4/4) + 2 * 3/4) 2 + 2/10."""
    values = {KL_0: 9, horizon: 4, n_denoise: 16, L_score: 2, d: 4, m_2: 3, epsilon: sp.Rational(1, 10), C_C: 1}
    assert float(CHEN.bound.subs(values)) == pytest.approx(3 * math.exp(-4) + 7 + 0.2, rel=1e-14)


@pytest.mark.parametrize("time", [0.05, 0.5, 3.0])
def test_the_noise_term_bounds_the_exact_distance_for_gaussian_data(time):
    """N(h, 1) becomes N(h e^-t, 1), at distance erf(h e^-t/sqrt 8) from N(0, 1); KL is h^2/2 at first."""
    bound = noise_step().computed["D_TV"].subs(horizon, time)
    for shift in (0.1, 1.0, 3.0):
        exact = math.erf(shift * math.exp(-time) / math.sqrt(8))
        assert float(bound.subs(KL_0, shift**2 / 2)) / 2 < exact <= float(bound.subs(KL_0, shift**2 / 2))
    for variance in (0.2, 3.0, 20.0):  # N(0, v) becomes N(0, w); the densities cross at sqrt(2) x
        later = 1 + (variance - 1) * math.exp(-2 * time)
        x = math.sqrt(math.log(later) / (1 - 1 / later) / 2)
        exact = abs(math.erf(x) - math.erf(x / math.sqrt(later)))
        assert 0 < exact <= float(bound.subs(KL_0, (variance - 1 - math.log(variance)) / 2))


@pytest.mark.parametrize("dimension", [1, 10**6])
def test_time_and_steps_reach_the_target(dimension):
    values = {KL_0: 50, target: sp.Rational(1, 100), L_score: 3, d: dimension, m_2: 400, epsilon: 0}
    time = DERIVATION.step("time").stated["horizon"].subs(values)
    counts = [value.subs({**values, horizon: time}) for value in DERIVATION.step("steps").stated.values()]
    put = {**values, horizon: time, n_denoise: sp.Max(*counts)}
    noise, steps = (float(CHEN_TERMS[key].subs(put)) for key in ("noise", "discretisation"))
    assert noise == pytest.approx(0.01)
    assert 0.01 < steps <= 0.02 * (1 + 1e-12)
    fewer = {**put, n_denoise: sp.Max(*counts) / 5}
    assert float(CHEN_TERMS["discretisation"].subs(fewer)) > 0.02


# Rates


def test_the_generators_have_the_orders_derived_here():
    assert order_of(OKO.bound.subs(m_S, m), m) == order_of(find_generator("diffusion").tv, m)
    assert order_with_score(m**-e) == order_of(find_generator("diffusion-score").tv, m) == Order(-e, sp.Rational(1, 2))


def test_both_theorems_give_one_power_for_a_score_learned_at_the_minimax_rate():
    """Squared score error m^(-2s/(2s + d)) log^18 m: the same power by both routes, the logarithms differ."""
    score = m ** (-s / (2 * s + d)) * sp.log(m) ** 9
    through_score, direct = order_with_score(score), order_of(OKO.bound.subs(m_S, m), m)
    assert through_score.power == direct.power == -s / (2 * s + d)
    assert (through_score.log, direct.log) == (sp.Rational(19, 2), 8)


def test_a_constant_score_error_leaves_a_constant_divergence():
    fixed = {epsilon: sp.Rational(1, 5), horizon: 4, L_score: 1, d: 2, m_2: 1, KL_0: 1, C_C: 1}
    values = [float(CHEN.bound.subs({**fixed, n_denoise: 10**k})) for k in (2, 6, 12)]
    assert values[0] > values[1] > values[2] > 0.4
    assert order_of(find_generator("diffusion-score-constant").tv, m) == Order(0)


# The bound


def test_the_bound_holds_every_letter():
    learned = {symbol.name for symbol in diffusion_bound().total.free_symbols}
    assert learned >= {"d", "s", "L", "B", "m_S", "m_G", "n_steps", "T", "delta", "C_O"}
    given = {symbol.name for symbol in diffusion_bound(score="given").total.free_symbols}
    assert given >= {"d", "horizon", "n_denoise", "L_score", "m_2", "KL_0", "epsilon", "C_C", "n_steps", "T"}


def test_markov_doubles_the_price_of_a_mean_and_takes_half_of_delta():
    values = {C_O: sp.Rational(1, 10**12), s: 2, d: 1, m_S: 10}
    mean, likely = (divergence("learned", statement).subs(values) for statement in ("mean", "probability"))
    assert float((likely / mean).subs(delta, 0.02)) == pytest.approx(100)
    network = network_of([B_equal])
    bounds = [diffusion_bound(network, "sgd-convex", statement=statement) for statement in ("mean", "probability")]
    assert bounds[1].terms["coupling"] == bounds[0].terms["coupling"].subs(delta, delta / 2)
    assert "by Markov" in bounds[1].caveat
    assert "by Markov" not in bounds[0].caveat


def test_a_given_score_is_not_averaged_over_the_sample():
    assert divergence("given", "mean") == divergence("given", "probability")
    bound = diffusion_bound(network_of([B_equal]), "sgd-convex", score="given", statement="probability")
    assert "given the trained score" in bound.caveat
    for key in ("coupling", "sampling_S"):
        assert agree(bound.terms[key], diffusion_bound(network_of([B_equal]), "sgd-convex").terms[key])


@pytest.mark.parametrize(("score", "statement"), [("learnt", "mean"), ("given", "surely")])
def test_bad_requests_are_refused(score, statement):
    with pytest.raises(ValueError, match="score is"):
        divergence(score, statement)
