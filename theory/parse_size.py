"""How large the numbers and the polynomials of an expression may become, told before they are computed.

SymPy evaluates while it builds: ``2**10**9`` is a number of 10^9 bits, and so is ``exp(10**9*log(2))``.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb, inf, log2, prod

import sympy as sp

MANY = 10.0**6  # more terms than any limit allows

Shape = tuple[float, float, float, float]
"""Terms of the numerator, terms of the denominator, and their degrees, after expanding."""


@lru_cache(maxsize=4096)
def reach(expr: sp.Expr) -> tuple[float, float]:
    """Bound log2 of the number that can be left of an expression, and of its inverse, when its symbols cancel.

    In ``2**(1000*s)`` this is 1000 for the exponent, since ``(2**(1000*s))**(1/s)`` is ``2**1000``.
    """
    if expr.is_Rational:
        return log2(abs(expr.p) or 1) - log2(expr.q), log2(expr.q)
    if expr.is_Symbol or expr == sp.E:
        return (0, 0) if expr.is_Symbol else (2, 0)
    if expr.is_Pow and expr.exp.is_Rational:
        up, down = (abs(float(expr.exp)) * x for x in reach(expr.base))
        return (up, down) if expr.exp > 0 else (down, up)
    if expr.is_Pow or isinstance(expr, sp.exp):
        size = power_bits(*expr.as_base_exp())
        return size, size
    if isinstance(expr, sp.log):
        return log2(max(1, bits(expr.args[0]))), 0
    ups, downs = zip(*map(reach, expr.args), strict=True)
    if expr.is_Mul:
        return sum(ups), sum(downs)
    return max(ups), sum(max(0, down) for down in downs)  # the denominators of a sum multiply


def bits(expr: sp.Expr) -> float:
    """Bound the bits of the numbers that evaluation can make of an expression or of its inverse, from above."""
    return sum(max(0, x) for x in reach(expr))


def power_bits(base: sp.Expr, exponent: sp.Expr) -> float:
    """Bound the bits of the numbers that evaluation can make of a power, without building it."""
    inner, (outer, _) = bits(base), reach(exponent)
    if exponent.has(sp.log):
        inner = max(inner, 1)  # m**(2/log(m)) is exp(2)
    if not inner:
        return 0
    return inner * (2.0**outer + 1) if outer < log2(MANY) else inf


@lru_cache(maxsize=4096)
def shape(expr: sp.Expr) -> Shape:
    """Bound the terms and degrees of an expression that is expanded over a common denominator, from above."""
    if expr.is_Mul:
        top, bottom, degree, below = zip(*map(shape, expr.args), strict=True)
        return prod(top), prod(bottom), sum(degree), sum(below)
    if expr.is_Add:
        return _shape_of_sum([shape(term) for term in expr.args])
    if expr.is_Pow and expr.exp.is_Integer:
        return shape_of_power(expr.base, int(expr.exp))
    return 1, 1, float(not expr.is_Rational), 0


def shape_of_power(base: sp.Expr, exponent: int) -> Shape:
    """Return the shape of an integer power, without building it."""
    top, bottom, degree, below = shape(base)
    k = abs(exponent)
    raised = _raised(top, k), _raised(bottom, k), degree * k, below * k
    return raised if exponent > 0 else (raised[1], raised[0], raised[3], raised[2])


def _shape_of_sum(shapes: list[Shape]) -> Shape:
    bottom = prod(s[1] for s in shapes)
    top = sum(s[0] * bottom / s[1] for s in shapes)
    # The monomials below, as in 1/m + 1/m**2, have the highest of them as their common denominator.
    below = max((s[3] for s in shapes if s[1] == 1), default=0) + sum(s[3] for s in shapes if s[1] > 1)
    return top, bottom, max(s[2] + below - s[3] for s in shapes), below


def _raised(terms: float, k: int) -> float:
    """Return the number of terms of the k-th power of a polynomial."""
    return min(comb(int(terms) + k - 1, k), MANY) if terms < MANY else MANY


def nonlinear_degree(expr: sp.Expr) -> float:
    """Return the degree of a nonlinear sum in one symbol, 0 for anything else.

    Of such a sum SymPy isolates the real roots to find its sign.
    """
    if not expr.is_Add or len(expr.free_symbols) != 1 or is_linear(expr):
        return 0
    return sum(shape(expr)[2:])


def is_linear(expr: sp.Expr) -> bool:
    """Tell whether an expression is linear in its symbols, with rational coefficients."""
    return all(x.is_Symbol or x == 1 for x in expr.as_coefficients_dict())


def unclear_parts(base: sp.Expr) -> int:
    """Count the parts of a base whose signs SymPy looks for, often long, when it takes a power of it apart.

    Args:
        base: what is raised to a power that is no integer.

    Returns:
        The number of parts in those factors that are not positive at a glance.
    """
    if base.is_Add or base.is_Symbol:
        return 0
    unclear = [x.exp if x.is_Pow and is_positive(x) else x for x in sp.Mul.make_args(base)]
    return sum(1 for x in unclear if not is_positive(x) for _ in sp.preorder_traversal(x))


def is_positive(expr: sp.Expr) -> bool:
    """Tell whether an expression is positive at a glance; false also where this is not seen."""
    if expr.is_Rational or expr.is_Symbol or expr == sp.E:
        return bool(expr.is_positive)
    if expr.is_Pow or isinstance(expr, sp.exp):
        base, exponent = expr.as_base_exp()
        return is_positive(base) and exponent.is_rational_function()
    return bool(expr.is_Add or expr.is_Mul) and all(map(is_positive, expr.args))
