"""Uniform stability of SGD, and of the minimiser of a regularised empirical risk, with all constants.

Stability is in ``m``, the number of examples trained on. Hardt, Recht, Singer bound the mean over SGD's own randomness.
The general bound then holds for the loss averaged over that randomness, ``E_A loss(A(S), z)``, which is a deterministic
function of S with the same upper end M. `theory.sgd_stability_proof` derives each expression.
"""

from __future__ import annotations

import sympy as sp

from theory.lemmas import Hypothesis, Lemma
from theory.setting import m

K = sp.Symbol("K", positive=True)
"""The loss is K-Lipschitz in the learner's parameters, in Euclidean norm."""
alpha = sp.Symbol("alpha", positive=True)
"""The loss is alpha-smooth in the parameters: its gradient is alpha-Lipschitz."""
strong = sp.Symbol("lambda", positive=True)
"""Strong convexity of the (regularised) loss."""
eta = sp.Symbol("eta", positive=True)
"""Constant step size; ``eta n_steps`` stands for the sum of the steps where they vary."""
c_step = sp.Symbol("c", positive=True)
"""Constant of decaying steps, at most c/t at step t."""
n_steps = sp.Symbol("n_steps", positive=True)
epochs = sp.Symbol("epochs", positive=True)
"""Passes over the data: n_steps = epochs * m."""
a = sp.Symbol("a", positive=True)
"""``alpha * c``, the product on which the exponent of smooth non-convex SGD depends."""
loss_range = sp.Symbol("M", positive=True)
"""`theory.symbols.M`, known to be positive: the same letter."""

HRS = "Hardt, Recht, Singer, ICML 2016 (arXiv 1509.01240)"


def convex_stability() -> sp.Expr:
    """``2 K^2 eta n_steps/m`` for SGD on a smooth convex loss. Source: Hardt, Recht, Singer (2016), Theorem 3.8."""
    return 2 * K**2 * eta * n_steps / m


def strongly_convex_stability() -> sp.Expr:
    """``2 K^2/(lambda m)``, for SGD with a constant step and for the minimiser of the regularised empirical risk."""
    return 2 * K**2 / (strong * m)


def nonconvex_stability() -> sp.Expr:
    """Return the bound for SGD with steps at most c/t on a smooth loss in [0, M].

    Returns:
        ``M (1 + 1/(alpha c))/(m - 1) (2 c K^2/M)^(1/(alpha c + 1)) n_steps^(alpha c/(alpha c + 1))``.

    Source: Hardt, Recht, Singer (2016), Theorem 3.12 for M = 1; `nonconvex_derivation` for any M.
    """
    product = alpha * c_step
    root = (2 * c_step * K**2 / loss_range) ** (1 / (product + 1))
    return loss_range * (1 + 1 / product) / (m - 1) * root * n_steps ** (product / (product + 1))


def per_permutation_stability() -> sp.Expr:
    """``2 K^2 eta epochs``: convex SGD with a constant step, for every order in which the examples are visited.

    Given the order, the learner is deterministic and the replaced example is visited once in each epoch. So the bound
    of `convex_stability` holds without an expectation; that is so for a constant step only.
    """
    return 2 * K**2 * eta * epochs


SGD_NONCONVEX = Lemma(
    key="H4",
    title="stability of smooth non-convex SGD, in the mean over its randomness",
    left="E_A |loss(A(S), z) - loss(A(S^i), z)|",
    bound=nonconvex_stability(),
    hypotheses=(
        Hypothesis("range", "the loss is in [0, M]", loss_range),
        Hypothesis("Lipschitz", "the loss is K-Lipschitz in the parameters", K),
        Hypothesis("smooth", "the loss is alpha-smooth in the parameters", alpha),
        Hypothesis("steps", "steps of at most c/t", c_step),
    ),
    source=f"{HRS}, Theorem 3.12; theory.sgd_stability_proof.nonconvex_derivation",
    sureness="derived",
)

SGD_CONVEX = Lemma(
    key="H5",
    title="stability of smooth convex SGD, in the mean over its randomness",
    left="E_A |loss(A(S), z) - loss(A(S^i), z)|",
    bound=convex_stability(),
    hypotheses=(
        Hypothesis("Lipschitz", "the loss is K-Lipschitz in the parameters", K),
        Hypothesis("convex", "the loss is convex in the parameters"),
        Hypothesis("step", "a constant step of at most 2/alpha", 2 / alpha),
    ),
    source=f"{HRS}, Theorem 3.8; theory.sgd_stability_proof.convex_derivation",
    sureness="derived",
)
