"""What an expression may be made of, and how large it may become: limits that keep every reading short.

Most are for what SymPy does at once: it computes numbers, and looks for signs. Some are for what is done later with
an expression that has been read: expanding it, finding its sign or the roots of a condition.
"""

from __future__ import annotations

from math import prod

import sympy as sp

from theory.parse_size import bits, is_positive, nonlinear_degree, power_bits, shape, shape_of_power, unclear_parts

MAX_NUMBER = 512  # bits of a numerator or denominator
MAX_BITS = 2**14  # of the numbers that evaluation may pass through
MAX_POWER = 100  # absolute value of a number as an exponent
MAX_FRACTION = 10**4  # numerator and denominator of such a number
MAX_TERMS = 500  # of an expression that is expanded over a common denominator
MAX_DEGREE = 16  # of all nonlinear sums in one symbol together
MAX_IRRATIONAL = 4  # roots, logarithms and exponentials of numbers
MAX_ROOT_DEGREE = 100  # of these roots together: whether a sum of them is zero takes a minimal polynomial
MAX_UNCLEAR = 12  # parts of unknown sign in a product or power that is raised to a power
MAX_ALL_UNCLEAR = 30  # of all these together

HEADS = (sp.Add, sp.Mul, sp.Pow, sp.exp, sp.log, sp.Max, sp.Min, sp.Abs, sp.Symbol, sp.Rational, type(sp.E))
"""What an expression is made of."""


class Limits:
    """The limits of one reading, and what has been used of them."""

    def __init__(self) -> None:
        """Begin with nothing used."""
        self.seen: set[sp.Expr] = set()
        self.irrational = 0
        self.root_degree = 1
        self.degree = 0.0
        self.unclear = 0

    def complaint(self, expr: sp.Expr) -> str | None:
        """Say what is wrong with a newly built expression, or return None."""
        new: list[sp.Expr] = []
        waiting = [expr]
        while waiting:
            part = waiting.pop()
            if part in self.seen:
                continue
            if not isinstance(part, HEADS):
                return "not a finite real number"
            self.seen.add(part)
            new.append(part)
            waiting += part.args
        return next(filter(None, map(_complaint_of, new)), None) or self._complaint_of_all(new)

    def complaint_of_power(self, base: sp.Expr, exponent: sp.Expr) -> str | None:
        """Say what is wrong with a power that is to be built, or return None."""
        wrong = _complaint_of_power(base, exponent)
        if wrong or exponent.is_Integer:
            return wrong
        count = unclear_parts(base)
        self.unclear += count
        too_long = count > MAX_UNCLEAR or self.unclear > MAX_ALL_UNCLEAR
        return "a power of a product or power that is too long" if too_long else None

    def _complaint_of_all(self, new: list[sp.Expr]) -> str | None:
        """Say what there is too much of, with the new parts."""
        irrational = [x for x in new if not x.free_symbols and (_is_root(x) or isinstance(x, sp.exp | sp.log))]
        self.irrational += len(irrational)
        self.root_degree *= prod(x.exp.q for x in irrational if x.is_Pow)
        self.degree += sum(map(nonlinear_degree, new))
        if self.irrational > MAX_IRRATIONAL:
            return f"more than {MAX_IRRATIONAL} roots, logarithms and exponentials of numbers"
        if self.root_degree > MAX_ROOT_DEGREE:
            return f"roots of numbers of a degree above {MAX_ROOT_DEGREE} together"
        return f"sums of a degree above {MAX_DEGREE} together" if self.degree > MAX_DEGREE else None


def _complaint_of(part: sp.Expr) -> str | None:
    """Say what is wrong with an expression as a whole, its parts aside."""
    if part.is_Pow or isinstance(part, sp.exp):
        return _complaint_of_power(*part.as_base_exp())
    if part.is_Rational:
        return f"a number of more than {MAX_NUMBER} bits" if bits(part) > MAX_NUMBER else None
    if bits(part) > MAX_BITS:
        return "a number that is too large"
    return f"more than {MAX_TERMS} terms when expanded" if sum(shape(part)[:2]) > MAX_TERMS else None


def _complaint_of_power(base: sp.Expr, exponent: sp.Expr) -> str | None:
    """Say what is wrong with a power."""
    if exponent.is_Rational and (abs(exponent) > MAX_POWER or max(abs(exponent.p), exponent.q) > MAX_FRACTION):
        return f"an exponent above {MAX_POWER}, or a fraction with a number above {MAX_FRACTION} in it"
    if power_bits(base, exponent) > MAX_BITS:
        return "a power that is too large"
    if base == 0:
        return "a power of zero"
    if is_positive(-base) and not exponent.is_integer:
        return "a root of a negative number"
    if exponent.is_Integer and sum(shape_of_power(base, int(exponent))[:2]) > MAX_TERMS:
        return f"more than {MAX_TERMS} terms when expanded"
    return None


def _is_root(expr: sp.Expr) -> bool:
    return bool(expr.is_Pow and expr.exp.is_Rational and not expr.exp.is_Integer)
