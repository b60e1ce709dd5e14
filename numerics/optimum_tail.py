"""A tape for all large arguments at once: sums of ``c x^p log(x)^q`` with c in a ball, true for every x >= K.

Products are exact; a power, quotient or logarithm keeps the leading monomial and puts the rest into balls by the mean
value theorem: ``(1 + e)^r = 1 + r e (1 + t)^(r - 1)`` with t between 0 and e. So the limit of a function and the sign
of what is left of it beyond K are known with certainty.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

from flint import arb, fmpq

from numerics.balls import Undecided
from numerics.optimum_jets import levels

Exponents = tuple[Fraction, Fraction]
CONSTANT: Exponents = (Fraction(0), Fraction(0))


@dataclass(frozen=True, slots=True)
class Tail:
    """A function beyond K: ball by exponents of x and log x; no term is exactly 0.

    Args:
        terms: the balls.
        exact: the value of a rational constant; None for all else.
    """

    terms: Mapping[Exponents, arb]
    exact: Fraction | None = None

    @property
    def lead(self) -> Exponents:
        """Exponents of the largest term."""
        return max(self.terms)


def arb_of(x: Fraction) -> arb:
    """Return the ball of a fraction."""
    return arb(fmpq(x.numerator, x.denominator))


def constant(value: arb, exact: Fraction | None = None) -> Tail:
    """Return a constant."""
    return Tail({} if value.is_zero() else {CONSTANT: value}, exact)


def variable() -> Tail:
    """Return x."""
    return Tail({(Fraction(1), Fraction(0)): arb(1)})


def add(*xs: Tail) -> Tail:
    """Add."""
    found: dict[Exponents, arb] = {}
    for x in xs:
        for key, c in x.terms.items():
            found[key] = found[key] + c if key in found else c
    return Tail({key: c for key, c in found.items() if not c.is_zero()})


def multiply(x: Tail, y: Tail) -> Tail:
    """Multiply."""
    return add(*(Tail({(p + r, q + s): c * k}) for (p, q), c in x.terms.items() for (r, s), k in y.terms.items()))


def minus(x: Tail, y: Tail) -> Tail:
    """Subtract."""
    return add(x, multiply(constant(arb(-1)), y))


class Beyond:
    """The arithmetic of tails for x >= K.

    Args:
        bits: K is 2 to this power, at least 2.
    """

    def __init__(self, bits: int) -> None:
        """Fix K."""
        self.first = 2**bits
        self.log_k = bits * arb(2).log()
        self.operations: Mapping[str, Callable[..., Any]] = {
            "add": add,
            "multiply": lambda *xs: reduce(multiply, xs),
            "divide": lambda x, y: multiply(x, self.power(y, Fraction(-1))),
            "sqrt": lambda x: self.power(x, Fraction(1, 2)),
            "integer_power": lambda x, k: reduce(multiply, [x] * k) if k > 0 else self.power(x, Fraction(k)),
            "power": lambda x, y: self.power(x, y.exact),
            "log": self.log,
            "minimum": lambda *xs: reduce(lambda x, y: x if self.sign(minus(x, y)) <= 0 else y, xs),
            "maximum": lambda *xs: reduce(lambda x, y: y if self.sign(minus(x, y)) <= 0 else x, xs),
            "absolute": lambda x: minus(constant(arb(0)), x) if self.sign(x) < 0 else x,
            "n_ceil_log2": self.n_ceil_log2,
            "less": lambda x, y: self.sign(minus(x, y)) < 0,
            "less_equal": lambda x, y: self.sign(minus(x, y)) <= 0,
            "equal": lambda x, y: self.sign(minus(x, y)) == 0,
            "negation": lambda x: not x,
            "conjunction": lambda *xs: all(xs),
            "disjunction": lambda *xs: any(xs),
            "select": self.select,
        }

    def largest(self, p: Fraction, q: Fraction) -> arb:
        """Return an upper bound on x^p log(x)^q, p < 0 or p = 0 >= q, over x >= K."""
        where = self.log_k if q <= 0 else self.log_k.max(arb_of(q / -p))
        return (where * arb_of(p)).exp() * where ** arb_of(q)

    def split(self, x: Tail) -> tuple[Exponents, arb, Tail, arb]:
        """Write x as its leading term times 1 + e: exponents, factor, e, and a bound on the modulus of e."""
        if not x.terms:
            raise Undecided
        p, q = x.lead
        c = x.terms[p, q]
        if not (c > 0 or c < 0):
            raise Undecided
        rest = Tail({(r - p, s - q): k / c for (r, s), k in x.terms.items() if (r, s) != (p, q)})
        size = sum((abs(k).upper() * self.largest(*key) for key, k in rest.terms.items()), arb(0))
        return (p, q), c, rest, size

    def sign(self, x: Tail) -> int:
        """Return the sign that x has at every argument beyond K.

        Raises:
            Undecided: it cannot be told.
        """
        if not x.terms:
            return 0
        _, c, rest, _ = self.split(x)
        # Only what is against the leading term matters.
        against = sum((k.min(arb(0)).lower() * self.largest(*key) for key, k in rest.terms.items()), arb(0))
        if not against > -1:
            raise Undecided
        return 1 if c > 0 else -1

    def power(self, x: Tail, r: Fraction | None) -> Tail:
        """Raise to a rational power."""
        if r is None:
            raise Undecided
        if not x.terms and r > 0:
            return x
        (p, q), c, rest, size = self.split(x)
        if not size < 1 or (c < 0 and r.denominator > 1):
            raise Undecided
        factor = c ** arb_of(r) if r.denominator > 1 else c ** int(r)
        slope = arb_of(r) * (1 + size.union(-size)) ** arb_of(r - 1)
        lead = Tail({(p * r, q * r): factor})
        return multiply(lead, add(constant(arb(1)), multiply(constant(slope), rest)))

    def log(self, x: Tail) -> Tail:
        """Take the logarithm; log log x is outside the algebra."""
        (p, q), c, rest, size = self.split(x)
        if q != 0 or not c > 0 or not size < 1:
            raise Undecided
        slope = 1 / (1 + size.union(-size))
        return add(
            multiply(constant(arb_of(p)), Tail({(Fraction(0), Fraction(1)): arb(1)})),
            constant(c.log()),
            multiply(constant(slope), rest),
        )

    def n_ceil_log2(self, n: Tail) -> Tail:
        """Bracket n ceil(log2 n) by n log2 n and n (log2 n + 1)."""
        if n.exact is not None and n.exact.denominator == 1:
            return constant(arb_of(n.exact) * levels(int(n.exact), int(n.exact))) if n.exact else n
        return multiply(n, add(multiply(constant(1 / arb(2).log()), self.log(n)), constant(arb(0).union(arb(1)))))

    def select(self, *pairs: Any) -> Tail:
        """Return the branch of the first condition that holds."""
        for branch, condition in zip(pairs[::2], pairs[1::2], strict=True):
            if condition is None:
                raise Undecided
            if condition:
                return branch
        raise Undecided
