"""Unbounded parameters: t = 1/m takes the place of m, where the expression is rational in m.

With t > 0, the sign of ``f(1/t) t^k`` is that of f; k is such that its value at t = 0 is neither 0 nor infinite.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import product

import sympy as sp

from numerics.boxes import Box, Span
from numerics.certify_rules import Problem


def parts_of(
    expression: sp.Expr,
    symbols: tuple[sp.Symbol, ...],
    box: Box,
    strict: bool,
    chosen: Sequence[sp.Symbol] | None,
) -> Iterator[tuple[Box, tuple[bool, ...]]]:
    """Cut a box at 1 along each symbol to be inverted, and tell for each piece which symbols are.

    Raises:
        ValueError: a symbol that has an upper end, or in which the expression is not rational.
    """
    for symbol in chosen or ():
        if symbol not in symbols or box[symbols.index(symbol)].high is not None:
            raise ValueError(f"a symbol without an upper end is needed to be inverted. Found {symbol}.")
        if not expression.is_rational_function(symbol):
            raise ValueError(f"the expression must be rational in {symbol} to invert it. Found {expression}.")
    if chosen is None and all(span.high is not None for span in box):
        chosen = ()
    if chosen is None:
        settled = Problem(expression, symbols, strict).settle(box).leaf is not None
        chosen = [] if settled else [s for s in symbols if expression.is_rational_function(s)]
    choices: list[list[tuple[Span, bool]]] = []
    for symbol, span in zip(symbols, box, strict=True):
        if span.high is not None or symbol not in chosen:
            choices.append([(span, False)])
        elif span.low >= 1:
            choices.append([(span, True)])
        else:
            below, above = span.halves(Fraction(0 if span.integer else 1))
            choices.append([(below, False), (above, True)])
    for pieces in product(*choices):
        yield tuple(span for span, _ in pieces), tuple(yes for _, yes in pieces)


def reciprocal(symbol: sp.Symbol) -> sp.Symbol:
    """Return the symbol for 1/symbol."""
    return sp.Symbol(f"inverse_{symbol.name}", positive=True)


def inverted_span(span: Span) -> Span:
    """Return the span of the reciprocal of an unbounded parameter >= 1."""
    return Span(span.low * 0, 1 / span.low, False, True, span.open_low)


def invert(
    expression: sp.Expr, symbols: tuple[sp.Symbol, ...], inverted: tuple[bool, ...]
) -> tuple[sp.Expr, tuple[sp.Symbol, ...]]:
    """Put reciprocals for symbols, and multiply by the power of each that leaves a finite value at 0."""
    worked = tuple(reciprocal(s) if yes else s for s, yes in zip(symbols, inverted, strict=True))
    new = [(s, t) for s, t in zip(symbols, worked, strict=True) if s != t]
    if not new:
        return expression, symbols
    # What is not rational in the other symbols is a letter meanwhile: its powers would be those of a polynomial.
    letters = {node: sp.Dummy() for node in sp.preorder_traversal(expression) if _irrational(node)}
    rational = expression.xreplace(letters).subs({s: 1 / t for s, t in new}, simultaneous=True)
    found = sp.factor(sp.together(rational))
    for _, t in new:
        above, below = sp.fraction(sp.together(found))
        lowest = [min(m[0] for m in sp.Poly(x, t).monoms()) if x.has(t) else 0 for x in (above, below)]
        found = sp.factor(found * t ** (lowest[1] - lowest[0]))
    return found.xreplace({letter: node for node, letter in letters.items()}), worked


def _irrational(node: sp.Basic) -> bool:
    return isinstance(node, sp.Function) or (isinstance(node, sp.Pow) and not node.exp.is_Integer)
