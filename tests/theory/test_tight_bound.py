"""The tighter forms: their derivations hold, and every constant, changed, is caught in the step where it arises."""

import math
from dataclasses import replace

import pytest
import sympy as sp

from theory import tight_half_proof, tight_moments_proof, tight_proof
from theory.cited import CITED
from theory.concentration import AZUMA_HOEFFDING, DRAW_BY_DRAW, draw_by_draw
from theory.coupling import TAU, sample_shift
from theory.derivation import Derivation, agree
from theory.functionals import UndecidedError, combine, mean, substitute_training
from theory.lemmas import PUBLISHED, SHARPENED, a, b, n
from theory.stability import explicit_form
from theory.stability_proof import AUGMENTED, G_J, decompose
from theory.symbols import D_TV, T_1, M, T, beta, delta, m_G, m_S
from theory.tight_bound import (
    SHARES,
    TIGHT_TERM_MEANINGS,
    best_bound,
    bound_by,
    coupled_form,
    half_centred_form,
    martingale_form,
    ordered_form,
    split_form,
    squared_ladder,
    tighter_forms,
    trivial_form,
    variance_form,
)
from theory.tight_half_proof import HalfCentred, half_centred_bound, trivial_bound, variance_bound
from theory.tight_moments_proof import best_choice, coupled_bound, split_bound
from theory.tight_ordered_proof import ordered_bound
from theory.tight_proof import COUPLED, martingale_bound, sums
from theory.variance import VARIANCE_OF_RESTS, variance_of_rests

NOTHING = sp.Integer(0)
DERIVATIONS = {
    "martingale": martingale_bound(),
    "martingale, m_G = 0": martingale_bound(size=NOTHING),
    "ordered": ordered_bound(),
    "ordered, m_G = 0": ordered_bound(size=NOTHING),
    "coupled": coupled_bound(),
    "split": split_bound(),
    "split, m_G = 0": split_bound(size=NOTHING),
    "draw by draw": draw_by_draw(),
    "half-centred": half_centred_bound(),
    "half-centred, m_G = 0": half_centred_bound(size=NOTHING),
    "variance": variance_bound(),
    "variance, m_G = 0": variance_bound(size=NOTHING),
    "variance, a small share": variance_bound(share=SHARES[-1]),
    "variance of rests": variance_of_rests(),
    "trivial": trivial_bound(),
    "trivial, m_G = 0": trivial_bound(size=NOTHING),
    "best": best_choice(),
}
CONCLUDED = {
    "martingale": martingale_form(),
    "ordered": ordered_form(),
    "coupled": coupled_form(None),
    "split": split_form(None),
    "half-centred": half_centred_form(),
    "variance": variance_form(),
    "variance, a small share": variance_form(SHARES[-1]),
    "trivial": trivial_form(),
}
STATED = [
    pytest.param(name, step.name, quantity, id=f"{name}:{step.name}:{quantity}")
    for name, derivation in DERIVATIONS.items()
    if name not in ("variance, a small share", "half-centred, m_G = 0", "trivial, m_G = 0")  # steps of their namesakes
    for step in derivation.steps
    for quantity in step.stated
]
POINT = {M: 1, beta: sp.Rational(1, 6), D_TV: sp.Rational(1, 2), T: sp.Rational(1, 4), T_1: sp.Rational(1, 8)}
POINT |= {m_S: 4, m_G: 2, delta: 2 / sp.E**2}


FOUND = {id(step): step.failures() for derivation in DERIVATIONS.values() for step in derivation.steps}
"""What is wrong with the steps as they are derived, once: a mutant of one step shares all the others."""


def failing_steps(derivation: Derivation) -> list[str]:
    return list(dict.fromkeys(failure.step for failure in derivation.failures()))


def failing_steps_of_mutant(derivation: Derivation) -> list[str]:
    found = (FOUND[id(step)] if id(step) in FOUND else step.failures() for step in derivation.steps)
    return list(dict.fromkeys(failure.step for failures in found for failure in failures))


@pytest.mark.parametrize("name", DERIVATIONS)
def test_derivation_holds(name):
    assert DERIVATIONS[name].failures() == ()


