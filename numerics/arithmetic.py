"""The arithmetics a compiled expression can run on: one set of operations, on float64 arrays and on mpmath numbers.

Every operation is total: what is undefined is nan, what diverges is infinite, and nothing warns or raises, so
that a branch of a Piecewise may be evaluated where it is not selected. Whoever runs a tape judges the result.
Another arithmetic (of balls, say) is one more function that returns the same operations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

Arithmetic = Mapping[str, Callable[..., Any]]
"""The operations by name; constants are operations without operands, or with integers for operands."""

_TWO_52 = np.float64(2**52).view(np.int64)


def _from_scipy(name: str) -> Callable[..., Any]:
    def function(x: Any) -> Any:
        import scipy.special  # slow to import, and few expressions need it

        return getattr(scipy.special, name)(x)

    return function


def numpy_n_ceil_log2(n: Any, out: NDArray[np.float64] | None = None) -> Any:
    """Return n ceil(log2 n), 0 at n = 0, nan below, from the exponent of the float: no logarithm is rounded.

    Args:
        n: Floats.
        out: Where the result goes, if not to a new array; not n itself.
    """
    n = np.asarray(n, dtype=np.float64)
    if not ((n >= 1) | (n == 0)).all():
        return _slow_n_ceil_log2(n)
    # The representation of n, as an integer, is 2^52 (e + 1022) where n = 2^e, and grows with n: less 1 and shifted by
    # 52 bits it is ceil(log2 n) + 1022, and in the fraction of 2^52 a float. At n = 0 it is a number too.
    out = np.empty(n.shape) if out is None else out
    bits = out.view(np.int64)
    np.subtract(n.view(np.int64), 1, out=bits)
    np.right_shift(out.view(np.uint64), np.uint64(52), out=out.view(np.uint64))
    np.bitwise_or(bits, _TWO_52, out=bits)
    np.subtract(out, 2.0**52 + 1022, out=out)
    np.multiply(out, n, out=out)
    return np.add(out, 0.0, out=out)  # 0 rather than -0


def _slow_n_ceil_log2(n: NDArray[np.float64]) -> Any:
    # n = f 2^e with f in [1/2, 1): ceil(log2 n) is e, or e - 1 where n is a power of two.
    f, e = np.frexp(n)
    value = np.where(n > 0, n * (e - (f == 0.5)), np.where(n == 0, 0.0, np.nan))
    return np.where(n == np.inf, n, value)


def _numpy_select(*pairs: Any) -> Any:
    value: Any = np.float64(np.nan)
    for branch, condition in zip(pairs[-2::-2], pairs[::-2], strict=True):
        value = np.where(condition, branch, value)
    return value


NUMPY: Arithmetic = MappingProxyType(
    {
        "rational": lambda p, q: np.float64(p / q),  # int / int rounds correctly at any size
        "infinity": lambda: np.float64(np.inf),
        "pi": lambda: np.float64(np.pi),
        "e": lambda: np.float64(np.e),
        "truth": lambda value: np.bool_(value),
        "add": lambda *xs: reduce(np.add, xs),
        "multiply": lambda *xs: reduce(np.multiply, xs),
        "divide": np.divide,
        "sqrt": np.sqrt,
        "integer_power": lambda x, k, out=None: np.square(x, out) if k == 2 else np.power(x, np.float64(k), out),
        "power": np.power,
        "exp": np.exp,
        "log": np.log,
        "erf": _from_scipy("erf"),
        "erfc": _from_scipy("erfc"),
        "absolute": np.abs,
        "floor": np.floor,
        "ceiling": np.ceil,
        "minimum": lambda *xs: reduce(np.minimum, xs),
        "maximum": lambda *xs: reduce(np.maximum, xs),
        "n_ceil_log2": numpy_n_ceil_log2,
        "less": np.less,
        "less_equal": np.less_equal,
        "equal": np.equal,
        "negation": np.logical_not,
        "conjunction": lambda *xs: reduce(np.logical_and, xs),
        "disjunction": lambda *xs: reduce(np.logical_or, xs),
        "select": _numpy_select,
    }
)
"""The operations on float64 arrays, each correctly rounded or within a few ulp; to be run under `np.errstate`."""


def mpmath_arithmetic(context: Any) -> Arithmetic:
    """Return the operations at the working precision of an mpmath context.

    Args:
        context: An `mpmath.MPContext`; pass one of your own, as its precision is state.
    """
    nan, inf = context.nan, context.inf

    def total(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *xs: nan if any(context.isnan(x) for x in xs) else function(*xs)

    def divide(x: Any, y: Any) -> Any:
        if y == 0:
            return nan if x == 0 else inf * context.sign(x)
        return x / y

    def power(x: Any, y: Any) -> Any:
        if x < 0 and y != context.floor(y):
            return nan
        return inf if x == 0 and y < 0 else context.power(x, y)

    def n_ceil_log2(n: Any) -> Any:
        if n <= 0:
            return context.zero if n == 0 else nan
        if context.isinf(n):
            return n
        f, e = context.frexp(n)
        return n * (e - (f == 0.5))

    def select(*pairs: Any) -> Any:
        return next((branch for branch, condition in zip(pairs[::2], pairs[1::2], strict=True) if condition), nan)

    return {
        "rational": lambda p, q: context.mpf(p) / q,
        "infinity": lambda: inf,
        "pi": lambda: +context.pi,
        "e": lambda: +context.e,
        "truth": bool,
        "add": total(lambda *xs: reduce(lambda x, y: x + y, xs)),
        "multiply": total(lambda *xs: reduce(lambda x, y: x * y, xs)),
        "divide": total(divide),
        "sqrt": total(lambda x: nan if x < 0 else context.sqrt(x)),
        "integer_power": lambda x, k: total(context.power)(x, k),
        "power": total(power),
        "exp": total(context.exp),
        "log": total(lambda x: nan if x < 0 else context.log(x)),
        "erf": total(context.erf),
        "erfc": total(context.erfc),
        "absolute": total(abs),
        "floor": total(lambda x: x if context.isinf(x) else context.floor(x)),
        "ceiling": total(lambda x: x if context.isinf(x) else context.ceil(x)),
        "minimum": total(min),
        "maximum": total(max),
        "n_ceil_log2": total(n_ceil_log2),
        "less": lambda x, y: x < y,
        "less_equal": lambda x, y: x <= y,
        "equal": lambda x, y: x == y,
        "negation": lambda x: not x,
        "conjunction": lambda *xs: all(xs),
        "disjunction": lambda *xs: any(xs),
        "select": select,
    }


def new_context(digits: int) -> Any:
    """Return an mpmath context of its own at a number of decimal digits, so that no global precision changes."""
    context = mpmath.MPContext()
    context.dps = digits
    return context
