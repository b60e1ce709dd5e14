"""The general bound on the generalization error of generative data augmentation, in order and in explicit form.

Setting. S is m_S i.i.d. examples of D; given S, the generated set S_G is m_G i.i.d. draws of D_G(S); the learner is
trained on both, m_T = m_S + m_G examples. The loss lies in [0, M], the learner is uniformly ``beta``-stable at m_T
examples, and ``T = sup TV(D_G(S)^m_G, D_G(S^i)^m_G)`` over all S, S^i. With probability at least 1 - delta the
generalization error ``Gen = |R_D(A(S u S_G)) - its empirical mean on S u S_G|`` is at most the sum of the terms.

Source: Zheng, Wu, Li, NeurIPS 2023 (arXiv 2305.17476), Theorem 3.1 in order form. Both forms are reconstructed: the
explicit one is derived step by step in `theory.stability_proof`, the order one is derived from it there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from theory.functions import n_ceil_log2, n_log_en
from theory.lemmas import PUBLISHED, c_chaos, c_iid
from theory.symbols import D_TV, M, T, beta, delta, m_G, m_S, m_T

TERM_MEANINGS: Mapping[str, str] = {
    "divergence": "distance between the data's law and the generator's",
    "sampling_S": "fluctuation of the loss over the real examples",
    "sampling_S_G": "fluctuation of the loss over the generated examples",
    "stability_S": "the learner's dependence on the real examples it is tested on",
    "stability_S_G": "the learner's dependence on the generated examples it is tested on",
    "coupling": "fluctuation of the real examples' losses with the generated ones",
    "dependence": "the generated sample's dependence on each real example",
}
"""What each term of the bound is there for, by name. Both forms have these terms."""


@dataclass(frozen=True)
class Bound:
    """An upper bound on Gen as a sum of named terms.

    Args:
        name: which bound, in words.
        terms: expression by name; `total` is their sum.
        caveat: what a number from it must be quoted with; empty for a bound that holds as it stands.
    """

    name: str
    terms: Mapping[str, sp.Expr]
    caveat: str = ""

    @property
    def total(self) -> sp.Expr:
        """Sum of the terms."""
        return sp.Add(*self.terms.values())

    def subs(self, values: Mapping[Any, Any], name: str = "", caveat: str = "") -> Bound:
        """Put expressions for symbols in every term, all at once."""
        letters = {sp.sympify(old): sp.sympify(new) for old, new in values.items()}
        terms = {key: sp.sympify(term).xreplace(letters) for key, term in self.terms.items()}
        return Bound(name or self.name, terms, caveat or self.caveat)

    def __str__(self) -> str:
        return "\n".join([f"Gen <= sum of ({self.name})", *(f"  {key}: {term}" for key, term in self.terms.items())])

    def _repr_latex_(self) -> str:
        body = r" \\ + {} & ".join(
            rf"\underbrace{{{sp.latex(term)}}}_{{\text{{{key.replace('_', ' ')}}}}}" for key, term in self.terms.items()
        )
        return rf"$\displaystyle \begin{{aligned}} \mathrm{{Gen}} \le {{}} & {body} \end{{aligned}}$"


def failure_share() -> sp.Expr:
    """Probability that each of the proof's events may fail with: three events, one where nothing is generated."""
    return sp.Piecewise((delta, sp.Eq(m_G, 0)), (delta / 3, True))


def effective_dependence() -> sp.Expr:
    """The dependence with its convention T(m_S, 0) = 0."""
    return sp.Piecewise((sp.Integer(0), sp.Eq(m_G, 0)), (T, True))


def explicit_form(constants: Mapping[sp.Symbol, sp.Expr] | None = PUBLISHED) -> Bound:
    """State the bound with every constant.

    Args:
        constants: values of ``c_chaos`` and ``c_iid`` of lemma L1, `PUBLISHED` or `SHARPENED`; None keeps them as
            symbols.

    Returns:
        The bound, in M, beta, D_TV, T, delta, m_S, m_G.

    Source: reconstructed; derived in `theory.stability_proof.general_bound`.
    """
    share, dependence = failure_share(), effective_dependence()
    log_tail = sp.log(sp.E / share)
    levels_S, levels_G = n_ceil_log2(m_S), n_ceil_log2(m_G)
    terms = {
        "divergence": m_G * M * D_TV,
        "sampling_S": sp.E * c_iid * M * sp.sqrt(m_S * log_tail),
        "sampling_S_G": sp.E * c_iid * M * sp.sqrt(m_G * log_tail),
        "stability_S": 2 * m_S * beta + 2 * sp.E * c_chaos * beta * levels_S * log_tail,
        "stability_S_G": 2 * m_G * beta + 2 * sp.E * c_chaos * beta * levels_G * log_tail,
        "coupling": m_S * beta * sp.sqrt(2 * m_G * sp.log(2 / share)),
        "dependence": 2 * m_S * M * dependence + 2 * sp.E * c_chaos * M * dependence * levels_S * log_tail,
    }
    values = dict(constants or {})
    return Bound("explicit form", {key: (term / m_T).subs(values) for key, term in terms.items()})


def order_form() -> Bound:
    """State the bound up to an absolute constant.

    ``log(1/delta)`` and ``m log m`` of the source are read as ``log(e/delta)`` and ``m log(e m)``, without which the
    form would be 0 at one example and delta -> 1.

    Source: Zheng, Wu, Li (2023), Theorem 3.1, reconstructed; `theory.stability_proof.order_form_dominates` derives
    it from the explicit form, constant included.
    """
    log_tail, dependence = sp.log(sp.E / delta), effective_dependence()
    terms = {
        "divergence": m_G * M * D_TV,
        "sampling_S": M * sp.sqrt(m_S * log_tail),
        "sampling_S_G": M * sp.sqrt(m_G * log_tail),
        "stability_S": beta * n_log_en(m_S) * log_tail,
        "stability_S_G": beta * n_log_en(m_G) * log_tail,
        "coupling": m_S * beta * sp.sqrt(m_G * log_tail),
        "dependence": n_log_en(m_S) * M * dependence * log_tail,
    }
    return Bound(
        "order form",
        {key: term / m_T for key, term in terms.items()},
        "holds up to an absolute constant, not a certified bound",
    )
