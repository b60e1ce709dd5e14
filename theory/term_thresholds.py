"""What each term of the bound asks of m_G so that it does not exceed the divergence, up to constants.

Beyond m_S (`constraints`) the stability is that of m_G examples; up to m_S (`small_constraints`) m_T is of order m_S.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp

from theory.order import ONE, Order
from theory.order_cases import LOG
from theory.order_regions import Facts
from theory.setting import Setting, m, m_G
from theory.threshold import REAL_SIZE, Node, Regions, combine, everywhere, monomial, power_threshold, tree


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
