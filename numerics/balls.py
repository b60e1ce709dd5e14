"""A tape on balls: numbers with error bounds, from python-flint's `arb`, at the precision of `flint.ctx`.

The operations of `numerics.optimum_jets` on constants, with those added that have no derivative there. A condition is
True, False, or None where the balls do not decide; a Piecewise is then the hull of the branches that may be meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import reduce
from types import MappingProxyType
from typing import Any

from flint import arb, ctx

from numerics.arithmetic import Arithmetic
from numerics.optimum_jets import JETS, NAN

BITS = 128
"""Bits that are computed with, unless more are asked for."""
LEAST_BITS, MOST_BITS = 32, 100_000


FLOAT_ULPS = 16
"""How far float64 may be from the value of a bound or a moment, in units of its last place: tested against balls.

5.3 were found at most. In the 0-1 risk far out it is more: what rounds z is multiplied by 2 z^2 in erfc(z).
"""


class Undecided(ArithmeticError):  # noqa: N818 - it is what happened
    """A ball is too wide, or not finite: nothing is known, at this precision or at all."""


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Compute with a number of bits, and with the former number afterwards.

    Raises:
        ValueError: too few or too many bits.
    """
    if isinstance(bits, bool) or bits != int(bits) or not LEAST_BITS <= bits <= MOST_BITS:
        raise ValueError(f"bits must be an integer from {LEAST_BITS} to {MOST_BITS}. Found {bits}.")
    with ctx.workprec(int(bits)):
        yield


def certainly_le(a: arb, b: arb) -> bool:
    """Tell whether a <= b, where all numbers of the two balls agree on that.

    Raises:
        Undecided: they do not, or a ball is not finite.
    """
    if a.is_finite() and b.is_finite():
        if a <= b:
            return True
        if a > b:
            return False
    raise Undecided(f"{a} <= {b} is not decided by these balls")


def _integer_power(x: arb, k: int) -> arb:
    if k % 2 or k <= 0 or not x.contains(0):
        return x**k
    return arb(0).union(x.abs_upper() ** k) if x.is_finite() else NAN


def _integer_part(name: str) -> Any:
    def function(x: arb) -> arb:
        low, high = getattr(x.lower(), name)(), getattr(x.upper(), name)()
        return low if low == high else low.union(high)

    return function


def _power(x: arb, y: arb) -> arb:
    if x == 0 and y > 0:
        return arb(0)
    if x.lower() == 0 and y > 0:
        return arb(0).union(x.upper() ** y)
    return x**y


def _select(*pairs: Any) -> arb:
    possible = []
    for branch, condition in zip(pairs[::2], pairs[1::2], strict=True):
        if condition is not False:
            possible.append(branch)
        if condition is True:
            return reduce(lambda a, b: a.union(b), possible)
    return NAN  # maybe no branch is meant


def _n_ceil_log2(n: arb) -> arb:
    if n.contains(0) and n != 0:  # n is an integer: 0, or at least 1
        least = JETS["n_ceil_log2"](arb(1).union(n.upper().max(arb(1))))
        return arb(0).union(least) if n >= 0 else NAN
    return JETS["n_ceil_log2"](n)


BALLS: Arithmetic = MappingProxyType(
    {
        **JETS,
        "infinity": lambda: NAN,
        "integer_power": _integer_power,
        "power": _power,
        "erf": lambda x: x.erf(),
        "erfc": lambda x: x.erfc(),
        "absolute": abs,
        "floor": _integer_part("floor"),
        "ceiling": _integer_part("ceil"),
        "n_ceil_log2": _n_ceil_log2,
        "select": _select,
    }
)
"""The operations. None raises: what a ball does not settle is infinitely wide or not a number."""
