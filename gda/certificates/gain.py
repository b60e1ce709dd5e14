"""Where generated examples lower the mixture's bound, and where no number of them does: a map in m_S and d.

By `theory.mixture_gain` some m_G lowers the bound if and only if M D_TV is below the bound without augmentation. The
divergence is capped at 1, so it is if that bound is above M, and says nothing; and it is where the divergence without
the cap is small. Thresholds are found in float64 and certified.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from gda.certificates.claim import Claim
from numerics.certify import Goal, goal
from numerics.compile import compile_expression
from theory.functions import n_ceil_log2
from theory.mixture_gain import Form, border, divergences, excess
from theory.symbols import d, delta, gamma, m_G, m_S

FORMS: tuple[Form, ...] = ("order", "explicit")
DIMENSIONS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
DECADES = tuple((10**k, 10 ** (k + 1)) for k in range(1, 8))
LEVEL = sp.Rational(1, 20)
_LAST = DECADES[-1][1]
_FIRST = DECADES[0][0]
_LEVELS = ("1e-9", "1/2")
_MOST_POWER, _DIGITS = 60, 3


@dataclass(frozen=True)
class Split:
    """An interval of m_S cut in two: up to `last` something holds, from `first` on it does not; None where it never."""

    last: int | None
    first: int | None


@dataclass(frozen=True)
class Help:
    """In a cell of the map m_G = 10^power lowers the bound, for m_S from low to high and d up to dimension."""

    low: int
    high: int
    dimension: int
    power: int


@dataclass(frozen=True)
class Plan:
    """What is to be certified of one form.

    Args:
        form: which.
        void: where the bound without augmentation is above M.
        gains: by dimension, where the divergence without its cap is below what it has to be.
        helps: cells in which some power of ten lowers the bound.
    """

    form: Form
    void: Split
    gains: tuple[tuple[int, Split], ...]
    helps: tuple[Help, ...]

    def helped_up_to(self, dimension: int) -> int | None:
        """Return the last m_S up to which some m_G lowers the bound."""
        return max((x for x in (self.void.last, dict(self.gains)[dimension].last) if x is not None), default=None)

    def none_claimed_at(self, dimension: int) -> int:
        """Return the least dimension from which on the same is claimed as in this one."""
        first = dict(self.gains)[dimension].first
        return next(dim for dim, split in self.gains if split.first == first)

    def none_from(self, dimension: int) -> int | None:
        """Return the first m_S from which on no m_G does."""
        both = (self.void.first, dict(self.gains)[dimension].first)
        return None if None in both else max(x for x in both if x is not None)


@lru_cache(maxsize=len(FORMS))
def plan(form: Form) -> Plan:
    """Find what is to be certified of a form, in float64."""
    cap, free = (compile_expression(border(form) - x, None) for x in divergences())
    level = float(LEVEL)
    void = _split(lambda sizes: cap(m_S=sizes, delta=level))

    def without_cap(dimension: int) -> Split:
        return _split(lambda sizes: free(m_S=sizes, d=dimension, delta=level))

    gains = tuple((dimension, without_cap(dimension)) for dimension in DIMENSIONS)
    found = Plan(form, void, gains, ())
    return Plan(form, void, gains, tuple(_helps(found)))


def _split(margin: Callable[[Any], Any]) -> Split:
    # The margin falls between jumps, which are beyond powers of two; some digits are kept, on the safe side.
    edges = {_FIRST, _LAST, *(2**k + j for k in range(4, 27) for j in (0, 1))}
    sizes = np.unique(np.concatenate([sorted(edges), np.round(np.geomspace(_FIRST, _LAST, 4000))]))
    positive = margin(sizes) > 0
    if positive.all() or not positive.any():
        return Split(_LAST, None) if positive.all() else Split(None, _FIRST)
    last = None if not positive[0] else _rounded(sizes[np.argmin(positive) - 1], up=False)
    first = None if positive[-1] else _rounded(sizes[np.flatnonzero(positive)[-1] + 1], up=True)
    return Split(last, first)


def _rounded(value: float, *, up: bool) -> int:
    unit = 10 ** max(len(str(int(value))) - _DIGITS, 0)
    return (-(-int(value) // unit) if up else int(value) // unit) * unit


def _helps(found: Plan) -> list[Help]:
    # For each cell the dimensions that take the same power together.
    change = compile_expression(excess(found.form))
    helps: list[Help] = []
    for low, high in DECADES:
        groups: dict[tuple[int, int], int] = {}
        for dimension in DIMENSIONS:
            top = min(high, found.helped_up_to(dimension) or 0)
            if top >= low:
                groups[top, _power(change, low, top, dimension)] = dimension
        helps += [Help(low, top, dimension, power) for (top, power), dimension in groups.items()]
    return helps


def _power(change: Any, low: int, high: int, dimension: int) -> int:
    sizes = np.unique(np.round(np.geomspace(low, high, 200)))
    for power in range(_MOST_POWER):
        if (change(m_S=sizes, m_G=10.0**power, d=dimension, delta=float(LEVEL)) < 0).all():
            return power
    return _MOST_POWER


def void_claims(form: Form) -> tuple[Claim, ...]:
    """Up to which m_S the bound without augmentation is above M, at delta = 1/20."""
    cap = _at_level(border(form) - divergences()[0])
    last, first = plan(form).void.last, plan(form).void.first
    name = f"{form} form without augmentation"
    claims = []
    if last is not None:
        claims.append(Claim(goal(-cap, {m_S: (_FIRST, last)}, strict=True, name=f"{name} > M up to m_S = {last}")))
    if first is not None:
        claims.append(Claim(goal(cap, {m_S: (first, _LAST)}, name=f"{name} <= M from m_S = {first} on")))
    return tuple(claims)


def none_claim(form: Form, dimension: int) -> Claim | None:
    """From which m_S on no m_G >= 1 lowers the bound in this dimension and those above, at delta = 1/20."""
    first = dict(plan(form).gains)[dimension].first
    if first is None:
        return None
    free = _at_level(border(form) - divergences()[1])
    name = f"{form} form, d >= {dimension}: no m_G lowers it from m_S = {first} on, where it is <= M without"
    return Claim(goal(free, {m_S: (first, _LAST), d: (dimension, sp.oo)}, name=name))


def help_claim(form: Form, found: Help) -> Claim:
    """In a cell, and in dimensions up to this one, the bound is lower with 10^power generated examples."""
    change = _at_level(excess(form).subs(m_G, 10**found.power))
    box = {m_S: (found.low, found.high), d: (1, found.dimension)}
    where = f"d <= {found.dimension}, m_S from {found.low} to {found.high}"
    name = f"{form} form, {where}: m_G = 10^{found.power} lowers it"
    return Claim(goal(change, box, strict=True, name=name))


def _at_level(expression: sp.Expr) -> sp.Expr:
    return expression.subs(delta, LEVEL)


def map_claims(form: Form) -> tuple[Claim, ...]:
    """List all that the map of a form consists of."""
    nones = (none_claim(form, dim) for dim in dict.fromkeys(map(plan(form).none_claimed_at, DIMENSIONS)))
    return (*filter(None, nones), *(help_claim(form, found) for found in plan(form).helps))


def mean_claims() -> tuple[Claim, ...]:
    """The mixture's T is at least m_G/(m_S m_T), so that the bound is at least a mean of M D_TV and bound(0).

    T is a minimum of two: 1, and ``sqrt(m_G d) log(m_S d/delta)/m_S``, which are compared apart, with m_G = root^2.
    """
    root = sp.Symbol("root", positive=True)
    other = root - (m_S + root**2) * sp.sqrt(d) * sp.log(m_S * d / delta)

    def up_to(level: str) -> dict[sp.Symbol, Any]:
        return {root: (1, sp.oo), m_S: (1, sp.oo), d: (1, sp.oo), delta: (0, level)}

    sizes = {m_S: (1, sp.oo), m_G: (1, sp.oo)}
    return (
        Claim(goal(m_G - m_S * (m_S + m_G), sizes, name="1 >= m_G/(m_S m_T)")),
        Claim(goal(other, up_to("0.606"), name="T >= m_G/(m_S m_T) below its cap, delta <= 0.606")),
        Claim(goal(other, up_to("0.607"), name="so it is for delta <= 0.607"), False),
    )


def no_gain_claims() -> tuple[Claim, ...]:
    """In the order form no m_G lowers the bound from d = 2 and m_S = 20 000 on, however large.

    For delta from 1e-9 to 1/2.
    """
    cap, free = (border("order") - x for x in divergences())

    def beyond(first: int, dimension: int = 0) -> dict[sp.Symbol, Any]:
        dimensions = {d: (dimension, sp.oo)} if dimension else {}
        return {m_S: (first, sp.oo), delta: _LEVELS, **dimensions}

    return (
        Claim(goal(cap, beyond(20_000), name="order form without augmentation <= M from m_S = 20000 on")),
        Claim(goal(free, beyond(20_000, 2), name="no m_G lowers the order form from d = 2 and m_S = 20000 on")),
        Claim(goal(free, beyond(10_000, 2), name="none does from m_S = 10000 on"), False),
        Claim(goal(free, beyond(20_000, 1), name="none does from d = 1 on"), False),
    )


def explicit_gain_claims() -> tuple[Claim, ...]:
    """The explicit form is lowered by a constant factor at most, m_S from 10^4 to 2^60 and delta from 1e-9 to 1/20.

    It is at least the smaller of bound(0) and M D_TV. At d = 1 the divergence is least.
    """
    low, (cap, free) = border("explicit"), divergences()
    sizes, levels = {m_S: (10**4, 2**60)}, {delta: ("1e-9", "1/20")}

    def at_least(share: str, *, true: bool) -> Claim:
        name = f"explicit form: M D_TV >= {share} of it without augmentation, below the cap"
        return Claim(goal(sp.Rational(share) * low - free.subs(d, 1), {**sizes, **levels}, name=name), true)

    capped = goal(sp.Rational("0.013") * low - cap, {**sizes, **levels}, name="M >= 0.013 of it")
    return (at_least("0.013", true=True), at_least("0.014", true=False), Claim(capped))


def small_gain_claims() -> tuple[Claim, ...]:
    """At d = 1 some m_G lowers the order form at every m_S and delta, but to no less than 0.71 of it from 20 000 on.

    The bound is at least the smaller of bound(0) and M D_TV, and comes as near to M D_TV as one likes.
    """
    low, free = border("order"), divergences()[1].subs(d, 1)
    box = {m_S: (20_000, sp.oo), delta: ("1e-9", "1/20")}
    below = "at d = 1 M D_TV is below M sqrt(log(e/delta)/m_S), a term of the order form without augmentation"
    somewhere = goal(free - sp.sqrt(sp.log(sp.E / delta)), {delta: _LEVELS}, strict=True, name=below)

    def at_least(share: str, *, true: bool) -> Claim:
        name = f"at d = 1 M D_TV >= {share} of it from m_S = 20000 on"
        return Claim(goal(sp.Rational(share) * low - free, box, name=name), true)

    return (Claim(somewhere), at_least("0.71", true=True), at_least("0.72", true=False))


def few_claims() -> tuple[Claim, ...]:
    """No m_G up to 80 m_S lowers either form from m_S = 100 on, nor one up to 10 m_S from 10 on; delta = 1/20."""
    claims = [Claim(few(form, *most)) for form in FORMS for most in ((10, 10), (100, 80))]
    return (*claims, Claim(few("order", 100, 110), False))


def few(form: Form, least: int, most: int) -> Goal:
    """State that no m_G up to `most` m_S lowers a form for m_S >= `least`, at every d; gamma = m_G/m_S is real."""
    change = _at_level(excess(form))
    # Without the levels of m_G, which only raise the bound.
    change = change.replace(lambda x: x == n_ceil_log2(m_G), lambda _: sp.Integer(0)).subs(m_G, gamma * m_S)
    box = {m_S: (least, _LAST), d: (1, sp.oo), gamma: (sp.Rational(1, _LAST), most)}
    return goal(-change, box, name=f"{form} form: no m_G up to {most} m_S lowers it from m_S = {least} on")
