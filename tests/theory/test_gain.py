"""When augmentation lowers the bound at fixed sizes: every step holds, and the border is where both forms say it is."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numerics.bound import evaluate_bound
from theory.gain import gain
from theory.stability import explicit_form, order_form

CHAIN = gain()
BEST_CASE = {"beta": 0.0, "T": 0.0, "M": 1.0, "delta": 0.05}


def test_it_holds():
    assert CHAIN.failures() == ()


@pytest.mark.parametrize(("step", "quantity"), [(s.name, q) for s in CHAIN.steps for q in s.stated], ids=str)
def test_a_wrong_statement_is_caught_in_its_step(step, quantity):
    wrong = CHAIN.step(step).restate(quantity, 2 * CHAIN.step(step).stated[quantity])
    assert {failure.step for failure in CHAIN.with_step(wrong).failures()} == {step}


def change(form, m_S, m_G, divergence):
    """The bound with m_G generated examples less the one without, and the latter."""
    inputs = {**BEST_CASE, "m_S": m_S, "D_TV": divergence}
    without = evaluate_bound(form, {**inputs, "m_G": 0}).total
    return evaluate_bound(form, {**inputs, "m_G": m_G}).total - without, without


def border(m_S, m_G, without):
    symbols = {symbol.name: symbol for symbol in CHAIN.conclusion.free_symbols}
    values = {"m_S": m_S, "m_G": m_G, "W": without, "M": 1}
    return float(CHAIN.conclusion.subs({symbols[name]: value for name, value in values.items()}))


@settings(deadline=None, max_examples=50)
@given(m_S=st.integers(1, 10**6), m_G=st.integers(1, 10**6), divergence=st.floats(0, 1))
def test_the_order_form_falls_below_the_border_and_rises_above(m_S, m_G, divergence):
    changed, without = change(order_form(), m_S, m_G, divergence)
    distance = divergence - border(m_S, m_G, without)
    if abs(distance) > 1e-9:
        assert np.sign(changed) == np.sign(distance)


@settings(deadline=None, max_examples=50)
@given(m_S=st.integers(1, 10**6), m_G=st.integers(1, 10**6), divergence=st.floats(0, 1))
def test_the_explicit_form_never_falls_above_the_border(m_S, m_G, divergence):
    changed, without = change(explicit_form(), m_S, m_G, divergence)
    if divergence >= border(m_S, m_G, without):
        assert changed >= 0
