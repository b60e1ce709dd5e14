"""The tighter forms beside the published one: which is continuous at m_G = 0, which jumps, and what their ratio is.

The loss is scaled to M = 1, and beta = b/m_S or b/m_T with b from 0 to 1: stability of the order of the mixture's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp

from gda.certificates.claim import Claim
from numerics.certify import goal
from theory.coupling import TAU
from theory.functions import n_ceil_log2
from theory.stability import Bound, explicit_form
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, T_1, M, T, beta, delta, m_G, m_S, m_T
from theory.tight_bound import martingale_form, ordered_form, range_G, range_S

b = sp.Symbol("b", nonnegative=True)
"""The learner's stability in units of M over the number of examples."""
size = sp.Symbol("size", nonnegative=True)
"""m_G as a real number."""
tail = sp.Symbol("log_tail", positive=True)
"""log(e/delta)."""
share, total = sp.Symbol("share", positive=True), sp.Symbol("total", integer=True, positive=True)
"""m_S/m_T and m_T."""

_LEVELS = ("1e-9", "1/2")
_LEVEL = sp.Rational(1, 20)
_MOST = 2**20
_UNIT = {D_TV: (0, 1), T_1: (0, 1), b: (0, 1)}


def bracket(
    name: str, value: sp.Expr, box: Mapping[sp.Symbol, Any], at: Mapping[sp.Symbol, Any], slack: str, *, largest: bool
) -> tuple[Claim, Claim]:
    """Bracket the largest or smallest value over a box, by its value at a point and a slack to either side.

    What is to be refuted has the point's m_S, which makes it a simpler expression.

    Args:
        name: of the value.
        value: as a function of the box's symbols.
        box: where.
        at: the point that is said to be the extreme one.
        slack: by how much the constant to be proved is on the safe side of it, and that to be refuted beyond.
        largest: whether it is the largest.
    """
    width, sign = sp.Rational(slack), 1 if largest else -1
    extreme = round(float(value.subs(at)) / float(width)) * width
    word = "at most" if largest else "at least"

    def claim(constant: sp.Expr, *, true: bool) -> Claim:
        beyond = sign * (value - constant)
        where = box if true else {symbol: ends for symbol, ends in box.items() if symbol != m_S}
        beyond = beyond if true else beyond.subs(m_S, at[m_S])
        return Claim(goal(beyond, where, name=f"{name} is {word} {float(constant):g}"), true)

    return claim(extreme + sign * width, true=True), claim(extreme - sign * width, true=False)


def _at_real_size(form: Bound) -> sp.Expr:
    # tau is at most m_G beta T_1, and is that near m_G = 0.
    coupled = form.total.subs(m_G, AUGMENTED).subs(TAU, AUGMENTED * beta * T_1)
    return coupled.subs({M: 1, beta: b / m_S}).subs(AUGMENTED, size)


def continuity_claims() -> tuple[Claim, ...]:
    """Both martingale forms have a bounded slope in a real m_G from 0 to 1: their limit at 0 is their value there.

    At M = 1, beta = b/m_S, delta = 1/20; m_S up to 2^20.
    """
    claims: list[Claim] = []
    box = {size: (0, 1), m_S: (1, _MOST), **_UNIT}
    low, high = {size: 0, m_S: 1, D_TV: 0, T_1: 0}, {size: 0, m_S: 1, D_TV: 1, T_1: 1, b: 1}
    forms = (martingale_form(TAU), {**low, b: 1}, "1/4"), (ordered_form(TAU), {**low, b: 0}, "1")
    for form, least, slack in forms:
        slope = sp.diff(_at_real_size(form), size).subs(delta, _LEVEL)
        name = f"{form.name}: the slope in m_G up to m_G = 1"
        claims += bracket(name, slope, box, high, slack, largest=True)
        claims += bracket(name, slope, box, least, slack, largest=False)
    return tuple(claims)


def jump_claims() -> tuple[Claim, ...]:
    """The explicit form jumps at m_G = 0, where delta is no longer shared: its limit there, T = 0, over its value.

    For beta = b from 0 to 1, m_S up to 2^20, and log(e/delta) from 1.69 to 21.73: delta from 1e-9 to 1/2.
    """
    limit, value = (_explicit_at_zero(shared=shared) for shared in (True, False))
    box = {m_S: (1, _MOST), b: (0, 1), tail: ("1.69", "21.73")}

    def claim(constant: str, *, largest: bool, true: bool) -> Claim:
        difference = sp.collect(sp.expand(limit - sp.Rational(constant) * value), (b, sp.sqrt(m_S), n_ceil_log2(m_S)))
        word = "at most" if largest else "at least"
        name = f"the explicit form jumps at m_G = 0 by a factor of {word} {constant}"
        return Claim(goal(difference if largest else -difference, box, name=name), true)

    return (
        claim("1.65", largest=True, true=True),
        claim("1.64", largest=True, true=False),
        claim("1.02", largest=False, true=True),
        claim("1.025", largest=False, true=False),
    )


