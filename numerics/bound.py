"""Numbers from a bound: each term and the total, rounded up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp

from numerics.compile import Compiled, compile_expression
from numerics.domains import mpf_to_fraction
from theory.stability import Bound

_DIGITS = 40  # beyond those of the largest integer among the values
_GUARD = Fraction(1, 10**30)


@dataclass(frozen=True)
class BoundValue:
    """A bound at a point.

    Args:
        terms: value by name, each rounded up.
        total: their sum, rounded up; at least the sum of the exact terms.
    """

    terms: Mapping[str, float]
    total: float


def round_up(value: Fraction) -> float:
    """Return the least float that is not below a nonnegative number.

    Raises:
        OverflowError: there is none.
    """
    try:
        nearest = float(value)
    except OverflowError:
        raise OverflowError(
            f"a term of the bound is above the largest float: about 1e{len(str(int(value))) - 1}"
        ) from None
    return nearest if Fraction(nearest) >= value else math.nextafter(nearest, math.inf)


def evaluate_bound(bound: Bound, values: Mapping[str, Any]) -> BoundValue:
    """Evaluate every term of a bound at a point.

    Args:
        bound: from `theory.stability` or a specialization of it.
        values: number by symbol name; symbols that the bound does not have are ignored. A decimal enters exactly
            when it is given as a string or a Fraction.

    Returns:
        The terms and the total, rounded up.

    Raises:
        DomainError: a value outside its symbol's domain.
    """
    digits = _DIGITS + max((len(str(value)) for value in values.values() if isinstance(value, int)), default=0)
    terms = {}
    for name, expression in bound.terms.items():
        compiled = _compiled(expression)
        used = {symbol.name: values[symbol.name] for symbol in compiled.arguments}
        exact = mpf_to_fraction(compiled.at_precision(digits, **used)._mpf_)
        # 40 digits are computed; the guard of 30 covers their error, so the float is not below the true term.
        terms[name] = round_up(exact * (1 + _GUARD))
    total = sum((Fraction(term) for term in terms.values()), Fraction(0))
    return BoundValue(terms, round_up(total))


@lru_cache(maxsize=256)
def _compiled(expression: sp.Expr) -> Compiled:
    return compile_expression(expression)
