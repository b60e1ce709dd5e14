"""Where generated examples lower the mixture's bound, and where no number of them does, for whole ranges of delta.

By `theory.mixture_gain` some m_G lowers the bound if and only if M D_TV is below the bound without augmentation.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from gda.certificates.cells import FORMS, LAST, at_level
from gda.certificates.claim import Claim
from numerics.certify import Goal, goal
from theory.functions import n_ceil_log2
from theory.lemmas import PUBLISHED, c_iid
from theory.mixture_gain import Form, border, divergences, excess
from theory.symbols import d, delta, gamma, m_G, m_S

_LEVELS = ("1e-9", "1/2")


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


def explicit_border_claims() -> tuple[Claim, ...]:
    """Some m_G lowers the explicit form at every m_S for d <= 44, none for d >= 170, m_S from 10^7; every delta.

    For delta from 1e-9 to 1/2, and m_S up to 2^60 where none does. In between it depends on delta and m_S.
    """
    cap, free = divergences()
    term, low = sp.E * PUBLISHED[c_iid] * sp.sqrt(sp.log(sp.E / delta)), border("explicit")
    sizes, levels = {m_S: (10**7, 2**60)}, {delta: _LEVELS}
    below = "explicit form, d <= 44: M D_TV is below M 4 e sqrt(log(e/delta)/m_S), a term of it without augmentation"

    def none_from(dimension: int, *, true: bool) -> Claim:
        name = f"no m_G lowers the explicit form from d = {dimension} and m_S = 10^7 on"
        return Claim(goal(low - free, {**sizes, **levels, d: (dimension, sp.oo)}, name=name), true)

    return (
        Claim(goal(free - term, {**levels, d: (1, 44)}, strict=True, name=below)),
        none_from(170, true=True),
        none_from(165, true=False),
        Claim(goal(low - cap, {**sizes, **levels}, name="explicit form without augmentation <= M from m_S = 10^7 on")),
    )


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
    change = at_level(excess(form))
    # Without the levels of m_G, which only raise the bound.
    change = change.replace(lambda x: x == n_ceil_log2(m_G), lambda _: sp.Integer(0)).subs(m_G, gamma * m_S)
    box = {m_S: (least, LAST), d: (1, sp.oo), gamma: (sp.Rational(1, LAST), most)}
    return goal(-change, box, name=f"{form} form: no m_G up to {most} m_S lowers it from m_S = {least} on")
