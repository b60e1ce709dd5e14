"""The most efficient amount of augmentation, the rate it gives, and when it helps: for any learner and generator.

All orders are in ``m`` (m_S) as it grows, up to constants; delta is a constant. The bound is the order form of
`theory.stability`, with beta at m_T = m + m_G. `most_efficient_order` solves, exactly, for the smallest order of m_G at
which the generalization error with respect to the mixed distribution is at most of the order of the divergence:

- *default* reading: among m_G of order at least m_S, so that m_G/m_T is a constant;
- *unrestricted* reading: every order of m_G from 1 on, the factor m_G/m_T of the divergence included.

These are statements about upper bounds.

Source: Zheng, Wu, Li (2023), Definition 3.1 and Corollary 3.1; reconstructed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.order import ONE, Cases, Order, cases_of, is_omega, substitute
from theory.order_atoms import FALSE, TRUE, Region, condition_of
from theory.order_cases import three_way
from theory.order_regions import Facts, conjunction, facts_of
from theory.stability import Bound, order_form
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, M, T, beta, delta, m_S
from theory.symbols import m_G as m_G_symbol
from theory.threshold import (
    ANY,
    REAL_SIZE,
    Node,
    Regions,
    combine,
    everywhere,
    monomial,
    power_threshold,
    tree,
)

m = sp.Symbol("m", positive=True)
"""m_S, the growing variable of a setting's orders."""
m_G = AUGMENTED
"""The number of generated examples, at least 1, in a setting's dependence."""

Reading = Literal["default", "unrestricted"]
Word = Literal["faster", "no faster", "slower", "no finite optimum"]

LOG = Order(0, 1)


class NotASetting(ValueError):  # noqa: N818 - it is what the message says
    """A learner or generator that no learner or generator is: a growing stability, a divergence above 1."""


@dataclass(frozen=True)
class Setting:
    """A learner and a generator, as orders.

    Args:
        beta: uniform stability of the learner trained on m examples, in `m`; does not grow.
        tv: D_TV(D, D_G(S)) in `m`; does not grow; 0 for a perfect generator.
        dependence: T(m_S, m_G) in `m` and `m_G`, capped at 1 here; 0 where the generator does not depend on S.
        loss_bound: M in `m`.
        assumptions: conditions on the symbols of the exponents.

    Raises:
        NotASetting: a stability or divergence that grows, or a dependence that grows faster than m_G.
        NotInAlgebra: an expression whose order the algebra does not have.
    """

    beta: sp.Expr
    tv: sp.Expr
    dependence: sp.Expr = sp.S.Zero
    loss_bound: sp.Expr = sp.S.One
    assumptions: Boolean = sp.true

    def __post_init__(self) -> None:
        for name in ("beta", "tv", "dependence", "loss_bound"):
            object.__setattr__(self, name, sp.sympify(getattr(self, name), strict=True))
        object.__setattr__(self, "assumptions", conjunction(self.assumptions))
        self._refuse_growth()

    def _refuse_growth(self) -> None:
        scale = cases_of(self.loss_bound, m, self.assumptions)
        checks = (("beta", self.beta, scale), ("D_TV", self.tv, ONE))
        for name, expression, limit in checks:
            if expression == 0:
                continue
            grows = is_omega(cases_of(expression, m, self.assumptions), limit, self.assumptions)
            if grows is not False:
                when = "" if grows is True else f" where {grows}"
                raise NotASetting(f"{name} must not grow with m. Found {expression}{when}.")
        if self.dependence != 0:
            for leaf in _leaves(tree(self.dependence, m, m_G)):
                grows = is_omega(monomial(leaf, m, m_G, self.assumptions).in_m_G, Order(1), self.assumptions)
                if grows is not False:
                    raise NotASetting(
                        f"T must not grow faster than m_G, as T(m, a + b) <= T(m, a) + T(m, b). Found {leaf}."
                    )

    @property
    def facts(self) -> Facts:
        """What is known of the symbols."""
        return facts_of(self.assumptions)

    def bound(self) -> Bound:
        """Put the setting into the order form: terms in `m` and `m_G`, beta at m + m_G."""
        letters = {
            m_G_symbol: m_G,
            beta: self.beta.subs(m, m + m_G),
            D_TV: self.tv,
            T: sp.Min(1, self.dependence),
            M: self.loss_bound,
            delta: sp.exp(-1),
        }
        general = order_form().subs({m_G_symbol: m_G}).subs(letters)
        return general.subs({m_S: m}, "a setting's bound")

    def without(self) -> sp.Expr:
        """The bound without augmentation."""
        letters = {m_G_symbol: 0, beta: self.beta, M: self.loss_bound, delta: sp.exp(-1)}
        return order_form().subs(letters).subs({m_S: m}).total


