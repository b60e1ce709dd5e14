"""A tape on ranges: enclosures over a box by two endpoints, rounded outward, which may be infinite.

Endpoints rather than balls, as a ball around [0, 1] forgets that a product of such numbers is not negative. A range
stands for a set of finite numbers: an infinite end says that they are unbounded, and 0 times such an end is 0. It may
exclude 0 although 0 is an end, as the range of delta in (0, 1) does. To be run under `numerics.balls.precision`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from types import MappingProxyType
from typing import Any, NamedTuple

from flint import arb, fmpq

from numerics.arithmetic import Arithmetic

ZERO, ONE, INF = arb(0), arb(1), arb.pos_inf()


class Range(NamedTuple):
    """A set of real numbers between two ends.

    Args:
        low, high: the ends, without error, maybe infinite; not numbers where the function has no value somewhere.
        nonzero: whether 0 is not among them.
    """

    low: arb
    high: arb
    nonzero: bool = False

    @property
    def defined(self) -> bool:
        """Whether there is a value everywhere."""
        return not self.low.is_nan()

    def at_most_zero(self, strict: bool) -> bool:
        """Tell whether all numbers are <= 0, or < 0."""
        return bool(self.high < 0 or (self.high == 0 and (not strict or self.nonzero)))

    def contains(self, number: arb) -> bool:
        """Tell whether a ball lies inside, for certain."""
        return bool(self.low <= number and number <= self.high)


UNDEFINED = Range(arb.nan(), arb.nan())


def between(low: arb, high: arb, nonzero: bool = False) -> Range:
    """Return the range from the low end of one ball to the high end of another."""
    bottom, top = low.lower(), high.upper()
    if bottom.is_nan() or top.is_nan():
        return UNDEFINED
    return Range(bottom, top, bool(nonzero or bottom > 0 or top < 0))


def rational(p: int, q: int) -> Range:
    """Return the range of a fraction: one number, or its neighbours."""
    ball = arb(fmpq(p, q))
    return between(ball, ball, p != 0)


def union(*xs: Range) -> Range:
    """Return the hull."""
    if not all(x.defined for x in xs):
        return UNDEFINED
    low, high = reduce(min, (x.low for x in xs)), reduce(max, (x.high for x in xs))
    return Range(low, high, all(x.nonzero for x in xs))


def _add(*xs: Range) -> Range:
    if not all(x.defined for x in xs):
        return UNDEFINED
    one_sided = all(x.low >= 0 for x in xs) or all(x.high <= 0 for x in xs)
    low, high = (reduce(lambda a, b: a + b, ends) for ends in ([x.low for x in xs], [x.high for x in xs]))
    return between(low, high, one_sided and any(x.nonzero for x in xs))


def _product(a: arb, b: arb) -> arb:
    return ZERO if a == 0 or b == 0 else a * b


def _times(x: Range, y: Range) -> Range:
    if not (x.defined and y.defined):
        return UNDEFINED
    nonzero = x.nonzero and y.nonzero
    if x.low >= 0 and y.low >= 0:
        return between(_product(x.low, y.low), _product(x.high, y.high), nonzero)
    products = [_product(a, b) for a in x[:2] for b in y[:2]]
    low, high = reduce(min, (c.lower() for c in products)), reduce(max, (c.upper() for c in products))
    return between(low, high, nonzero)


def _reciprocal(x: Range) -> Range:
    if not x.defined or not x.nonzero or (x.low < 0 < x.high):
        return UNDEFINED  # a pole
    if x.high <= 0:
        mirrored = _reciprocal(Range(-x.high, -x.low, True))
        return Range(-mirrored.high, -mirrored.low, True)
    return between(ZERO if x.high == INF else 1 / x.high, INF if x.low == 0 else 1 / x.low, True)


def _rising(function: Callable[[arb], arb], lowest: arb, highest: arb, least: arb | None = None) -> Callable[..., Any]:
    # A function that rises, with its values at -oo (or at the least argument) and oo.
    def apply(x: Range) -> Range:
        if not x.defined or (least is not None and x.low < least):
            return UNDEFINED
        low = lowest if x.low == -INF or x.low == least else function(x.low)
        high = highest if x.high == INF else lowest if x.high == least else function(x.high)
        return between(low, high)

    return apply


_exp = _rising(arb.exp, ZERO, INF)
_erf = _rising(arb.erf, arb(-1), ONE)
_root = _rising(arb.sqrt, ZERO, INF, ZERO)
_logarithm = _rising(arb.log, -INF, INF, ZERO)


def _erfc(x: Range) -> Range:
    if not x.defined:
        return UNDEFINED
    low, high = ZERO if x.high == INF else x.high.erfc(), arb(2) if x.low == -INF else x.low.erfc()
    return between(low, high, True)


def _sqrt(x: Range) -> Range:
    return _root(x)._replace(nonzero=x.nonzero)


def _log(x: Range) -> Range:
    return _logarithm(x) if x.nonzero else UNDEFINED


def _absolute(x: Range) -> Range:
    if not x.defined or x.low >= 0:
        return x
    mirrored = Range(-x.high, -x.low, x.nonzero)
    return mirrored if x.high <= 0 else Range(ZERO, max(x.high, mirrored.high), x.nonzero)


def _integer_power(x: Range, k: int) -> Range:
    if k < 0:
        return _reciprocal(_integer_power(x, -k))
    if not x.defined or k == 0:
        return rational(1, 1) if x.defined else UNDEFINED
    base = x if k % 2 else _absolute(x)
    low, high = (end if end in (INF, -INF) else end**k for end in base[:2])
    return between(low, high, x.nonzero)


def _power(x: Range, y: Range) -> Range:
    if not (x.defined and y.defined) or x.low < 0 or not (x.nonzero or y.low > 0):
        return UNDEFINED
    return _exp(_times(y, _logarithm(x)))._replace(nonzero=x.nonzero)


def _integer_part(name: str) -> Callable[[Range], Range]:
    def apply(x: Range) -> Range:
        if not x.defined:
            return UNDEFINED
        low, high = (end if end in (INF, -INF) else getattr(end, name)() for end in x[:2])
        return between(low, high)

    return apply


def ceil_log2(n: Range) -> Range:
    """Return the range of ceil(log2 n) over integers n >= 1 and the reals between them."""
    if not n.defined or n.low < 1:
        return UNDEFINED
    low, high = (INF if end == INF else arb((int(end.ceil().unique_fmpz()) - 1).bit_length()) for end in n[:2])
    return between(low, high)


def _n_ceil_log2(n: Range) -> Range:
    if not n.defined or n.low < 0:
        return UNDEFINED
    if n.low < 1:  # n is an integer: 0, or at least 1
        return rational(0, 1) if n.high < 2 else union(rational(0, 1), _n_ceil_log2(Range(ONE, n.high, True)))
    return _times(ceil_log2(n), n)


def _less(x: Range, y: Range) -> bool | None:
    if x.high < y.low or (x.high == y.low == 0 and (x.nonzero or y.nonzero)):
        return True
    return False if x.low >= y.high else None


def _equal(x: Range, y: Range) -> bool | None:
    if x.high < y.low or x.low > y.high:
        return False
    if (x.nonzero and y.low == y.high == 0) or (y.nonzero and x.low == x.high == 0):
        return False
    return True if x.low == x.high == y.low == y.high else None


def _not(x: bool | None) -> bool | None:
    return None if x is None else not x


def _minimum(x: Range, y: Range) -> Range:
    if not (x.defined and y.defined):
        return UNDEFINED
    return Range(min(x.low, y.low), min(x.high, y.high), x.nonzero and y.nonzero)


def _negative(x: Range) -> Range:
    return Range(-x.high, -x.low, x.nonzero)


def _select(*pairs: Any) -> Range:
    possible = []
    for branch, condition in zip(pairs[::2], pairs[1::2], strict=True):
        if condition is not False:
            possible.append(branch)
        if condition is True:
            return union(*possible)
    return UNDEFINED  # maybe no branch is meant


RANGES: Arithmetic = MappingProxyType(
    {
        "rational": rational,
        "infinity": lambda: UNDEFINED,
        "pi": lambda: between(arb.pi(), arb.pi()),
        "e": lambda: between(arb.const_e(), arb.const_e()),
        "truth": bool,
        "add": _add,
        "multiply": lambda *xs: reduce(_times, xs),
        "divide": lambda x, y: _times(x, _reciprocal(y)),
        "sqrt": _sqrt,
        "integer_power": _integer_power,
        "power": _power,
        "exp": lambda x: _exp(x)._replace(nonzero=True),
        "log": _log,
        "erf": _erf,
        "erfc": _erfc,
        "absolute": _absolute,
        "floor": _integer_part("floor"),
        "ceiling": _integer_part("ceil"),
        "minimum": lambda *xs: reduce(_minimum, xs),
        "maximum": lambda *xs: _negative(reduce(_minimum, map(_negative, xs))),
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
"""The operations. None raises: a function without a value somewhere is `UNDEFINED`."""
