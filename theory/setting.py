"""A setting: a learner and a generator as orders in ``m`` (m_S), and the order form of the bound at them.

A setting refuses what no learner or generator can be: a stability or divergence that grows, or a dependence that grows
faster than m_G. `theory.augmentation` answers for settings.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.order import ONE, Order, cases_of, is_omega
from theory.order_regions import Facts, conjunction, facts_of
from theory.stability import Bound, order_form
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, M, T, beta, delta, m_S
from theory.symbols import m_G as m_G_symbol
from theory.threshold import Node, monomial, tree

m = sp.Symbol("m", positive=True)
"""m_S, the growing variable of a setting's orders."""
m_G = AUGMENTED
"""The number of generated examples, at least 1, in a setting's dependence."""


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