def _leaves(node: Node) -> list[sp.Expr]:
    return [node.leaf] if node.kind == "leaf" else [leaf for child in node.children for leaf in _leaves(child)]


def rate(setting: Setting, size: Order | Cases | None) -> Cases:
    """Return the order of the bound at a given order of m_G.

    Args:
        setting: learner and generator.
        size: order of m_G in m; None for no augmentation.
    """
    if size is None:
        return cases_of(setting.without(), m, setting.assumptions)
    return substitute(setting.bound().total, m_G, size, m, setting.assumptions)


@dataclass(frozen=True)
class Orders:
    """A setting's orders in one region of its symbols."""

    beta: Order
    tv: Order
    loss_bound: Order


Constraint = tuple[str, Callable[[Facts, Orders], Regions]]
"""What binds m_G, by the name of the term that must not exceed the divergence."""


def _sampling(facts: Facts, o: Orders) -> Regions:
    """``M/sqrt(m_G) <= M tv``."""
    return power_threshold(facts, sp.S.One, o.tv**-2, (sp.S.Zero, sp.S.Zero))


def _coupling(facts: Facts, o: Orders) -> Regions:
    """``m beta(m_G)/sqrt(m_G) <= M tv`` with ``beta(n) = n^-b log(n)^q``: ``m_G^(b + 1/2) >= m log^q/(M tv)``."""
    b, logs = -o.beta.power, (o.beta.log, o.beta.loglog)
    return power_threshold(facts, b + sp.Rational(1, 2), REAL_SIZE / (o.loss_bound * o.tv), logs)


def _stability(facts: Facts, o: Orders) -> Regions:
    """``beta(m_G) log(m_G) <= M tv``: ``m_G^b >= log^(q + 1)/(M tv)``."""
    b, logs = -o.beta.power, (o.beta.log + 1, o.beta.loglog)
    return power_threshold(facts, b, ONE / (o.loss_bound * o.tv), logs)


def _dependence(setting: Setting) -> Callable[[Facts, Orders], Regions]:
    """``m log(m) T(m, m_G)/m_G <= tv`` with T capped at 1: each monomial solved, sums and caps combined."""
    capped = Node("min", (tree(setting.dependence, m, m_G), Node("leaf")))

    def solve(node: Node, facts: Facts, o: Orders) -> Regions:
        if node.kind != "leaf":
            return combine(facts, (solve(child, facts, o) for child in node.children), larger=node.kind == "max")
        part = monomial(node.leaf, m, m_G, setting.assumptions)
        required = REAL_SIZE * LOG * part.in_m / o.tv
        return power_threshold(facts, 1 - part.in_m_G.power, required, (part.in_m_G.log, part.in_m_G.loglog))

    return lambda facts, o: solve(capped, facts, o)


def constraints(setting: Setting) -> tuple[Constraint, ...]:
    """List what binds m_G of order at least m_S, by the term of the bound."""
    found: tuple[Constraint, ...] = (
        ("sampling_S_G", _sampling),
        ("coupling", _coupling),
        ("stability_S_G", _stability),
    )
    return found if setting.dependence == 0 else (*found, ("dependence", _dependence(setting)))


def small_constraints(setting: Setting) -> tuple[Constraint, ...]:
    """List what binds m_G of order at most m_S; there m_T is of order m_S, and the divergence is ``m_G M tv/m``."""

    def scaled(regions: Callable[[Orders], Order]) -> Callable[[Facts, Orders], Regions]:
        return lambda _facts, o: everywhere(regions(o))

    root = Order(sp.Rational(1, 2))
    found: tuple[Constraint, ...] = (
        ("sampling_S", scaled(lambda o: root / o.tv)),
        ("sampling_S_G", scaled(lambda o: o.tv**-2)),
        ("coupling", scaled(lambda o: (REAL_SIZE * o.beta / (o.loss_bound * o.tv)) ** 2)),
        ("stability_S", scaled(lambda o: REAL_SIZE * LOG * o.beta / (o.loss_bound * o.tv))),
    )
    return found if setting.dependence == 0 else (*found, ("dependence", _dependence(setting)))


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
        reason = "the divergence is 0: the bound falls as long as m_G grows"
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
        One case for each region of the symbols.
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
    return tuple(_case(condition_of(facts.tidy(region)), *key) for key, region in found.items())


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
