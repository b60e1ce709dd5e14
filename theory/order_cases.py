"""Orders of growth ``m^a (log m)^b (log log m)^c`` as m -> oo, and orders that depend on symbols, by cases.

An order is a class of positive functions up to constant factors (Θ), so a sum is a maximum. Where an exponent
holds a symbol, the larger of two orders can depend on its value: the answer is then a split into cases.
`theory.order_comparison` compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.order_atoms import TRUE, condition_of
from theory.order_regions import Facts, conjunction, facts_of
from theory.order_splits import Split, merged, split_map, split_max, split_product, three_way


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
        return combine(split_max, self, other).order if isinstance(other, Order) else NotImplemented

    def __lt__(self, other: Order) -> bool:
        """Tell whether it is ``o(other)``."""
        return _decided(rank_condition(self, other, (), (-1,)), f"{self} = o({other})")

    def __le__(self, other: Order) -> bool:
        """Tell whether it is ``O(other)``."""
        return _decided(rank_condition(self, other, (), (-1, 0)), f"{self} = O({other})")

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
        return combine(split_product, self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Cases | Order) -> Cases:
        """Divide case by case."""
        return self * other**-1

    def __rtruediv__(self, other: Order) -> Cases:
        """Divide an order by it, case by case."""
        return other * self**-1

    def __add__(self, other: Cases | Order) -> Cases:
        """Return the order of the sum, the larger of the two."""
        return combine(split_max, self, other)

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


ONE = Order()
LOG = Order(0, 1)


def rank_condition(f: Order | Cases, g: Order | Cases, assumptions: Any, signs: tuple[int, ...]) -> Boolean:
    """Return the condition under which f is below (-1), with (0) or above (1) g: one of `signs`."""
    facts, (first, second) = _given([f, g], assumptions)
    regions = []
    for x, order in first:
        for y, other in second:
            ranks = three_way(order, other, facts)
            regions += [facts.both(x, y, ranks[sign + 1]) for sign in signs]
    return condition_of(facts.tidy(facts.either(*regions)))


def cases_of_split(split: Split[Order], facts: Facts, assumptions: Boolean) -> Cases:
    """Write a split with SymPy conditions, simplified."""
    items = tuple((condition_of(facts.tidy(region)), order) for region, order in merged(facts, split))
    return Cases(items, assumptions)


def _given(orders: Iterable[Order | Cases], assumptions: Any = ()) -> tuple[Facts, list[Split[Order]]]:
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


def combine(rule: Callable[..., Split[Order]], *orders: Order | Cases, assumptions: Any = ()) -> Cases:
    """Return the largest, the smallest or the product of orders, as one of `theory.order_splits` says."""
    facts, splits = _given(orders, assumptions)
    return cases_of_split(rule(facts, *splits), facts, _conditions(orders, assumptions))


def _decided(condition: Boolean, question: str) -> bool:
    if condition in (sp.true, sp.false):
        return bool(condition)
    raise Undecided(f"whether {question} depends on a symbol. Found: where {condition}.")
