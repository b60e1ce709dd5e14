"""Lemma L1 with smaller constants, Rio's inequality, near Gaussians and more: derived, each constant caught."""

import pytest
import sympy as sp

from theory.averages import OWN, averaged
from theory.derivation import Derivation, agree
from theory.gaussian_distance_proof import near_gaussians
from theory.lemmas import BKZ_MOMENT, PUBLISHED, RIO, SHARPENED, b, c_chaos, c_iid
from theory.moment_proofs import moment_mcdiarmid, nonnegative_from_two, rio
from theory.sharpened_lemmas import SHARP_MOMENT_MCDIARMID, TREE_MOMENT
from theory.sharpened_proof import moment_bound, tree_moment
from theory.symbols import p
from theory.tested_lemmas import GAUSSIAN_TV_LARGER

DERIVATIONS = {
    "rio": rio(),
    "bounded differences": moment_mcdiarmid(),
    "tree": tree_moment(),
    "sharpened": moment_bound(SHARPENED),
    "published": moment_bound(PUBLISHED),
    "near Gaussians": near_gaussians(),
}
CONCLUDED = {
    "rio": RIO.bound,
    "bounded differences": SHARP_MOMENT_MCDIARMID.bound,
    "tree": TREE_MOMENT.bound,
    "sharpened": BKZ_MOMENT.with_constants(SHARPENED),
    "published": BKZ_MOMENT.with_constants(PUBLISHED),
    "near Gaussians": GAUSSIAN_TV_LARGER.bound,
}
AXIOMS = {
    "rio": {"L0-Hoelder"},
    "bounded differences": {"L3"},
    "tree": {"L6"},
    "sharpened": set(),
    "published": set(),
    "near Gaussians": {"L7"},
}
STATED = [
    pytest.param(name, step.name, quantity, id=f"{name}:{step.name}:{quantity}")
    for name, derivation in DERIVATIONS.items()
    for step in derivation.steps
    for quantity in step.stated
]


def failing_steps(derivation: Derivation) -> list[str]:
    return list(dict.fromkeys(failure.step for failure in derivation.failures()))


@pytest.mark.parametrize("name", DERIVATIONS)
def test_derivation_holds_and_concludes_the_lemma(name):
    derivation = DERIVATIONS[name]
    assert derivation.failures() == ()
    assert agree(derivation.conclusion, CONCLUDED[name])


@pytest.mark.parametrize("name", DERIVATIONS)
def test_axioms(name):
    known = {"L6"} if RIO.sureness != "derived" else set()
    assert {lemma.key for lemma in DERIVATIONS[name].axioms} == (AXIOMS[name] - {"L6"}) | (AXIOMS[name] & known)


@pytest.mark.parametrize(("name", "step", "quantity"), STATED)
@pytest.mark.parametrize("factor", [2, sp.Rational(1, 2)], ids=["double", "halve"])
def test_every_stated_constant_is_caught_in_its_own_step(name, step, quantity, factor):
    derivation = DERIVATIONS[name]
    original = derivation.step(step)
    value = sp.sympify(original.stated[quantity])
    wrong = value * factor if value != 0 else sp.sympify(factor)
    assert failing_steps(derivation.with_step(original.restate(quantity, wrong))) == [step]


@pytest.mark.parametrize(
    "constants",
    [
        {c_chaos: sp.Rational(7, 10), c_iid: sp.Integer(1)},
        {c_chaos: sp.Integer(1), c_iid: sp.Rational(99, 100)},
        {c_chaos: sp.Integer(-1), c_iid: sp.Integer(1)},
    ],
    ids=["chaos 0.7", "iid 0.99", "chaos -1"],
)
def test_constants_below_those_found_are_not_derived(constants):
    assert "larger constants" in failing_steps(moment_bound(constants))


def test_polynomials_that_are_negative_from_two_on_are_refused():
    assert nonnegative_from_two(p - 2)
    assert not nonnegative_from_two(p - sp.Rational(201, 100))
    assert not nonnegative_from_two(3 - p)


def test_conditional_means():
    """The rules, on g of three groups: centred in its own variable, differences not enlarged by averaging."""
    g = averaged()
    assert g.average(OWN).is_zero
    assert g.average("x").average("y") == averaged("y", "x")
    assert (g - g.average("x")).average("x").is_zero
    assert not (g - g.average("x")).average("y").is_zero
    assert (g + g - g) == g
    assert (g - g).is_zero
    assert g.difference("x", b) == b
    assert g.average("x").difference("x", b) == 0
    assert (g - g.average("y")).difference("x", b) == 2 * b
    assert g.depends_on("x")
    assert not g.average("x").depends_on("x")
