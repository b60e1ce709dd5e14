"""The order of growth of a SymPy expression in one variable m -> oo, and how orders compare.

`order_of` reads the order, `cases_of` reads it by cases where it depends on a symbol, `substitute` reads it where one
variable grows with another; `theory.order_read` says what the algebra holds. Orders are `Order` and `Cases`, compared
by Landau's symbols `is_o` to `is_omega`.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from theory.order_cases import ONE, Cases, Order, Undecided, cases_of_split
from theory.order_comparison import (
    Comparison,
    compare,
    dominant,
    is_O,
    is_o,
    is_Omega,
    is_omega,
    is_Theta,
    least,
    min1,
)
from theory.order_read import NotInAlgebra, Reader
from theory.order_regions import conjunction, facts_of

__all__ = [
    "ONE",
    "Cases",
    "Comparison",
    "NotInAlgebra",
    "Order",
    "Undecided",
    "cases_of",
    "compare",
    "dominant",
    "is_O",
    "is_Omega",
    "is_Theta",
    "is_o",
    "is_omega",
    "least",
    "min1",
    "order_of",
    "substitute",
]


def order_of(expr: Any, m: sp.Symbol, assumptions: Any = (), positive_constants: bool = True) -> Order:
    """Return the order of growth of an expression, where it does not depend on a symbol's value.

    Args:
        expr: a SymPy expression, positive for large m, or a number.
        m: the growing variable.
        assumptions: SymPy conditions on the other symbols, beyond the symbols' own assumptions.
        positive_constants: whether what is free of m counts as a positive constant unless it is known to be
            zero or negative; otherwise it must be known to be positive.

    Returns:
        The order.

    Raises:
        NotInAlgebra: if a part of the expression has no order here.
        Undecided: if there are several cases; `cases_of` gives them.
        ValueError: if the assumptions contradict one another.
    """
    return cases_of(expr, m, assumptions, positive_constants).order


def cases_of(expr: Any, m: sp.Symbol, assumptions: Any = (), positive_constants: bool = True) -> Cases:
    """Return the order of growth of an expression, by cases.

    Args:
        expr: a SymPy expression, positive for large m, or a number.
        m: the growing variable.
        assumptions: SymPy conditions on the other symbols, beyond the symbols' own assumptions.
        positive_constants: as for `order_of`.

    Returns:
        The cases: one where nothing depends on a symbol.

    Raises:
        NotInAlgebra: if a part of the expression has no order here.
        ValueError: if the assumptions contradict one another.
    """
    given = conjunction(assumptions)
    if m in given.free_symbols:
        raise ValueError(f"assumptions are about constants, not about {m}. Found {given}.")
    facts = facts_of(given)
    try:
        expr = sp.sympify(expr, strict=True)
    except sp.SympifyError as error:
        raise NotInAlgebra(expr, "an order is read from a SymPy expression") from error
    if not isinstance(expr, sp.Expr) or not expr.is_commutative:
        raise NotInAlgebra(expr, "an order is read from a SymPy expression in numbers")
    expr = sp.nsimplify(expr, rational=True) if expr.has(sp.Float) else expr
    return cases_of_split(Reader(m, facts, given, positive_constants).read(expr), facts, given)


def substitute(
    expr: sp.Expr,
    variable: sp.Symbol,
    order: Order | Cases,
    m: sp.Symbol,
    assumptions: Any = (),
    positive_constants: bool = True,
) -> Cases:
    """Return the order in m of an expression in m and a variable that is itself of a given order in m.

    Args:
        expr: a SymPy expression in m and the variable.
        variable: for example m_G.
        order: its order in m, for example of ``m_S^a (log m_S)^c``.
        m: the growing variable.
        assumptions: as for `order_of`.
        positive_constants: as for `order_of`.

    Returns:
        The cases.

    Raises:
        NotInAlgebra: if a part of the expression has no order here.
        ValueError: if the assumptions contradict one another.
    """
    # The constant of Θ stays a symbol: with 1 in its place log(m_G/m_S) would be log(1) = 0.
    constant = sp.Dummy("C", positive=True)
    given = conjunction(assumptions)
    if isinstance(order, Cases):
        given = sp.And(given, order.assumptions)
    put = sp.sympify(expr, strict=True).subs(variable, constant * order.as_expr(m))
    return cases_of(put, m, given, positive_constants)
