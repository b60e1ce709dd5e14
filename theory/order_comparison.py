"""Comparison of orders: Landau's symbols o, O, Θ, Ω and ω, the largest and the smallest.

Where the answer depends on a symbol it is a condition, or a split into cases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.order_cases import ONE, Cases, Order, combine, rank_condition
from theory.order_splits import split_max, split_min


@dataclass(frozen=True)
class Comparison:
    """The conditions under which f is ``o(g)``, ``Θ(g)`` and ``ω(g)``: one of them holds, never two."""

    o: Boolean
    Theta: Boolean
    omega: Boolean


def compare(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> Comparison:
    """Compare two orders.

    Args:
        f: an order.
        g: an order.
        assumptions: SymPy conditions on the symbols, beyond the symbols' own assumptions.

    Returns:
        The conditions for each of o, Θ, ω; ``true`` and ``false`` where nothing depends on a symbol.

    Raises:
        ValueError: if the assumptions contradict one another.
    """
    return Comparison(*(rank_condition(f, g, assumptions, (sign,)) for sign in (-1, 0, 1)))


def is_o(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> bool | Boolean:
    """Tell whether ``f = o(g)``: True, False, or the condition; arguments as for `compare`."""
    return _answer(rank_condition(f, g, assumptions, (-1,)))


def is_O(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> bool | Boolean:
    """Tell whether ``f = O(g)``: True, False, or the condition; arguments as for `compare`."""
    return _answer(rank_condition(f, g, assumptions, (-1, 0)))


def is_Theta(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> bool | Boolean:
    """Tell whether ``f = Θ(g)``: True, False, or the condition; arguments as for `compare`."""
    return _answer(rank_condition(f, g, assumptions, (0,)))


def is_Omega(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> bool | Boolean:
    """Tell whether ``f = Ω(g)``: True, False, or the condition; arguments as for `compare`."""
    return _answer(rank_condition(f, g, assumptions, (0, 1)))


def is_omega(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> bool | Boolean:
    """Tell whether ``f = ω(g)``: True, False, or the condition; arguments as for `compare`."""
    return _answer(rank_condition(f, g, assumptions, (1,)))


def dominant(*orders: Order | Cases, assumptions: Any = ()) -> Cases:
    """Return the largest of orders, which is the order of their sum.

    Args:
        orders: at least one.
        assumptions: SymPy conditions on the symbols, beyond the symbols' own assumptions.

    Returns:
        The cases.

    Raises:
        ValueError: if the assumptions contradict one another.
    """
    return combine(split_max, *orders, assumptions=assumptions)


def least(*orders: Order | Cases, assumptions: Any = ()) -> Cases:
    """Return the smallest of orders; arguments as for `dominant`."""
    return combine(split_min, *orders, assumptions=assumptions)


def min1(order: Order | Cases, assumptions: Any = ()) -> Cases:
    """Return the order of ``min(1, f)`` for f of the given order; arguments as for `dominant`."""
    return least(ONE, order, assumptions=assumptions)


def _answer(condition: Boolean) -> bool | Boolean:
    return bool(condition) if condition in (sp.true, sp.false) else condition
