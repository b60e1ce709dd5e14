"""Orders by regions of the symbols: the larger, the smaller and the product of two, in every region.

The larger of two orders can depend on the symbols in their exponents. A split gives an order for each of some regions
that exclude one another and are together all that the facts allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from typing import Any, Protocol, TypeVar

import sympy as sp

from theory.order_atoms import FALSE, TRUE, Region, is_thin, join
from theory.order_regions import Facts


class HasExponents(Protocol):
    """What is asked of an order here: exponents, the most important first, and a product."""

    @property
    def exponents(self) -> tuple[sp.Expr, ...]:
        """Exponents of m, log m and log log m."""

    def __mul__(self, other: Any) -> Any: ...


AnyOrder = TypeVar("AnyOrder", bound=HasExponents)
Split = tuple[tuple[Region, AnyOrder], ...]
"""Orders by regions that exclude one another: the form in which the algebra computes."""

Ranks = tuple[Region, Region, Region]
"""Where the first of two orders ranks below, with and above the second."""


def three_way(f: HasExponents, g: HasExponents, facts: Facts) -> Ranks:
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


def split_max(facts: Facts, *splits: Split[AnyOrder]) -> Split[AnyOrder]:
    """Return the largest order, in every region the facts allow."""
    return _extreme(facts, splits, lambda f, g: three_way(f, g, facts))


def split_min(facts: Facts, *splits: Split[AnyOrder]) -> Split[AnyOrder]:
    """Return the smallest order, in every region the facts allow."""
    return _extreme(facts, splits, lambda f, g: three_way(g, f, facts))


def split_product(facts: Facts, *splits: Split[AnyOrder]) -> Split[AnyOrder]:
    """Return the product of orders, in every region the facts allow."""
    first, *rest = splits
    return reduce(
        lambda a, b: merged(facts, ((facts.both(x, y), f * g) for x, f in a for y, g in b)),
        rest,
        merged(facts, first),
    )


def split_map(change: Callable[[AnyOrder], AnyOrder], split: Split[AnyOrder]) -> Split[AnyOrder]:
    """Change the order in every region."""
    return tuple((region, change(order)) for region, order in split)


def merged(facts: Facts, parts: Iterable[tuple[Region, AnyOrder]]) -> Split[AnyOrder]:
    """Drop empty regions and join those of equal orders, also of orders that are equal in one of the regions."""
    by_order: dict[AnyOrder, list[Region]] = {}
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


def _extreme(
    facts: Facts, splits: Iterable[Split[AnyOrder]], rank: Callable[[AnyOrder, AnyOrder], Ranks]
) -> Split[AnyOrder]:
    """Return the order that ranks first: among those without a region all at once, then one by one."""
    plain = dict.fromkeys(split[0][1] for split in splits if len(split) == 1)
    first = [_first_of(facts, list(plain), rank)] if plain else []
    return reduce(
        lambda a, b: _first_of_two(facts, a, b, rank), [*first, *(split for split in splits if len(split) > 1)]
    )


def _first_of(facts: Facts, orders: list[AnyOrder], rank: Callable[[AnyOrder, AnyOrder], Ranks]) -> Split[AnyOrder]:
    """Split by which of the orders ranks first; of equals the earlier counts."""
    wins: dict[AnyOrder, list[Region]] = {order: [] for order in orders}
    for i, f in enumerate(orders):
        for g in orders[i + 1 :]:
            if FALSE in wins[f] or FALSE in wins[g]:  # beaten everywhere by a third, which beats the rest
                continue
            less, same, more = rank(f, g)
            wins[f].append(facts.either(same, more))
            wins[g].append(less)
    return merged(facts, ((facts.both(TRUE, *regions), order) for order, regions in wins.items()))


def _first_of_two(
    facts: Facts, first: Split[AnyOrder], second: Split[AnyOrder], rank: Callable[[AnyOrder, AnyOrder], Ranks]
) -> Split[AnyOrder]:
    """Split by which of two orders ranks first; of equals the first counts."""
    parts = []
    for x, f in first:
        for y, g in second:
            here = facts.both(x, y)
            less, same, more = rank(f, g) if f != g and here else (FALSE, TRUE, FALSE)
            parts.append((facts.both(here, facts.either(same, more)), f))
            parts.append((facts.both(here, less), g))
    return merged(facts, parts)
