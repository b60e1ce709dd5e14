"""The learners' stability: derived step by step, tight where it can be, kept by SGD over every sequence of draws."""

import math
from dataclasses import replace
from fractions import Fraction
from itertools import permutations, product

import pytest
import sympy as sp

from theory import sgd_stability_proof
from theory.derivation import agree
from theory.learners import LEARNERS, find_learner
from theory.order import Order
from theory.setting import m
from theory.sgd_stability import (
    K,
    a,
    alpha,
    c_step,
    convex_stability,
    epochs,
    eta,
    loss_range,
    n_steps,
    nonconvex_stability,
    per_permutation_stability,
    strong,
    strongly_convex_stability,
)
from theory.sgd_stability_proof import (
    convex_derivation,
    minimiser_derivation,
    nonconvex_derivation,
    strongly_convex_derivation,
)

DERIVATIONS = {
    "convex": convex_derivation(),
    "strongly convex": strongly_convex_derivation(),
    "minimiser": minimiser_derivation(),
    "nonconvex": nonconvex_derivation(),
}
STATED = [
    pytest.param(name, step.name, quantity, id=f"{name}:{step.name}:{quantity}")
    for name, derivation in DERIVATIONS.items()
    for step in derivation.steps
    for quantity in step.stated
]


@pytest.mark.parametrize("name", DERIVATIONS)
def test_derivation_holds(name):
    assert DERIVATIONS[name].failures() == ()


@pytest.mark.parametrize(("name", "step", "quantity"), STATED)
@pytest.mark.parametrize("mutate", [lambda x: 2 * x + 1, lambda x: x / 2 + K], ids=["double", "halve"])
def test_every_stated_constant_is_caught_in_its_own_step(name, step, quantity, mutate):
    original = DERIVATIONS[name].step(step)
    mutant = original.restate(quantity, mutate(sp.sympify(original.stated[quantity])))
    assert [failure.step for failure in mutant.failures()] == [step]


