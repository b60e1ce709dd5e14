"""Claims on orders: each answer would be another if what it rests on were, and every axiom has its lemma."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
import sympy as sp

from gda.claims import all_claims
from gda.claims import c02_most_efficient_amount as c02
from gda.claims import c03_when_it_helps as c03
from gda.claims import c08_gan_large as c08
from gda.claims import c09_gan_small as c09
from gda.claims import r1_recursive_training as r1
from gda.context import Context
from gda.evidence import gather
from gda.table import entries
from theory.adversarial import growth
from theory.augmentation import faster_powers, power, verdict
from theory.cited import CITED
from theory.generators import find_generator, settings
from theory.learners import find_learner
from theory.order import Order
from theory.recursive import find_regime
from theory.sgd_stability import a


@pytest.fixture(scope="module")
def outcomes():
    claims = {claim.id: claim for claim in all_claims()}
    return {key: gather(claims[key], Context(workers=1)) for key in ("C8", "C9", "R1")}


def test_every_axiom_named_is_a_lemma_of_the_table(outcomes):
    for outcome in outcomes.values():
        assert set(outcome.verdict.axioms) <= set(CITED)


def test_the_finite_optimum_is_compared_with_the_order_and_not_with_itself():
    found = c02.minimise(c02.FINITE[0])
    assert found.agrees
    order = found.case.most_efficient
    off = replace(found.case, most_efficient=Order(order.power + Fraction(1, 20), order.log))
    wrong = replace(found, case=off)
    assert not wrong.agrees
    assert c02.growth_check([found]).holds is True
    assert c02.growth_check([found, wrong]).holds is False


def test_an_amount_that_was_not_fitted_agrees_with_nothing():
    slower = c02.minimise(c02.FINITE[-1])
    assert slower.large is None
    assert not slower.agrees
    assert "in 0 of 0" not in c02.growth_check([slower, c02.minimise(c02.FINITE[0])]).computed


def test_which_stabilities_fall_like_a_power():
    falls = {entry.learner.name: c02.falls_like_a_power(entry) for entry in entries()}
    assert {name for name, truth in falls.items() if not truth} == {"sgd-convex-epochs", "unstable"}
    perfect = [entry for entry in entries() if entry.generator.tv == 0]
    assert c02.none_check(perfect).holds is True
    assert c02.none_check(entries()).holds is False
    assert c02.none_check([]).holds is False


def test_the_corollary_everywhere_counts_what_is_right(monkeypatch):
    few = entries()[:12]
    assert c03.everywhere_check(few).holds is True
    monkeypatch.setattr(c03, "verdict_by_divergence", lambda _, case: case.verdict != "slower")
    assert c03.everywhere_check(few).holds is False
    assert c03.everywhere_check([]).holds is False


@pytest.mark.parametrize("generator", c08.GENERATORS)
def test_the_words_of_nonconvex_sgd_partition_the_line(generator):
    cases = verdict(settings(find_learner("sgd-nonconvex"), c08.find_generator(generator)))
    regions = [c08.where(cases, word) for word in ("faster", "no faster", "slower")]
    assert sp.Union(*regions) == sp.Interval.open(0, sp.oo)
    assert all(sp.Intersection(x, y) is sp.S.EmptySet for x, y in pairwise(regions))


@pytest.mark.parametrize(("size", "faster"), [(Fraction(5, 3), False), (Fraction(17, 10), True)])
def test_where_nonconvex_sgd_gains_from_a_power_of_m(size, faster):
    # alpha c = 4: the border is p = 2 (4 + 2)/(4 + 3) = 12/7.
    condition = faster_powers(settings(find_learner("sgd-nonconvex"), find_generator("gan")))
    size = sp.Rational(size.numerator, size.denominator) + (sp.Rational(1, 20) if faster else 0)
    assert bool(condition.subs({a: 4, power: size})) is faster


def test_steps_and_epochs_decide(monkeypatch):
    epochs, steps = c08.steps_or_epochs_checks()
    assert (epochs.holds, steps.holds) == (True, True)
    falling = find_learner("sgd-convex")
    monkeypatch.setattr(c08, "find_learner", lambda _: falling)
    epochs, _ = c08.steps_or_epochs_checks()
    assert epochs.holds is False


def test_stability_may_make_a_gain_that_needs_no_larger_amount(monkeypatch):
    check = c09.stability_check()
    assert (check.holds, check.kind) == (True, "certificate")
    assert "0.8718 M to 0.8488 M" in check.computed
    name, form, real, made, _, divergence = c09.STABILITY_CELLS[0]
    monkeypatch.setattr(c09, "STABILITY_CELLS", ((name, form, real, made, 0, divergence),))
    assert c09.stability_check().holds is False  # without stability it needs m_G > m_S


def test_a_border_elsewhere_would_be_seen():
    cases = verdict(settings(find_learner("sgd-nonconvex"), c08.find_generator("gan")))
    moved = tuple(replace(case, condition=case.condition.subs(a, a + 1)) for case in cases)
    assert c08.border_check("gan", cases).holds is True
    assert c08.border_check("gan", moved).holds is False


def test_a_bound_of_another_order_with_augmentation_would_be_seen():
    orders = growth("d")
    assert c09.factor_check({"d": orders}).holds is True
    assert c09.factor_check({"d": {**orders, "without": Order(sp.Rational(1, 3))}}).holds is False
    assert c09.growth_check("d", {**orders, "total": Order(sp.Integer(0))}).holds is False
    assert c09.aside_check({**orders, "beta": orders["M"]}).holds is False


def test_a_divergence_that_could_be_below_its_border_at_its_cap_would_be_a_gain(monkeypatch):
    assert c09.gain_check().holds is False

    class Generous:
        conclusion = 2 * c09.W / c09.M

    monkeypatch.setattr(c09, "gain", Generous)
    assert c09.gain_check().holds is not False


@pytest.mark.parametrize(
    ("regime", "bounded"), [("constant-share", True), ("falling-share", False), ("no-real-data-for-ever", False)]
)
def test_which_regimes_are_bounded(regime, bounded):
    assert r1.bounded_check(find_regime(regime)).holds is bounded
