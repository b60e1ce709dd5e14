"""Certificates over boxes: what is true is proved, what is false never, and the recheck finds what was changed."""

import random
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
import sympy as sp

from gda.certificates import all_claims
from numerics.balls import BITS
from numerics.boxes import Span
from numerics.certify import Certificate, Counterexample, Part, Resisted, goal, prove, rises
from numerics.certify_rules import Leaf
from numerics.compile import compile_expression
from numerics.recheck import recheck
from numerics.workers import WorkerPool
from theory.functions import n_ceil_log2
from theory.symbols import M, delta, m_G, m_S

x, y = sp.symbols("x y", real=True)
THIRD = sp.Rational(1, 3)
WAVE = x * y - x**2 - y**2 - sp.Rational(1, 10**4)
LEVELS = m_S * sp.log(m_S) - sp.log(2) * n_ceil_log2(m_S) - m_S / 1000
SQUARE = {x: (-1, 1), y: (-1, 1)}

TRUE = [
    (x * (1 - x) - sp.Rational(1, 4), {x: (0, 1)}, False),
    (sp.log(x) - x + 1 - sp.Rational(1, 1000), {x: ("1/10", 5)}, True),
    (WAVE, SQUARE, True),
    (x**2 - 3 * x - 5 * x**3, {x: (0, sp.oo)}, False),
    (x**2 - 3 - x**3 / 2, {x: (0, sp.oo)}, True),
    (x - y, {x: (0, 1), y: (1, sp.oo)}, False),
    (sp.erf(x) - 2 * x / sp.sqrt(3), {x: (0, 4)}, False),
    (sp.Min(x, y) - (x + y) / 2 - sp.Rational(1, 50), {x: (0, 1), y: (0, 1)}, True),
    (sp.Abs(x) - sp.Piecewise((-x, x < 0), (x, True)) - sp.Rational(1, 10), {x: (-1, 1)}, True),
    (sp.floor(x) - x - sp.Rational(1, 10), {x: (0, 3)}, True),
    (LEVELS, {m_S: (1, 1024)}, True),
    (-1 / m_S, {m_S: (1, sp.oo)}, True),
    (delta * sp.log(delta), {delta: ("1e-9", 1)}, False),
    (1 / (1 + sp.exp(-x)) - 1, {x: (0, sp.oo)}, False),
]


def proved(claim, **options):
    found = prove(claim, **options)
    assert isinstance(found, Certificate), str(found)
    assert recheck(found, claim) == ()
    return found


@pytest.mark.parametrize(("expression", "box", "strict"), TRUE, ids=lambda v: str(v)[:40])
def test_what_is_true_is_proved_and_rechecked(expression, box, strict):
    certificate = proved(goal(expression, box, strict=strict))
    assert certificate.boxes >= 1
    assert certificate.bits == BITS
    assert str(certificate).startswith(str(expression))


def mutants():
    """False at an exact point by a little, with the point; many shapes, from a true claim's touching point."""
    rng = random.Random(5)
    found = []
    for _ in range(25):
        a, b = Fraction(rng.randint(1, 99), 100), Fraction(rng.randint(1, 99), 97)
        by = sp.Rational(1, 10 ** rng.randint(1, 12))
        p, q = sp.Rational(a), sp.Rational(b)
        found += [
            (by - (x - p) ** 2 * (1 + y), {x: (0, 1), y: (0, 2)}, {"x": a, "y": b}),
            (by - (x - p) ** 2 - (y - q) ** 2, {x: (0, 1), y: (0, 2)}, {"x": a, "y": b}),
            (by + sp.log(x / p) - x / p + 1, {x: ("1/100", 1)}, {"x": a}),
            (by - sp.Abs(x - p), {x: (0, 1)}, {"x": a}),
            (by + p - x - p**2 / x + p, {x: ("1/1000", sp.oo)}, {"x": a}),
        ]
    return found


@pytest.mark.parametrize("precision", [32, 128])
def test_a_false_claim_is_never_certified(precision):
    refuted = 0
    for expression, box, point in mutants():
        claim = goal(expression, box)
        assert compile_expression(expression).at_ball(**point) > 0
        found = prove(claim, bits=precision, most_boxes=300)
        assert isinstance(found, (Counterexample, Resisted)), str(found)
        if isinstance(found, Counterexample):
            refuted += 1
            values = {symbol.name: value for symbol, value in found.point.items()}
            assert compile_expression(expression).at_ball(**values) > 0
    assert refuted > 60


def test_a_claim_that_touches_zero_is_not_proved_strictly():
    claim = goal(x * (1 - x) - sp.Rational(1, 4), {x: (0, 1)}, strict=True)
    found = prove(claim)
    assert isinstance(found, Counterexample)
    assert found.point == {x: Fraction(1, 2)}
    assert str(found).endswith("false at x = 1/2")
    assert isinstance(prove(goal(x - 1, {x: (0, 1)}, strict=True)), Counterexample)
    # an open end at which 0 is reached is no harm
    assert proved(goal(x - 1, {x: Span(Fraction(0), Fraction(1), open_high=True)}, strict=True)).boxes


