"""The certificates of the theory: each as it should be, no false mutant certified, `gda certify`."""

import importlib.util
import json
import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import mpmath
import pytest
import sympy as sp

from gda.certificates import Claim, all_claims
from gda.certificates.cells import DIMENSIONS, FORMS, plan
from gda.certificates.run import SECONDS, Settled, settle, settle_all
from gda.certify import certificate_checks, certificate_table, checks_of, find_certificates, outcome, record
from gda.cli import main
from gda.errors import InputError
from gda.gain_map import draw_gain, gain_tables
from numerics.boxes import Span
from numerics.certify import Certificate, Counterexample, Part, Resisted, goal, prove
from numerics.certify_rules import Leaf
from numerics.compile import compile_expression
from numerics.recheck import recheck, recheck_point
from theory.functions import n_ceil_log2
from theory.gaussian_mixture import constants
from theory.gaussian_mixture_bound import mixture_bound
from theory.mixture_gain import border, excess, mixture_gain
from theory.symbols import m_S

_PATH = Path(__file__).with_name("certificate_mutants.py")
_SPEC = importlib.util.spec_from_file_location("certificate_mutants", _PATH)
mutants = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(mutants)

x = sp.Symbol("x", real=True)
FALSE = Claim(goal(x - 1, {x: (0, 2)}, name="x <= 1"), False, serves="C0", family="about x")
TRUE = Claim(goal(x - 3, {x: (0, 2)}, name="x <= 3"), True, serves="C0", family="about x")
OPEN = Claim(goal((x - sp.sqrt(2)) ** 2 * -1, {x: (0, 2)}, name="a touch"), True, serves="C0", family="about x")


def two_of_each_family():
    # Those of C5 are all in tests/numerics/test_certify.py.
    found = {}
    for claim in all_claims():
        if claim.serves != "C5":
            found.setdefault((claim.family, claim.true), claim)
    return list(found.values())


@pytest.mark.parametrize("claim", two_of_each_family(), ids=lambda claim: claim.goal.name)
def test_claims_are_settled_as_they_should_be(claim):
    assert settle(claim).as_wanted is True


def test_every_claim_has_a_name_of_its_own_and_serves_one_of_the_papers():
    claims = all_claims()
    assert len({claim.goal.name for claim in claims}) == len(claims)
    assert {claim.serves for claim in claims} == {"C1", "C4", "C5", "C6", "C7"}
    assert all(claim.family for claim in claims)


def test_no_mutant_that_is_false_at_a_point_is_certified():
    rng, certified, false = random.Random(11), 0, 0
    for claim in rng.sample(all_claims(), 40):
        made = mutants.mutant(rng, rng.choice(mutants.KINDS), claim.goal)
        if made is None:
            continue
        changed, point = made
        try:
            found = prove(changed, most_boxes=40, seconds=SECONDS, invert_symbols=())
        except ValueError:  # it may have a pole now
            continue
        points = [point, *(mutants.point_of(rng, changed) for _ in range(20))]
        if isinstance(found, Certificate):
            certified += 1
            assert recheck(found, changed) == ()
            assert not any(mutants.certainly_false(changed, each) for each in points)
        elif isinstance(found, Counterexample):
            false += 1
            assert recheck_point(found, changed) == ()
    assert certified > 2
    assert false > 15


@pytest.mark.parametrize("index", range(5))
def test_the_second_checker_refuses_what_was_tampered_with(index):
    names = ("sampling_S, sampling_S_G >=", "variance is <= 1.25", "order form, d <= 3", "up to 80 m_S", "M >= 0.013")
    claim = next(c for c in all_claims() if names[index] in c.goal.name)
    found = prove(claim.goal, invert_symbols=claim.inverted)
    assert recheck(found, claim.goal) == ()
    part = max(found.parts, key=lambda each: len(each.leaves))
    where = found.parts.index(part)

    def with_part(**changes):
        return replace(found, parts=(*found.parts[:where], replace(part, **changes), *found.parts[where + 1 :]))

    first = part.leaves[0]
    span = first.box[-1]
    wider = replace(first, box=(*first.box[:-1], replace(span, high=None if span.high is None else span.high + 1)))
    shrunk = replace(first, box=(*first.box[:-1], replace(span, low=span.low, high=span.low)))
    assert recheck(with_part(leaves=part.leaves[1:]), claim.goal)
    assert recheck(with_part(leaves=(shrunk, *part.leaves[1:])), claim.goal) or span.point
    assert span.high is None or recheck(with_part(leaves=(wider, *part.leaves[1:])), claim.goal)
    assert recheck(with_part(expression=part.expression - 1), claim.goal)
    assert recheck(replace(found, expression=sp.srepr(claim.goal.expression - 1)), claim.goal)
    assert recheck(replace(found, strict=not found.strict), claim.goal)
    beyond = replace(claim.goal, expression=claim.goal.expression + 10**12)
    forged = replace(with_part(expression=part.expression + 10**12), expression=sp.srepr(beyond.expression))
    assert recheck(forged, beyond)


