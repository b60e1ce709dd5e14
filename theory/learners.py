"""Learners by name: the order of their uniform stability, and the explicit constant behind it.

Stability is in ``m``, the number of examples that the learner is trained on: with augmentation that is m_S + m_G. Where
the number of SGD steps grows with the sample (a fixed number of epochs) it is carried: the verdict depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.gaussian_mixture import constants
from theory.lemmas import Sureness
from theory.order import Cases, cases_of
from theory.setting import m
from theory.sgd_stability import (
    HRS,
    a,
    alpha,
    c_step,
    convex_stability,
    epochs,
    n_steps,
    nonconvex_stability,
    strongly_convex_stability,
)
from theory.symbols import M, m_G, m_S


@dataclass(frozen=True)
class Learner:
    """A learner as the theory sees it: an order of stability, and what it rests on.

    Args:
        name: how it is asked for.
        title: what it is.
        beta: order of its uniform stability trained on `m` examples.
        explicit: the same with all constants; None where the source has orders only.
        loss_bound: order of the loss's upper end in `m`.
        conditions: what `beta` assumes of its symbols.
        assumes: what is assumed of loss and steps, in words.
        source: paper and theorem.
        sureness: how the explicit expression is known, or the order where there is none.
        in_expectation: whether the stability is a mean over the learner's own randomness.
        notes: what else has to be said with it.
    """

    name: str
    title: str
    beta: sp.Expr
    explicit: sp.Expr | None
    assumes: tuple[str, ...]
    source: str
    sureness: Sureness
    in_expectation: bool = False
    loss_bound: sp.Expr = sp.S.One
    conditions: Boolean = sp.true
    notes: tuple[str, ...] = ()

    def order_of_explicit(self) -> Cases:
        """Read the order off the explicit expression, ``alpha c = a``; for at least 2 examples.

        Raises:
            ValueError: the source has no explicit expression.
        """
        if self.explicit is None:
            raise ValueError(f"{self.name} has an order only, no explicit stability")
        # m - 1 is of the order of m, and positive after a shift, as the algebra asks.
        shifted = sp.expand(self.explicit.subs(c_step, a / alpha), deep=False).subs(m, m + 1)
        return cases_of(shifted, m, self.conditions)

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title}", f"  beta_m of order {self.beta}, loss up to {self.loss_bound}"]
        lines += [f"  beta_m <= {self.explicit}"] if self.explicit is not None else []
        lines += [f"  assume {text}" for text in self.assumes] + [f"  note: {text}" for text in self.notes]
        return "\n".join([*lines, f"  {self.source} ({self.sureness})"])

    def _repr_latex_(self) -> str:
        left = r"\beta_m"
        return rf"$\displaystyle {left} \asymp {sp.latex(self.beta)}$"


_CONVEX = ("convex, K-Lipschitz, alpha-smooth loss", "constant step eta of at most 2/alpha")
_IN_MEAN = "bounds the loss averaged over SGD's randomness, not each run"

LEARNERS: tuple[Learner, ...] = (
    Learner(
        name="erm",
        title="strongly convex regularised empirical risk minimisation",
        beta=1 / m,
        explicit=strongly_convex_stability(),
        assumes=("K-Lipschitz convex loss", "lambda-strongly convex regularised risk, minimised exactly"),
        source="Bousquet, Elisseeff, JMLR 2002; derived in minimiser_derivation for a replaced example",
        sureness="derived",
    ),
    Learner(
        name="sgd-convex",
        title="SGD on a convex loss, n_steps fixed",
        beta=1 / m,
        explicit=convex_stability(),
        assumes=_CONVEX,
        source=f"{HRS}, Theorem 3.8; derived in convex_derivation",
        sureness="derived",
        in_expectation=True,
        notes=(_IN_MEAN, "with n_steps fixed and m growing, most examples are never visited"),
    ),
    Learner(
        name="sgd-convex-epochs",
        title="SGD on a convex loss, epochs fixed: n_steps = epochs m",
        beta=sp.S.One,
        explicit=convex_stability().subs(n_steps, epochs * m),
        assumes=_CONVEX,
        source=f"{HRS}, Theorem 3.8; derived in convex_derivation",
        sureness="derived",
        in_expectation=True,
        notes=(
            "the stability does not decay: the sum of the steps grows with m",
            "holds for every order of visits, too, without an expectation (per_permutation_stability)",
        ),
    ),
    Learner(
        name="sgd-strongly-convex",
        title="SGD on a strongly convex loss, any number of constant steps",
        beta=1 / m,
        explicit=strongly_convex_stability(),
        assumes=(
            "lambda-strongly convex, alpha-smooth loss, K-Lipschitz on a compact convex set that SGD is projected on",
            "constant step of at most 1/alpha",
        ),
        source=f"{HRS}, Theorem 3.9; derived in strongly_convex_derivation",
        sureness="derived",
        in_expectation=True,
        notes=(_IN_MEAN,),
    ),
    Learner(
        name="sgd-nonconvex",
        title="SGD on a smooth non-convex loss, epochs fixed: n_steps = epochs m",
        beta=m ** (-1 / (a + 1)),
        explicit=nonconvex_stability().subs(n_steps, epochs * m),
        assumes=("K-Lipschitz, alpha-smooth loss in [0, M]", "steps of at most c/t, non-increasing; a = alpha c"),
        source=f"{HRS}, Theorem 3.12; derived in nonconvex_derivation",
        sureness="derived",
        in_expectation=True,
        notes=(_IN_MEAN, "with n_steps fixed the order is 1/m", "rounding t_0 of the proof to a step adds at most M/m"),
    ),
    Learner(
        name="bgmm",
        title="mean estimator of the binary Gaussian mixture, negative log-likelihood",
        beta=constants().beta.subs({m_G: 0}).subs(m_S, m),
        explicit=None,
        assumes=("examples near their mean: with high probability, not for all data", "dimension d fixed"),
        source="Zheng, Wu, Li (2023), their Gaussian mixture; orders with constant 1, reconstructed",
        sureness="recalled",
        loss_bound=constants().M.subs(m_S, m),
        notes=("the loss and the stability are bounded on a ball only",),
    ),
    Learner(
        name="unstable",
        title="a learner whose output may change altogether with one example",
        beta=sp.S.One,
        explicit=M,
        assumes=("loss in [0, M]",),
        source="definition",
        sureness="derived",
        notes=("the bound does not fall with m: nothing is claimed of what such a learner does",),
    ),
)
"""The learners of the table, the most stable first."""


def find_learner(name: str) -> Learner:
    """Find a learner by its name.

    Raises:
        ValueError: there is none; the message lists the names.
    """
    for learner in LEARNERS:
        if learner.name == name:
            return learner
    raise ValueError(f"learner must be one of {', '.join(each.name for each in LEARNERS)}. Found {name!r}.")
