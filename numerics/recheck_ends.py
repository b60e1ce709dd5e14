"""Enclosures by walking a SymPy expression: two endpoints for each node. For `numerics.recheck` alone.

Written apart from `numerics.ranges` and the tape on purpose: what a proof and its check share, neither can find wrong.
A set of numbers is (low, high, whether 0 is left out); None where the expression may have no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy as sp
from flint import arb, fmpq

Ends = tuple[arb, arb, bool]

_INF = arb.pos_inf()


def exact(value: Fraction) -> Ends:
    """Enclose a fraction."""
    ball = arb(fmpq(value.numerator, value.denominator))
    return ball.lower(), ball.upper(), value != 0


def enclose(node: sp.Basic, values: Mapping[sp.Basic, Ends]) -> Ends | None:
    """Enclose an expression.

    Args:
        node: the expression.
        values: the ends by symbol.

    Raises:
        TypeError: a function that is not known here.
    """
    return _Walk(values).ends(node)


def _mended(ends: Ends | None) -> Ends | None:
    if ends is None or ends[0].is_nan() or ends[1].is_nan():
        return None
    low, high, nonzero = ends
    return low, high, bool(nonzero or low > 0 or high < 0)


def _scaled(a: arb, b: arb) -> arb:
    return arb(0) if a.is_zero() or b.is_zero() else a * b


def _sum(x: Ends, y: Ends) -> Ends | None:
    same = (x[0] >= 0 and y[0] >= 0) or (x[1] <= 0 and y[1] <= 0)
    return _mended(((x[0] + y[0]).lower(), (x[1] + y[1]).upper(), bool(same and (x[2] or y[2]))))


def _product(x: Ends, y: Ends) -> Ends | None:
    corners = [_scaled(a, b) for a in x[:2] for b in y[:2]]
    return _mended((min(c.lower() for c in corners), max(c.upper() for c in corners), x[2] and y[2]))


def _inverse(x: Ends) -> Ends | None:
    low, high, nonzero = x
    if not nonzero or (low < 0 and high > 0):
        return None
    if high <= 0:
        turned = _inverse((-high, -low, True))
        return None if turned is None else (-turned[1], -turned[0], True)
    bottom = arb(0) if high == _INF else (1 / high).lower()
    return _mended((bottom, _INF if low.is_zero() else (1 / low).upper(), True))


def _whole_power(x: Ends, k: int) -> Ends | None:
    if k < 0:
        found = _whole_power(x, -k)
        return None if found is None else _inverse(found)
    low, high, nonzero = x
    if k % 2 == 0:
        low, high = (low, high) if low >= 0 else (-high, -low) if high <= 0 else (arb(0), max(-low, high))
    bottom = low if low in (-_INF, _INF) else (low**k).lower()
    return _mended((bottom, high if high in (-_INF, _INF) else (high**k).upper(), nonzero))


def _log(x: Ends) -> Ends | None:
    low, high, nonzero = x
    if low < 0 or not nonzero:
        return None
    return _mended((-_INF if low.is_zero() else low.log().lower(), _INF if high == _INF else high.log().upper(), False))


def _exp(x: Ends) -> Ends | None:
    low, high, _ = x
    bottom = arb(0) if low == -_INF else low.exp().lower()
    return _mended((bottom, _INF if high == _INF else arb(0) if high == -_INF else high.exp().upper(), True))


def _root(x: Ends, e: sp.Rational) -> Ends | None:
    low, high, nonzero = x
    if low < 0:
        return None
    q = fmpq(int(e.p), int(e.q))
    ends = [end if end.is_zero() or end == _INF else end ** arb(q) for end in (low, high)]
    return _mended((ends[0].lower(), ends[1].upper(), nonzero))


def _levels(n: arb) -> arb:
    return _INF if n == _INF else arb((int(n.ceil().unique_fmpz()) - 1).bit_length())


class _Walk:
    def __init__(self, values: Mapping[sp.Basic, Ends]) -> None:
        self.known: dict[sp.Basic, Ends | None] = dict(values)

    def ends(self, node: sp.Basic) -> Ends | None:
        if node not in self.known:
            self.known[node] = self._of(node)
        return self.known[node]

    def _of(self, node: sp.Basic) -> Ends | None:
        if isinstance(node, sp.Rational):
            return exact(Fraction(int(node.p), int(node.q)))
        if isinstance(node, sp.Float):
            return exact(Fraction(*map(int, sp.Rational(node).as_numer_denom())))
        if node in (sp.pi, sp.E):
            ball = arb.pi() if node == sp.pi else arb.const_e()
            return ball.lower(), ball.upper(), True
        if isinstance(node, sp.Piecewise):
            return self._piecewise(node)
        if isinstance(node, sp.Heaviside):
            return self._step(node.args[0])
        name = type(node).__name__
        parts = [self.ends(part) for part in node.args]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        if isinstance(node, (sp.Add, sp.Mul)):
            total: Ends | None = known[0]
            for part in known[1:]:
                if total is None:
                    return None
                total = (_sum if isinstance(node, sp.Add) else _product)(total, part)
            return total
        if isinstance(node, sp.Pow):
            return self._power(node, known)
        if isinstance(node, (sp.Min, sp.Max)):
            choose = min if isinstance(node, sp.Min) else max
            return _mended((choose(p[0] for p in known), choose(p[1] for p in known), all(p[2] for p in known)))
        apply = getattr(self, f"_f_{name}", None)
        if apply is None or len(known) != 1:
            raise TypeError(f"no enclosure is known for {name}. Found {node}.")
        return apply(known[0])

    def _power(self, node: sp.Pow, parts: list[Ends]) -> Ends | None:
        if node.exp.is_Integer:
            return _whole_power(parts[0], int(node.exp))
        if node.exp.is_Rational:
            found = _root(parts[0], abs(node.exp))
            return found if node.exp > 0 or found is None else _inverse(found)
        if node.base == sp.E:
            return _exp(parts[1])
        logarithm = _log(parts[0])
        exponent = None if logarithm is None else _product(logarithm, parts[1])
        return None if exponent is None else _exp(exponent)

    def _f_exp(self, x: Ends) -> Ends | None:
        return _exp(x)

    def _f_log(self, x: Ends) -> Ends | None:
        return _log(x)

    def _f_Abs(self, x: Ends) -> Ends | None:
        squares = (x[0], x[1]) if x[0] >= 0 else (-x[1], -x[0]) if x[1] <= 0 else (arb(0), max(-x[0], x[1]))
        return _mended((*squares, x[2]))

    def _f_erf(self, x: Ends) -> Ends | None:
        low, high = arb(-1) if x[0] == -_INF else x[0].erf(), arb(1) if x[1] == _INF else x[1].erf()
        return _mended((low.lower(), high.upper(), x[2]))

    def _f_erfc(self, x: Ends) -> Ends | None:
        low, high = arb(0) if x[1] == _INF else x[1].erfc(), arb(2) if x[0] == -_INF else x[0].erfc()
        return _mended((low.lower(), high.upper(), True))

    def _f_floor(self, x: Ends) -> Ends | None:
        return _mended((*(end if end in (_INF, -_INF) else end.floor() for end in x[:2]), False))

    def _f_ceiling(self, x: Ends) -> Ends | None:
        return _mended((*(end if end in (_INF, -_INF) else end.ceil() for end in x[:2]), False))

    def _f_n_ceil_log2(self, n: Ends) -> Ends | None:
        low, high, _ = n
        if low < 0:
            return None
        bottom = arb(0) if low < 1 else (low * _levels(low)).lower()
        return _mended((bottom, _INF if high == _INF else (high * _levels(max(high, arb(1)))).upper(), False))

    def _f_n_log_en(self, n: Ends) -> Ends | None:
        if n[0] < 0:
            return None
        if n[0] < 1:  # n is an integer: 0, or at least 1, from where on the function rises
            above = self._f_n_log_en((arb(1), max(n[1], arb(1)), True))
            return None if above is None else (arb(0), above[1], False)
        logarithm = _log(n)
        grown = None if logarithm is None else _sum(logarithm, exact(Fraction(1)))
        return None if grown is None else _product(n, grown)

    def _step(self, argument: sp.Basic) -> Ends | None:
        # From the slope of a minimum of two: the share of one of them. It is 1 where it is the smaller, 0 where the
        # other is, and 1/2 where they are equal, be it on a whole piece of a line, where they have one slope.
        found = self.ends(argument)
        if found is None:
            return None
        low, high, nonzero = found
        bottom = arb(1) if low > 0 or (low >= 0 and nonzero) else arb(0.5) if low >= 0 else arb(0)
        top = arb(0) if high < 0 or (high <= 0 and nonzero) else arb(0.5) if high <= 0 else arb(1)
        return bottom, top, bool(bottom > 0)

    def _piecewise(self, node: sp.Piecewise) -> Ends | None:
        low, high, nonzero = _INF, -_INF, True
        for branch, condition in node.args:
            holds = self._holds(condition)
            if holds is False:
                continue
            found = self.ends(branch)
            if found is None:
                return None
            low, high, nonzero = min(low, found[0]), max(high, found[1]), nonzero and found[2]
            if holds:
                return low, high, nonzero
        return None

    def _holds(self, condition: sp.Basic) -> bool | None:
        if condition in (sp.true, sp.false):
            return condition == sp.true
        if isinstance(condition, sp.Not):
            inner = self._holds(condition.args[0])
            return None if inner is None else not inner
        if isinstance(condition, (sp.And, sp.Or)):
            found = {self._holds(part) for part in condition.args}
            decisive = isinstance(condition, sp.Or)
            return decisive if decisive in found else None if None in found else not decisive
        left, right = (self.ends(side) for side in condition.args)
        if left is None or right is None:
            return None
        signs = _signs(left, right)
        wanted = {"<": {-1}, "<=": {-1, 0}, ">": {1}, ">=": {1, 0}, "==": {0}, "!=": {-1, 1}}[condition.rel_op]
        return True if signs <= wanted else False if signs.isdisjoint(wanted) else None


def _signs(left: Ends, right: Ends) -> set[int]:
    signs = set()
    if left[0] < right[1]:
        signs.add(-1)
    if left[1] > right[0]:
        signs.add(1)
    zero_meets = not (left[2] and right[0].is_zero() and right[1].is_zero())
    zero_meets = zero_meets and not (right[2] and left[0].is_zero() and left[1].is_zero())
    if left[0] <= right[1] and left[1] >= right[0] and zero_meets:
        signs.add(0)
    return signs