@pytest.mark.parametrize(("name", "step", "quantity"), STATED)
@pytest.mark.parametrize("factor", [2, sp.Rational(1, 2)], ids=["double", "halve"])
def test_every_stated_constant_is_caught_in_its_own_step(name, step, quantity, factor):
    derivation = DERIVATIONS[name]
    original = derivation.step(step)
    value = sp.sympify(original.stated[quantity])
    wrong = value * factor if value != 0 else beta * factor
    assert failing_steps_of_mutant(derivation.with_step(original.restate(quantity, wrong))) == [step]


# A plausible slip in each constant: (derivation, step, quantity, wrong value).
SLIPS = {
    "width of the sample times its TV, twice": ("martingale", "shift", "width times TV", 2 * M * T),
    "one draw where there are m_G": ("martingale", "shift", "draw by draw", beta * T_1),
    "the larger of the two": ("martingale", "shift", "tau", sp.Max(M * T, AUGMENTED * beta * T_1)),
    "the risk learns, too": ("martingale", "mean S_G", "each", 2 * beta),
    "the generator forgotten": ("martingale", "mean S", "each", beta),
    "the own term moves by M only": ("martingale", "range S", "own term", M),
    "the risk stands still": ("martingale", "range S", "another term", beta + TAU),
    "2 m_S - 2": ("martingale", "range S", "range", M + (2 * m_S - 2) * (beta + TAU)),
    "2 m_S + 1": ("martingale", "range S", "range", M + (2 * m_S + 1) * (beta + TAU)),
    "the sum over S forgotten": ("martingale", "range S_G", "range", M + (2 * AUGMENTED - 1) * beta),
    "tau over S_G": ("martingale", "range S_G", "own term", M + beta + TAU),
    "one-sided": ("martingale, m_G = 0", "martingale", "tail", M * sp.sqrt(m_S * sp.log(1 / delta) / 2)),
    "ranges taken for bounds": ("martingale, m_G = 0", "martingale", "tail", M * sp.sqrt(2 * m_S * sp.log(2 / delta))),
    "centring paid once": ("ordered", "centre S", "each", beta + TAU),
    "later terms moved": ("ordered, m_G = 0", "ranges S", "squares", m_S * (M + 2 * (m_S - 1) * beta) ** 2),
    "one step short": ("ordered, m_G = 0", "ranges S", "squares", squared_ladder(M, 2 * beta, m_S - 1)),
    "the risk centred, too": ("half-centred", "half-centre S", "each", 2 * (beta + TAU)),
    "nothing of the generator in the loss": ("half-centred", "half-centre S", "each", beta),
    "the risk stands still at its own example": ("half-centred", "ranges S", "own term", M),
    "the sum over S forgotten, half-centred": ("half-centred", "ranges S_G", "sum over S", NOTHING),
    "no part of the risk in first order": ("variance", "first order S", "own term", M),
    "first order in the others": ("variance", "first order S", "another term", 2 * (beta + TAU)),
    "the risk does not move the rest": ("variance", "rest S_G", "difference", beta),
    "n^2 for n (n - 1)": ("variance, m_G = 0", "rest S", "second moment", 2 * m_S**2 * beta**2),
    "the whole delta for the rest": ("variance", "rests", "probability", delta),
    "a part shared by pairs only": ("variance of rests", "parts", "weight of a pair, over its count", sp.Integer(1)),
    "the square of the change for its quarter": ("variance of rests", "changes", "V_i", (n - 1) * b**2),
    "twice M": ("trivial", "interval", "conclusion", 2 * M),
    "M where nothing is of first order": ("split", "first order S", "with another example", 2 * beta),
    "three events": ("split", "union", "events", sp.Integer(3)),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_plausible_slip_is_caught_where_it_is_made(slip):
    name, step, quantity, wrong = SLIPS[slip]
    derivation = DERIVATIONS[name]
    assert not agree(derivation.step(step).stated[quantity], wrong)
    assert failing_steps_of_mutant(derivation.with_step(derivation.step(step).restate(quantity, wrong))) == [step]


PROOFS = [martingale_bound, ordered_bound, coupled_bound, split_bound, half_centred_bound, variance_bound]


@pytest.mark.parametrize("prove", PROOFS)
@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({"stability": 2 * beta}, "shift"),
        ({"dependence": 2 * T}, "shift"),
        ({"draw_dependence": 2 * T_1}, "shift"),
        ({"draws": AUGMENTED + 1}, "shift"),
        ({"loss_upper": 2 * M}, "divergence"),
        ({"loss_lower": -M}, "divergence"),
    ],
    ids=str,
)
def test_a_wrong_premise_is_caught_in_the_first_step_that_uses_it(prove, change, first):
    derivation = prove(replace(COUPLED, **change))
    assert next(step.name for step in derivation.steps if step.failures()) == first


