"""The generators' divergence and dependence: what is derived holds on exact examples, and what is assumed is said."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp

from theory import dependence
from theory.augmentation import verdict
from theory.dependence import family_dependence, fisher, influence, kernel_dependence
from theory.generators import (
    GENERATORS,
    NONE_ASSUMED,
    NOTHING_ASSUMED,
    assumed,
    e,
    find_generator,
    kernel_rate,
    s,
    settings,
)
from theory.learners import LEARNERS, find_learner
from theory.lemmas import PRODUCT_TV
from theory.order import Order, order_of
from theory.setting import m, m_G
from theory.sgd_stability import a
from theory.symbols import d

DERIVATIONS = {"kernel": kernel_dependence(), "family": family_dependence()}
STATED = [
    pytest.param(name, step.name, quantity, id=f"{name}:{step.name}:{quantity}")
    for name, derivation in DERIVATIONS.items()
    for step in derivation.steps
    for quantity in step.stated
]


@pytest.mark.parametrize("name", DERIVATIONS)
def test_derivation_holds(name):
    assert DERIVATIONS[name].failures() == ()
    assert {lemma.key for lemma in DERIVATIONS[name].axioms} == {"L8"}


@pytest.mark.parametrize(("name", "step", "quantity"), STATED)
@pytest.mark.parametrize("mutate", [lambda x: 2 * x + 1, lambda x: x / 2 + m], ids=["double", "halve"])
def test_every_stated_constant_is_caught_in_its_own_step(name, step, quantity, mutate):
    original = DERIVATIONS[name].step(step)
    mutant = original.restate(quantity, mutate(sp.sympify(original.stated[quantity])))
    assert [failure.step for failure in mutant.failures()] == [step]


@pytest.mark.parametrize("derive", [kernel_dependence, family_dependence])
def test_a_wrong_lemma_is_caught_in_the_step_that_applies_it(monkeypatch, derive):
    monkeypatch.setattr(dependence, "PRODUCT_TV", replace(PRODUCT_TV, bound=2 * PRODUCT_TV.bound))
    assert [failure.step for failure in derive().failures()] == ["sample"]


@pytest.mark.parametrize("size", [2, 10, 100])
@pytest.mark.parametrize("generated", [1, 5, 100, 3000])
def test_the_kernel_dependence_holds_and_is_tight(size, generated):
    """Two far examples: the samples are told apart as soon as the exchanged component is drawn."""
    exact = 1 - (1 - Fraction(1, size)) ** generated
    bound = Fraction(str(DERIVATIONS["kernel"].conclusion.subs({m: size, m_G: generated})))
    assert (1 - math.exp(-1)) * bound <= exact <= bound


@pytest.mark.parametrize("size", [5, 50])
@pytest.mark.parametrize("generated", [1, 20, 400])
def test_the_family_dependence_holds_for_a_fitted_gaussian_mean(size, generated):
    """N(mean(x), 1), |x| <= 1: one example moves the mean by h = 2/m; TV of g draws is erf(sqrt(g) h/sqrt 8)."""
    exact = math.erf(math.sqrt(generated) * (2 / size) / math.sqrt(8))
    values = {influence: 2, fisher: 1, m: size, m_G: generated}
    bound = float(DERIVATIONS["family"].conclusion.subs(values))
    assert bound / 2 < exact <= bound


def test_the_kernel_rate_balances_bias_and_deviation():
    assert kernel_rate() == m ** (-s / (2 * s + d))
    for smoothness, dimension in ((2, 1), (1, 3)):
        rate = float(kernel_rate(smoothness, dimension).subs(m, 10**6))
        least = min(h**smoothness + (1e6 * h**dimension) ** -0.5 for h in (1.01**-i for i in range(3000)))
        assert rate <= least <= 2 * rate


# Entries

HALF = sp.Rational(1, 2)
RATES = {
    "bgmm": Order(-HALF),
    "mle": Order(-HALF),
    "gan": Order(-HALF / 2, HALF / 2),
    "diffusion": Order(-s / (2 * s + d), 8),
    "diffusion-score-constant": Order(0),
    "diffusion-score": Order(-e, HALF),
    "kde": Order(-s / (2 * s + d)),
    "pretrained": Order(0),
}


@pytest.mark.parametrize("name", RATES)
def test_the_divergence_has_the_published_order(name):
    assert order_of(find_generator(name).tv, m) == RATES[name]


@pytest.mark.parametrize(
    ("name", "in_m", "in_m_G"),
    [("bgmm", Order(-1, 1), Order(HALF)), ("mle", Order(-1), Order(HALF)), ("kde", Order(-1), Order(1))],
)
def test_the_dependence_has_the_order_of_its_source(name, in_m, in_m_G):
    dependence = find_generator(name).dependence
    (uncapped,) = [part for part in dependence.args if part != 1] if isinstance(dependence, sp.Min) else [dependence]
    assert (order_of(uncapped, m), order_of(uncapped, m_G)) == (in_m, in_m_G)


def test_the_derived_dependences_are_those_of_the_entries():
    values = {influence: 2, fisher: 1}
    assert DERIVATIONS["kernel"].conclusion == sp.Min(1, find_generator("kde").dependence)
    assert DERIVATIONS["family"].conclusion.subs(values) == sp.Min(1, find_generator("mle").dependence)


def test_every_generator_is_among_them():
    extremes = {"gan-independent", "diffusion-independent"}
    assert {generator.name for generator in GENERATORS} == {*RATES, *extremes, "perfect"}
    assert find_generator("perfect").tv == 0


@pytest.mark.parametrize("name", ["gan", "diffusion"])
def test_an_unknown_dependence_has_both_extremes(name):
    pessimistic, optimistic = find_generator(name), find_generator(f"{name}-independent")
    assert (pessimistic.dependence, optimistic.dependence) == (1, 0)
    assert (pessimistic.assumed_of_T, optimistic.assumed_of_T) == (NOTHING_ASSUMED, NONE_ASSUMED)
    same = replace(optimistic, name=name, title=pessimistic.title, dependence=sp.S.One, assumed_of_T=NOTHING_ASSUMED)
    assert same == pessimistic


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: generator.name)
def test_every_entry_says_what_is_known_and_assumed_of_T(generator):
    assert generator.known_of_T
    assert generator.assumed_of_T in str(generator)
    assert f"of T: {generator.assumed_of_T}" in assumed(find_learner("erm"), generator)
    assert generator._repr_latex_().startswith("$")


def test_names_are_unique_and_an_unknown_one_is_refused_with_the_list():
    assert len({generator.name for generator in GENERATORS}) == len(GENERATORS)
    with pytest.raises(ValueError, match=r"bgmm, mle, .*perfect\. Found 'vae'") as refusal:
        find_generator("vae")
    assert "\n" not in str(refusal.value)


def test_a_mean_is_said_to_be_one():
    words = " ".join(assumed(find_learner("sgd-nonconvex"), find_generator("gan")))
    assert "mean over the learner's randomness" in words
    assert "mean over S" in words
    assert "mean over" not in " ".join(assumed(find_learner("erm"), find_generator("pretrained")))


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda generator: generator.name)
def test_every_learner_and_generator_make_a_setting(generator):
    for learner in LEARNERS:
        setting = settings(learner, generator)
        assert (setting.beta, setting.tv) == (learner.beta, generator.tv)
        assert (setting.dependence, setting.loss_bound) == (generator.dependence, learner.loss_bound)


# Answers, checked by hand: without augmentation the rate is max(beta log m, m^(-1/2))


@pytest.mark.parametrize(
    ("learner", "generator", "word"),
    [
        ("erm", "bgmm", "no faster"),
        ("bgmm", "bgmm", "no faster"),
        ("erm", "mle", "no faster"),
        ("erm", "gan", "slower"),
        ("erm", "gan-independent", "slower"),
        ("erm", "diffusion", "slower"),
        ("erm", "pretrained", "slower"),
        ("erm", "perfect", "no finite optimum"),
        ("sgd-convex-epochs", "gan", "no finite optimum"),
        ("unstable", "mle", "no finite optimum"),
    ],
)
def test_verdicts(learner, generator, word):
    assert {case.verdict for case in verdict(settings(find_learner(learner), find_generator(generator)))} == {word}


@pytest.mark.parametrize("value", [HALF, 1, 2, 3, 5, 9])
def test_the_verdict_for_a_gan_turns_where_the_learner_is_slower_than_it(value):
    """m^(-1/4) log^(1/4) m against max(m^(-1/(a + 1)) log m, m^(-1/2)): faster from a = 3 on, there by logarithms."""
    cases = verdict(settings(find_learner("sgd-nonconvex"), find_generator("gan-independent")))
    (word,) = {case.verdict for case in cases if case.condition.subs(a, value) == sp.true}
    assert word == ("faster" if value >= 3 else "slower")
