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
from numerics.certify import goal
from numerics.compile import compile_expression
from theory.mixture_gain import Form, border, divergences, excess
from theory.symbols import d, delta, m_G, m_S

FORMS: tuple[Form, ...] = ("order", "explicit")
DIMENSIONS = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
DECADES = tuple((10**k, 10 ** (k + 1)) for k in range(1, 8))
LEVEL = sp.Rational(1, 20)
LAST = DECADES[-1][1]
_FIRST = DECADES[0][0]
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
    edges = {_FIRST, LAST, *(2**k + j for k in range(4, 27) for j in (0, 1))}
    sizes = np.unique(np.concatenate([sorted(edges), np.round(np.geomspace(_FIRST, LAST, 4000))]))
    positive = margin(sizes) > 0
    if positive.all() or not positive.any():
        return Split(LAST, None) if positive.all() else Split(None, _FIRST)
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
    cap = at_level(border(form) - divergences()[0])
    last, first = plan(form).void.last, plan(form).void.first
    name = f"{form} form without augmentation"
    claims = []
    if last is not None:
        claims.append(Claim(goal(-cap, {m_S: (_FIRST, last)}, strict=True, name=f"{name} > M up to m_S = {last}")))
    if first is not None:
        claims.append(Claim(goal(cap, {m_S: (first, LAST)}, name=f"{name} <= M from m_S = {first} on")))
    return tuple(claims)


def none_claim(form: Form, dimension: int) -> Claim | None:
    """From which m_S on no m_G >= 1 lowers the bound in this dimension and those above, at delta = 1/20."""
    first = dict(plan(form).gains)[dimension].first
    if first is None:
        return None
    free = at_level(border(form) - divergences()[1])
    name = f"{form} form, d >= {dimension}: no m_G lowers it from m_S = {first} on, where it is <= M without"
    return Claim(goal(free, {m_S: (first, LAST), d: (dimension, sp.oo)}, name=name))


def help_claim(form: Form, found: Help) -> Claim:
    """In a cell, and in dimensions up to this one, the bound is lower with 10^power generated examples."""
    change = at_level(excess(form).subs(m_G, 10**found.power))
    box = {m_S: (found.low, found.high), d: (1, found.dimension)}
    where = f"d <= {found.dimension}, m_S from {found.low} to {found.high}"
    name = f"{form} form, {where}: m_G = 10^{found.power} lowers it"
    return Claim(goal(change, box, strict=True, name=name))


def at_level(expression: sp.Expr) -> sp.Expr:
    """Put the map's delta."""
    return expression.subs(delta, LEVEL)


def map_claims(form: Form) -> tuple[Claim, ...]:
    """List all that the map of a form consists of."""
    nones = (none_claim(form, dim) for dim in dict.fromkeys(map(plan(form).none_claimed_at, DIMENSIONS)))
    return (*filter(None, nones), *(help_claim(form, found) for found in plan(form).helps))
