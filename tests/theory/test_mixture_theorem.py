"""The mixture's theorems: every step holds, every stated constant is caught, and the premises hold for any data."""

import math
from functools import cache

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from numerics.compile import compile_expression
from theory import mixture_dependence, mixture_theorem, mixture_theorem_proof, quadratic_tails
from theory.foundations import foundations_of, lemmas_of
from theory.gaussian_mixture import constants as orders
from theory.mixture_sharp_proof import VARIANCE, coordinate_gap, form_matrix, sharp_theorem
from theory.mixture_theorem_proof import clipped_theorem
from theory.order import order_of
from theory.stability_proof import AUGMENTED
from theory.symbols import d, delta, m_G, m_S

DERIVATIONS = {
    "clipped": clipped_theorem(),
    "clipped, m_G = 0": clipped_theorem(sp.S.Zero),
    "sharp": sharp_theorem(),
    "sharp, m_G = 0": sharp_theorem(sp.S.Zero),
    "dependence": mixture_dependence.dependence_is_one(),
    "quadratic": quadratic_tails.quadratic_tail(),
    "chi-square": quadratic_tails.chi_square_tails(),
    "normal": quadratic_tails.normal_tail(),
}
STATED = [
    pytest.param(name, step.name, quantity, id=f"{name}:{step.name}:{quantity}")
    for name, derivation in DERIVATIONS.items()
    for step in derivation.steps
    for quantity in step.stated
    if step.name != "assembly"  # compared as they stand, or at length
]


@pytest.mark.parametrize("name", DERIVATIONS)
def test_derivation_holds(name):
    assert DERIVATIONS[name].failures() == ()


@pytest.mark.parametrize(("name", "step", "quantity"), STATED)
def test_every_stated_quantity_is_caught_in_its_own_step(name, step, quantity):
    original = DERIVATIONS[name].step(step)
    changed = original.restate(quantity, 2 * original.stated[quantity] + sp.Rational(1, 7))
    assert changed.failures() != ()


SLIPS = {
    "the class mean of all of S": ("class means", "r_0^2", lambda e: e / 2),
    "one tail of the variances": ("variances", "failure", lambda e: e / 2),
    "the learner moved once": ("stability", "beta", lambda e: e / 2),
    "loss without the classifier's reach": ("loss", "M", lambda e: e.subs(mixture_theorem.LETTERS["r_theta"], 0)),
    "Pinsker without its half": ("dependence", "T", lambda e: e * sp.sqrt(2)),
    "mean and scatter of one class": ("dependence", "T_1", lambda e: e / 2),
    "lengths only": ("price", "price", lambda e: e / 2),
    "six events": ("union", "failure", lambda e: e + delta / 20),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_slip_is_caught(slip):
    step, quantity, change = SLIPS[slip]
    original = DERIVATIONS["clipped"].step(step)
    assert original.restate(quantity, change(sp.sympify(original.stated[quantity]))).failures() != ()


def number(expression, **values):
    return float(expression.subs({s: values[s.name] for s in expression.free_symbols}))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from([4, 6, 10]), st.booleans())
def test_premises_hold_for_any_data_in_the_clips(seed, dimension, size, extreme):
    # M, beta and the change of the learned variances, for points of K and classifiers within reach.
    rng = np.random.default_rng(seed)
    r, c, r_theta, m_T = 3.0, 2.0, 0.7, 2 * size

    def points(count):
        found = rng.normal(size=(count, dimension)) * (10 if extreme else 1)
        found = np.clip(found, -c, c)
        return found * np.minimum(1, r / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9))

    def classifier(sample):
        mean = sample.mean(axis=0)
        return mean * min(1, r_theta / max(np.linalg.norm(mean), 1e-9))

    sample, (new, tested) = points(m_T), points(2)
    other = sample.copy()
    other[0] = new
    found = mixture_theorem.constants_in_clips()
    known = {"r": r, "r_theta": r_theta, "m_S": size, "m_G": m_T - size}
    losses = [np.sum((tested - classifier(s)) ** 2) / 2 for s in (sample, other)]
    assert max(losses) <= number(found.M, **known) * (1 + 1e-12)
    assert abs(losses[0] - losses[1]) <= number(found.beta, **known) * (1 + 1e-12)

    def variances(real):
        half = size // 2
        parts = [part - part.mean(axis=0) for part in (real[:half], real[half:])]
        return sum((part**2).sum(axis=0) for part in parts) / (size - 2)

    change = np.linalg.norm(variances(sample[:size]) - variances(other[:size]))
    bound = mixture_theorem.scatter_change(sp.Float(r), sp.Float(c)).subs({d: dimension, m_S: size}).doit()
    assert change <= float(bound) * (1 + 1e-12)


