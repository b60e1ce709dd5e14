"""The derivations hold, and every constant that they derive is caught, when changed, in the step where it arises."""

import itertools
from dataclasses import replace

import pytest
import sympy as sp

from theory import families, lemma_proofs, order_form_proof, stability_proof
from theory.derivation import Derivation, agree
from theory.families import Stated, moment_step
from theory.foundations import lemmas_of
from theory.functionals import Law, UndecidedError, mean
from theory.lemmas import BKZ_MOMENT, MCDIARMID, MOMENTS_TO_TAILS, PUBLISHED, SHARPENED, TV_DUALITY, c_chaos, c_iid
from theory.stability import TERM_MEANINGS, effective_dependence, explicit_form, order_form
from theory.stability_proof import AUGMENTED, STANDARD, decompose, general_bound, ordinary_bound
from theory.symbols import D_TV, M, T, beta, delta, m_G, m_S

DERIVATIONS = {
    "general": general_bound(),
    "ordinary": ordinary_bound(),
    "moments_to_tails": lemma_proofs.moments_to_tails(),
    "order_form": order_form_proof.order_form_dominates(),
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
def test_derivation_holds(name):
    assert DERIVATIONS[name].failures() == ()


@pytest.mark.parametrize(("name", "step", "quantity"), STATED)
@pytest.mark.parametrize("mutate", [lambda e: 2 * e + beta / 7, lambda e: e / 2 + M], ids=["double", "halve"])
def test_every_stated_constant_is_caught_in_its_own_step(name, step, quantity, mutate):
    derivation = DERIVATIONS[name]
    original = derivation.step(step)
    mutant = derivation.with_step(original.restate(quantity, mutate(sp.sympify(original.stated[quantity]))))
    assert failing_steps(mutant) == [step]


# The constants that the theorem owes to its proof, each by a plausible slip: (step, quantity, wrong value).
SLIPS = {
    "stability counted once in the centring": ("centre S_G", "each", beta),
    "stability counted once in the difference": ("moments S_G", "difference", beta),
    "coupling counted once": ("coupling difference", "difference", m_S * beta),
    "the mean over S_G forgotten": ("centre S", "each", 2 * beta),
    "dependence counted once": ("moments S", "difference", 2 * beta + M * T),
    "McDiarmid without its 2": ("coupling", "tail", m_S * beta * sp.sqrt(AUGMENTED * sp.log(6 / delta))),
    "one-sided McDiarmid": ("coupling", "tail", m_S * beta * sp.sqrt(2 * AUGMENTED * sp.log(3 / delta))),
    "centring paid once, not for each term": ("centre S_G", "all", 2 * beta),
    "divergence with total variation as an L1 norm": ("divergence", "bound", 2 * AUGMENTED * M * D_TV),
    "two parts in the decomposition": ("decomposition", "weight of R_DG", sp.Integer(0)),
    "centring of S_G forgotten": (
        "bound S_G",
        "bound",
        Stated(AUGMENTED, 2 * beta).tail(delta / 3),
    ),
    "the terms' magnitude as 2M": ("moments S", "magnitude", 2 * M),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_plausible_slip_is_caught_where_it_is_made(slip):
    step, quantity, wrong = SLIPS[slip]
    derivation = DERIVATIONS["general"]
    assert not agree(derivation.step(step).stated[quantity], wrong)
    assert failing_steps(derivation.with_step(derivation.step(step).restate(quantity, wrong))) == [step]


@pytest.mark.parametrize(
    ("change", "first"),
    [
        ({"stability": 2 * beta}, "centre S_G"),
        ({"dependence": 2 * T}, "centre S"),
        ({"loss_upper": 2 * M}, "divergence"),
        ({"loss_lower": -M}, "divergence"),
    ],
    ids=lambda value: str(value),
)
def test_a_wrong_premise_is_caught_in_the_first_step_that_uses_it(change, first):
    assert failing_steps(general_bound(replace(STANDARD, **change)))[0] == first


@pytest.mark.parametrize("share", [delta, delta / 2, delta / 4])
def test_a_wrong_split_of_delta_is_caught_in_the_union_bound(share):
    assert failing_steps(general_bound(share=share))[0] == "union"


def patched_family(change):
    """Return a change of every family of the proof."""

    def patch(monkeypatch):
        for name in ("generated_family", "real_family"):
            original = getattr(stability_proof, name)
            monkeypatch.setattr(stability_proof, name, lambda *a, f=original: change(f(*a)))

    return patch


def patched(module, name, value):
    return lambda monkeypatch: monkeypatch.setattr(module, name, value)


def law_of_another_generator(monkeypatch):
    other = Law("OTHER", of=stability_proof.REAL)
    laws = {**stability_proof.LAWS, stability_proof.G_J: other, stability_proof.G_REST: other}
    monkeypatch.setattr(stability_proof, "LAWS", laws)


# What the proof computes is changed, not what it states: the step that computes it has to object first.
COMPUTED = {
    "no mean over S_G": (patched(stability_proof, "averaged_term", lambda parts: parts.term_S), "centre S"),
    "a loss counted twice": (
        patched(stability_proof, "signed_error", lambda size, f=stability_proof.signed_error: f(2 * size)),
        "decomposition",
    ),
    "another generator's law": (law_of_another_generator, "decomposition"),
    "one term too many": (patched_family(lambda family: replace(family, count=family.count + 1)), "centre S_G"),
    "no centring": (patched(families.Family, "centred", lambda family: family.term), "moments S_G"),
    "given nothing": (patched_family(lambda family: replace(family, given=frozenset())), "moments S_G"),
    "the block's rest taken for the example": (
        patched_family(lambda family: replace(family, own=family.others, others=family.own)),
        "moments S_G",
    ),
    "moments of another lemma": (
        patched(families, "BKZ_MOMENT", replace(BKZ_MOMENT, bound=2 * BKZ_MOMENT.bound)),
        "moments S_G",
    ),
    "moments known only from p = 3": (
        patched(families, "BKZ_MOMENT", replace(BKZ_MOMENT, moments_from=sp.Integer(3))),
        "tail S_G",
    ),
    "tails of another lemma": (
        patched(families, "MOMENTS_TO_TAILS", replace(MOMENTS_TO_TAILS, bound=2 * MOMENTS_TO_TAILS.bound)),
        "tail S_G",
    ),
    "another McDiarmid": (
        patched(stability_proof, "MCDIARMID", replace(MCDIARMID, bound=sp.sqrt(2) * MCDIARMID.bound)),
        "coupling",
    ),
    "another duality": (
        patched(stability_proof, "TV_DUALITY", replace(TV_DUALITY, bound=2 * TV_DUALITY.bound)),
        "divergence",
    ),
}


@pytest.mark.parametrize("change", COMPUTED)
def test_a_change_of_what_is_computed_is_caught_in_its_own_step(change, monkeypatch):
    patch, step = COMPUTED[change]
    assert failing_steps(general_bound()) == []
    patch(monkeypatch)
    assert failing_steps(general_bound())[0] == step


def test_without_the_mean_over_S_G_the_real_terms_are_not_functions_of_independent_examples():
    """They depend on S_G, whose law depends on S: lemma L1 does not apply, whatever differences are stated."""
    parts = decompose(AUGMENTED)
    step = moment_step(stability_proof.real_family(parts, parts.term_S), STANDARD, Stated(m_S, 2 * beta), ())
    assert any("independent" in failure.reason for failure in step.failures())


def test_generated_examples_are_not_independent_unless_S_is_fixed():
    parts = decompose(AUGMENTED)
    family = replace(stability_proof.generated_family(parts), given=frozenset())
    step = moment_step(family, STANDARD, Stated(AUGMENTED, 2 * beta), ())
    assert any("independent" in failure.reason for failure in step.failures())


def test_a_block_is_not_independent_given_what_was_drawn_from_it():
    parts = decompose(AUGMENTED)
    family = stability_proof.real_family(parts, stability_proof.averaged_term(parts))
    assert family.independent()
    assert not replace(family, given=frozenset({stability_proof.GENERATED_SAMPLE})).independent()


@pytest.mark.parametrize(
    ("lemma", "limits"),
    [
        (BKZ_MOMENT, {"conditional mean": "M", "centred": "0", "difference": "b"}),
        (MOMENTS_TO_TAILS, {"moments from": "2"}),
        (MCDIARMID, {"difference": "c"}),
        (TV_DUALITY, {"width": "width"}),
    ],
    ids=lambda value: getattr(value, "key", ""),
)
def test_what_the_lemmas_ask_for(lemma, limits):
    assert {h.name: str(h.at_most) for h in lemma.hypotheses if h.at_most is not None} == limits


@pytest.mark.parametrize(("lemma", "name"), [(MCDIARMID, "difference"), (TV_DUALITY, "width")])
def test_a_hypothesis_is_met_up_to_its_limit_and_not_beyond(lemma, name):
    (letter,) = (h.at_most for h in lemma.hypotheses if h.name == name)
    supplied = {h.name: True for h in lemma.hypotheses}
    assert lemma.apply({letter: beta}, {**supplied, name: beta / 2}).holds
    assert not lemma.apply({letter: beta}, {**supplied, name: 2 * beta}).holds
    assert not lemma.apply({letter: beta}, {**supplied, name: M}).holds  # not comparable: not met


def test_an_undecided_condition_does_not_pass():
    step = replace(DERIVATIONS["moments_to_tails"].steps[1], conditions={"who knows": None})
    assert any("who knows" in failure.reason for failure in step.failures())


def test_a_wrong_conclusion_is_caught():
    for derivation in DERIVATIONS.values():
        last = derivation.steps[-1]
        halved = replace(last, computed={**last.computed, "conclusion": last.computed["conclusion"] / 2})
        assert failing_steps(derivation.with_step(halved)) == [last.name]


def test_without_a_premise_on_the_generator_the_sum_over_S_cannot_be_bounded():
    with pytest.raises(UndecidedError, match="D_G"):
        general_bound(replace(STANDARD, dependence=None))


def test_a_law_of_one_draw_is_not_bounded_by_the_dependence_of_the_sample():
    inner = Law("D_G", stability_proof.REAL)
    term = mean(stability_proof.GENERATED_SAMPLE, inner, decompose(AUGMENTED).term_S)
    with pytest.raises(UndecidedError):
        STANDARD.difference(term, stability_proof.S_I)


def test_a_step_must_use_earlier_steps_only():
    derivation = DERIVATIONS["general"]
    backwards = replace(derivation, steps=(*derivation.steps[-2::-1], derivation.steps[-1]))
    assert any("no earlier step" in failure.reason for failure in backwards.failures())


def test_the_theorem_as_stated_is_what_the_proof_concludes():
    for derivation, size in ((DERIVATIONS["general"], AUGMENTED), (DERIVATIONS["ordinary"], 0)):
        stated = explicit_form(None).subs({m_G: size}).total
        assert agree(derivation.conclusion, stated)


def test_verdicts_can_list_the_axioms():
    assert {lemma.key for lemma in lemmas_of(DERIVATIONS["general"])} == {"L1", "L2", "L3", "L4"}
    assert {lemma.key for lemma in DERIVATIONS["moments_to_tails"].axioms} == {"L0"}


def test_both_sets_of_constants_are_instances_of_one_theorem():
    symbolic = explicit_form(None)
    for constants in (PUBLISHED, SHARPENED):
        for key, term in explicit_form(constants).terms.items():
            assert agree(symbolic.terms[key].subs(constants), term)
    point = {m_S: 100, m_G: 50, M: 1, beta: sp.Rational(1, 100), D_TV: 0, T: 0, delta: sp.Rational(1, 20)}
    assert explicit_form(SHARPENED).total.subs(point) < explicit_form(PUBLISHED).total.subs(point)


def test_nothing_generated_leaves_nothing_of_the_generator():
    for bound in (explicit_form(), order_form()):
        reduced = bound.subs({m_G: 0})
        assert set(reduced.terms) == set(TERM_MEANINGS)
        assert not reduced.total.has(T, D_TV)
        assert all(reduced.terms[key] == 0 for key in ("divergence", "sampling_S_G", "stability_S_G", "coupling"))
    assert effective_dependence().subs(m_G, 0) == 0


def test_the_published_explicit_form_at_a_point():
    """The formula of the theorem evaluated by hand at one point, m_S = 4, m_G = 2, all else simple."""
    point = {
        m_S: 4,
        m_G: 2,
        M: 1,
        beta: sp.Rational(1, 6),
        D_TV: sp.Rational(1, 2),
        T: sp.Rational(1, 4),
        delta: 3 / sp.E,
    }
    share = 1 / sp.E
    log_tail, log_two = 2, sp.log(2 * sp.E)
    assert agree(sp.log(sp.E / share), log_tail)
    by_hand = (
        2 * sp.Rational(1, 2)
        + sp.Rational(1, 6) * 4 * sp.sqrt(2 * 2 * log_two)
        + 2 * 4 * (sp.Rational(1, 6) + sp.Rational(1, 4))
        + sp.E * (4 * sp.sqrt(4 * 2) + 24 * sp.sqrt(2) * 4 * (sp.Rational(1, 6) + sp.Rational(1, 4)) * 2 * 2)
        + 2 * 2 * sp.Rational(1, 6)
        + sp.E * (4 * sp.sqrt(2 * 2) + 24 * sp.sqrt(2) * 2 * sp.Rational(1, 6) * 1 * 2)
    ) / 6
    assert float(explicit_form().total.subs(point)) == pytest.approx(float(by_hand), rel=1e-14)


def test_the_order_form_constant_covers_both_instances():
    constant = DERIVATIONS["order_form"].conclusion
    values = {name: float(constant.subs(instance)) for name, instance in (("p", PUBLISHED), ("s", SHARPENED))}
    assert values["s"] < values["p"]
    for k in (1, 3, 17, 1000):
        point = {m_S: k, m_G: 2 * k, M: 1, beta: sp.Rational(1, k), D_TV: 1, T: 1, delta: sp.Rational(9, 10)}
        ratio = float(explicit_form().total.subs(point) / order_form().total.subs(point))
        assert 1 < ratio <= values["p"]


def test_an_order_term_that_does_not_cover_is_reported(monkeypatch):
    terms = dict(order_form().terms)
    terms["stability_S"] = terms["sampling_S"]
    monkeypatch.setattr(order_form_proof, "order_form", lambda: replace(order_form(), terms=terms))
    assert failing_steps(order_form_proof.order_form_dominates())[0] == "stability_S"


@pytest.mark.parametrize("name", DERIVATIONS)
def test_derivations_render(name):
    derivation = DERIVATIONS[name]
    assert derivation._repr_latex_().startswith("$")
    assert all(step.name in str(derivation) for step in derivation.steps)


@pytest.mark.parametrize("bound", [explicit_form(), explicit_form(None), order_form()], ids=lambda bound: bound.name)
def test_bounds_render(bound):
    assert "underbrace" in bound._repr_latex_()
    assert str(bound).count("\n") == len(TERM_MEANINGS)


def test_constants_are_the_printed_ones_and_those_of_the_proof():
    assert {c_chaos: 12 * sp.sqrt(2), c_iid: 4} == PUBLISHED
    assert {c_chaos: 1 / sp.sqrt(2), c_iid: 1} == SHARPENED


def test_no_smaller_constant_of_the_iid_part_could_be_true():
    """At p = 2, independent +-M give ||sum||_2 = M sqrt(p n)/sqrt(2): c_iid >= 1/sqrt(2), so 1/2 would be false."""
    n = 3
    second_moment = sum(sum(signs) ** 2 for signs in itertools.product((-1, 1), repeat=n)) / 2**n
    assert second_moment**0.5 <= float(SHARPENED[c_iid]) * (2 * n) ** 0.5
    assert second_moment**0.5 > 0.5 * (2 * n) ** 0.5