SLIPS = {
    "one gradient at the replaced example": (
        "convex",
        "one step",
        "distance",
        sgd_stability_proof.distance + eta * K / m,
    ),
    "Lipschitz once": ("convex", "loss", "conclusion", 2 * K * eta * n_steps / m),
    "one excess risk only": ("minimiser", "exchange", "distance", 4 * K / (strong * m)),
    "m for m - 1": ("nonconvex", "late steps", "prefactor", 2 * K / (alpha * m)),
    "K not squared": (
        "nonconvex",
        "balance",
        "t_0",
        (2 * c_step * K * n_steps ** (alpha * c_step) / loss_range) ** (1 / (alpha * c_step + 1)),
    ),
    "the loss's range forgotten": ("nonconvex", "assembly", "conclusion", nonconvex_stability().subs(loss_range, 1)),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_plausible_slip_is_caught(slip):
    name, step, quantity, wrong = SLIPS[slip]
    assert DERIVATIONS[name].step(step).restate(quantity, wrong).failures()


@pytest.mark.parametrize(
    ("lemma", "derive", "factor"),
    [
        ("NONEXPANSIVE", convex_derivation, 2),
        ("CONTRACTIVE", strongly_convex_derivation, sp.Rational(1, 2)),
        ("EXPANSIVE", nonconvex_derivation, 2),
    ],
)
def test_a_wrong_lemma_is_caught_in_the_step_that_applies_it(monkeypatch, lemma, derive, factor):
    original = getattr(sgd_stability_proof, lemma)
    monkeypatch.setattr(sgd_stability_proof, lemma, replace(original, bound=factor * original.bound))
    assert derive().step("one step").failures()


def test_a_step_that_is_too_long_for_convexity_is_a_failed_hypothesis():
    application = sgd_stability_proof.NONEXPANSIVE.apply({}, {"convex": True, "step": 3 / alpha})
    assert not application.holds


# Values by hand


def test_hardt_recht_singer_at_a_point_by_hand():
    point = {K: 1, eta: sp.Rational(1, 10), n_steps: 100, m: 50}
    assert convex_stability().subs(point) == sp.Rational(2, 5)
    assert strongly_convex_stability().subs({K: 3, strong: sp.Rational(1, 2), m: 9}) == 4
    # M = 1: (1 + 1)/4 (2)^(1/2) 4^(1/2); M = 2: 2 (1 + 1)/4 (1)^(1/2) 4^(1/2)
    point = {K: 1, alpha: 1, c_step: 1, n_steps: 4, m: 5}
    assert nonconvex_stability().subs({**point, loss_range: 1}) == sp.sqrt(2)
    assert nonconvex_stability().subs({**point, loss_range: 2}) == 2


def test_the_bound_for_any_range_is_the_published_one_rescaled():
    """f/M is (K/M)-Lipschitz and (alpha/M)-smooth, and the same steps are M times as long for it."""
    scaled = {K: K / loss_range, alpha: alpha / loss_range, c_step: c_step * loss_range, loss_range: 1}
    published = nonconvex_stability().subs(scaled, simultaneous=True)
    assert agree(loss_range * published, nonconvex_stability())


@pytest.mark.parametrize(("K_", "alpha_", "c", "N", "n", "M_"), [(1, 2, 0.7, 500, 40, 1), (3, 0.5, 4, 80, 1000, 2.5)])
def test_the_closed_form_is_the_least_sum_over_t_0(K_, alpha_, c, N, n, M_):
    def total(t):
        return M_ * t / (n - 1) + 2 * K_**2 / (alpha_ * (n - 1)) * (N / t) ** (alpha_ * c)

    values = {K: K_, alpha: alpha_, c_step: c, n_steps: N, m: n, loss_range: M_}
    closed = float(nonconvex_stability().subs(values))
    assert closed == pytest.approx(min(total(1.0005**i * 1e-3) for i in range(40000)), rel=1e-6)


def test_the_recursion_of_the_proof_is_below_the_closed_form_up_to_rounding():
    K_, alpha_, c, N, n, M_ = 1.0, 1.0, 0.5, 200, 30, 1.0

    def at(t_0):
        gap = 0.0
        for t in range(t_0 + 1, N + 1):
            gap = (1 + (1 - 1 / n) * alpha_ * c / t) * gap + 2 * (c / t) * K_ / n
        return M_ * t_0 / n + K_ * gap

    values = {K: K_, alpha: alpha_, c_step: c, n_steps: N, m: n, loss_range: M_}
    closed = float(nonconvex_stability().subs(values))
    least = min(at(t_0) for t_0 in range(N + 1))
    assert closed / 3 < least <= closed + M_ / n


# SGD itself, over every sequence of draws


def run(gradient, data, sequence, steps):
    w = 0.0
    for t, i in enumerate(sequence, 1):
        w -= steps(t) * gradient(w, data[i])
    return w


def mean_difference(gradient, loss, data, other, draws, steps, points):
    """Largest, over test points, of the mean over all sequences of the difference of losses."""
    sequences = list(product(range(len(data)), repeat=draws))
    ends = [(run(gradient, data, s, steps), run(gradient, other, s, steps)) for s in sequences]
    return max(sum(abs(loss(v, z) - loss(w, z)) for v, w in ends) / len(ends) for z in points)


def test_convex_sgd_on_linear_losses_attains_its_bound():
    data, other = (Fraction(1), Fraction(-1), Fraction(1)), (Fraction(1), Fraction(-1), Fraction(-1))
    found = mean_difference(lambda _w, z: z, lambda w, z: w * z, data, other, 4, lambda _t: Fraction(1, 8), [1])
    assert found == pytest.approx(float(convex_stability().subs({K: 1, eta: 0.125, n_steps: 4, m: 3})), rel=1e-12)


def test_convex_sgd_on_logistic_losses_keeps_its_bound():
    def sigmoid(u):
        return 1 / (1 + math.exp(-u))

    data, other, step = (2.0, -1.0, 1.5), (2.0, -1.0, -2.0), 2.0  # K = 2, alpha = 1, step = 2/alpha
    found = mean_difference(
        lambda w, z: -z * sigmoid(-z * w),
        lambda w, z: math.log(1 + math.exp(-z * w)),
        data,
        other,
        4,
        lambda _t: step,
        [-2.0, -1.0, 1.0, 2.0],
    )
    bound = float(convex_stability().subs({K: 2, eta: step, n_steps: 4, m: 3}))
    assert bound / 50 < found <= bound


def test_nonconvex_sgd_keeps_its_bound_up_to_rounding():
    """loss (1 - cos(w - z))/2: in [0, 1], 1/2-Lipschitz, 1/2-smooth."""
    data, other, c = (0.3, 2.0, 1.0), (0.3, 2.0, -1.5), 1.0
    found = mean_difference(
        lambda w, z: math.sin(w - z) / 2,
        lambda w, z: (1 - math.cos(w - z)) / 2,
        data,
        other,
        5,
        lambda t: c / t,
        [0.1 * i for i in range(63)],
    )
    values = {K: 0.5, alpha: 0.5, c_step: c, n_steps: 5, m: 3, loss_range: 1}
    bound = float(nonconvex_stability().subs(values)) + 1 / 3
    assert bound / 50 < found <= bound


def test_convex_sgd_with_a_constant_step_needs_no_mean():
    """On linear losses every order of visits attains the bound, which is the one in the mean at n_steps = epochs m."""
    data, other = (1.0, -1.0, 1.0), (1.0, -1.0, -1.0)
    bound = float(per_permutation_stability().subs({K: 1, eta: 0.125, epochs: 2}))
    for order in permutations(range(3)):
        ends = [run(lambda _w, z: z, sample, order * 2, lambda _t: 0.125) for sample in (data, other)]
        assert abs(ends[0] - ends[1]) == pytest.approx(bound)
    assert agree(per_permutation_stability(), convex_stability().subs(n_steps, epochs * m))


def test_the_regularised_minimiser_attains_its_bound_on_linear_losses():
    """Minimise mean(K z w) + lambda w^2/2: w = -K mean(z)/lambda."""
    K_, lambda_, data, other = 2.0, 0.5, (1.0, 1.0, -1.0, 1.0), (1.0, 1.0, -1.0, -1.0)
    gap = abs(sum(data) - sum(other)) * K_ / lambda_ / len(data)
    assert K_ * gap == pytest.approx(float(strongly_convex_stability().subs({K: K_, strong: lambda_, m: 4})))


# Entries

ORDERS = {
    "erm": Order(-1),
    "sgd-convex": Order(-1),
    "sgd-convex-epochs": Order(0),
    "sgd-strongly-convex": Order(-1),
    "sgd-nonconvex": Order(-1 / (a + 1)),
    "unstable": Order(0),
}


def test_every_learner_with_an_explicit_stability_has_a_known_order():
    assert {learner.name for learner in LEARNERS if learner.explicit is not None} == set(ORDERS)


@pytest.mark.parametrize("name", ORDERS)
def test_the_order_is_that_of_the_explicit_stability(name):
    learner = find_learner(name)
    assert learner.order_of_explicit().order == ORDERS[name]
    assert replace(learner, explicit=learner.beta).order_of_explicit().order == ORDERS[name]


def test_the_order_of_the_mixtures_learner():
    learner = find_learner("bgmm")
    assert learner.beta.subs({m: 10, sp.Symbol("d", integer=True, positive=True): 3}) == (3 + sp.log(10)) / 10
    with pytest.raises(ValueError, match="order only"):
        learner.order_of_explicit()


def test_names_are_unique_and_an_unknown_one_is_refused_with_the_list():
    assert len({learner.name for learner in LEARNERS}) == len(LEARNERS)
    with pytest.raises(ValueError, match=r"erm, sgd-convex, .*unstable\. Found 'svm'") as refusal:
        find_learner("svm")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("learner", LEARNERS, ids=lambda learner: learner.name)
def test_every_entry_states_its_assumptions_and_source(learner):
    assert learner.assumes
    assert learner.source in str(learner)
    assert learner._repr_latex_().startswith("$")
    assert learner.in_expectation == learner.name.startswith("sgd")