def test_scatter_by_lengths_is_attained():
    # By three unit vectors at 120 degrees to each other, turned so that both factors are at 45 degrees to the axes.
    angles = [math.pi / 4 + math.pi / 2 + shift for shift in (2 * math.pi / 3, -2 * math.pi / 3, 0)]
    sizes = []
    for turn in (0.0, 0.3):
        old, new, rest = (np.array([math.cos(a + turn), math.sin(a + turn)]) for a in angles)
        sizes.append(np.abs((new - rest) ** 2 - (old - rest) ** 2).sum())
    assert sizes[0] == pytest.approx(3 * math.sqrt(3), rel=1e-12)
    assert sizes[1] < sizes[0]


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.floats(0.3, 3), st.floats(0.3, 3), st.floats(-2, 2))
def test_divergence_of_two_normals(v, w, shift):
    first, second = stats.norm(shift, math.sqrt(v)), stats.norm(0, math.sqrt(w))
    reach = 12 * math.sqrt(max(v, w)) + abs(shift)
    exact = integrate.quad(lambda x: first.pdf(x) * (first.logpdf(x) - second.logpdf(x)), -reach, reach, limit=200)[0]
    formula = mixture_dependence.normal_divergence()
    assert number(formula, **{"v": v, "v'": w, "shift": shift}) == pytest.approx(exact, abs=1e-7)
    floor = min(v, w)
    assert exact <= (v - w) ** 2 / (4 * floor**2) + shift**2 / (2 * floor) + 1e-9


@pytest.mark.parametrize("ratio", [10.0, 1e3, 1e6])
def test_total_variation_of_two_variances_tends_to_one(ratio):
    # Exactly, by the crossing of the densities, against the bound of the proof.
    crossing = math.sqrt(math.log(ratio) * ratio / (ratio - 1))
    exact = 2 * (stats.norm.cdf(crossing) - stats.norm.cdf(crossing / math.sqrt(ratio)))
    proved = math.erf(ratio**0.25 / math.sqrt(2)) - 2 * ratio**0.25 / math.sqrt(2 * math.pi * ratio)
    assert proved <= exact <= 1
    if ratio >= 1e6:
        assert proved > 0.9


@pytest.mark.parametrize("degrees", [1, 2, 7, 100, 10_000])
@pytest.mark.parametrize("level", [0.1, 1.0, 5.0, 30.0])
def test_tails_of_chi_square(degrees, level):
    law = stats.chi2(degrees)
    above = degrees + number(quadratic_tails.CHI_SQUARE_TAIL.bound, d=degrees, x=level)
    below = degrees - number(quadratic_tails.CHI_SQUARE_LOWER.bound, d=degrees, x=level)
    assert law.sf(above) <= math.exp(-level)
    assert law.cdf(below) <= math.exp(-level)
    assert 2 * stats.norm.sf(number(quadratic_tails.NORMAL_TAIL.bound, x=level)) <= math.exp(-level)


@pytest.mark.parametrize(("up", "down"), [(1.0, 1.0), (1.0, 5.0), (5.0, 1.0), (0.0, 2.0)])
@pytest.mark.parametrize("level", [0.5, 2.0, 8.0])
def test_tail_of_weights_of_both_signs(up, down, level):
    # P(up (z^2 - 1) - down (w^2 - 1) > y), by integrating over w.
    bound = number(quadratic_tails.QUADRATIC_TAIL.bound, F=up**2 + down**2, c=up, x=level)

    def given_w(w):
        need = bound + down * (w**2 - 1) + up
        if up == 0:
            return float(need < 0)
        return 2 * stats.norm.sf(math.sqrt(need / up)) if need > 0 else 1.0

    tail = integrate.quad(lambda w: 2 * stats.norm.pdf(w) * given_w(w), 0, 12, limit=400, points=[0.5, 1, 2])[0]
    assert tail <= math.exp(-level) + 1e-9