def _explicit_at_zero(*, shared: bool) -> sp.Expr:
    # Times m_S; with the events of m_G >= 1 in the limit, or at 0.
    form = explicit_form().total.subs({M: 1, T: 0, beta: b})
    at_zero = form.subs(m_G, AUGMENTED).subs(AUGMENTED, size).subs(size, 0) if shared else form.subs(m_G, 0)
    logs = {sp.log(sp.E / delta): tail, sp.log(3 * sp.E / delta): tail + sp.log(3)}
    return (at_zero * m_S).subs(logs)


def ratio_claims() -> tuple[Claim, ...]:
    """One martingale over the published form, divergence apart and T = 0; delta = 1/20, beta = b/m_T.

    For m_S and m_G up to 2^20. What is proved is proved of a smaller and of a larger published form, in m_T and
    m_S/m_T: n ceil(log2 n) is at most n ceil(log2 m_T), and both together at least m_T (log2 m_T - 1.01), as the
    entropy of two shares is at most one bit.
    """
    ours, below, above = _in_shares()
    box = {share: (sp.Rational(1, 2 * _MOST), 1 - sp.Rational(1, 2 * _MOST)), total: (3, 2 * _MOST), b: (0, 1)}
    spread = -share * sp.log(share) - (1 - share) * sp.log(1 - share)
    bit = goal(spread - sp.Rational(101, 100) * sp.log(2), {share: box[share]}, name="two shares have one bit at most")
    most = goal(ours - sp.Rational("0.14") * below, box, name="one martingale is at most 0.14 of the published form")
    least = goal(sp.Rational("0.005") * above - ours, box, name="one martingale is at least 0.005 of it")
    return (Claim(bit), Claim(most), _not_below("0.12"), Claim(least), _not_above("0.0075"))


def _in_shares() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    # Times sqrt(m_T): the martingale form, and something below and above the published one.
    squares = share * sp.expand(_shares(range_S(sp.Integer(0)))) ** 2
    squares += (1 - share) * sp.expand(_shares(range_G())) ** 2
    ours = _scaled(martingale_form(sp.Integer(0)), sp.Integer(0)) + sp.sqrt(squares) * sp.sqrt(sp.log(2 / _LEVEL) / 2)
    least_levels = sp.log(total) / sp.log(2) - sp.Rational(101, 100)
    published = explicit_form()
    return ours, _scaled(published, least_levels), _scaled(published, n_ceil_log2(total) / total)


def _shares(expression: sp.Expr) -> sp.Expr:
    positive = expression.subs(m_G, AUGMENTED).subs({M: 1, T: 0, beta: b / total, delta: _LEVEL})
    sizes = {m_S: share * total, AUGMENTED: (1 - share) * total}
    return positive.subs(m_S + AUGMENTED, total).subs(sizes, simultaneous=True)


def _scaled(form: Bound, levels: sp.Expr) -> sp.Expr:
    kept = [term for key, term in form.terms.items() if key not in ("divergence", "dependence", "fluctuation")]
    found = []
    for term in sp.Add.make_args(sp.expand_mul(sp.Add(*kept).subs(m_G, AUGMENTED))):
        changed = _shares((term * sp.sqrt(m_S + AUGMENTED)).replace(n_ceil_log2, lambda n: n * levels))
        found.append(sp.powdenest(sp.expand_power_base(changed, force=True), force=True))
    return sp.expand_mul(sp.Add(*found))


def _plain(form: Bound) -> sp.Expr:
    kept = sp.Add(*(term for key, term in form.terms.items() if key not in ("divergence", "dependence")))
    return kept.subs(m_G, AUGMENTED).subs({M: 1, T: 0, beta: b / m_T, delta: _LEVEL}).subs(AUGMENTED, m_G)


_LARGE, _SMALL = {m_S: (2**19, _MOST), m_G: (1, 2), b: (0, 1)}, {m_S: (2, 16), m_G: (1, 2), b: (0, 1)}


def _not_below(constant: str) -> Claim:
    difference = _plain(martingale_form(sp.Integer(0))) - sp.Rational(constant) * _plain(explicit_form())
    return Claim(goal(difference, _LARGE, name=f"one martingale is at most {constant} of the published form"), False)


def _not_above(constant: str) -> Claim:
    difference = sp.Rational(constant) * _plain(explicit_form()) - _plain(martingale_form(sp.Integer(0)))
    return Claim(goal(difference, _SMALL, name=f"one martingale is at least {constant} of it"), False)
