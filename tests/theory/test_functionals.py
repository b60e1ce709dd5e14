"""The calculus of losses, risks and differences."""

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from theory.functionals import (
    FRESH,
    TRAINING,
    Combination,
    Coordinate,
    Law,
    Loss,
    Mean,
    Premises,
    UndecidedError,
    average,
    combine,
    free_coordinates,
    group,
    mean,
    substitute_training,
)
from theory.symbols import M, T, beta

X, Y, Z = Coordinate("x"), Coordinate("y"), Coordinate("y'")
PREMISES = Premises(sp.Integer(0), M, beta, T)
LOSS = Loss(frozenset({X, Y}), X)


def test_what_cancels_is_gone():
    assert combine([(1, LOSS), (2, LOSS), (-3, LOSS)]) == Combination()


def test_an_example_that_is_learned_from_and_tested_on_counts_twice():
    assert PREMISES.difference(LOSS, X) == M + beta
    assert PREMISES.difference(LOSS, X, TRAINING) == beta
    assert PREMISES.difference(LOSS, Y) == beta
    assert PREMISES.difference(LOSS, Coordinate("elsewhere")) == 0


def test_a_mean_does_not_widen_and_a_difference_of_losses_doubles_the_width():
    risk = Mean(FRESH, Law("D"), Loss(frozenset({Y}), FRESH))
    assert PREMISES.width(risk) == M
    gap = combine([(1, risk), (-1, LOSS)])
    assert PREMISES.bounds(gap) == (-M, M)
    assert PREMISES.magnitude(gap) == M


def test_a_coefficient_of_unknown_sign_is_not_guessed():
    with pytest.raises(UndecidedError):
        PREMISES.bounds(combine([(sp.Symbol("c", real=True), LOSS)]))


def test_a_loss_at_a_fresh_example_averages_to_a_risk_only_if_not_trained_on():
    untrained = Loss(frozenset({Y}), X)
    assert average(untrained, X, Law("D")) == Mean(FRESH, Law("D"), Loss(frozenset({Y}), FRESH))
    assert average(LOSS, X, Law("D")) == Mean(X, Law("D"), LOSS)


def test_a_mean_over_a_law_that_depends_on_the_example_is_not_moved_past_it():
    inner = Mean(Z, Law("D_G", frozenset({X})), Loss(frozenset({Y}), X))
    assert average(inner, X, Law("D")) == Mean(X, Law("D"), inner)
    free = Mean(Z, Law("D_G", frozenset({Y})), Loss(frozenset({Y}), X))
    assert average(free, X, Law("D")) != Mean(X, Law("D"), free)


def test_a_mean_whose_name_would_be_captured_is_refused():
    law, depends = Law("D"), Law("D_G", frozenset({Y}))
    assert average(Mean(X, law, Loss(frozenset({Y}), X)), X, Law("other")) == Mean(X, law, Loss(frozenset({Y}), X))
    with pytest.raises(UndecidedError):
        average(Mean(Y, law, Loss(frozenset({Z}), X)), X, depends)
    with pytest.raises(UndecidedError):
        substitute_training(Mean(Z, law, LOSS), X, Z)
    assert substitute_training(Mean(X, law, LOSS), X, Z) == Mean(X, law, LOSS)


def test_free_examples_are_those_learned_from_tested_on_or_behind_a_law():
    f = Mean(Z, Law("D_G", frozenset({X})), Loss(frozenset({Y, Z}), FRESH))
    assert free_coordinates(f) == {X, Y, FRESH}
    assert free_coordinates(combine([(1, f), (1, LOSS)])) == {X, Y, FRESH}


def test_a_block_stands_for_its_examples_only_where_they_are_learned_from_together():
    block = Coordinate("S")
    assert group(Loss(frozenset({X, Y}), Z), frozenset({X, Y}), block) == Loss(frozenset({block}), Z)
    for f in (LOSS, Loss(frozenset({X}), Z), Mean(X, Law("D"), LOSS)):
        with pytest.raises(UndecidedError):
            group(f, frozenset({X, Y}), block)


def test_a_loss_that_starts_above_zero_has_the_width_of_its_interval():
    premises = Premises(M / 4, M, beta, T)
    assert premises.width(LOSS) == 3 * M / 4
    assert premises.magnitude(combine([(1, LOSS)])) == sp.Max(-M / 4, M)
    assert premises.difference(LOSS, X) == 3 * M / 4 + beta


def test_substitution_reaches_learner_and_generator_but_not_the_test_point():
    f = Mean(Z, Law("D_G", frozenset({X})), LOSS)
    assert substitute_training(f, X, Y) == Mean(Z, Law("D_G", frozenset({Y})), Loss(frozenset({Y}), X))


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=6))
def test_combinations_are_linear(coefficients):
    losses = [Loss(frozenset({X}), Coordinate(f"p{k}")) for k in range(len(coefficients))]
    once = combine(zip(coefficients, losses, strict=True))
    twice = combine([(2, once)])
    assert twice == combine((2 * c, f) for c, f in zip(coefficients, losses, strict=True))
    assert PREMISES.difference(once, X) == sum(abs(c) for c in coefficients) * beta
    law = Law("D")
    moved = mean(Y, law, once)
    assert moved == combine((c, mean(Y, law, f)) for c, f in zip(coefficients, losses, strict=True))