def test_form_of_a_coordinate_by_random_samples():
    # 2 m_T gap, drawn point by point, against the form in the independent numbers at the same points.
    rng = np.random.default_rng(7)
    size, generated = 6, 8
    real = rng.normal(size=size)
    labels = np.repeat([0, 1], size // 2)
    means = np.array([real[labels == k].mean() for k in (0, 1)])
    scatter = sum(((real[labels == k] - means[k]) ** 2).sum() for k in (0, 1))
    variance = scatter / (size - 2)
    kinds = np.repeat([0, 1], generated // 2)
    noise = rng.normal(size=generated)
    fresh = means[kinds] + math.sqrt(variance) * noise
    every = np.concatenate([real, fresh])
    error, total = every.mean(), size + generated
    gap = (1 + error**2) / 2 - ((every - error) ** 2).mean() / 2
    noise_means = np.array([noise[kinds == k].mean() for k in (0, 1)])
    free = sum(((noise[kinds == k] - noise_means[k]) ** 2).sum() for k in (0, 1))
    root, fresh_root = math.sqrt(size) / 2, math.sqrt(generated) / 2
    values = {
        "c_1": (means[0] + means[1]) * root,
        "c_2": (means[0] - means[1]) * root,
        "z_1": (noise_means[0] + noise_means[1]) * fresh_root,
        "z_2": (noise_means[0] - noise_means[1]) * fresh_root,
        "s2": variance,
        "V": free,
        "m_S": size,
        "m_G": generated,
    }
    assert number(coordinate_gap(AUGMENTED), **values) == pytest.approx(2 * total * gap, rel=1e-12)


@pytest.mark.parametrize("variance", [0.1, 1.0, 4.0])
@pytest.mark.parametrize(("size", "generated"), [(4, 2), (10, 10), (10, 400), (400, 2)])
def test_every_weight_is_within_its_bound(variance, size, generated):
    matrix = form_matrix(coordinate_gap(AUGMENTED)).subs({VARIANCE: variance, m_S: size, AUGMENTED: generated})
    weights = np.linalg.eigvalsh(np.array(matrix, dtype=float))
    assert np.abs(weights).max() <= 1 + generated / size + variance + 1e-12


def test_orders_are_those_of_the_source():
    gamma = sp.Symbol("gamma", positive=True)
    found, source = mixture_theorem.constants_for_orders(), orders()
    for name in ("M", "beta", "T", "D_TV"):
        ours, theirs = (order_of(getattr(c, name).subs(m_G, gamma * m_S), m_S) for c in (found, source))
        assert ours == theirs, name


@pytest.mark.parametrize("sizes", [(1000, 2), (1000, 3000), (10**5, 2), (10**6, 10**9)], ids=str)
@pytest.mark.parametrize(("dimension", "level"), [(1, "1/20"), (1, "1/2"), (7, "1/1000")])
def test_larger_constants_for_orders_are_larger(sizes, dimension, level):
    values = {"m_S": sizes[0], "m_G": sizes[1], "d": dimension, "delta": sp.Rational(level)}
    for name in ("M", "beta", "T", "T_1", "D_TV", "price"):
        exact, larger = compiled(name)
        assert all(f(**{s.name: float(values[s.name]) for s in f.arguments}) > 0 for f in (exact, larger))
        low, high = (f(**{s.name: float(values[s.name]) for s in f.arguments}) for f in (exact, larger))
        assert low <= high * (1 + 1e-12), name


@cache
def compiled(name):
    found = mixture_theorem.clipped_constants(), mixture_theorem.constants_for_orders()
    return tuple(compile_expression(getattr(constants, name)) for constants in found)


def test_the_theorem_rests_on_what_the_forms_rest_on():
    keys = foundations_of(lemma.key for lemma in lemmas_of(DERIVATIONS["clipped"]))
    assert set(keys) == {"L0", "L0-Hoelder", "L3", "L4", "L7", "L11", "L12", "V1", "V2"}


def test_a_general_form_that_does_not_hold_breaks_the_theorem(monkeypatch):
    forms = mixture_theorem_proof.general_forms(AUGMENTED)
    last = forms[0].steps[-1]
    broken = forms[0].with_step(last.restate("conclusion", 2 * last.stated["conclusion"]))
    monkeypatch.setattr(mixture_theorem_proof, "general_forms", lambda _size: (broken, *forms[1:]))
    failures = mixture_theorem_proof.assembly_step(AUGMENTED, ()).failures()
    assert [str(f) for f in failures] == [f"step 'assembly': not established: derived: {forms[0].name}"]
