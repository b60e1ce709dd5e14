"""The most efficient amount of augmentation, the rate it gives, and when it helps: for any learner and generator.

All orders are in ``m`` (m_S) as it grows, up to constants; delta is a constant. The bound is the order form of
`theory.stability`, with beta at m_T = m + m_G. `most_efficient_order` solves, exactly, for the smallest order of m_G at
which the generalization error with respect to the mixed distribution is at most of the order of the divergence:

- *default* reading: among m_G of order at least m_S, so that m_G/m_T is a constant;
- *unrestricted* reading: every order of m_G from 1 on, the factor m_G/m_T of the divergence included.

These are statements about upper bounds. `rate` gives the order of the bound at any m_G, `verdict` compares that at the
most efficient one with no augmentation.

Source: Zheng, Wu, Li (2023), Definition 3.1 and Corollary 3.1; reconstructed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.order import Cases, Order, cases_of, is_o, substitute
from theory.order_atoms import FALSE, TRUE, Region, condition_of
from theory.order_cases import LOG
from theory.order_regions import Facts, conjunction
from theory.order_splits import three_way
from theory.setting import NotASetting, Setting, m, m_G
from theory.term_thresholds import Orders, constraints, small_constraints
from theory.threshold import ANY, REAL_SIZE, Regions, combine, everywhere

__all__ = [
    "Case",
    "NotASetting",
    "Optimum",
    "Reading",
    "Setting",
    "Word",
    "faster_powers",
    "m",
    "m_G",
    "most_efficient_order",
    "power",
    "rate",
    "verdict",
]

Reading = Literal["default", "unrestricted"]
Word = Literal["faster", "no faster", "slower", "no finite optimum"]


def rate(setting: Setting, size: Order | Cases | None) -> Cases:
    """Return the order of the bound at a given order of m_G.

    Args:
        setting: learner and generator.
        size: order of m_G in m; None for no augmentation.
    """
    if size is None:
        return cases_of(setting.without(), m, setting.assumptions)
    return substitute(setting.bound().total, m_G, size, m, setting.assumptions)


power = sp.Symbol("p", positive=True)
"""``m_G = m^p``."""


def faster_powers(setting: Setting) -> bool | Boolean:
    """Where the bound at ``m_G = m^p`` is of smaller order than without augmentation, in `power` and the symbols."""
    assumed = sp.And(setting.assumptions, power > 0)
    return is_o(rate(replace(setting, assumptions=assumed), Order(power)), rate(setting, None), assumed)


@dataclass(frozen=True)
class Optimum:
    """The most efficient order of m_G in one region.

    Args:
        condition: the region, as a condition on the symbols.
        order: the order of m_G; None where there is none.
        binding: the term of the bound that makes a smaller order too small, or *reading* where the reading's smallest
            order suffices.
        reason: why there is none; empty where there is one.
    """

    condition: Boolean
    order: Order | None
    binding: str
    reason: str = ""


@lru_cache(maxsize=256)
def most_efficient_order(setting: Setting, reading: Reading = "default") -> tuple[Optimum, ...]:
    """Solve for the smallest order of m_G at which the mixed error is at most of the order of the divergence.

    Args:
        setting: learner and generator.
        reading: *default* (m_G of order at least m_S) or *unrestricted*.

    Returns:
        One optimum for each region of the symbols; regions exclude one another and are together all that is assumed.

    Raises:
        ValueError: a reading that does not exist.
    """
    if reading not in ("default", "unrestricted"):
        raise ValueError(f"reading must be 'default' or 'unrestricted'. Found {reading!r}.")
    if setting.tv == 0:
        reason = "the divergence is 0: no m_G brings the rest of the bound down to it"
        return (Optimum(sp.true, None, "divergence", reason),)
    return _joined(
        setting.facts,
        [
            piece
            for region, orders in _regions_of(setting)
            for piece in _optima(setting, setting.facts.given(region), region, orders, reading)
        ],
    )


Piece = tuple[Region, Order | None, str, str]
"""Region, order of m_G, binding term, reason."""


def _joined(facts: Facts, pieces: list[Piece]) -> tuple[Optimum, ...]:
    """Join pieces that say the same, and write their regions as conditions."""
    regions: dict[tuple[Order | None, str, str], Region] = {}
    for region, order, binding, reason in pieces:
        key = (order, binding, reason)
        regions[key] = facts.either(regions[key], region) if key in regions else region
    return tuple(Optimum(condition_of(facts.tidy(region)), *key) for key, region in regions.items())


def _regions_of(setting: Setting) -> list[tuple[Region, Orders]]:
    if setting.beta == 0:
        raise NotASetting("beta must be positive: a learner that ignores its data has no order. Found 0.")
    parts = (cases_of(e, m, setting.assumptions) for e in (setting.beta, setting.tv, setting.loss_bound))
    return [(region, Orders(*orders)) for region, orders in _product(setting.facts, TRUE, *parts)]


def _optima(setting: Setting, facts: Facts, region: Region, orders: Orders, reading: Reading) -> list[Piece]:
    named = {name: solve(facts, orders) for name, solve in constraints(setting)}
    parts = {"reading": everywhere(REAL_SIZE), **named}
    if reading == "unrestricted":
        small = {"reading": everywhere(ANY), **{n: s(facts, orders) for n, s in small_constraints(setting)}}
        return _unrestricted(facts, region, orders, parts, small)
    return _named_optima(facts, region, orders, combine(facts, parts.values(), larger=True), parts)


def _unrestricted(
    facts: Facts, region: Region, orders: Orders, parts: dict[str, Regions], small: dict[str, Regions]
) -> list[Piece]:
    """Take the threshold among m_G of order at most m_S where it is one, else that of the default reading."""
    found: list[Piece] = []
    for inner, value in combine(facts, small.values(), larger=True):
        within = facts.given(inner)
        fits = FALSE if value is None else within.either(*three_way(value, REAL_SIZE, within)[:2])
        if fits:
            both = facts.both(region, inner, fits)
            found += _named_optima(facts.given(both), both, orders, everywhere(value), small)
        rest = facts.both(region, inner, within.complement(fits))
        if rest:
            facts_rest = facts.given(rest)
            found += _named_optima(facts_rest, rest, orders, combine(facts_rest, parts.values(), larger=True), parts)
    return found


def _named_optima(
    facts: Facts, region: Region, orders: Orders, thresholds: Regions, parts: dict[str, Regions]
) -> list[Piece]:
    found: list[Piece] = []
    for inner, value in thresholds:
        both = facts.both(region, inner)
        if not both:
            continue
        if value is None:
            found.append((both, None, "stability_S_G", _why_none(orders)))
        else:
            found += [(r, value, name, "") for r, name in _binding(facts.given(both), both, value, parts)]
    return found


def _binding(facts: Facts, region: Region, value: Order, parts: dict[str, Regions]) -> list[tuple[Region, str]]:
    """Name the terms whose threshold is the optimum, by region; *reading* where its smallest order suffices."""
    pieces: list[tuple[Region, tuple[str, ...]]] = [(region, ())]
    for name, regions in parts.items():
        attained = facts.either(
            *(facts.both(r, three_way(x, value, facts)[1]) for r, x in regions if x is not None), FALSE
        )
        refined = []
        for piece, names in pieces:
            inside, outside = facts.both(piece, attained), facts.both(piece, facts.complement(attained))
            refined += [(inside, (*names, name))] * bool(inside) + [(outside, names)] * bool(outside)
        pieces = refined
    return [(piece, "reading" if "reading" in names else ", ".join(names)) for piece, names in pieces]


def _why_none(orders: Orders) -> str:
    trend = orders.beta * LOG
    if trend.power == 0 and trend.log.is_negative:
        return (
            f"beta log m = {trend} falls more slowly than every power of m, so only an m_G beyond every power of m "
            "reaches the divergence: none inside the algebra"
        )
    return f"beta log m = {trend} does not fall below the divergence, however large m_G is"


@dataclass(frozen=True)
class Case:
    """What augmentation does to the rate, in one region of a setting's symbols.

    Args:
        condition: the region.
        no_augmentation: order of the bound at m_G = 0.
        most_efficient: the most efficient order of m_G; None where there is none.
        binding: the term of the bound that fixes it, or *reading*.
        with_most_efficient: order of the bound there; None where there is none.
        at_equal_size: order of the bound at m_G = Theta(m_S).
        verdict: *faster*, *no faster* or *slower* than no augmentation, or *no finite optimum*.
        reason: the verdict in a sentence.
    """

    condition: Boolean
    no_augmentation: Order
    most_efficient: Order | None
    binding: str
    with_most_efficient: Order | None
    at_equal_size: Order
    verdict: Word
    reason: str


@lru_cache(maxsize=256)
def verdict(setting: Setting, reading: Reading = "default") -> tuple[Case, ...]:
    """Decide whether the bound at the most efficient m_G is of smaller order than without augmentation.

    Args:
        setting: learner and generator.
        reading: of the most efficient m_G.

    Returns:
        One case for each region of the symbols; in increasing order where there is one symbol.
    """
    facts = setting.facts
    none, equal = rate(setting, None), rate(setting, REAL_SIZE)
    found: dict[tuple, Region] = {}
    for optimum in most_efficient_order(setting, reading):
        base = facts.region(optimum.condition)
        best = None if optimum.order is None else _rate_within(setting, optimum)
        for region, (without, same, at_best) in _product(facts, base, none, equal, best):
            for inner, word in _words(facts.given(region), at_best, without):
                both = facts.both(region, inner)
                key = (without, optimum.order, optimum.binding, at_best, same, word, optimum.reason)
                if both:
                    found[key] = facts.either(found[key], both) if key in found else both
    return _in_order([_case(condition_of(facts.tidy(region)), *key) for key, region in found.items()])


def _in_order(cases: list[Case]) -> tuple[Case, ...]:
    """Sort cases along the line where they depend on one symbol only."""
    symbols = set().union(*(case.condition.free_symbols for case in cases))
    if len(cases) < 2 or len(symbols) != 1:
        return tuple(cases)
    (symbol,), x = symbols, sp.Symbol("x", real=True)

    def place(case: Case) -> tuple[sp.Expr, bool]:
        region = case.condition.subs(symbol, x).as_set()
        return region.inf, region.inf not in region

    return tuple(sorted(cases, key=place))


def _rate_within(setting: Setting, optimum: Optimum) -> Cases:
    given = conjunction((setting.assumptions, optimum.condition))
    assert optimum.order is not None  # noqa: S101 - the caller asks only where there is one
    return substitute(setting.bound().total, m_G, optimum.order, m, given)


def _product(facts: Facts, base: Region, *parts: Cases | None) -> list[tuple[Region, tuple[Any, ...]]]:
    """Refine a region by the cases of several orders; the order of None is None."""
    pieces: list[tuple[Region, tuple[Any, ...]]] = [(base, ())]
    for part in parts:
        choices = [(sp.true, None)] if part is None else list(part)
        pieces = [
            (both, (*orders, order))
            for region, orders in pieces
            for condition, order in choices
            if (both := facts.both(region, facts.region(condition)))
        ]
    return pieces


def _words(facts: Facts, best: Order | None, without: Order | None) -> list[tuple[Region, Word]]:
    if best is None or without is None:
        return [(TRUE, "no finite optimum")]
    words: tuple[Word, ...] = ("faster", "no faster", "slower")
    return [(r, word) for r, word in zip(three_way(best, without, facts), words, strict=True) if r]


def _case(
    condition: Boolean,
    without: Order,
    size: Order | None,
    binding: str,
    best: Order | None,
    same: Order,
    word: Word,
    reason: str,
) -> Case:
    relation = {"faster": "o", "no faster": "Theta", "slower": "omega"}
    said = reason or f"the bound at the most efficient m_G, {best}, is {relation[word]} of that without, {without}"
    return Case(condition, without, size, binding, best, same, word, said)