def test_a_claim_about_integers_may_fail_between_them():
    true_of_integers = goal(-(2 * m_S - 5) * (2 * m_S - 7) - 3, {m_S: (1, 100)})
    proved(true_of_integers)
    assert isinstance(prove(goal(-(2 * x - 5) * (2 * x - 7) - sp.Rational(1, 2), {x: (1, 100)})), Counterexample)
    found = prove(goal(-(2 * m_S - 5) * (2 * m_S - 7) + 4, {m_S: (1, 100)}))
    assert isinstance(found, Counterexample)
    assert found.point[m_S].denominator == 1


@pytest.mark.parametrize(
    "claim", [claim for claim in all_claims() if claim.serves == "C5"], ids=lambda claim: claim.goal.name
)
def test_the_claims_of_the_theory(claim):
    found = prove(claim.goal, invert_symbols=claim.inverted, seconds=30)
    if claim.true:
        assert isinstance(found, Certificate), str(found)
        assert recheck(found, claim.goal) == ()
    else:
        assert isinstance(found, Counterexample), str(found)
        assert all(span.contains(found.point[s]) for s, span in zip(claim.goal.symbols, claim.goal.box, strict=True))


def with_leaves(certificate, change):
    part = certificate.parts[-1]
    return replace(certificate, parts=(*certificate.parts[:-1], replace(part, leaves=tuple(change(list(part.leaves))))))


def test_the_recheck_finds_what_was_tampered_with():
    claim = goal(WAVE, SQUARE)
    certificate = proved(claim)
    assert certificate.boxes > 10
    for i in range(0, certificate.boxes, 5):
        dropped = with_leaves(certificate, lambda leaves, i=i: leaves[:i] + leaves[i + 1 :])
        assert recheck(dropped, claim) == ("part 0: its boxes do not cover it",)
        wider = with_leaves(certificate, lambda leaves, i=i: [*leaves[:i], widened(leaves[i]), *leaves[i + 1 :]])
        assert recheck(wider, claim)
    other = goal(WAVE + sp.Rational(2, 10**4), SQUARE)
    assert "another expression" in recheck(certificate, other)[0]
    part = replace(certificate.parts[0], expression=WAVE - 1)
    assert recheck(replace(certificate, parts=(part,)), claim) == ("part 0: its expression is not the goal's",)
    larger = goal(WAVE, {x: (-2, 1), y: (-1, 1)})
    assert recheck(certificate, larger) == (
        "it is about another region or relation",
        "its parts do not cover the region",
    )
    assert recheck(certificate, replace(claim, strict=True)) == ("it is about another region or relation",)
    forged = replace(certificate, expression=sp.srepr(other.expression))
    assert any("not the goal's" in fault for fault in recheck(forged, other))


def widened(leaf):
    span = leaf.box[0]
    return replace(leaf, box=(replace(span, high=span.high + (span.high - span.low)), *leaf.box[1:]))


def test_the_recheck_settles_each_box_itself():
    claim = goal(x * (1 - x) - sp.Rational(24, 100), {x: (0, 1)})
    honest = proved(goal(x * (1 - x) - sp.Rational(26, 100), {x: (0, 1)}))
    part = replace(honest.parts[0], expression=claim.expression)
    forged = replace(honest, expression=sp.srepr(claim.expression), parts=(part,))
    assert "the claim is not shown in" in recheck(forged, claim)[0]


def test_the_recheck_tests_that_a_parameter_is_monotone_and_functions_have_values():
    lies = [
        (x**3 + x - 1, {x: (0, 1)}, Leaf((Span(Fraction(0), Fraction(1)),), ((0, False),))),
        (1 - x**3 - x, {x: (0, 1)}, Leaf((Span(Fraction(0), Fraction(1)),), ((0, True),))),
        (x * (1 - x) - sp.Rational(1, 5), {x: (0, 1)}, Leaf((Span(Fraction(0), Fraction(1)),), ((0, True),))),
        (x * (1 - x) - sp.Rational(1, 5), {x: (0, 1)}, Leaf((Span(Fraction(0), Fraction(1)),), (), True)),
        (-1 / (x - THIRD) ** 2, {x: (0, 1)}, Leaf((Span(Fraction(0), Fraction(1)),))),
        (-1 / x, {x: (-1, 1)}, Leaf((Span(Fraction(-1), Fraction(1)),))),
        (-x * y, {x: (-1, 2), y: (-3, 1)}, Leaf((Span(Fraction(-1), Fraction(2)), Span(Fraction(-3), Fraction(1))))),
        (x * y - 3, {x: (-1, 2), y: (-4, 1)}, Leaf((Span(Fraction(-1), Fraction(2)), Span(Fraction(-4), Fraction(1))))),
    ]
    for expression, box, leaf in lies:
        claim = goal(expression, box)
        part = Part(claim.box, (False,) * len(box), expression, claim.symbols, (leaf,))
        forged = Certificate(claim.name, sp.srepr(expression), False, claim.box, 128, (part,), 1)
        assert "the claim is not shown in" in recheck(forged, claim)[0]


