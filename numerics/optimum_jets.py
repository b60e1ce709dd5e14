"""A tape on balls: enclosures of a function and of its first two derivatives over an interval of its variable.

Derivatives are with respect to u = log x, in which sums of powers of x with positive factors are convex. A constant
is a plain ball. Where two branches of a minimum, maximum or Piecewise may both be meant, the value is the hull of
both. The first derivative of a minimum is the hull too: the function is Lipschitz, and its derivative is one of the
two almost everywhere, which is all that monotonicity and the mean value theorem need. The second derivative is not a
number there. An arithmetic at the precision of `flint.ctx`, to be run by `numerics.optimum_function`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from types import MappingProxyType
from typing import Any

from flint import arb, fmpq

from numerics.arithmetic import Arithmetic

NAN = arb.nan()
ZERO = arb(0)


@dataclass(frozen=True, slots=True)
class Jet:
    """Balls that hold the value and the first two derivatives in u = log x, over an interval of x.

    Args:
        value, first, second: the balls; one that is not finite says nothing.
        ends: first and last integer of the interval, for x itself only.
    """

    value: arb
    first: arb
    second: arb
    ends: tuple[int, int] | None = None


Value = Any
"""A Jet, or a ball for a constant. A condition is True, False, or None where the balls do not decide."""


def variable(first: int, last: int) -> Jet:
    """Return x over the reals from one integer >= 1 to another."""
    ball = arb(first).union(arb(last)) if first < last else arb(first)
    return Jet(ball, ball, ball, (first, last))


def value_of(x: Value) -> arb:
    """Return the ball of the value."""
    return x.value if isinstance(x, Jet) else x


def parts(x: Value) -> tuple[arb, arb, arb]:
    """Return the balls of value and derivatives."""
    return (x.value, x.first, x.second) if isinstance(x, Jet) else (x, ZERO, ZERO)


def _chain(x: Value, g: arb, g_1: Callable[[], arb], g_2: Callable[[], arb]) -> Value:
    if not isinstance(x, Jet):
        return g
    slope = g_1()
    return Jet(g, slope * x.first, g_2() * x.first * x.first + slope * x.second)


def _add(*xs: Value) -> Value:
    value = reduce(lambda a, b: a + b, map(value_of, xs))
    jets = [x for x in xs if isinstance(x, Jet)]
    if not jets:
        return value
    return Jet(
        value, reduce(lambda a, b: a + b, (x.first for x in jets)), reduce(lambda a, b: a + b, (x.second for x in jets))
    )


def _times(x: Value, y: Value) -> Value:
    if not isinstance(x, Jet):
        x, y = y, x
    if not isinstance(x, Jet):
        return x * y
    if not isinstance(y, Jet):
        return Jet(x.value * y, x.first * y, x.second * y)
    return Jet(
        x.value * y.value,
        x.first * y.value + x.value * y.first,
        x.second * y.value + 2 * x.first * y.first + x.value * y.second,
    )


def _divide(x: Value, y: Value) -> Value:
    if not isinstance(y, Jet):
        return _times(x, 1 / y)
    above, above_1, above_2 = parts(x)
    value = above / y.value
    first = (above_1 - value * y.first) / y.value
    return Jet(value, first, (above_2 - 2 * first * y.first - value * y.second) / y.value)


def _sqrt(x: Value) -> Value:
    v = value_of(x)
    root = v.sqrt()
    return _chain(x, root, lambda: 1 / (2 * root), lambda: -1 / (4 * root * v))


def _integer_power(x: Value, k: int) -> Value:
    v = value_of(x)
    return _chain(x, v**k, lambda: k * v ** (k - 1), lambda: k * (k - 1) * v ** (k - 2))


def _power(x: Value, y: Value) -> Value:
    if isinstance(y, Jet):
        return _exp(_times(y, _log(x)))
    v = value_of(x)
    return _chain(x, v**y, lambda: y * v ** (y - 1), lambda: y * (y - 1) * v ** (y - 2))


def _exp(x: Value) -> Value:
    e = value_of(x).exp()
    return _chain(x, e, lambda: e, lambda: e)


def _log(x: Value) -> Value:
    v = value_of(x)
    return _chain(x, v.log(), lambda: 1 / v, lambda: -1 / (v * v))


def _less(x: Value, y: Value) -> bool | None:
    a, b = value_of(x), value_of(y)
    return True if a < b else False if a >= b else None


def _not(x: bool | None) -> bool | None:
    return None if x is None else not x


def _equal(x: Value, y: Value) -> bool | None:
    a, b = value_of(x), value_of(y)
    return True if a == b else False if a < b or a > b else None


def _hull(xs: list[Value], value: arb, continuous: bool) -> Value:
    if not any(isinstance(x, Jet) for x in xs):
        return value
    first = reduce(lambda a, b: a.union(b), (parts(x)[1] for x in xs)) if continuous else NAN
    return Jet(value, first, NAN)


def _minimum(x: Value, y: Value) -> Value:
    below = _less(x, y)
    return _hull([x, y], value_of(x).min(value_of(y)), True) if below is None else x if below else y


def _maximum(x: Value, y: Value) -> Value:
    below = _less(x, y)
    return _hull([x, y], value_of(x).max(value_of(y)), True) if below is None else y if below else x


def _select(*pairs: Any) -> Value:
    possible = []
    for branch, condition in zip(pairs[::2], pairs[1::2], strict=True):
        if condition is not False:
            possible.append(branch)
        if condition is True:
            break
    if len(possible) < 2:
        return possible[0] if possible else NAN
    return _hull(possible, reduce(lambda a, b: a.union(b), map(value_of, possible)), False)


def levels(first: int, last: int) -> arb:
    """Return the hull of ceil(log2 n) over the reals from n = first to last, integers >= 1."""
    low, high = (first - 1).bit_length(), (last - 1).bit_length()
    return arb(low) if low == high else arb(low).union(arb(high))


def _n_ceil_log2(n: Value) -> Value:
    v = value_of(n)
    if v == 0:
        return ZERO
    if isinstance(n, Jet) and n.ends:
        ends = n.ends
    elif v >= 1:  # ceil(log2 n) is ceil(log2 ceil(n))
        ends = int(v.lower().ceil().unique_fmpz()), int(v.upper().ceil().unique_fmpz())
    else:
        return _hull([n], NAN, False)
    level = levels(*ends)
    return _times(level, n) if level.is_exact() else _hull([n], level * v, False)


JETS: Arithmetic = MappingProxyType(
    {
        "rational": lambda p, q: arb(fmpq(p, q)),
        "pi": arb.pi,
        "e": arb.const_e,
        "truth": bool,
        "add": _add,
        "multiply": lambda *xs: reduce(_times, xs),
        "divide": _divide,
        "sqrt": _sqrt,
        "integer_power": _integer_power,
        "power": _power,
        "exp": _exp,
        "log": _log,
        "minimum": lambda *xs: reduce(_minimum, xs),
        "maximum": lambda *xs: reduce(_maximum, xs),
        "absolute": lambda x: _maximum(x, _times(arb(-1), x)),
        "n_ceil_log2": _n_ceil_log2,
        "less": _less,
        "less_equal": lambda x, y: _not(_less(y, x)),
        "equal": _equal,
        "negation": _not,
        "conjunction": lambda *xs: False if False in xs else None if None in xs else True,
        "disjunction": lambda *xs: True if True in xs else None if None in xs else False,
        "select": _select,
    }
)
"""The operations. None raises: what a ball does not settle is infinitely wide or not a number."""
