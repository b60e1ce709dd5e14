"""`gda order` and `gda table`: answers that the parser reads back, and refusals in one line."""

import json

import pytest
import sympy as sp

from gda import cli
from theory.generators import GENERATORS
from theory.learners import LEARNERS
from theory.order import order_of
from theory.parse import parse_expression, parse_relation
from theory.setting import m

STABLE = ["order", "--beta", "1/m", "--tv", "m**-t", "--assume", "t>0"]


def run(capsys, *arguments):
    code = cli.main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def cases(capsys, *arguments):
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)["cases"]


FIELDS = {
    "conditions",
    "no_augmentation",
    "most_efficient_m_g",
    "binding_term",
    "with_most_efficient",
    "at_equal_size",
    "verdict",
    "reason",
}


def test_the_border_in_t(capsys):
    t = sp.Symbol("t", real=True, positive=True)
    found = cases(capsys, *STABLE)
    assert all(set(case) == FIELDS for case in found)
    by_verdict = {case["verdict"]: parse_relation(case["conditions"], {"t": t}) for case in found}
    half = sp.Rational(1, 2)
    assert by_verdict == {"faster": t > half, "slower": t < half, "no faster": sp.Eq(t, half)}


def test_a_numeric_setting_is_one_case_whose_orders_are_read_back(capsys):
    (case,) = cases(capsys, "order", "--beta", "1/m", "--tv", "(log(m)/m)**(1/4)")
    assert case["conditions"] == "True"
    assert case["verdict"] == "slower"
    for key in ("no_augmentation", "most_efficient_m_g", "with_most_efficient", "at_equal_size"):
        order_of(parse_expression(case[key], {"m": m}), m)


def test_two_symbols_are_split(capsys):
    found = cases(capsys, "order", "--beta", "m**-b", "--tv", "m**-t", "--assume", "t>0", "--assume", "b>0")
    names = {name: sp.Symbol(name, real=True, positive=True) for name in "bt"}
    conditions = [parse_relation(case["conditions"], names) for case in found]
    for values in ((1, sp.Rational(1, 4)), (sp.Rational(1, 3), 2), (sp.Rational(3, 4), 1), (2, 2)):
        point = dict(zip(names.values(), values, strict=True))
        assert [c.subs(point) for c in conditions].count(sp.true) == 1


def test_no_finite_optimum_has_no_amount(capsys):
    (case,) = cases(capsys, "order", "--beta", "1", "--tv", "1/sqrt(m)")
    assert case["verdict"] == "no finite optimum"
    assert case["most_efficient_m_g"] is None
    assert case["with_most_efficient"] is None


def test_the_loss_bound_and_the_dependence_enter(capsys):
    mixture = ["order", "--beta", "(3+log(m))/m", "--tv", "1/sqrt(m)", "--loss-bound", "3+log(m)"]
    (independent,) = cases(capsys, *mixture)
    (case,) = cases(capsys, *mixture, "--dependence", "min(1, sqrt(m_G)*log(m)/m)")
    assert independent["most_efficient_m_g"] == "m"
    assert (case["most_efficient_m_g"], case["binding_term"]) == ("m*log(m)**4", "dependence")


def test_the_readings_differ(capsys):
    arguments = ["order", "--beta", "1/m", "--tv", "1/10"]
    (default,), (free,) = cases(capsys, *arguments), cases(capsys, *arguments, "--reading", "unrestricted")
    assert (default["verdict"], free["verdict"]) == ("slower", "no faster")


def test_text_output_names_the_verdict(capsys):
    code, out, _ = run(capsys, *STABLE)
    assert code == 0
    assert "if t > 1/2:" in out
    assert "most efficient m_G" in out


BAD = {
    "growing beta": (["--beta", "m", "--tv", "1/m"], "m"),
    "negative beta": (["--beta=-1/m", "--tv", "1/m"], "-1/m"),
    "growing divergence": (["--beta", "1/m", "--tv", "sqrt(m)"], "sqrt(m)"),
    "exponential": (["--beta", "1/m", "--tv", "exp(m)"], "exp(m)"),
    "oscillating": (["--beta", "1/m", "--tv", "sin(m)"], "sin(m)"),
    "unknown symbol": (["--beta", "1/m", "--tv", "m**-x"], "'x'"),
    "contradiction": (["--beta", "1/m", "--tv", "m**-t", "--assume", "t>1", "--assume", "t<0"], "t>1"),
    "injection": (["--beta", "__import__('os').system('true')", "--tv", "1/m"], "__import__"),
    "dependence too fast": (["--beta", "1/m", "--tv", "1/m", "--dependence", "m_G**2"], "m_G**2"),
    "m_G in beta": (["--beta", "1/m_G", "--tv", "1/m"], "m_G"),
    "no divergence": (["--beta", "1/m"], "--tv"),
    "learner without generator": (["--learner", "erm"], "--generator"),
    "unknown learner": (["--learner", "magic", "--generator", "gan"], "magic"),
    "both ways": (["--learner", "erm", "--generator", "gan", "--beta", "1/m"], "--beta"),
    "unknown reading": (["--beta", "1/m", "--tv", "1/m", "--reading", "loose"], "loose"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_with_the_value(case, capsys):
    arguments, value = BAD[case]
    code, out, err = run(capsys, "order", *arguments)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert value in err


def test_named_settings(capsys):
    (case,) = cases(capsys, "order", "--learner", "erm", "--generator", "gan-independent")
    assert case["verdict"] == "slower"


def test_the_table_has_every_learner_with_every_generator(capsys):
    code, out, _ = run(capsys, "table", "--json")
    assert code == 0
    found = json.loads(out)
    assert {(r["learner"], r["generator"]) for r in found} == {(a.name, g.name) for a in LEARNERS for g in GENERATORS}
    assert all(set(case) == FIELDS for record in found for case in record["cases"])
    assert all(record["assumes"] for record in found)
    code, text, _ = run(capsys, "table")
    assert len(text.splitlines()) == 1 + sum(len(record["cases"]) for record in found)
    code, latex, _ = run(capsys, "table", "--latex")
    assert latex.startswith(r"\begin{tabular}")
    assert run(capsys, "table", "--latex", "--json")[0] == 2
