"""The corollary holds step by step; its counterexamples satisfy its condition and not its conclusion."""

from dataclasses import replace

import pytest
import sympy as sp

from theory import corollary as module
from theory.augmentation import faster_powers, power
from theory.corollary import (
    BEYOND_POWERS,
    COUNTEREXAMPLES,
    Counterexample,
    corollary,
    mixed_limits,
    verdict_by_divergence,
)
from theory.setting import Setting, m

CHAIN = corollary()


def test_it_holds():
    assert CHAIN.failures() == ()


@pytest.mark.parametrize(
    ("step", "quantity"), [(s.name, q) for s in CHAIN.steps for q in s.stated], ids=lambda value: str(value)
)
def test_a_wrong_statement_is_caught_in_its_step(step, quantity):
    wrong = CHAIN.step(step).restate(quantity, 1 + CHAIN.step(step).stated[quantity])
    assert {failure.step for failure in CHAIN.with_step(wrong).failures()} == {step}


def test_for_a_learner_that_is_not_stable_the_mixed_part_does_not_vanish(monkeypatch):
    monkeypatch.setattr(module, "b", sp.S.Zero)
    limits = mixed_limits(module.INDEPENDENT)
    assert limits["stability_S_G"] == sp.oo
    assert limits["sampling_S"] == 0


@pytest.mark.parametrize("example", COUNTEREXAMPLES, ids=lambda example: str(example.setting.beta))
def test_counterexamples(example):
    assert example.condition_holds
    assert example.case.verdict != "faster"
    assert faster_powers(example.setting) is False  # not at m*_G, and at no other power of m_S


def test_the_conclusion_without_an_m_star():
    slow, perfect = BEYOND_POWERS
    for example in BEYOND_POWERS:
        assert example.condition_holds
        assert example.case.most_efficient is None
    assert faster_powers(slow.setting) is False
    # beta = 1/m, D_TV = 0: m^-1/2 without, (m + m^p)^-1/2 with.
    where = faster_powers(perfect.setting)
    assert [bool(where.subs(power, p)) for p in (sp.Rational(1, 2), 1, sp.Rational(3, 2))] == [False, False, True]
    # With a growing M a learner whose beta_n log n stays may gain: the need is one for bounded M.
    growing = Setting(1 / sp.log(m), m ** -sp.Rational(11, 10), loss_bound=m)
    assert bool(faster_powers(growing).subs(power, 2))


def test_the_verdict_is_that_of_the_divergence_whatever_else_grows():
    growing = Setting(m ** -sp.Rational(1, 4), m ** -sp.Rational(3, 8), loss_bound=sp.sqrt(m))
    (case,) = module.verdict(growing)
    assert case.verdict == "slower"  # m^(1/8) against 1: beta is to be compared with M D_TV, not with D_TV
    assert verdict_by_divergence(growing, case)
    assert not verdict_by_divergence(growing, replace(case, verdict="faster"))
    assert not verdict_by_divergence(growing, replace(case, with_most_efficient=case.no_augmentation))
    assert not verdict_by_divergence(replace(growing, loss_bound=sp.S.One), case)


def test_a_setting_that_meets_every_need_is_no_counterexample():
    fine = Counterexample("nothing", Setting(1 / m, 1 / m))
    assert fine.condition_holds
    assert fine.case.verdict == "faster"


def test_a_wrong_verdict_is_caught():
    cases = module.verdict(module.FAMILY)
    swapped = (replace(cases[0], verdict="faster" if cases[0].verdict != "faster" else "slower"), *cases[1:])
    assert not module.corollary_step(cases).failures()
    assert module.corollary_step(swapped).failures()