def test_the_recheck_of_reciprocals():
    claim = goal(x**2 - 3 - x**3 / 2, {x: (1, sp.oo)})
    certificate = proved(claim)
    part = certificate.parts[0]
    (t,) = part.symbols
    assert part.inverted == (True,)
    for wrong in (-part.expression, part.expression * (1 - t), part.expression - 1, 2 * part.expression - t):
        forged = replace(certificate, parts=(replace(part, expression=wrong),))
        assert recheck(forged, claim) == ("part 0: its expression is not the goal's",)
    assert recheck(replace(certificate, parts=()), claim) == ("its parts do not cover the region",)


def test_integers_leave_no_gap():
    claim = goal(LEVELS, {m_S: (1, 1024)})
    certificate = proved(claim)
    ends = sorted((leaf.box[0].low, leaf.box[0].high) for leaf in certificate.parts[0].leaves)
    assert all(low == high + 1 for (_, high), (low, _) in pairwise(ends))
    gap = with_leaves(certificate, lambda leaves: [shortened(leaf) for leaf in leaves])
    assert recheck(gap, claim) == ("part 0: its boxes do not cover it",)


def shortened(leaf):
    span = leaf.box[0]
    return leaf if span.point else replace(leaf, box=(replace(span, high=span.high - 1),))


def test_monotonicity_through_the_derivative():
    proved(rises(sp.log(m_S + x), x, {m_S: (1, sp.oo), x: (0, sp.oo)}))
    assert isinstance(prove(rises(x * (1 - x), x, {x: (0, 1)})), Counterexample)
    with pytest.raises(ValueError, match=r"must have a derivative in m_S\. Found n_ceil_log2"):
        rises(n_ceil_log2(m_S), m_S, {m_S: (1, 5)})


def test_limits_end_the_search_with_the_box_that_resisted():
    fine = goal(WAVE + sp.Rational(1, 10**4) - sp.Rational(1, 10**12), SQUARE)
    for options, why in (({"most_boxes": 20}, "too many boxes"), ({"seconds": 1e-9}, "out of time")):
        found = prove(fine, **options)
        assert isinstance(found, Resisted)
        assert str(found).endswith(why)
    touching = prove(goal(WAVE + sp.Rational(1, 10**4), SQUARE))  # equal at the origin, inside of a box for ever
    assert isinstance(touching, Resisted)
    assert all(span.low <= 0 <= span.high for span in touching.box)
    assert touching.why == "too narrow to be cut"


def test_the_answer_depends_on_neither_pool_nor_run():
    claim, told = next(c.goal for c in all_claims() if c.goal.name.startswith("stability_S, stability_S_G")), []
    alone = proved(claim, progress=lambda done, total: told.append((done, total)))
    assert told[-1][0] == told[-1][1] == len(told)
    assert prove(claim) == alone
    with WorkerPool(2) as pool:
        assert prove(claim, pool=pool) == alone


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ({x: (1, 0)}, "x must run from a low end to a high one. Found 1 to 0."),
        ({x: (-sp.oo, 0)}, "x must have a finite lower end. Found -oo."),
        ({x: (0, 1), y: (0, 1)}, "the box must hold the expression's symbols. Found no [], and also ['y']."),
        ({}, "the box must hold the expression's symbols. Found no ['x'], and also []."),
        ({x: Span(Fraction(1), Fraction(1), open_low=True)}, "x must have a value in its span. Found none in (1, 1]."),
    ],
)
def test_bad_boxes_are_refused(box, message):
    with pytest.raises(ValueError, match="Found") as caught:
        goal(x**2, box)
    assert str(caught.value) == message


def test_boxes_stay_in_the_domains():
    with pytest.raises(ValueError, match=r"delta must stay in \(0, 1\)\. Found \[1/2, 2\]\."):
        goal(delta, {delta: ("1/2", 2)})
    with pytest.raises(ValueError, match=r"m_S must have a value in its span\. Found none in \[3, 2\]\."):
        goal(m_S, {m_S: ("2.2", "2.8")})
    with pytest.raises(TypeError, match="x must be a real number"):
        goal(x, {x: ("nought", 2)})
    assert goal(-m_S, {m_S: ("1.5", "2.5")}).box == (Span(Fraction(2), Fraction(2), True),)


def test_a_pole_is_reported():
    for expression in (-1 / (x - THIRD) ** 2, -1 / x**2, sp.log(x - THIRD) - 5):
        with pytest.raises(
            ValueError, match=r"must have a value all over its box\. Found a pole, or no value, in x in"
        ):
            prove(goal(expression, {x: (0, 1)}))


@pytest.mark.parametrize("options", [{"bits": 8}, {"most_boxes": 0}, {"seconds": 0}, {"invert_symbols": [M]}])
def test_bad_options_are_refused(options):
    with pytest.raises(ValueError, match="Found"):
        prove(goal(x - 2, {x: (0, 1)}), **options)


def test_only_unbounded_rational_symbols_are_inverted():
    with pytest.raises(ValueError, match="must be rational in m_G to invert it"):
        prove(goal(-sp.log(1 + m_G), {m_G: (0, sp.oo)}), invert_symbols=[m_G])
