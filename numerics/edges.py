"""Values at the closed edges of the domains, where a formula has a limit but arithmetic gives nan.

``m_G log(m_G)`` is 0 at m_G = 0 as a limit, and 0 * (-oo) = nan in any arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import sympy as sp

from numerics.tape import expand_conventions
from theory.symbols import DOMAINS


class UndefinedError(ArithmeticError):
    """An expression has no value at a point of its domain; the message names both."""


def on_edge(symbol: sp.Symbol, value: Any) -> bool:
    """Tell whether a value lies on an end of its symbol's domain that belongs to the domain."""
    domain = DOMAINS.get(symbol)
    return domain is not None and value in {end for end in (domain.lower, domain.upper) if end is not None}


def edge_limit(expression: sp.Expr, edges: Mapping[sp.Symbol, int]) -> sp.Expr:
    """Take the limit of an expression as some symbols approach ends of their domains from inside.

    Args:
        expression: Any expression; symbols not in `edges` stay symbols.
        edges: The end that each symbol approaches. With several, the limits are taken one after the other, and
            every order has to give the same.

    Returns:
        The limit, free of the symbols in `edges`.

    Raises:
        UndefinedError: There is no limit, it depends on the order, or SymPy cannot find it.
    """
    where = ", ".join(f"{symbol.name} -> {end}" for symbol, end in edges.items())
    try:
        limits = {
            sp.simplify(_iterated(expand_conventions(expression), order)) for order in permutations(edges.items())
        }
    except (NotImplementedError, ValueError, TypeError) as error:
        raise UndefinedError(f"no limit found for {where} of {expression}") from error
    if len(limits) != 1:
        raise UndefinedError(f"the limit for {where} depends on the order of the limits in {expression}")
    (limit,) = limits
    if limit.has(sp.Limit, sp.AccumBounds, sp.nan, sp.zoo):
        raise UndefinedError(f"there is no limit for {where} of {expression}")
    return limit


def _iterated(expression: sp.Expr, edges: tuple[tuple[sp.Symbol, int], ...]) -> sp.Expr:
    for symbol, end in edges:
        # Over the reals, as an integer has no neighbours; the sign tells `limit` that roots and logs are real.
        step = sp.Dummy(positive=True)
        inside = end + step if end == DOMAINS[symbol].lower else end - step
        expression = sp.limit(expression.subs(symbol, inside), step, 0, "+")
    return expression