def test_without_a_premise_on_the_generator_nothing_is_bounded():
    with pytest.raises(UndecidedError):
        martingale_bound(replace(COUPLED, dependence=None))


def test_the_mean_given_S_has_to_be_taken_off(monkeypatch):
    """Without it each real example moves the mean of the sum over S_G besides, which the range over S leaves out."""
    monkeypatch.setattr(tight_proof, "centre_of_generated", lambda term: (combine(()), combine([(1, term)])))
    derivation = martingale_bound()
    assert failing_steps(derivation)[0] == "range S_G"
    assert any("adds nothing" in failure.reason for failure in derivation.failures())


@pytest.mark.parametrize(
    ("prove", "module", "step"),
    [
        (martingale_bound, tight_proof, "martingale"),
        (ordered_bound, tight_proof, "martingale"),
        (split_bound, tight_moments_proof, "martingale"),
        (half_centred_bound, tight_proof, "martingale"),
        (variance_bound, tight_proof, "martingale"),
    ],
)
def test_another_concentration_inequality_is_caught(prove, module, step, monkeypatch):
    monkeypatch.setattr(module, "AZUMA_HOEFFDING", replace(AZUMA_HOEFFDING, bound=2 * AZUMA_HOEFFDING.bound))
    assert failing_steps(prove())[0] == step


def test_another_variance_is_caught(monkeypatch):
    wrong = replace(VARIANCE_OF_RESTS, bound=VARIANCE_OF_RESTS.bound / 2)
    monkeypatch.setattr(tight_half_proof, "VARIANCE_OF_RESTS", wrong)
    assert failing_steps(variance_bound())[0] == "rest S_G"


@pytest.mark.parametrize("prove", [half_centred_bound, variance_bound])
@pytest.mark.parametrize("slip", ["the loss still learns from its own example", "the risk learns from nothing"])
def test_half_centred_terms_have_to_average_to_zero(prove, slip, monkeypatch):
    def centred(family):
        loss = tight_proof.tested_loss(family)
        copied = substitute_training(loss, family.own, family.ghost)
        averaged = mean(family.ghost, family.laws[family.ghost], copied)
        risk = combine([(1, family.term), (1, loss)])
        if slip == "the loss still learns from its own example":
            return combine([(1, risk), (-1, mean(family.ghost, family.laws[family.ghost], loss))])
        return combine([(-1, averaged)])

    monkeypatch.setattr(HalfCentred, "centred", centred)
    failures = prove().failures()
    assert any("average to zero" in failure.reason for failure in failures)


def test_what_is_tested_on_one_law_and_learned_from_another_is_not_centred():
    """The data's own example with a copy from the generator: the two may not be exchanged."""
    real = sums(NOTHING).families[0]
    laws = {**real.laws, real.ghost: real.laws[G_J]}
    for family_laws, left in ((real.laws, NOTHING), (laws, sp.Symbol("E[g_i | Z_-i]"))):
        family = HalfCentred(
            real.label, real.term, real.own, real.ghost, real.others, real.given, real.count, family_laws
        )
        assert family.centring_remainder() == left


@pytest.mark.parametrize("share", [NOTHING, sp.Integer(1)])
def test_all_of_delta_cannot_go_to_one_event(share):
    assert variance_bound(share=share).failures()


def test_trivial_needs_a_loss_from_zero_on():
    assert trivial_bound(replace(COUPLED, loss_lower=-M)).failures()


@pytest.mark.parametrize("prove", [martingale_bound, ordered_bound, split_bound, half_centred_bound, variance_bound])
def test_one_term_too_many_is_caught(prove, monkeypatch):
    def longer(size, f=decompose):
        split = f(size)
        return replace(split, count_S=split.count_S + 1)

    monkeypatch.setattr(tight_proof, "decompose", longer)
    assert failing_steps(prove())[0] == "decomposition"


