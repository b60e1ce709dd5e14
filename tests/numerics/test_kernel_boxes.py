"""Certificates as goals for the proof kernel: which way each kind of box is asked, and what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy as sp

from numerics.boxes import Span
from numerics.certify import goal
from numerics.kernel_boxes import certificate_goals, span_conditions
from theory.functions import n_ceil_log2

X = sp.Symbol("x", positive=True)
N = sp.Symbol("size", integer=True, positive=True)


def only(claim, point=None):
    goals = certificate_goals(claim, point)
    assert goals.refusals == ()
    (theorem,) = goals.theorems
    return theorem


def test_a_box_is_the_hypothesis():
    theorem = only(goal(X**2 - 4, {X: (1, 2)}, name="square"))
    assert theorem.statement == "forall x : R, 1 <= x -> x <= 2 -> ((- 4) + (x ^ 2)) <= 0"
    assert theorem.witness[0] == "exists x : R, (1 <= x) /\\ (x <= 2)"
    assert span_conditions(Span(Fraction(0), None, open_low=True), "x") == ["0 < x"]


def test_a_rational_function_without_end_goes_by_signs():
    theorem = only(goal(1 - X**2, {X: (1, sp.oo)}, name="without end"))
    assert "interval" not in theorem.script
    assert "replace ((- 1) + x) with ((1 * (x - 1) ^ 1))" in theorem.script


def test_orders_of_magnitude_go_by_logarithms():
    theorem = only(goal(sp.log(X) - 10, {X: (1, 1000)}, name="wide"))
    assert "log_scale x 1 1000" in theorem.script
    assert "i_bisect u_x" in theorem.script
    assert "log_scale" not in only(goal(sp.log(X) - 10, {X: (1, 2)}, name="narrow")).script


def test_levels_are_written_out_between_powers_of_two():
    theorem = only(goal(n_ceil_log2(N) - 100, {N: (3, 16)}, name="levels"))
    written = [power for power in range(6) if f"n_ceil_log2_dyadic size {power}" in theorem.script]
    assert written == [1, 2, 3]


@pytest.mark.parametrize(
    ("expression", "box", "reason"),
    [
        (sp.log(X) - X, {X: (1, sp.oo)}, "no end"),
        (sp.Piecewise((X, sp.Eq(X, 1)), (1, True)) - 2, {X: (1, 2)}, "Piecewise"),
        (n_ceil_log2(N) - 100, {N: (1, 16)}, "from n = 1"),
        (X**2 - 3, {X: (1, sp.oo)}, "sign"),
    ],
    ids=("without end", "cases", "from one on", "false"),
)
def test_what_is_out_of_reach_is_refused_with_the_reason(expression, box, reason):
    goals = certificate_goals(goal(expression, box, name="hard"))
    assert goals.theorems == ()
    assert reason in goals.refusals[0].reason


def test_a_false_claim_fails_at_its_point():
    claim = goal(n_ceil_log2(N) - 2, {N: (2, 16)}, name="false")
    theorem = only(claim, {N: Fraction(4)})
    assert theorem.statement == "0 < ((- 2) + (n_ceil_log2 4))"
    assert "n_ceil_log2_dyadic 4 1" in theorem.script
    strict = goal(X - 2, {X: (1, 2)}, name="false", strict=True)
    assert only(strict, {X: Fraction(2)}).statement.startswith("0 <= ")
