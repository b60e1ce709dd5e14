"""The kernel's word: what `coqc` accepts and refuses, the record, and what the command says where there is no kernel.

Tests that need the compiler are skipped, with this reason, where it is not installed.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
import sympy as sp

from gda import coqc
from gda.cli import main
from gda.kernel_record import (
    Entry,
    certificate_standing,
    keys,
    prelude,
    read_record,
    standing,
    standing_of,
    write_record,
)
from gda.prove import run
from numerics.certify import goal
from numerics.kernel_boxes import certificate_goals
from theory.kernel import Theorem, derivation_goals, step_goals
from theory.sgd_stability_proof import minimiser_derivation
from theory.stability_proof import general_bound

needs_coq = pytest.mark.skipif(shutil.which("coqc") is None, reason="coqc is not installed")

X = sp.Symbol("x", positive=True)
GUARDED = "intros.\nFail assumption. Fail reflexivity.\n"


def mutants():
    """Goals of steps with a wrong sign or a wrong constant, by what is wrong."""
    bound, sgd = general_bound(), minimiser_derivation()
    changed = {
        "sign of the curvature": (sgd.step("curvature"), "excess", sp.S.NegativeOne),
        "size of the distance": (sgd.step("exchange"), "distance", sp.Integer(2)),
        "sign of the cost of centring": (bound.step("centre S"), "all", sp.S.NegativeOne),
        "constant of McDiarmid": (bound.step("coupling"), "tail", sp.Rational(1, 2)),
        "weight of the divergence": (bound.step("divergence"), "bound", sp.Rational(1, 2)),
        "the bound, assembled": (bound.step("assembly"), "conclusion", sp.Rational(99, 100)),
    }
    return {
        name: step_goals("mutant", step.restate(quantity, factor * step.stated[quantity])).theorems[-1]
        for name, (step, quantity, factor) in changed.items()
    }


EMPTY = {
    "by reflexivity": Theorem("empty", ("reflexivity",), "forall x : R, x = x", GUARDED + "reflexivity."),
    "by assumption": Theorem("empty", ("assumption",), "forall x : R, 0 < x -> 0 < x", GUARDED + "assumption."),
    "contradictory hypotheses": Theorem(
        "empty",
        ("contradiction",),
        "forall x : R, 0 < x -> x < 0 -> x = 1",
        GUARDED + "lra.",
        ("exists x : R, 0 < x /\\ x < 0", "exists 1. repeat split; witness."),
    ),
}


@pytest.fixture(scope="module")
def answers():
    """One run of the compiler over good goals, wrong ones and empty ones."""
    good = [t for s in derivation_goals(minimiser_derivation()) for t in s.theorems]
    steps = [step_goals("good", general_bound().step(name)) for name in ("coupling", "divergence", "centre S", "union")]
    good += [t for s in steps for t in s.theorems]
    box = certificate_goals(goal(1 - X**2, {X: (1, sp.oo)}, name="a box without end")).theorems
    false = certificate_goals(goal(2 - sp.log(X), {X: (1, 2)}, name="false in a box")).theorems
    wrong = mutants()
    asked = [*good, *box, *false, *wrong.values(), *EMPTY.values()]
    said = {answer.theorem.key(""): answer for answer in coqc.prove(asked, jobs=2)}
    return {"good": [*good, *box], "false": false, "wrong": wrong, "said": said}


@needs_coq
def test_the_kernel_accepts_the_goals(answers):
    refused = [a for t in answers["good"] if not (a := answers["said"][t.key("")]).proved]
    assert not refused
    assert len(answers["good"]) > 8


@needs_coq
@pytest.mark.parametrize("name", sorted(mutants()))
def test_the_kernel_refuses_a_wrong_step(answers, name):
    answer = answers["said"][answers["wrong"][name].key("")]
    assert not answer.proved
    assert answer.reason


@needs_coq
@pytest.mark.parametrize("name", sorted(EMPTY))
def test_the_kernel_refuses_what_says_nothing(answers, name):
    assert not answers["said"][EMPTY[name].key("")].proved


@needs_coq
def test_the_kernel_refuses_a_false_box(answers):
    (theorem,) = answers["false"]
    assert not answers["said"][theorem.key("")].proved


@needs_coq
def test_the_verdict_falls_with_a_wrong_step(answers):
    good = minimiser_derivation()
    bad = good.with_step(good.step("curvature").restate("excess", -good.step("curvature").stated["excess"]))
    record = {t.key(prelude()): Entry(t.subject, t.part, answers["said"][t.key("")].proved) for t in answers["good"]}
    assert standing(good, record).checked == 3
    fallen = standing(bad, record)
    assert fallen.checked == 2
    assert fallen.stale
    assert all(text.startswith("curvature, excess") for text in fallen.stale)


def test_a_word_that_admits_is_refused():
    theorem = Theorem("s", ("p",), "forall x : R, x = 1", "Admitted.")
    with pytest.raises(coqc.KernelError, match="Admitted"):
        coqc.source("b0", [("t0", theorem)])


def test_foreign_axioms_are_found():
    printed = (
        "Axioms:\nClassicalDedekindReals.sig_not_dec : forall P : Prop, {~ ~ P} + {~ P}\n"
        "b0.trust_me : 0 = 1\nPrimFloat.add : x\nOther.long_name\n  : forall x : R,\n    x = x\n"
    )
    assert coqc.foreign_axioms(printed) == ("b0.trust_me", "Other.long_name")
    assert coqc.foreign_axioms("Closed under the global context\n") == ()
    with pytest.raises(coqc.KernelError):
        coqc.foreign_axioms("Error: something")


def test_the_record_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "kernel.json"
    record = {"b": Entry("s", ("p", "q"), True), "a": Entry("s", ("p",), False, "out of time")}
    write_record(record, path)
    assert read_record(path) == record
    assert read_record(tmp_path / "none.json") == {}
    path.write_text('{"goals": [{"key": 1}]}')
    with pytest.raises(ValueError, match=r"kernel\.json"):
        read_record(path)


def test_a_goal_changed_in_any_letter_is_stale():
    steps = derivation_goals(minimiser_derivation())
    theorems = [theorem for step in steps for theorem in step.theorems]
    record = {key: Entry(t.subject, t.part, True) for key, t in keys(theorems).items()}
    assert standing_of("s", steps, record).checked == 3
    longer = replace(theorems[0], script=theorems[0].script + " idtac.")
    assert longer.key(prelude()) not in record
    assert theorems[0].key(prelude() + " ") not in record
    found = standing_of("s", steps, {})
    assert (found.checked, len(found.stale)) == (0, len(theorems))


def test_the_committed_record_holds_the_general_bound():
    found = standing(general_bound())
    assert found.stale == ()
    assert found.checked == found.algebraic == 14


def test_a_certificate_is_looked_up_by_its_goal():
    claim = goal(1 - X**2, {X: (1, sp.oo)}, name="one box")
    (theorem,) = certificate_goals(claim).theorems
    record = {theorem.key(prelude()): Entry("one box", ("one box",), True)}
    assert certificate_standing(claim, record=record).checked == 1
    assert certificate_standing(goal(1 - X**3, {X: (1, sp.oo)}, name="one box"), record=record).checked == 0


def test_where_there_is_no_kernel_it_is_said(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(coqc.shutil, "which", lambda _name: None)
    said = []
    path = tmp_path / "kernel.json"
    code = run(None, everything=True, jobs=1, as_json=False, say=said.append, tell=said.append, path=path)
    assert code == 0
    assert said == ["coqc not found: skipped (Debian: apt-get install coq libcoq-interval)"]
    assert not path.exists()
    assert main(["prove"]) == 0
    assert "skipped" in capsys.readouterr().out


def test_bad_input_is_told_in_one_line(capsys):
    assert main(["prove", "--jobs", "0"]) == 2
    assert capsys.readouterr().err == "gda: --jobs must be >= 1. Found 0.\n"


def test_the_record_is_sorted_and_its_keys_are_hashes():
    record = read_record()
    assert len(record) > 300
    assert all(len(key) == 64 for key in record)
    path = coqc.Path(__file__).parents[2] / "gda" / "data" / "kernel.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["goals"]
    order = [(row["subject"], row["part"], row["key"]) for row in rows]
    assert order == sorted(order)