def test_the_squares_of_the_ranges_are_met_up_to_their_sum_and_not_beyond():
    letters = {a: beta}
    assert AZUMA_HOEFFDING.apply(letters, {"martingale": True, "ranges": beta}).holds
    assert not AZUMA_HOEFFDING.apply(letters, {"martingale": True, "ranges": 2 * beta}).holds
    assert not AZUMA_HOEFFDING.apply(letters, {"martingale": False, "ranges": beta}).holds


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_the_ladder_is_a_sum_of_squares(count):
    assert agree(squared_ladder(M, beta, sp.Integer(count)), sum((M + i * beta) ** 2 for i in range(count)))


@pytest.mark.parametrize("name", CONCLUDED)
def test_the_form_as_stated_is_what_its_proof_concludes(name):
    assert agree(DERIVATIONS[name].conclusion, CONCLUDED[name].subs({m_G: AUGMENTED}).total)


def test_the_martingale_form_at_a_point():
    """By hand: m_S = 4, m_G = 2, tau = min(1/4, 1/24), log(2/delta) = 2."""
    b, tau = 1 / 6, 1 / 24
    squares = 4 * (1 + 7 * (b + tau)) ** 2 + 2 * (1 + 11 * b) ** 2
    by_hand = (2 * 0.5 + 6 * b + 4 * tau + squares**0.5) / 6
    assert float(martingale_form().total.subs(POINT)) == pytest.approx(by_hand, rel=1e-14)


def test_the_ordered_form_at_a_point():
    b, tau = 1 / 6, 1 / 24
    ladder_S = sum((1 + 2 * i * (b + tau)) ** 2 for i in range(4))
    ladder_G = sum((1 + 8 * b + 2 * i * b) ** 2 for i in range(2))
    by_hand = (2 * 0.5 + 12 * b + 8 * tau + (ladder_S + ladder_G) ** 0.5) / 6
    assert float(ordered_form().total.subs(POINT)) == pytest.approx(by_hand, rel=1e-14)


def test_the_half_centred_form_at_a_point():
    b, tau = 1 / 6, 1 / 24
    ladder_S = sum((1 + (2 * i - 1) * (b + tau)) ** 2 for i in (1, 2, 3, 4))
    ladder_G = sum((1 + 8 * b + (2 * j - 1) * b) ** 2 for j in (1, 2))
    by_hand = (2 * 0.5 + 6 * b + 4 * tau + (ladder_S + ladder_G) ** 0.5) / 6
    assert float(half_centred_form().total.subs(POINT)) == pytest.approx(by_hand, rel=1e-14)


def test_the_variance_form_at_a_point():
    """By hand, half of delta = 2/e^2 for each part, so that log(2/(delta/2)) = 2 + log 2."""
    b, tau = 1 / 6, 1 / 24
    first = (4 * (1 + b + tau) ** 2 + 2 * (1 + b + 8 * b) ** 2) * (2 + math.log(2)) / 2
    rest = (2 * 4 * 3 * (b + tau) ** 2 + 2 * 2 * 1 * b**2) * math.exp(2)
    by_hand = (2 * 0.5 + 6 * b + 4 * tau + first**0.5 + rest**0.5) / 6
    assert float(variance_form(sp.Rational(1, 2)).total.subs(POINT)) == pytest.approx(by_hand, rel=1e-14)


def test_half_centring_is_never_worse_than_no_centring():
    """The costs are the same; of the ranges each is the smaller by 2 (m - i)(beta + tau)."""
    i = sp.Symbol("i", integer=True, positive=True)
    for count, change, earlier in ((m_S, beta + TAU, NOTHING), (AUGMENTED, beta, 2 * m_S * beta)):
        half = squared_ladder(M + change + earlier, 2 * change, count)
        plain = count * (M + earlier + (2 * count - 1) * change) ** 2
        saved = sp.summation(
            sp.expand((M + earlier + (2 * count - 1) * change) ** 2 - (M + earlier + (2 * i - 1) * change) ** 2),
            (i, 1, count),
        )
        assert agree(plain - half, saved)
    costs = ("divergence", "stability_S", "stability_S_G", "dependence")
    assert all(agree(half_centred_form(TAU).terms[key], martingale_form(TAU).terms[key]) for key in costs)


