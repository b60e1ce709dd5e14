"""Orders of growth ``m^a (log m)^b (log log m)^c`` as m -> oo, and what can be said of them exactly.

An order is a class of positive functions up to constant factors (Θ), so a sum is a maximum. Where an exponent
holds a symbol, the larger of two orders can depend on its value: the answer is then a split into cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.order_atoms import FALSE, TRUE, Region, condition_of, is_thin, join
from theory.order_regions import Facts, conjunction, facts_of

Split = tuple[tuple[Region, "Order"], ...]
"""Orders by regions that exclude one another: the form in which the algebra computes."""

Ranks = tuple[Region, Region, Region]
"""Where the first of two orders ranks below, with and above the second."""


class Undecided(ValueError):  # noqa: N818 - it is about the question, not an error in the input
    """One answer was asked for, and it depends on the value of a symbol."""


@lru_cache(maxsize=4096, typed=True)
def _exponent(value: Any) -> sp.Expr:
    """Check an exponent, and bring it to a form in which equal ones are equal."""
    if isinstance(value, Fraction):
        value = sp.Rational(value.numerator, value.denominator)
    value = sp.sympify(value, strict=True)
    if value.is_Rational:
        return value
    real = isinstance(value, sp.Expr) and value.is_commutative and value.is_extended_real is not False
    if not real or value.has(sp.oo, -sp.oo, sp.zoo, sp.nan, sp.I, sp.Float):
        raise ValueError(f"an exponent is an exact real number or expression. Found {value}.")
    return value if value.is_Symbol else sp.cancel(value)


def _power(base: str, exponent: sp.Expr) -> str:
    if exponent == 1:
        return base
    plain = exponent.is_Symbol or (exponent.is_Integer and exponent > 0)
    return f"{base}**{exponent}" if plain else f"{base}**({exponent})"


def _short_latex(exponent: sp.Expr) -> str:
    text = sp.latex(exponent, fold_short_frac=True).replace(" / ", "/")
    return "-" + text[2:] if text.startswith("- ") else text


@dataclass(frozen=True)
class Order:
    """The order ``m^power (log m)^log (log log m)^loglog`` of positive functions as m -> oo.

    `power`, `log`, `loglog` are real exponents: numbers (int, Fraction, SymPy), or SymPy expressions in
    symbols. They are kept in a canonical form, so that equal orders are equal objects.
    """

    power: Any = 0
    log: Any = 0
    loglog: Any = 0

    def __post_init__(self) -> None:
        """Check the exponents and bring them to their canonical form."""
        for name in ("power", "log", "loglog"):
            object.__setattr__(self, name, _exponent(getattr(self, name)))

    @property
    def exponents(self) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
        """Return the exponents of m, log m and log log m."""
        return self.power, self.log, self.loglog

    @property
    def free_symbols(self) -> frozenset[sp.Symbol]:
        """Return the symbols in the exponents."""
        return frozenset(symbol for e in self.exponents for symbol in e.free_symbols)

    def __mul__(self, other: Order) -> Order:
        """Multiply two orders."""
        if not isinstance(other, Order):
            return NotImplemented
        return Order(*(x + y for x, y in zip(self.exponents, other.exponents, strict=True)))

    def __pow__(self, exponent: Any) -> Order:
        """Raise to a constant power, rational or symbolic."""
        return Order(*(e * _exponent(exponent) for e in self.exponents))

    def reciprocal(self) -> Order:
        """Return the order of 1 over it."""
        return Order(*(-e for e in self.exponents))

    def __truediv__(self, other: Order) -> Order:
        """Divide two orders."""
        return self * other.reciprocal() if isinstance(other, Order) else NotImplemented

    def __add__(self, other: Order) -> Order:
        """Return the order of the sum, the larger of the two.

        Raises:
            Undecided: if it depends on a symbol which is larger; `dominant` gives the cases.
        """
        return dominant(self, other).order if isinstance(other, Order) else NotImplemented

    def __lt__(self, other: Order) -> bool:
        """Tell whether it is ``o(other)``."""
        return _decided(is_o(self, other), f"{self} = o({other})")

    def __le__(self, other: Order) -> bool:
        """Tell whether it is ``O(other)``."""
        return _decided(is_O(self, other), f"{self} = O({other})")

    def __gt__(self, other: Order) -> bool:
        """Tell whether it is ``ω(other)``."""
        return other < self

    def __ge__(self, other: Order) -> bool:
        """Tell whether it is ``Ω(other)``."""
        return other <= self

    def subs(self, values: Mapping[sp.Symbol, Any]) -> Order:
        """Put values for symbols in the exponents."""
        return Order(*(e.subs(values) for e in self.exponents))

    def as_expr(self, m: sp.Symbol) -> sp.Expr:
        """Write as a SymPy expression in m, with the constant 1."""
        return m**self.power * sp.log(m) ** self.log * sp.log(sp.log(m)) ** self.loglog

    def __str__(self) -> str:
        """Write as a product of powers of ``m``, ``log(m)`` and ``log(log(m))``."""
        bases = ("m", "log(m)", "log(log(m))")
        factors = [_power(base, e) for base, e in zip(bases, self.exponents, strict=True) if e != 0]
        return "*".join(factors) or "1"

    def _repr_latex_(self) -> str:
        """Write as LaTeX, between dollar signs."""
        return f"${self.latex()}$"

    def latex(self, m: str = "m") -> str:
        """Write as LaTeX.

        Args:
            m: how the growing variable is written.

        Returns:
            The formula, without dollar signs.
        """
        factors = []
        for base, e in zip(("", r"\log", r"\log\log"), self.exponents, strict=True):
            if e == 0:
                continue
            power = "" if e == 1 else f"^{{{_short_latex(e)}}}"
            if not base:
                factors.append(m + power)
            else:
                factors.append(f"{base} {m}" if not power else rf"({base} {m}){power}")
        return r" \, ".join(factors) or "1"


@dataclass(frozen=True)
class Cases:
    """An order that depends on symbols: pairs (condition, order), and the assumptions they were made under.

    Under the assumptions exactly one of the conditions holds. Where nothing depends on a symbol there is one
    pair, and its condition is ``true``.
    """

    items: tuple[tuple[Boolean, Order], ...]
    assumptions: Boolean = sp.true

    def __iter__(self) -> Iterator[tuple[Boolean, Order]]:
        """Iterate over the pairs (condition, order)."""
        return iter(self.items)

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.items)

    @property
    def order(self) -> Order:
        """Return the only order.

        Raises:
            Undecided: if there are several cases.
        """
        if len(self.items) > 1:
            raise Undecided(f"the order depends on a symbol. Found {self}.")
        return self.items[0][1]

    def at(self, values: Mapping[sp.Symbol, Any]) -> Order:
        """Return the order at values of the symbols.

        Args:
            values: numbers for the symbols in the conditions, which must satisfy the assumptions.

        Returns:
            The order of the case that holds there, with the values put in.

        Raises:
            Undecided: if no condition becomes true.
            ValueError: if the values do not satisfy the assumptions.
        """
        if self.assumptions.subs(values) == sp.false:
            raise ValueError(f"the values must satisfy {self.assumptions}. Found {dict(values)}.")
        for condition, order in self.items:
            if condition.subs(values) == sp.true:
                return order.subs(values)
        raise Undecided(f"no case holds at {dict(values)}. Found {self}.")

    def __mul__(self, other: Cases | Order) -> Cases:
        """Multiply case by case."""
        return _combine(split_product, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Cases | Order) -> Cases:
        """Divide case by case."""
        return self * other**-1

    def __rtruediv__(self, other: Order) -> Cases:
        """Divide an order by it, case by case."""
        return other * self**-1

    def __add__(self, other: Cases | Order) -> Cases:
        """Return the order of the sum, the larger of the two."""
        return _combine(split_max, self, other)

    __radd__ = __add__

    def __pow__(self, exponent: Any) -> Cases:
        """Raise to a constant power, case by case."""
        facts, (split,) = _given([self])
        return cases_of_split(split_map(lambda order: order**exponent, split), facts, self.assumptions)

    def as_expr(self, m: sp.Symbol) -> sp.Expr:
        """Write as a SymPy expression in m: a Piecewise where there are several cases."""
        return sp.Piecewise(*((order.as_expr(m), condition) for condition, order in self.items))

    def __str__(self) -> str:
        """Write as ``order if condition; ...``, or the order alone."""
        if len(self.items) == 1:
            return str(self.items[0][1])
        return "; ".join(f"{order} if {condition}" for condition, order in self.items)

    def _repr_latex_(self) -> str:
        """Write as LaTeX, between dollar signs."""
        return f"${self.latex()}$"

    def latex(self, m: str = "m") -> str:
        """Write as LaTeX.

        Args:
            m: how the growing variable is written.

        Returns:
            The order, or a ``cases`` environment.
        """
        if len(self.items) == 1:
            return self.items[0][1].latex(m)
        rows = [f"{order.latex(m)} & {sp.latex(condition)}" for condition, order in self.items]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"


@dataclass(frozen=True)
class Comparison:
    """The conditions under which f is ``o(g)``, ``Θ(g)`` and ``ω(g)``: one of them holds, never two."""

    o: Boolean
    Theta: Boolean
    omega: Boolean


ONE = Order()


def compare(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> Comparison:
    """Compare two orders.

    Args:
        f: an order.
        g: an order.
        assumptions: SymPy conditions on the symbols, beyond the symbols' own assumptions.

    Returns:
        The conditions for each of o, Θ, ω; ``true`` and ``false`` where nothing depends on a symbol.

    Raises:
        ValueError: if the assumptions contradict one another.
    """
    return Comparison(*(_where(f, g, assumptions, (sign,)) for sign in (-1, 0, 1)))


def is_o(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> bool | Boolean:
    """Tell whether ``f = o(g)``: True, False, or the condition; arguments as for `compare`."""
    return _answer(_where(f, g, assumptions, (-1,)))


def is_O(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> bool | Boolean:
    """Tell whether ``f = O(g)``: True, False, or the condition; arguments as for `compare`."""
    return _answer(_where(f, g, assumptions, (-1, 0)))


def is_Theta(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> bool | Boolean:
    """Tell whether ``f = Θ(g)``: True, False, or the condition; arguments as for `compare`."""
    return _answer(_where(f, g, assumptions, (0,)))


def is_Omega(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> bool | Boolean:
    """Tell whether ``f = Ω(g)``: True, False, or the condition; arguments as for `compare`."""
    return _answer(_where(f, g, assumptions, (0, 1)))


def is_omega(f: Order | Cases, g: Order | Cases, assumptions: Any = ()) -> bool | Boolean:
    """Tell whether ``f = ω(g)``: True, False, or the condition; arguments as for `compare`."""
    return _answer(_where(f, g, assumptions, (1,)))


def _where(f: Order | Cases, g: Order | Cases, assumptions: Any, signs: tuple[int, ...]) -> Boolean:
    """Return the condition under which f is below (-1), with (0) or above (1) g: one of `signs`."""
    facts, (first, second) = _given([f, g], assumptions)
    regions = []
    for x, order in first:
        for y, other in second:
            ranks = three_way(order, other, facts)
            regions += [facts.both(x, y, ranks[sign + 1]) for sign in signs]
    return condition_of(facts.tidy(facts.either(*regions)))


def dominant(*orders: Order | Cases, assumptions: Any = ()) -> Cases:
    """Return the largest of orders, which is the order of their sum.

    Args:
        orders: at least one.
        assumptions: SymPy conditions on the symbols, beyond the symbols' own assumptions.

    Returns:
        The cases.

    Raises:
        ValueError: if the assumptions contradict one another.
    """
    return _combine(split_max, *orders, assumptions=assumptions)


def least(*orders: Order | Cases, assumptions: Any = ()) -> Cases:
    """Return the smallest of orders; arguments as for `dominant`."""
    return _combine(split_min, *orders, assumptions=assumptions)


def min1(order: Order | Cases, assumptions: Any = ()) -> Cases:
    """Return the order of ``min(1, f)`` for f of the given order; arguments as for `dominant`."""
    return least(ONE, order, assumptions=assumptions)


def three_way(f: Order, g: Order, facts: Facts) -> tuple[Region, Region, Region]:
    """Return where f is of smaller, of the same and of larger order than g."""
    less, same, more = FALSE, TRUE, FALSE
    for x, y in zip(f.exponents, g.exponents, strict=True):
        if x == y or same == FALSE:
            continue
        negative, zero, positive = facts.sign(x - y)
        less = facts.either(less, facts.both(same, negative))
        more = facts.either(more, facts.both(same, positive))
        same = facts.both(same, zero)
    return less, same, more


def split_max(facts: Facts, *splits: Split) -> Split:
    """Return the largest order, in every region the facts allow."""
    return _extreme(facts, splits, lambda f, g: three_way(f, g, facts))


def split_min(facts: Facts, *splits: Split) -> Split:
    """Return the smallest order, in every region the facts allow."""
    return _extreme(facts, splits, lambda f, g: three_way(g, f, facts))


def split_product(facts: Facts, *splits: Split) -> Split:
    """Return the product of orders, in every region the facts allow."""
    return reduce(
        lambda a, b: merged(facts, ((facts.both(x, y), f * g) for x, f in a for y, g in b)),
        splits,
        ((TRUE, ONE),),
    )


def split_map(change: Callable[[Order], Order], split: Split) -> Split:
    """Change the order in every region."""
    return tuple((region, change(order)) for region, order in split)


def merged(facts: Facts, parts: Iterable[tuple[Region, Order]]) -> Split:
    """Drop empty regions and join those of equal orders, also of orders that are equal in one of the regions."""
    by_order: dict[Order, list[Region]] = {}
    for region, order in parts:
        if region != FALSE:
            by_order.setdefault(order, []).append(region)
    for order in [order for order, regions in by_order.items() if all(map(is_thin, regions))]:
        for other in by_order:
            if other != order and facts.implies(join(by_order[order]), three_way(order, other, facts)[1]):
                by_order[other] += by_order.pop(order)
                break
    if len(by_order) == 1:
        return ((TRUE, next(iter(by_order))),)
    return tuple((facts.either(*regions), order) for order, regions in by_order.items())


def cases_of_split(split: Split, facts: Facts, assumptions: Boolean) -> Cases:
    """Write a split with SymPy conditions, simplified."""
    items = tuple((condition_of(facts.tidy(region)), order) for region, order in merged(facts, split))
    return Cases(items, assumptions)


def _extreme(facts: Facts, splits: Iterable[Split], rank: Callable[[Order, Order], Ranks]) -> Split:
    """Return the order that ranks first: among those without a region all at once, then one by one."""
    plain = dict.fromkeys(split[0][1] for split in splits if len(split) == 1)
    first = [_first_of(facts, list(plain), rank)] if plain else []
    return reduce(
        lambda a, b: _first_of_two(facts, a, b, rank), [*first, *(split for split in splits if len(split) > 1)]
    )


def _first_of(facts: Facts, orders: list[Order], rank: Callable[[Order, Order], Ranks]) -> Split:
    """Split by which of the orders ranks first; of equals the earlier counts."""
    wins: dict[Order, list[Region]] = {order: [] for order in orders}
    for i, f in enumerate(orders):
        for g in orders[i + 1 :]:
            if FALSE in wins[f] or FALSE in wins[g]:  # beaten everywhere by a third, which beats the rest
                continue
            less, same, more = rank(f, g)
            wins[f].append(facts.either(same, more))
            wins[g].append(less)
    return merged(facts, ((facts.both(TRUE, *regions), order) for order, regions in wins.items()))


def _first_of_two(facts: Facts, first: Split, second: Split, rank: Callable[[Order, Order], Ranks]) -> Split:
    """Split by which of two orders ranks first; of equals the first counts."""
    parts = []
    for x, f in first:
        for y, g in second:
            here = facts.both(x, y)
            less, same, more = rank(f, g) if f != g and here else (FALSE, TRUE, FALSE)
            parts.append((facts.both(here, facts.either(same, more)), f))
            parts.append((facts.both(here, less), g))
    return merged(facts, parts)


def _given(orders: Iterable[Order | Cases], assumptions: Any = ()) -> tuple[Facts, list[Split]]:
    """Return what is known, with what the cases were made under, and the orders as splits."""
    orders = list(orders)
    facts = facts_of(_conditions(orders, assumptions))
    return facts, [
        ((TRUE, order),)
        if isinstance(order, Order)
        else tuple((facts.region(condition), o) for condition, o in order.items)
        for order in orders
    ]


def _conditions(orders: Iterable[Order | Cases], assumptions: Any) -> Boolean:
    return sp.And(conjunction(assumptions), *(order.assumptions for order in orders if isinstance(order, Cases)))


def _combine(combine: Callable[..., Split], *orders: Order | Cases, assumptions: Any = ()) -> Cases:
    facts, splits = _given(orders, assumptions)
    return cases_of_split(combine(facts, *splits), facts, _conditions(orders, assumptions))


def _answer(condition: Boolean) -> bool | Boolean:
    return bool(condition) if condition in (sp.true, sp.false) else condition


def _decided(answer: bool | Boolean, question: str) -> bool:
    if isinstance(answer, bool):
        return answer
    raise Undecided(f"whether {question} depends on a symbol. Found: where {answer}.")