def test_the_second_checker_refuses_a_changed_rule():
    # In this one the upper end of x is the greatest, and the range alone does not settle the box.
    claim = goal(x**2 - 3 * x - 1, {x: (2, 3)})
    found = prove(claim)
    (leaf,) = found.parts[0].leaves
    assert leaf.ends == ((0, True),)
    for rule in ({"ends": ((0, False),)}, {"ends": ()}):
        part = replace(found.parts[0], leaves=(replace(leaf, **rule),))
        assert recheck(replace(found, parts=(part,)), claim)


def test_the_second_checker_verifies_points():
    claim, not_shown = goal(x - 1, {x: (0, 2)}), "the claim is not shown to fail at the point"
    assert recheck_point(Counterexample("", {x: Fraction(3, 2)}, 0.5), claim) == ()
    assert recheck_point(Counterexample("", {x: Fraction(1)}, 0.5), claim) == (not_shown,)
    assert recheck_point(Counterexample("", {x: Fraction(1)}, 0.0), replace(claim, strict=True)) == ()
    assert recheck_point(Counterexample("", {x: Fraction(3)}, 0.5), claim) == ("x = 3 is outside the box",)
    assert recheck_point(Counterexample("", {}, 0.5), claim) == ("the point has other coordinates",)
    whole = goal(-m_S, {m_S: (1, 9)})
    assert recheck_point(Counterexample("", {m_S: Fraction(3, 2)}, 0.5), whole) == ("m_S = 3/2 is outside the box",)


def forged(claim, leaf):
    part = Part(claim.box, (False,) * len(claim.box), claim.expression, claim.symbols, (leaf,))
    return Certificate(claim.name, sp.srepr(claim.expression), claim.strict, claim.box, 128, (part,), 1)


def test_a_minimum_of_two_has_a_slope():
    a, b = sp.symbols("a b", real=True)
    unit = Span(Fraction(0), Fraction(1))
    square = {a: (0, 1), b: (0, 1)}
    rising = goal(sp.Min(a, b) + b - sp.Rational(2001, 1000), square)
    found = prove(rising)
    assert isinstance(found, Certificate)
    assert recheck(found, rising) == ()
    tent = goal(sp.Min(a, 1 - a) - sp.Rational(2, 5), {a: (0, 1)})
    found = prove(tent)
    assert isinstance(found, Counterexample)
    assert found.point == {a: Fraction(1, 2)}
    for up in (False, True):
        assert "the claim is not shown" in recheck(forged(tent, Leaf((unit,), ((0, up),))), tent)[0]
    wedge = goal(sp.Max(a, 1 - a) - sp.Rational(9, 10), {a: (0, 1)})
    assert isinstance(prove(wedge), Counterexample)
    assert recheck(forged(wedge, Leaf((unit,), (), True)), wedge)


def test_a_minimum_of_three_has_none():
    # Where all are equal, three halves of their slope would be counted.
    a = sp.Symbol("a", real=True)
    claim = goal(sp.Min(a, a**2, 2 * a - 1, evaluate=False) - a - sp.Rational(1, 9), {a: (0, 2)})
    found = prove(claim)
    assert isinstance(found, Certificate)
    assert all(not leaf.ends and not leaf.mean_value for part in found.parts for leaf in part.leaves)
    assert recheck(found, claim) == ()
    leaf = Leaf((Span(Fraction(0), Fraction(2)),), ((0, True),))
    assert "the claim is not shown" in recheck(forged(claim, leaf), claim)[0]


def test_where_levels_differ_there_is_no_slope_in_their_size():
    claim = goal(x * n_ceil_log2(m_S) / m_S - 10, {m_S: (1, 1024), x: (0, 1)})
    box = (Span(Fraction(1), Fraction(1024), True), Span(Fraction(0), Fraction(1)))
    assert recheck(forged(claim, Leaf(box, ((1, True),))), claim) == ()
    for ends in (((0, True),), ((0, False),), ((1, False),), ((1, True), (0, False))):
        assert recheck(forged(claim, Leaf(box, ends)), claim)
    assert recheck(forged(claim, Leaf(box, ((1, True),), True)), claim)


def test_claims_settled_otherwise_are_told(monkeypatch, capsys):
    wrong = [replace(FALSE, true=True), replace(TRUE, true=False), FALSE, TRUE]
    settled = settle_all(wrong)
    assert [one.as_wanted for one in settled] == [False, False, True, True]
    (check,) = checks_of(settled)
    assert (check.holds, check.kind, check.command) == (False, "certificate", "gda certify --claim C0")
    assert checks_of(settled[2:])[0].holds is True
    resisted = Settled(TRUE, Resisted("", (x,), (Span(Fraction(0), Fraction(1)),), "too many boxes"), (), 0.0)
    assert checks_of([*settled[2:], resisted])[0].holds is None
    assert outcome(resisted) == "undecided: x in [0, 1]: too many boxes"
    assert record(resisted)["verdict"] == "undecided"
    assert not record(resisted)["rechecked"]
    faulty = replace(settled[3], faults=("part 0: wrong",))
    assert (faulty.verdict, faulty.as_wanted, outcome(faulty)) == ("undecided", None, "undecided: part 0: wrong")
    monkeypatch.setattr("gda.certify.all_claims", lambda: (FALSE, replace(TRUE, true=False)))
    assert main(["certify", "--claim", "C0", "--workers", "1"]) == 1
    captured = capsys.readouterr()
    assert "x <= 3: proved on 1 boxes, 128 bits   NOT AS WANTED (refuted)" in captured.out
    assert captured.out.splitlines()[-1] == "1 proved and verified, 1 refuted by a point, 1 not as wanted"
    assert "2 claims in" in captured.err