def test_the_shift_is_never_more_than_what_the_explicit_form_charges():
    for constants in (None, PUBLISHED, SHARPENED):
        coupled, explicit = coupled_form(constants, M * T), explicit_form(constants)
        for key in explicit.terms:
            assert agree(coupled.subs({m_G: AUGMENTED}).terms[key], explicit.subs({m_G: AUGMENTED}).terms[key])
    assert sample_shift(AUGMENTED).subs(T_1, 1).subs({M: 1, T: sp.Rational(1, 2), beta: 1}) == sp.Rational(1, 2)


@pytest.mark.parametrize("bound", tighter_forms(), ids=lambda bound: bound.name)
def test_nothing_generated_leaves_nothing_of_the_generator(bound):
    assert not bound.subs({m_G: NOTHING}).total.has(T, T_1, D_TV)


SMOOTH = [martingale_form(), ordered_form(), split_form(), half_centred_form(), variance_form()]


@pytest.mark.parametrize("bound", SMOOTH, ids=lambda bound: bound.name)
def test_no_jump_at_no_augmentation(bound):
    """One generated example changes little where there are many real ones, each with a small share of the generator."""
    point = {**POINT, m_S: 10**6, beta: sp.Rational(1, 10**6), T_1: sp.Rational(1, 10**6), delta: sp.Rational(1, 20)}
    before, after = (float(bound.total.subs({**point, m_G: size})) for size in (0, 1))
    assert abs(after - before) < 1e-3 * before
    assert set(bound.terms) <= set(TIGHT_TERM_MEANINGS)


def test_the_best_is_the_smallest():
    best = best_bound().terms

    def value(point):  # by hand: SymPy takes long to compare what the Min holds
        return float(best["divergence"].subs(point)) + min(float(rest.subs(point)) for rest in best["smallest"].args)

    values = [float(form.total.subs(POINT)) for form in tighter_forms()]
    assert min(values) > 1 == pytest.approx(value(POINT), rel=1e-14)
    larger = {**POINT, m_S: 400, m_G: 200, beta: sp.Rational(1, 600), T_1: sp.Rational(1, 400)}
    values = [float(form.total.subs(larger)) for form in tighter_forms()]
    assert value(larger) == pytest.approx(min(values), rel=1e-14)
    assert min(values) < float(coupled_form(SHARPENED).total.subs(larger)) < float(explicit_form().total.subs(larger))


def test_each_form_is_the_smallest_somewhere():
    """But for the plain martingale, which the half-centred one replaces, and the coupled form."""
    found = set()
    for size in (1, 100, 10**4, 10**6, 10**9):
        for failure in (sp.Rational(1, 20), sp.Rational(1, 10**4), sp.Rational(1, 10**12)):
            point = {**POINT, m_S: size, m_G: 0, beta: sp.Rational(1, size), delta: failure}
            totals = {form.name: float(form.total.subs(point)) for form in (*tighter_forms(), trivial_form())}
            found.add(min(totals, key=totals.__getitem__))
    expected = (half_centred_form(), split_form(), *map(variance_form, SHARES), trivial_form())
    assert found == {form.name for form in expected}


def test_bounds_are_selected_by_name():
    assert bound_by("published").terms == explicit_form(PUBLISHED).terms
    assert bound_by("sharp").terms == coupled_form(SHARPENED).terms
    assert bound_by("best").terms == best_bound(SHARPENED).terms
    with pytest.raises(ValueError, match="'published', 'sharp' or 'best'"):
        bound_by("tight")


def test_what_the_forms_rest_on():
    axioms = {name: {lemma.key for lemma in derivation.axioms} for name, derivation in DERIVATIONS.items()}
    assert axioms["martingale"] == axioms["ordered"] == {"L4", "L11"}
    assert axioms["coupled"] == {"L3", "L4"}
    assert axioms["split"] == {"L4", "L11"}
    assert axioms["half-centred"] == {"L4", "L11"}
    assert axioms["variance"] == {"L0", "L4", "L11"}
    assert axioms["variance of rests"] == {"V1", "V2"}
    assert axioms["trivial"] == set()
    assert axioms["draw by draw"] == {"L12"}
    assert all(key in CITED for keys in axioms.values() for key in keys)
    assert CITED[DRAW_BY_DRAW.key].sureness == CITED[VARIANCE_OF_RESTS.key].sureness == "derived"


@pytest.mark.parametrize("name", DERIVATIONS)
def test_derivations_render(name):
    derivation = DERIVATIONS[name]
    assert derivation._repr_latex_().startswith("$")
    assert all(step.name in str(derivation) for step in derivation.steps)
