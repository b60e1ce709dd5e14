"""A bound as a function of the divergence alone, all its other inputs being known exactly: a ball, of which one end.

In a finite model everything that a bound takes is known but D_TV, which depends on S.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

import sympy as sp

from numerics.balls import BITS, precision
from numerics.compile import Compiled, compile_expression
from theory.stability import Bound
from theory.symbols import D_TV


@dataclass(frozen=True)
class AffineBound:
    """A bound as a function of D_TV alone: ``base + slope D_TV``, or `cap` where that is smaller.

    Args:
        base: the end of a ball that encloses it.
        slope, cap: exact; without a cap the bound may be vacuous.
    """

    base: Fraction
    slope: Fraction
    cap: Fraction | None = None

    def at(self, divergence: Fraction) -> Fraction:
        """Return the bound at a divergence."""
        value = self.base + self.slope * divergence
        return value if self.cap is None else min(value, self.cap)

    def divided(self, factor: Fraction) -> AffineBound:
        """Return a part of the bound, which may not hold."""
        return AffineBound(self.base / factor, self.slope / factor, self.cap and self.cap / factor)


def bound_in_model(
    bound: Bound, delta: Fraction, known: Mapping[str, Any], end: Literal["upper", "lower"] = "upper"
) -> AffineBound:
    """Put the model's inputs into a bound and leave D_TV, which depends on S, open.

    Args:
        bound: affine in D_TV, as every bound of `theory` is, or the smaller of M and that.
        delta: probability with which it may fail.
        known: values of the other symbols, from `numerics.finite.inputs`.
        end: which end of the ball the base is: *upper* to quote the bound, *lower* to try whether it covers.

    Raises:
        ValueError: a bound of another shape.
    """
    slope, base, cap = _shape(bound.name, tuple(bound.terms.items()))
    ball = _compiled(base).at_ball(**_needed(base, {**known, "delta": delta}))
    with precision(BITS):
        mantissa, exponent = (ball.upper() if end == "upper" else ball.lower()).man_exp()
    value = int(mantissa) * Fraction(2) ** int(exponent)
    return AffineBound(value, _rational(slope, known), None if cap is None else _rational(cap, known))


@lru_cache(maxsize=256)
def _shape(name: str, terms: tuple[tuple[str, sp.Expr], ...]) -> tuple[sp.Expr, sp.Expr, sp.Expr | None]:
    # Slope, base and cap. The smallest form has the cap as an argument of a Min: M less the divergence.
    whole = {key: _shape_of_term(term) for key, term in terms}
    slope = sp.Add(*(slope for slope, _, _ in whole.values()))
    capped = [cap for _, _, cap in whole.values() if cap is not None]
    cap = sp.expand(sp.together(sp.Add(*capped) + slope * D_TV)) if capped else None
    if slope.has(D_TV) or len(capped) > 1 or (cap is not None and sp.simplify(cap).has(D_TV)):
        raise ValueError(f"a bound is affine in D_TV, or the smaller of M and that. Found {name}.")
    return slope, sp.Add(*(base for _, base, _ in whole.values())), None if cap is None else sp.simplify(cap)


def _shape_of_term(term: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr | None]:
    if not isinstance(term, sp.Min) or not term.has(D_TV):
        return sp.diff(term, D_TV), term.subs(D_TV, 0) if term.has(D_TV) else term, None
    open_parts = [part for part in term.args if part.has(D_TV)]
    rest = sp.Min(*(part for part in term.args if not part.has(D_TV)), evaluate=False)
    return sp.S.Zero, rest, sp.Min(*open_parts)


@lru_cache(maxsize=256)
def _compiled(expression: sp.Expr) -> Compiled:
    return compile_expression(expression)


def _needed(expression: sp.Expr, values: Mapping[str, Any]) -> dict[str, Any]:
    return {symbol.name: values[symbol.name] for symbol in _compiled(expression).arguments}


def _rational(expression: sp.Expr, known: Mapping[str, Any]) -> Fraction:
    letters = tuple((symbol, known[symbol.name]) for symbol in sorted(expression.free_symbols, key=str))
    return _rational_at(expression, letters)


@lru_cache(maxsize=256)
def _rational_at(expression: sp.Expr, letters: tuple[tuple[sp.Symbol, Any], ...]) -> Fraction:
    exact = sp.Rational(expression.subs({symbol: sp.Rational(str(value)) for symbol, value in letters}))
    return Fraction(int(exact.p), int(exact.q))
