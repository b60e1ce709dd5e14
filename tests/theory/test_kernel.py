"""Goals for the proof kernel: what is printed, what is refused, what a changed step does to its goal."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sympy as sp

from theory.arises import Equality, Inequality, Solves, Total, Value, added, put, times
from theory.coq import NoCoqError, Printer
from theory.coq_positive import Ends, negative_script
from theory.coq_proofs import Equation
from theory.derivations import makers
from theory.functions import n_ceil_log2
from theory.kernel import GUARD, derivation_goals, step_goals
from theory.kernel_writer import identity
from theory.sgd_stability_proof import minimiser_derivation
from theory.stability_proof import general_bound, ordinary_bound
from theory.symbols import M, beta, delta, m_G, m_S

X, Y = sp.symbols("x y", positive=True)
FREE = sp.Symbol("free", real=True)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (sp.Rational(-1, 3), "(- (1 / 3))"),
        (X**3, "(x ^ 3)"),
        (X / Y, "(x / y)"),
        (X / Y**2, "(x / (y ^ 2))"),
        (sp.sqrt(X), "(sqrt x)"),
        (X ** sp.Rational(3, 2), "((sqrt x) ^ 3)"),
        (1 / sp.sqrt(X), "(/ (sqrt x))"),
        (X ** sp.Rational(1, 4), "(sqrt (sqrt x))"),
        (X**Y, "(Rpower x y)"),
        (sp.log(sp.E / X), "(ln ((exp 1) / x))"),
        (sp.Min(X, Y), "(Rmin x y)"),
        (sp.Abs(FREE), "(Rabs free)"),
        (n_ceil_log2(m_G), "(n_ceil_log2 m_G)"),
        (sp.exp(-X), "(exp ((- 1) * x))"),
    ],
    ids=str,
)
def test_printed_as_it_stands(expression, text):
    assert Printer().text(expression) == text


def test_unevaluated_sums_keep_their_terms():
    assert Printer().text(added([X, X])) == "(x + x)"
    assert Printer().text(put(X * Y + X, {X: sp.Integer(2)})) in ("((2 * y) + 2)", "(2 + (2 * y))")


@pytest.mark.parametrize(
    "expression",
    [sp.Piecewise((X, X > 1), (Y, True)), sp.Integral(X, (X, 0, 1)), sp.gamma(X), sp.oo, sp.I * X],
    ids=str,
)
def test_what_has_no_counterpart_is_refused(expression):
    with pytest.raises(NoCoqError):
        Printer().text(expression)


def test_conditions_for_a_value_become_hypotheses():
    theorem = identity("s", ("p",), 1 / (FREE - 1) - 1 / FREE, 1 / (FREE * (FREE - 1)))
    assert "((- 1) + free) <> 0" in theorem.statement
    assert "free <> 0" in theorem.statement
    assert theorem.witness[0].startswith("exists")


def test_sides_written_alike_are_refused():
    with pytest.raises(NoCoqError, match="written alike"):
        identity("s", ("p",), X + Y, Y + X)


def test_symbols_of_one_name_are_told_apart():
    plain, positive = sp.Symbol("x", real=True), X
    printer = Printer()
    assert printer.text(plain) != printer.text(positive)


def test_a_name_cannot_leave_its_place():
    hostile = sp.Symbol("x. Admitted. Axiom a : False", real=True)
    assert Printer().text(hostile) == "x_Admitted_Axiom_a_False"
    assert Printer().text(sp.Symbol("exp", real=True)) == "exp_"


def test_every_script_asks_first_whether_the_goal_says_nothing():
    chains = (general_bound(), ordinary_bound(), minimiser_derivation())
    goals = [step for chain in chains for step in derivation_goals(chain)]
    theorems = [theorem for step in goals for theorem in step.theorems]
    assert len(theorems) > 30
    for theorem in theorems:
        assert theorem.script.split("\n")[1] == GUARD
        assert ("->" not in theorem.statement) or theorem.witness[0]
        hypotheses, _, conclusion = theorem.statement.rpartition(" -> ")
        assert conclusion not in hypotheses.split(" -> ")


def test_every_step_has_a_theorem_or_a_reason():
    for chain in (general_bound(), minimiser_derivation()):
        for goals, step in zip(derivation_goals(chain), chain.steps, strict=True):
            parts = {theorem.part[1] for theorem in goals.theorems} | {refusal.part[1] for refusal in goals.refusals}
            assert parts >= set(step.stated)
            assert all(refusal.reason for refusal in goals.refusals)


@pytest.mark.parametrize(
    ("step", "quantity"),
    [("tail S", "tail"), ("centre S", "all"), ("coupling", "tail"), ("divergence", "bound"), ("union", "failure")],
)
def test_a_wrong_sign_changes_the_goal(step, quantity):
    good = general_bound().step(step)
    bad = good.restate(quantity, -good.stated[quantity])
    before, after = (
        {t.part: t.key("") for t in step_goals("s", each).theorems if t.part[1] == quantity} for each in (good, bad)
    )
    assert before
    assert all(after[part] != key for part, key in before.items())


def test_the_lemma_is_a_hypothesis_for_all_its_letters():
    (theorem,) = (t for t in step_goals("s", general_bound().step("coupling")).theorems if t.part[2:] == ("by L3",))
    assert "forall c delta n found_0 : R" in theorem.statement
    assert "-> bounded (2 * beta * m_S) ((1 / 3) * delta) m_G <= " in theorem.statement
    assert theorem.statement.endswith("(sqrt (ln (6 / delta))))")


def test_a_bound_is_assembled_from_lemmas_and_parts():
    (last,) = (goals for goals in derivation_goals(general_bound()) if goals.name == "assembly")
    (theorem,) = (theorem for theorem in last.theorems if theorem.part[1:] == ("conclusion", "arises"))
    for key in ("L2", "L3", "L4"):
        assert f"bounded_{key}" in theorem.statement
    assert "(m_G + m_S) * error = part_0 + part_1 + part_2 + part_3 + part_4 + part_5" in theorem.statement
    assert "-> Rabs error <= " in theorem.statement


def test_arising_by_value_equation_and_sum():
    step = minimiser_derivation().step("exchange")
    assert isinstance(step.arises["distance"], Solves)
    (theorem,) = step_goals("s", step).theorems
    assert theorem.statement.endswith("= 0")
    assert Value(X**2, {X: Y}).at == {X: Y}
    assert Total(X, Y, Y).term == X
    assert Equality(X, Y).left == X


def test_a_sign_is_not_shown_for_a_false_inequality():
    box = {X: Ends(sp.Integer(1))}
    assert "lra" in negative_script(1 - X**2, box, Printer().names, strict=False)
    with pytest.raises(NoCoqError):
        negative_script(2 - X**2, box, Printer().names, strict=False)
    with pytest.raises(NoCoqError):
        negative_script(X**2 - 1, box, Printer().names, strict=False)
    with pytest.raises(NoCoqError):
        negative_script(1 - X, box, Printer().names, strict=True)


def test_an_equation_names_the_square_of_a_root():
    script = Equation(Printer().names).script(sp.sqrt(X) ** 3 / X, sp.sqrt(X))
    assert "(sqrt x)" in script


def test_derivations_are_found_where_they_are_written():
    names = [f"{make.func.__module__}.{make.func.__name__}" for make in makers()]
    assert "theory.stability_proof.general_bound" in names
    assert names.count("theory.tight_proof.martingale_bound") == 2
    assert len(set(names)) > 30


def test_goals_do_not_depend_on_the_order_of_hashes():
    code = (
        "from theory.kernel import derivation_goals; from theory.stability_proof import general_bound;"
        "from theory.network import network_constants as network;"
        "print([t.key('') for c in (general_bound(), network()) for s in derivation_goals(c) for t in s.theorems])"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_an_inequality_keeps_what_is_given():
    step = general_bound().step("union")
    claim = Inequality(sp.S.Zero, m_S - 6, given=(m_S - 7,))
    goals = step_goals("s", type(step)(**{**vars(step), "claims": {"large": claim}}))
    (theorem,) = (t for t in goals.theorems if t.part[1] == "large")
    assert "0 <= ((- 7) + m_S)" in theorem.statement
    assert times(beta, M, delta) == sp.Mul(beta, M, delta, evaluate=False)
