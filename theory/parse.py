"""Expressions and conditions that a person wrote, read without running anything.

An expression: names, numbers (``2``, ``0.1``, which is 1/10, ``1e-3``), ``+ - * / **``, brackets, and abs, exp, log,
max, min, sqrt. A condition: ``<  <=  >  >=  ==  !=`` between expressions, also in chains, joined by ``&`` (and) and
``|`` (or). An assumption: a condition, or one of ``d integer``, ``d in N`` (1, 2, ...), ``d in Z``, ``d in R``.
The limits are in `parse_text`, `parse_tree` and `parse_limits`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.parse_assumptions import Assumed, assumptions_of
from theory.parse_read import Reader
from theory.parse_text import ParseError
from theory.parse_tree import source_of
from theory.parse_write import to_text

__all__ = ["ParseError", "parse_assumptions", "parse_expression", "parse_relation", "to_text"]


def parse_expression(text: str, names: Mapping[str, sp.Symbol]) -> sp.Expr:
    """Read an expression.

    Args:
        text: for example ``min(1, sqrt(m_G)*log(m)/m)``.
        names: the symbols that may occur, by name.

    Returns:
        The expression; its numbers are exact.

    Raises:
        ParseError: if it is none, holds another name, is not real, or is beyond the limits.
    """
    source = source_of(text, condition=False)
    return Reader(source, names).number(source.tree)


def parse_relation(text: str, names: Mapping[str, sp.Symbol]) -> Boolean:
    """Read a condition.

    Args:
        text: for example ``0 < t < 1/2 & (s >= 1 | d == 1)``; ``True`` and ``False`` are conditions, too.
        names: the symbols that may occur, by name.

    Returns:
        The condition; a linear relation that the symbols' own assumptions decide is true or false.

    Raises:
        ParseError: if it is none, or as for `parse_expression`.
    """
    source = source_of(text, condition=True)
    return Reader(source, names).condition(source.tree)


def parse_assumptions(texts: Iterable[str], reserved: Iterable[str] = ("m", "m_G")) -> Assumed:
    """Read assumptions, which declare the names that occur in them.

    Args:
        texts: for example ``["s > 0", "0 < t < 1/2", "d in N"]``; all of them hold.
        reserved: names that may not be declared, because they vary.

    Returns:
        The declared symbols by name, in the order in which they occur, and the conditions. A symbol is real, and
        integer, positive or nonnegative where an assumption says so; what it says beyond that is a condition.

    Raises:
        ParseError: if a text is no assumption: as for `parse_relation`, or if a side of a relation is not a ratio of
            polynomials.
        ValueError: if the assumptions contradict one another, as far as the order algebra sees it.
    """
    return assumptions_of(texts, frozenset(reserved))