def test_json_of_the_command(monkeypatch, capsys):
    monkeypatch.setattr("gda.certify.all_claims", lambda: (FALSE, TRUE))
    assert main(["certify", "--json", "--workers", "1"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert first["verdict"] == "refuted"
    assert Fraction(first["counterexample"]["x"]) > 1
    assert (first["rechecked"], first["boxes"], first["box"]) == (True, None, {"x": "[0, 2]"})
    assert (second["verdict"], second["boxes"], second["bits"], second["rechecked"]) == ("proved", 1, 128, True)
    assert (second["claim"], second["statement"], second["counterexample"]) == ("C0", "x - 3 <= 0", None)
    assert second["seconds"] >= 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--claim", "C2"], "no certificate serves claim 'C2'. There are some for C1, C4, C5, C6, C7."),
        (["--claim", "C1", "nonsense"], "no certificate serves claim 'nonsense'."),
        (["--workers", "0"], "--workers must be >= 1. Found 0."),
        (["--workers", "two"], "must be a finite number. Found 'two'."),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, message):
    assert main(["certify", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_workers_do_not_change_the_answers():
    claims = find_certificates(["C6"])
    alone, together = settle_all(claims, 1), settle_all(claims, 2)
    assert [(one.found, one.faults) for one in alone] == [(one.found, one.faults) for one in together]
    assert [str(check) for check in certificate_checks("C6")] == [str(check) for check in checks_of(together)]
    with pytest.raises(ValueError, match="Found 0"):
        settle_all(claims, 0)
    with pytest.raises(InputError, match="'C2'"):
        certificate_checks("C2")
    table = certificate_table(alone, "C6")
    assert len(table.rows) == len(claims)


@pytest.mark.parametrize("form", FORMS)
def test_the_bound_is_a_mean_and_a_remainder(form):
    chain = mixture_gain(form)
    assert chain.failures() == ()
    broken = chain.step("mean").restate("remainder", chain.step("mean").stated["remainder"] + m_S)
    assert chain.with_step(broken).failures()
    # excess and border against the bound itself, at random points with 40 digits
    bound, change = compile_expression(mixture_bound(form).total), compile_expression(excess(form))
    at_zero, loss = compile_expression(border(form)), compile_expression(constants().M)
    rng = random.Random(2)
    for _ in range(15):
        sizes = {"m_S": rng.randint(1, 10**6), "m_G": 2 ** rng.randint(0, 50) + rng.randint(0, 1)}
        point = {**sizes, "d": rng.randint(1, 2000), "delta": f"0.{rng.randint(1, 999):03d}"}
        with mpmath.workdps(40):
            with_it, without = (bound.at_precision(40, **{**point, "m_G": m}) for m in (point["m_G"], 0))
            top = loss.at_precision(40, m_S=point["m_S"], d=point["d"]) / mpmath.sqrt(point["m_S"])
            scaled = (with_it - without) * (point["m_S"] + point["m_G"]) / point["m_G"] / top
            assert abs(scaled / change.at_precision(40, **point) - 1) < 1e-20
            assert abs(without / top / at_zero.at_precision(40, m_S=point["m_S"], delta=point["delta"]) - 1) < 1e-30


def test_the_map_says_what_the_bound_does():
    void = "order form without augmentation"
    wanted = ("order form, d", f"{void} <= M from m_S = 28", f"{void} > M", "m_S m_T)")
    settled = settle_all([c for c in all_claims() if any(part in c.goal.name for part in wanted)])
    order, explicit = gain_tables(settled)
    cells = [cell for row in order.rows for cell in row[1:]]
    assert "undecided" not in "".join(cells)
    assert {"none", "1e10", "yes up to 27", "1e5 up to 27, none from 28"} <= set(cells)
    assert {cell for row in explicit.rows for cell in row[1:]} == {"undecided"}  # its own claims are not among them
    for form in FORMS:
        bound = compile_expression(mixture_bound(form).total)
        for dimension in DIMENSIONS:
            none, low = plan(form).none_from(dimension), plan(form).helped_up_to(dimension)
            for size, helps in ((none, False), (low, True)):
                if size is not None:
                    values = bound(m_S=size, m_G=[0, *(10.0**k for k in range(31))], d=dimension, delta=0.05)
                    assert (values[1:].min() < values[0]) == helps


def test_a_drawn_map(tmp_path):
    draw_gain(())(tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 10_000
