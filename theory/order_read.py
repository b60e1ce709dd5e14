"""Reading the order of growth off a SymPy expression, part by part and by regions of the symbols.

The algebra holds finite sums, products, constant powers, Max, Min and logarithms of ``c m^a log(m)^b
log(log(m))^c``, all positive. Whatever is free of m is a constant; constants are dropped. Nothing may cancel: a
summand that is not positive is refused, and so is what grows like no order of the algebra (exp(m), sin(m)).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.functions import n_ceil_log2, n_log_en
from theory.order_atoms import FALSE, TRUE, Region, condition_of
from theory.order_cases import LOG, ONE, Order
from theory.order_regions import Facts
from theory.order_splits import Ranks, Split, merged, split_map, split_max, split_min, split_product, three_way

LOG_LOG = Order(0, 0, 1)


class NotInAlgebra(ValueError):  # noqa: N818 - it is what the message says
    """An expression, or a part of it, has no order in the algebra."""

    def __init__(self, part: Any, reason: str) -> None:
        """Name the part and the reason."""
        super().__init__(f"{reason}. Found {part}.")
        self.part = part
        self.reason = reason


@dataclass
class Reader:
    """One reading of an expression: the variable, what is known, and the parts read so far."""

    m: sp.Symbol
    facts: Facts
    given: Boolean
    positive_constants: bool
    seen: dict[sp.Expr, Split[Order]] = field(default_factory=dict)

    def read(self, expr: sp.Expr) -> Split[Order]:
        """Return the order of an expression, by regions."""
        if expr not in self.seen:
            self.seen[expr] = self._read(expr)
        return self.seen[expr]

    def _read(self, expr: sp.Expr) -> Split[Order]:
        if expr == self.m:
            return ((TRUE, Order(1)),)
        if not expr.has(self.m):
            self.check_constant(expr)
            return ((TRUE, ONE),)
        rules: dict[Any, Callable[[Any], Split[Order]]] = {
            sp.Add: self.read_sum,
            sp.Mul: self.read_product,
            sp.Pow: self.read_power,
            sp.log: self.read_log,
            sp.exp: self.read_exp,
            sp.Abs: lambda e: self.read(e.args[0]),  # SymPy writes sqrt(log(m)**2) so
            sp.Max: self.read_max,
            sp.Min: lambda e: split_min(self.facts, *map(self.read, e.args)),
            sp.Piecewise: self.read_piecewise,
            n_ceil_log2: self.read_n_log_n,
            n_log_en: self.read_n_log_n,
        }
        if expr.func not in rules:
            raise NotInAlgebra(expr, f"{expr.func.__name__} of the growing variable {self.m} has no order here")
        return rules[expr.func](expr)

    def check_constant(self, expr: sp.Expr) -> None:
        """Refuse a constant that is not positive."""
        if expr.is_extended_real is False or expr.has(sp.oo, -sp.oo, sp.zoo, sp.nan):
            raise NotInAlgebra(expr, "a constant is a finite positive number")
        sign = self.sign_of_constant(expr)
        if sign == 0:
            raise NotInAlgebra(expr, "zero has no order of growth")
        if sign < 0:
            raise NotInAlgebra(expr, "a negative term has no order of growth")

    def sign_of_constant(self, expr: sp.Expr) -> int:
        """Return the sign of what is free of m, -1 also where it is only known not to be positive."""
        if expr.is_positive:
            return 1
        if expr.is_zero:
            return 0
        if expr.is_nonpositive:
            return -1
        if self.given != sp.true and expr.free_symbols & self.given.free_symbols:
            negative, zero, positive = self.facts.sign(expr)
            if positive == FALSE:
                return 0 if negative == FALSE else -1
            if negative == zero == FALSE:
                return 1
        if not self.positive_constants:
            raise NotInAlgebra(expr, "a constant must be known to be positive")
        return 1

    def read_sum(self, expr: sp.Expr) -> Split[Order]:
        """Read a sum of positive terms: what is free of m is one term."""
        constant, _ = expr.as_independent(self.m, as_Add=True)
        terms = [term for term in expr.args if term.has(self.m)]
        if constant != 0 and self.sign_of_constant(constant) != 0:
            terms.insert(0, constant)
        return split_max(self.facts, *map(self.read, terms))

    def read_product(self, expr: sp.Expr) -> Split[Order]:
        """Read a product: what is free of m is one factor."""
        constant, _ = expr.as_independent(self.m, as_Add=False)
        try:
            self.check_constant(constant)
        except NotInAlgebra as error:
            raise NotInAlgebra(expr, error.reason) from error
        return split_product(self.facts, *(self.read(factor) for factor in expr.args if factor.has(self.m)))

    def read_power(self, expr: sp.Expr) -> Split[Order]:
        """Read a constant power of a positive base."""
        base, exponent = expr.as_base_exp()
        if exponent.has(self.m):
            raise NotInAlgebra(expr, f"an exponent may not hold the growing variable {self.m}")
        self.check_exponent(exponent)
        return split_map(lambda order: order**exponent, self.read(base))

    def check_exponent(self, exponent: sp.Expr) -> None:
        """Refuse an exponent that may not be a finite real number."""
        if exponent.is_real:
            return
        related = self.given.free_symbols
        unknown = [x for x in exponent.free_symbols if not (x.is_real or (x.is_real is None and x in related))]
        if unknown or exponent.is_real is False or exponent.has(sp.oo, -sp.oo, sp.zoo, sp.nan, sp.I):
            raise NotInAlgebra(exponent, "an exponent must be known to be real")
        if self.facts.sign(sp.fraction(sp.cancel(exponent))[1])[1] != FALSE:
            raise NotInAlgebra(exponent, "the denominator of an exponent may be zero")

    def read_max(self, expr: sp.Expr) -> Split[Order]:
        """Read a maximum, in which zeros do not count."""
        terms = [term for term in expr.args if term.has(self.m) or self.sign_of_constant(term) != 0]
        return split_max(self.facts, *map(self.read, terms))

    def read_exp(self, expr: sp.Expr) -> Split[Order]:
        """Read exp of something bounded, or a power of m written with exp and log."""
        (argument,) = expr.args
        constant, rest = argument.as_independent(self.m, as_Add=False)
        if isinstance(rest, sp.log):
            return self.read(rest.args[0] ** constant)
        split = self.read(argument)
        if any(self.facts.both(region, self.grows(order)) for region, order in split):
            raise NotInAlgebra(expr, "the exponential of something that grows has no order here")
        return ((TRUE, ONE),)

    def grows(self, order: Order) -> Region:
        """Return where an order tends to infinity."""
        return _versus_one(order, self.facts)[2]

    def read_n_log_n(self, expr: sp.Expr) -> Split[Order]:
        """Read n ceil(log2 n) or n log(e n): both are of order n log n where n grows, else a constant."""
        (n,) = expr.args
        parts = []
        for region, order in self.read(n):
            vanishing, constant, growing = _versus_one(order, self.facts)
            if self.facts.both(region, vanishing):
                raise NotInAlgebra(expr, f"{expr.func.__name__} is for sizes, which do not tend to zero")
            parts.append((self.facts.both(region, constant), ONE))
            here = self.facts.both(region, growing)
            parts += [(x, order * log) for x, log in self.log_of_growing(n, order, here)]
        return merged(self.facts, parts)

    def log_of_growing(self, argument: sp.Expr, order: Order, where: Region) -> Split[Order]:
        """Return the order of the logarithm of something that grows, in a region where it does."""
        _, zero, positive = self.facts.sign(order.power)
        _, log_zero, log_positive = self.facts.sign(order.log)
        if self.facts.both(where, zero, log_zero):
            raise NotInAlgebra(sp.log(argument), "log log log of the growing variable is beyond the algebra")
        return (
            (self.facts.both(where, positive), LOG),
            (self.facts.both(where, zero, log_positive), LOG_LOG),
        )

    def read_log(self, expr: sp.Expr) -> Split[Order]:
        """Read a logarithm: of what grows, or of what tends to a constant above 1."""
        (argument,) = expr.args
        parts: list[tuple[Region, Order]] = []
        for region, order in self.read(argument):
            vanishing, constant, growing = _versus_one(order, self.facts)
            if self.facts.both(region, vanishing):
                raise NotInAlgebra(expr, "the logarithm of something that tends to zero is negative")
            parts += self.log_of_growing(argument, order, self.facts.both(region, growing))
            here = self.facts.both(region, constant)
            if here:
                bounded = self.log_of_bounded(argument, here)
                parts += [(self.facts.both(here, x), log) for x, log in bounded]
        return merged(self.facts, parts)

    def log_of_bounded(self, argument: sp.Expr, where: Region) -> Split[Order]:
        """Return the order of the logarithm of something that tends to a positive constant, in a region."""
        if argument.is_Pow:
            return self.log_of_bounded_power(argument, where)
        whole = sp.log(argument, evaluate=False)
        argument = sp.expand(argument)
        if argument.is_Mul:
            argument = _limit_of_ratio(argument, self.m)
        free, rest = argument.as_independent(self.m, as_Add=True)
        if rest == 0:
            if free == 1:
                raise NotInAlgebra(whole, "the sign of a logarithm that tends to zero is not seen")
            self.check_constant(sp.log(free))
            return ((TRUE, ONE),)
        parts = []
        for region, order in self.read(rest):
            vanishing, constant, _ = _versus_one(order, self.facts)
            here = self.facts.both(where, region, vanishing)
            if here and free != 1:
                self.check_constant(sp.log(free))
            parts.append((here, order if free == 1 else ONE))  # log(1 + x) ~ x
            here = self.facts.both(where, region, constant)
            if here and not (free - 1).is_nonnegative:
                raise NotInAlgebra(whole, "it is not seen that this logarithm is positive")
            parts.append((here, ONE))
        return merged(self.facts, parts)

    def log_of_bounded_power(self, argument: sp.Expr, where: Region) -> Split[Order]:
        """Return the order of ``log(x^a) = a log x`` where it is bounded: a must be positive there."""
        base, exponent = argument.as_base_exp()
        _, _, positive = self.facts.sign(exponent)
        if not self.facts.implies(where, positive):
            raise NotInAlgebra(sp.log(argument), "it is not seen that this logarithm is positive")
        return self.read_log(sp.log(base, evaluate=False))

    def read_piecewise(self, expr: sp.Expr) -> Split[Order]:
        """Read a Piecewise whose conditions are on constants: its pieces are cases."""
        rest: Region = TRUE
        parts: list[tuple[Region, Order]] = []
        for piece, condition in expr.args:
            if condition.has(self.m):
                raise NotInAlgebra(expr, f"a condition may not hold the growing variable {self.m}")
            region = self.facts.region(condition)
            here = self.facts.both(rest, region)
            rest = self.facts.both(rest, self.facts.complement(region))
            if here:
                narrowed = sp.And(self.given, condition_of(here))
                reader = Reader(self.m, self.facts.given(here), narrowed, self.positive_constants)
                parts += [(self.facts.both(here, x), order) for x, order in reader.read(piece)]
        if rest:
            raise NotInAlgebra(expr, f"no piece is given where {condition_of(rest)}")
        return merged(self.facts, parts)


def _limit_of_ratio(expr: sp.Expr, m: sp.Symbol) -> sp.Expr:
    """Return the limit of a bounded ratio of polynomials in m; anything else as it is, but cancelled."""
    top, bottom = (sp.Poly(part, m) if part.is_polynomial(m) else None for part in sp.fraction(sp.cancel(expr)))
    if top is None or bottom is None or top.degree() != bottom.degree():
        return sp.cancel(expr)
    return top.LC() / bottom.LC()


def _versus_one(order: Order, facts: Facts) -> Ranks:
    """Return where an order tends to zero, is a constant, and tends to infinity."""
    return three_way(order, ONE, facts)
