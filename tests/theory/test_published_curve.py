"""The audit of the published curve: what differs is found, and repairing it turns *differs* into *agrees*."""

import pytest
import sympy as sp

from theory.published_curve import Curve, audit, published, theorem
from theory.symbols import M, T, beta, d, delta, gamma, m_S

POINTS = [
    *({m_S: 40, d: 1, gamma: g} for g in (0, 1, 10, 50)),
    *({m_S: 10, d: 50, gamma: g} for g in (0, 1, 10, 100)),
]
DIFFERING = ("stability", "D_TV", "T")


def words(curve: Curve) -> dict[str, str]:
    return {finding.item: finding.word for finding in audit(curve, POINTS)}


def test_every_item_has_a_verdict_of_its_own():
    found = words(published())
    assert set(found) == {*published().terms, *published().inputs}
    assert {item for item, word in found.items() if word == "differs"} == set(DIFFERING)


@pytest.mark.parametrize("item", DIFFERING)
def test_repairing_an_item_turns_differs_into_agrees_and_touches_no_other(item):
    before, after = words(published()), words(published().repair(item, theorem()))
    assert after[item] == "agrees"
    assert {k: v for k, v in after.items() if k != item} == {k: v for k, v in before.items() if k != item}


@pytest.mark.parametrize("item", [*published().terms, *published().inputs])
def test_breaking_an_item_of_the_theorems_curve_is_found(item):
    right = theorem()
    broken = Curve(
        "broken",
        {k: 2 * v if k == item else v for k, v in right.terms.items()},
        {k: 2 * v if k == item else v for k, v in right.inputs.items()},
    )
    assert words(right)[item] == "agrees"
    assert words(broken)[item] == "differs"


def test_the_theorem_agrees_with_itself():
    assert set(words(theorem()).values()) == {"agrees"}


def test_the_published_curve_as_computed_by_hand():
    """At gamma = 0, d = 50, m_S = 10 by the formula of the implementation, with tau = 1."""
    loss_bound = 50 + sp.log(10)
    by_hand = loss_bound / sp.sqrt(10) + loss_bound / 10 * sp.log(10) + sp.log(10) * loss_bound
    assert sp.simplify(published().total.subs({m_S: 10, d: 50, gamma: 0}) - by_hand) == 0


def test_at_gamma_zero_the_theorem_has_no_dependence():
    point = {m_S: 10, d: 50, gamma: 0}
    assert theorem().term("dependence").subs(point) == 0
    assert published().term("dependence").subs(point) != 0


def test_the_missing_factor_gamma():
    ratio = sp.symbols("gamma", positive=True)
    ours, theirs = (curve.terms["stability"].subs(gamma, ratio) for curve in (published(), theorem()))
    missing = sp.simplify(sp.expand_log(theirs - ours))
    expected = beta * (ratio - 1) * sp.log(ratio * m_S) / (1 + ratio)
    assert sp.simplify(sp.expand_log(missing - expected)) == 0


def test_delta_stays_where_dropping_it_would_make_the_divergence_vanish():
    at_one = {m_S: 40, d: 1, gamma: 1}
    assert published().inputs["D_TV"].subs(at_one) == 0
    assert theorem().inputs["D_TV"].subs(at_one).subs(delta, sp.Rational(1, 20)) > 0


def test_repairing_what_is_no_item_is_refused():
    with pytest.raises(KeyError, match="nonsense"):
        published().repair("nonsense", theorem())


def test_curves_render():
    assert str(published()).count("\n") == 9
    assert published()._repr_latex_().startswith("$")
    assert published().terms["dependence"].has(M, T)
