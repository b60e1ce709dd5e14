"""The specialisation to GANs: its constants, derived for every depth, hold on random networks, and its orders."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
import sympy as sp

from theory import adversarial, classifier_bound
from theory import network as classifier
from theory.adversarial import (
    GAN_PROBABILITY,
    L_G,
    LIANG,
    C,
    adversarial_bound,
    divergence,
    growth,
    large_samples,
    specialization,
)
from theory.classifier_bound import FIRST_MOMENT, markov_factor, specialize, stability
from theory.derivation import agree
from theory.learners import find_learner
from theory.lemmas import MARKOV
from theory.network import (
    B,
    B_equal,
    L,
    R,
    equal_network,
    general_network,
    kappa,
    network_constants,
    network_of,
    network_smoothness,
)
from theory.order import NotInAlgebra, Order, cases_of, order_of
from theory.setting import m
from theory.sgd_stability import a, epochs, eta, n_steps
from theory.symbols import D_TV, T, d, delta, m_G, m_S

DERIVATIONS = {
    "constants": network_constants(),
    "smoothness": network_smoothness(),
    "specialization": specialization(),
}
STATED = [
    pytest.param(name, step.name, quantity, id=f"{name}:{step.name}:{quantity}")
    for name, derivation in DERIVATIONS.items()
    for step in derivation.steps
    for quantity in step.stated
]
HALF = sp.Rational(1, 2)
KAPPA_TANH = 4 / 3**1.5  # largest |tanh''|


@pytest.mark.parametrize("name", DERIVATIONS)
def test_derivation_holds(name):
    assert DERIVATIONS[name].failures() == ()


@pytest.mark.parametrize(("name", "step", "quantity"), STATED)
@pytest.mark.parametrize("mutate", [lambda x: 2 * x + 1, lambda x: x / 2 + R], ids=["double", "halve"])
def test_every_stated_constant_is_caught_in_its_own_step(name, step, quantity, mutate):
    original = DERIVATIONS[name].step(step)
    mutant = original.restate(quantity, mutate(sp.sympify(original.stated[quantity])))
    assert [failure.step for failure in mutant.failures()] == [step]


@pytest.mark.parametrize(
    ("module", "name", "value", "derive", "first"),
    [
        (classifier, "LIPSCHITZ", sp.Integer(2), network_constants, "next layer"),
        (classifier, "AT_ZERO", sp.Integer(1), network_constants, "next layer"),
        (classifier, "LOSS", 2 * classifier.LOSS, network_constants, "loss"),
        (classifier, "LOSS", classifier.LOSS + classifier.label * classifier.logit / 2, network_constants, "loss"),
        (adversarial, "LIANG", replace(LIANG, bound=2 * LIANG.bound), specialization, "generator"),
        (
            adversarial,
            "SGD_NONCONVEX",
            replace(adversarial.SGD_NONCONVEX, bound=2 * adversarial.SGD_NONCONVEX.bound),
            specialization,
            "learner",
        ),
    ],
)
def test_a_wrong_premise_is_caught_in_the_first_step_that_uses_it(monkeypatch, module, name, value, derive, first):
    monkeypatch.setattr(module, name, value)
    assert derive().failures()[0].step == first


def test_what_the_specialisation_rests_on():
    assert {lemma.key for lemma in DERIVATIONS["specialization"].axioms} == {"G1", "H1"}


# Random networks. W_l has operator norm B_l at most; tanh is 1-Lipschitz, 0 at 0.


def random_case(seed, depth, width=4, inputs=3):
    rng = np.random.default_rng(seed)
    norms = [float(x) for x in rng.uniform(0.4, 1.8, depth)]
    sizes = [inputs] + [width] * (depth - 1) + [1]
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))

    def weights():
        found = [rng.normal(size=shape) for shape in shapes]
        return [w * b * rng.uniform(0.3, 1) / np.linalg.norm(w, 2) for w, b in zip(found, norms, strict=True)]

    x = rng.normal(size=inputs)
    return norms, weights, 2.0 * x / np.linalg.norm(x), rng


def logit_of(weights, x, activation=np.tanh):
    for w in weights[:-1]:
        x = activation(w @ x)
    return (weights[-1] @ x).item()


def loss_of(weights, x, y, activation=np.tanh):
    z = logit_of(weights, x, activation)
    return np.logaddexp(0, z) - y * z


def numbers(network, radius=2.0):
    values = {R: radius, kappa: KAPPA_TANH}
    return [float(v.subs(values)) for v in (network.loss_bound, network.lipschitz, network.smoothness)]


def distance(first, second):
    return np.sqrt(sum(np.sum((v - w) ** 2) for v, w in zip(first, second, strict=True)))


@pytest.mark.parametrize("depth", [1, 2, 3, 5])
def test_loss_and_lipschitz_constant_hold_on_random_networks(depth):
    for seed in range(25):
        norms, weights, x, _ = random_case(seed, depth)
        top, lipschitz, _ = numbers(network_of(norms))
        first, second = weights(), weights()
        for y in (0, 1):
            losses = [loss_of(w, x, y) for w in (first, second)]
            assert 0 <= min(losses) <= max(losses) <= top
            assert abs(losses[0] - losses[1]) <= lipschitz * distance(first, second)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_smoothness_holds_on_random_networks(depth):
    largest = 0.0
    for seed in range(40):
        norms, weights, x, rng = random_case(seed, depth)
        smoothness = numbers(network_of(norms))[2]
        at = weights()
        way = [rng.normal(size=w.shape) for w in at]
        size, h = np.sqrt(sum(np.sum(v**2) for v in way)), 1e-4
        points = [[w + t * h * v / size for w, v in zip(at, way, strict=True)] for t in (-1, 0, 1)]
        below, here, above = (loss_of(w, x, 1) for w in points)
        largest = max(largest, abs(below - 2 * here + above) / h**2 / smoothness)
    assert 1e-3 < largest <= 1


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_loss_bound_and_lipschitz_constant_are_attained_by_aligned_linear_networks(depth):
    """Scalar layers of full norm, the identity for activation: M exactly; K to first order at large logits."""
    norms = [0.7 + 0.2 * layer for layer in range(depth)]
    top, lipschitz, _ = numbers(network_of(norms))
    at, x = [np.array([[b]]) for b in norms], np.array([2.0])
    assert loss_of(at, x, 0, lambda u: u) == pytest.approx(top, rel=1e-12)
    scale = np.sqrt(sum(1 / b**2 for b in norms))
    h = 1e-6
    moved = [w - h / b / scale for w, b in zip(at, norms, strict=True)]
    slope = abs(logit_of(at, x, lambda u: u) - logit_of(moved, x, lambda u: u)) / distance(at, moved)
    assert slope == pytest.approx(lipschitz, rel=1e-5)


def test_a_convolution_changes_the_loss_by_at_most_the_root_of_its_slices():
    """A circular convolution of 3 taps on 8 points, then a sum: three slices."""
    rng = np.random.default_rng(3)

    def convolution(taps):
        return sum(t * np.roll(np.eye(8), shift, axis=0) for shift, t in enumerate(taps))

    readout, largest = np.ones((1, 8)) / np.sqrt(8), 0.0
    for _ in range(60):
        first, second = (rng.normal(size=3) for _ in range(2))
        norm = max(np.linalg.norm(convolution(taps), 2) for taps in (first, second))
        network = network_of([float(norm), 1.0], (3, 1))
        lipschitz = numbers(network)[1]
        x = rng.normal(size=8) + 1
        x *= 2 / np.linalg.norm(x)
        gap = abs(loss_of([convolution(first), readout], x, 1) - loss_of([convolution(second), readout], x, 1))
        largest = max(largest, gap / np.linalg.norm(first - second) / lipschitz)
        assert gap <= lipschitz * np.linalg.norm(first - second)
    assert largest > 0.05


def test_the_constant_of_a_convolution_is_attained_by_equal_taps_on_constant_inputs():
    norms, x = (1.3, 0.8), np.full(8, 2.0) / np.sqrt(8)
    lipschitz = numbers(network_of(norms, (3, 1)))[1]

    def at(taps, readout):
        layer = sum(np.roll(np.eye(8), shift, axis=0) * t for shift, t in enumerate(taps))
        return logit_of([layer, readout.reshape(1, 8)], x, lambda u: u)

    taps, readout = np.full(3, norms[0] / 3), np.full(8, norms[1] / np.sqrt(8))
    ways = np.full(3, 1 / norms[0]), np.full(8, 1 / np.sqrt(8) / norms[1])  # Frobenius norms sqrt(3)/B_1 and 1/B_2
    h = 1e-6
    slope = (at(taps, readout) - at(taps - h * ways[0], readout - h * ways[1])) / h
    assert slope / np.sqrt(sum(np.sum(way**2) for way in ways)) == pytest.approx(lipschitz, rel=1e-5)


def test_the_activation_is_counted_wherever_it_acts(monkeypatch):
    monkeypatch.setattr(classifier, "LIPSCHITZ", 2)
    monkeypatch.setattr(classifier, "AT_ZERO", 1)
    assert classifier.magnitude_after(3, 5) == 3 * (2 * 5 + 1)
    assert classifier.change_after(2, 3, 5, 7) == 2 * 2 * 7 + 3 * (2 * 5 + 1)


# Networks


def test_the_general_network_at_a_depth_is_the_one_of_its_norms():
    general, given = general_network(), network_of([B[1], B[2], B[3]])
    for name in ("loss_bound", "lipschitz", "smoothness"):
        assert agree(getattr(general, name).subs(L, 3).doit(), getattr(given, name))


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_equal_norms_in_closed_form(depth):
    network, given = equal_network(layers=sp.Integer(depth)), network_of([B_equal] * depth)
    assert agree(network.loss_bound, given.loss_bound)
    assert agree(network.lipschitz, R * B_equal ** (depth - 1) * sp.sqrt(depth))
    for norm in (sp.Rational(1, 3), 1, 2):
        gap = (network.smoothness - given.smoothness).subs({B_equal: norm, R: 2, kappa: 1})
        exact = norm == 1 or depth == 1 or (depth == 2 and norm > 1)
        assert gap == 0 if exact else gap > 0


def test_one_layer_is_logistic_regression():
    network = network_of([B_equal])
    assert (network.lipschitz, network.smoothness) == (R, R**2 / 4)
    assert stability(network, "sgd-convex") == 2 * R**2 * eta * n_steps / (m_S + m_G)


@pytest.mark.parametrize("norms", [[], [0], [1, -1], [sp.Symbol("unknown")]])
def test_bad_norms_are_refused(norms):
    with pytest.raises(ValueError, match="positive norm"):
        network_of(norms)


def test_bad_requests_are_refused():
    with pytest.raises(ValueError, match="one slice"):
        network_of([1, 2], [9])
    with pytest.raises(ValueError, match="one layer only"):
        stability(network_of([1, 1]), "sgd-convex")
    with pytest.raises(ValueError, match="learning must be"):
        stability(network_of([1]), "adam")
    with pytest.raises(ValueError, match="statement must be"):
        divergence("surely")
    with pytest.raises(ValueError, match="form must be"):
        adversarial_bound(form="loose")
    with pytest.raises(ValueError, match="variable must be"):
        growth("width")


# The bound


def test_the_bound_holds_every_letter():
    total = adversarial_bound().total
    names = {symbol.name for symbol in total.free_symbols}
    assert names >= {"d", "L", "L_G", "B", "m_S", "m_G", "n_steps", "T", "delta", "R", "kappa", "a", "C"}
    for form in ("order", "explicit"):
        put = adversarial_bound(equal_network(), form=form).total
        assert {d, L, L_G, B_equal, m_S, m_G, n_steps} <= put.free_symbols


def test_the_bound_at_a_point_by_hand():
    """Logistic regression: M = log(1 + e^3), beta = 8 eta n_steps/m_T = 1, D_TV = (16 log 4 log 4/4)^(1/4)/8."""
    values = {R: 2, B_equal: sp.Rational(3, 2), eta: sp.Rational(1, 8), n_steps: 6, m_S: 4, d: 2, L_G: 2}
    values |= {C: sp.Rational(1, 64), T: HALF, delta: 1 / sp.E}
    bound = adversarial_bound(network_of([B_equal]), "sgd-convex", "order")
    terms = {key: float(term.subs({**values, m_G: 2})) for key, term in bound.terms.items()}
    M_, beta_ = float(mpmath.log(1 + mpmath.exp(3))), 1.0
    tv = (16 * np.log(4) * np.log(4) / 4) ** 0.25 / 8
    assert terms["divergence"] == pytest.approx(2 * M_ * tv / 6, rel=1e-12)
    assert terms["coupling"] == pytest.approx(4 * beta_ * np.sqrt(2 * 2) / 6, rel=1e-12)
    assert terms["stability_S"] == pytest.approx(beta_ * 4 * (1 + np.log(4)) * 2 / 6, rel=1e-12)
    assert terms["dependence"] == pytest.approx(4 * (1 + np.log(4)) * M_ * 0.5 * 2 / 6, rel=1e-12)


def test_markov_multiplies_the_divergence_and_takes_half_of_delta():
    assert agree(markov_factor(1, delta), 1 / delta)
    assert agree(markov_factor(2, delta), delta ** sp.Rational(-1, 2))
    assert agree(GAN_PROBABILITY.factor, sp.sqrt(2 / delta))
    assert agree(FIRST_MOMENT.factor, 2 / delta)
    values = {C: sp.Rational(1, 10**6), d: 2, L_G: 2, m_S: 100}
    mean, likely = (divergence(statement).subs(values) for statement in ("mean", "probability"))
    assert float((likely / mean).subs(delta, 0.02)) == pytest.approx(10)
    network = network_of([B_equal])
    mean_bound, likely_bound = (
        adversarial_bound(network, "sgd-convex", "explicit", s) for s in ("mean", "probability")
    )
    for key in ("coupling", "sampling_S", "stability_S_G"):
        assert likely_bound.terms[key] == mean_bound.terms[key].subs(delta, delta / 2)
        assert likely_bound.terms[key] != mean_bound.terms[key]


def test_markov_is_the_lemma_solved(monkeypatch):
    monkeypatch.setattr(classifier_bound, "MARKOV", replace(MARKOV, bound=4 * MARKOV.bound))
    assert agree(markov_factor(2, delta), 2 * delta ** sp.Rational(-1, 2))


@pytest.mark.parametrize("statement", ["mean", "probability"])
def test_the_caveats_are_attached(statement):
    said = adversarial_bound(statement=statement, form="order").caveat
    assert "averaged" not in said
    assert "signed error's mean over runs" in said
    assert "absolute constant" in said
    assert ("by Markov" in said) == (statement == "probability")
    convex = adversarial_bound(network_of([B_equal]), "sgd-convex", statement=statement).caveat
    assert "every order of visits" in convex
    assert "every order of visits" not in said


def test_a_mean_alone_leaves_delta_whole():
    network = network_of([B_equal])
    bound = specialize(D_TV, network, "sgd-convex", "order", (), "any")
    assert bound.terms["sampling_S"].has(sp.log(sp.E / delta))


# Orders


def test_the_stability_has_the_learners_order_in_the_sample():
    found = stability(network_of([B_equal, B_equal]), size=m + 1).subs(n_steps, epochs * (m + 1))
    assert cases_of(found, m).order == Order(-1 / (a + 1)) == order_of(find_learner("sgd-nonconvex").beta, m)
    fixed = stability(network_of([B_equal]), "sgd-convex", size=m)
    assert order_of(fixed, m) == Order(-1)


def test_the_divergence_has_the_generators_order_in_the_sample():
    assert order_of(divergence().subs(m_S, m), m) == Order(sp.Rational(-1, 4), sp.Rational(1, 4))


ROOT = Order(HALF, HALF / 2)
GROWTH = {
    "d": {"M": Order(HALF), "K": Order(HALF), "alpha": Order(1), "beta": Order(a / (2 * a + 2)), "total": Order(HALF)},
    "L_G": dict.fromkeys(("M", "K", "alpha", "beta", "total"), Order(0)),
    "L": {"M": Order(0), "K": Order(HALF), "alpha": Order(2), "beta": Order(-1 / (a + 1)), "total": Order(0)},
    "B": {
        "M": Order(L),
        "K": Order(L - 1),
        "alpha": Order(2 * L - 2),
        "beta": Order(L * a / (a + 1)),
        "total": Order(L),
    },
}
UNCAPPED = {"d": (ROOT, Order(1, HALF / 2)), "L_G": (ROOT, ROOT)}


@pytest.mark.parametrize("variable", GROWTH)
def test_growth_for_a_fixed_sample(variable):
    found = growth(variable)
    assert found.pop("D_TV") == Order(0)
    assert found.pop("without") == found["total"]
    assert found == GROWTH[variable]
    uncapped = growth(variable, capped=False)
    tv, total = UNCAPPED.get(variable, (Order(0), GROWTH[variable]["total"]))
    assert (uncapped["D_TV"], uncapped["total"]) == (tv, total)


def log_of_large(x):
    """``log(1 + exp(z)) = z`` where exp(z) is beyond any float."""
    large = [term.args[0] for term in sp.Add.make_args(x) if isinstance(term, sp.exp) and term.args[0] > 50]
    return large[0] if large else sp.log(x)


@pytest.mark.parametrize(("variable", "symbol"), [("d", d), ("B", B_equal), ("L", L)])
def test_growth_agrees_with_slopes_at_large_values(variable, symbol):
    network = equal_network(norm=sp.S.One if variable == "L" else B_equal, radius=sp.sqrt(d))
    values = {d: 4, B_equal: 2, L: 3, kappa: HALF, a: 2, n_steps: 50, m_S: 20, m_G: 10}
    del values[symbol]
    expressions = {"M": network.loss_bound, "K": network.lipschitz, "alpha": network.smoothness}
    expressions["beta"] = stability(network)
    points = [10**7, 10**8] if variable != "B" else [10**4, 10**5]
    for name, expression in expressions.items():
        logs = []
        for point in points:
            put = expression.subs(values).subs(symbol, point)
            logs.append(sp.log(sp.N(put.replace(sp.log, log_of_large), 25), 10))
        slope = float(logs[1] - logs[0])
        expected = float(GROWTH[variable][name].power.subs(values | {L: 3}))
        assert slope == pytest.approx(expected, abs=2e-3)


def test_growth_in_depth_is_exponential_unless_the_norms_are_one():
    with pytest.raises(NotInAlgebra, match="exponent"):
        order_of(equal_network().logit_bound, L)


@pytest.mark.parametrize("learner", ["erm", "sgd-strongly-convex"])
def test_large_samples_hardly_gain_whatever_is_true_of_T(learner):
    found = large_samples(learner)
    assert len(found) == 2
    assert {case.verdict for cases in found.values() for case in cases} == {"slower"}
