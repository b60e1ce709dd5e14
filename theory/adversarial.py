"""The general bound for a GAN that augments a deep binary classifier trained by SGD, every constant derived.

The classifier's constants are those of `theory.network`, SGD's stability that of `theory.sgd_stability`, the GAN's
divergence that of Liang for an MLP; `theory.classifier_bound` puts them into the general bound and says what is a mean.
`growth` reads the orders in the letters that are left, `large_samples` decides whether augmentation helps.

Source: Zheng, Wu, Li (2023), their case of GANs, reconstructed; Liang (2021), Theorem 19; Hardt, Recht, Singer (2016).
"""

from __future__ import annotations

from typing import Literal

import sympy as sp

from theory import sgd_stability as sgd
from theory.augmentation import Case, verdict
from theory.classifier_bound import (
    MEAN_DIVERGENCE,
    SGD_MEAN,
    Caveat,
    Learning,
    Statement,
    markov_factor,
    sgd_caveats,
    specialize,
    stability,
)
from theory.derivation import CONCLUSION, Derivation, Step
from theory.functions import n_log_en
from theory.generators import find_generator, settings
from theory.learners import find_learner
from theory.lemmas import Hypothesis, Lemma
from theory.network import B_equal, L, Network, equal_network, general_network
from theory.order import Order, order_of
from theory.setting import m
from theory.sgd_stability import SGD_NONCONVEX, a
from theory.sgd_stability_proof import EXPANSIVE
from theory.stability import Bound, order_form
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, M, T, beta, d, delta, m_G, m_S

L_G = sp.Symbol("L_G", integer=True, positive=True)
"""Layers of the GAN's generator; the source writes L for both."""
C = sp.Symbol("C", positive=True)
"""Universal constant of the GAN's divergence, not known."""

LIANG = Lemma(
    key="G1",
    title="divergence of an MLP GAN",
    left="E D_TV(D, D_G(S))^2",
    bound=C * sp.sqrt(d**2 * L_G**2 * sp.log(d * L_G) * sp.log(m_S) / m_S),
    hypotheses=(
        Hypothesis("realisable", "D is the law of a leaky-ReLU generator of width d and depth L_G, invertible weights"),
        Hypothesis("discriminator", "it holds the log density ratios of two such generators"),
        Hypothesis("draws", "the game is solved exactly, with at least m_S draws of the generator; d L_G, m_S >= 2"),
    ),
    source="Liang, JMLR 22(228), 2021 (arXiv 1811.03179), Theorem 19; a survey prints L_G for L_G^2",
    sureness="recalled",
)


def root_mean_square() -> sp.Expr:
    """Root of the bound on the GAN's mean square divergence, ``C^(1/2) (d^2 L_G^2 log(d L_G) log m_S/m_S)^(1/4)``."""
    return sp.powdenest(sp.sqrt(LIANG.bound))


def divergence(statement: Statement = "mean", share: sp.Expr = delta / 2) -> sp.Expr:
    """Bound the GAN's divergence from its mean square.

    Args:
        statement: *mean*, its mean over S by Jensen; *probability*, a bound that fails with probability `share`, by
            Markov at the second moment.
        share: probability of failure.

    Returns:
        At most 1.

    Raises:
        ValueError: a statement that does not exist.
    """
    if statement not in ("mean", "probability"):
        raise ValueError(f"statement must be 'mean' or 'probability'. Found {statement!r}.")
    factor = sp.Integer(1) if statement == "mean" else markov_factor(2, share)
    return sp.Min(1, factor * root_mean_square())


GAN_MEAN = Caveat("the divergence", "in the mean over S and the training draws", MEAN_DIVERGENCE)
GAN_PROBABILITY = Caveat(
    "the divergence",
    "with probability 1 - delta/2, by Markov from its mean square",
    "the divergence is multiplied by (delta/2)^(-1/2), and every other term has delta/2 for delta",
    markov_factor(2, delta / 2),
)


def adversarial_bound(
    network: Network | None = None,
    learning: Learning = "sgd-nonconvex",
    form: Literal["order", "explicit"] = "explicit",
    statement: Statement = "mean",
) -> Bound:
    """State the bound for an MLP GAN and a deep classifier, in d, L, L_G, B_l, m_S, m_G, n_steps, T and delta.

    Args:
        network: the classifier; the general one of L layers where none is given.
        learning: *sgd-nonconvex*, or *sgd-convex* for one layer.
        form: which form of the general bound.
        statement: *mean* or *probability*, as for `divergence`.

    Returns:
        The bound; its caveat says over what it is a mean.

    Raises:
        ValueError: as for `specialize` and `divergence`.
    """
    caveats = (*sgd_caveats(learning), GAN_MEAN if statement == "mean" else GAN_PROBABILITY)
    return specialize(divergence(statement), network or general_network(), learning, form, caveats, "MLP GAN")


def specialization() -> Derivation:
    """Derive what the general bound needs for an MLP GAN and non-convex SGD, m_G >= 1, in M, K and alpha.

    Returns:
        The derivation; its conclusion is the order form in M, and in the beta and D_TV of its first steps, which
        `adversarial_bound` puts in.
    """
    letters = {sgd.c_step: a / sgd.alpha, m: m_S + AUGMENTED}
    supplied = {"range": sgd.loss_range, "Lipschitz": sgd.K, "smooth": sgd.alpha, "steps": letters[sgd.c_step]}
    applied = SGD_NONCONVEX.apply(letters, supplied)
    root = (2 * a * sgd.K**2 / (sgd.alpha * sgd.loss_range)) ** (1 / (a + 1))
    mean_square = LIANG.apply({}, {"realisable": True, "discriminator": True, "draws": True})
    general = order_form().subs({m_G: AUGMENTED}).total
    steps = (
        Step(
            name="learner",
            says="The stability of SGD at m_T examples with steps of at most a/(alpha t).",
            rule="lemma",
            computed={"beta": applied.conclusion},
            stated={"beta": sgd.loss_range * (1 + 1 / a) / (m_S + AUGMENTED - 1) * root * sgd.n_steps ** (a / (a + 1))},
            application=applied,
            axioms=(SGD_NONCONVEX, EXPANSIVE),
        ),
        Step(
            name="generator",
            says="The mean divergence is at most the root of its mean square, by Jensen.",
            rule="lemma",
            computed={"D_TV": sp.sqrt(mean_square.conclusion)},
            stated={"D_TV": sp.sqrt(C) * (d**2 * L_G**2 * sp.log(d * L_G) * sp.log(m_S) / m_S) ** sp.Rational(1, 4)},
            application=mean_square,
            arises={"D_TV": sp.Pow(mean_square.conclusion, sp.Rational(1, 2), evaluate=False)},
            axioms=(LIANG,),
        ),
        Step(
            name="bound",
            says="Both go into the order form of the general bound.",
            rule="assembly",
            computed={CONCLUSION: general.replace(n_log_en, lambda size: size * (1 + sp.log(size)))},
            stated={CONCLUSION: _written_out()},
            uses=("learner", "generator"),
        ),
    )
    return Derivation(
        name="order form for an MLP GAN",
        assumes=("as for the general bound; M, K and alpha as derived for the network; lemmas G1 and H4",),
        steps=steps,
        notes=(str(SGD_MEAN), str(GAN_MEAN)),
    )


def _written_out() -> sp.Expr:
    """The order form once more, as a reader expects it."""
    real, made, tail = m_S, AUGMENTED, sp.log(sp.E / delta)
    real_logs, made_logs = (size * (1 + sp.log(size)) for size in (real, made))
    sampling = M * (sp.sqrt(real) + sp.sqrt(made)) + real * sp.sqrt(made) * beta
    rest = beta * (real_logs + made_logs) + real_logs * M * T
    return (made * M * D_TV + sampling * sp.sqrt(tail) + rest * tail) / (real + made)


def large_samples(learner: str = "sgd-nonconvex", generator: str = "gan") -> dict[str, tuple[Case, ...]]:
    """Decide, for m_S -> oo and all else fixed, whether augmentation helps the bound, at both extremes of T.

    Args:
        learner: name in `theory.learners`.
        generator: name in `theory.generators` of one whose dependence is not known.

    Returns:
        The cases by what is assumed of T. What is true lies between.

    Raises:
        ValueError: no such learner or generator.
    """
    named = (find_generator(generator), find_generator(f"{generator}-independent"))
    return {each.assumed_of_T: verdict(settings(find_learner(learner), each)) for each in named}


Growing = Literal["d", "L_G", "L", "B"]


def growth(variable: Growing, capped: bool = True) -> dict[str, Order]:
    """Return the orders, for fixed m_S and m_G, in one of the letters of the specialisation.

    Inputs in [-1, 1]^d, layers of equal norm B, smooth non-convex SGD with steps a/(alpha t), n_steps fixed. In L the
    constants are powers of B^L: exponential, outside the algebra, unless B = 1, which is taken for L.

    Args:
        variable: what grows: *d*, *L_G*, *L* (at B = 1), or *B* (for fixed L).
        capped: whether D_TV is taken to be at most 1, as it is.

    Returns:
        Orders of M, K, alpha, beta, D_TV, of the whole bound, ``total``, and of that at m_G = 0, ``without``.

    Raises:
        ValueError: a variable that does not exist.
    """
    letters = {"d": d, "L_G": L_G, "L": L, "B": B_equal}
    if variable not in letters:
        raise ValueError(f"variable must be one of {', '.join(letters)}. Found {variable!r}.")
    network = equal_network(norm=sp.S.One if variable == "L" else B_equal, radius=sp.sqrt(d))
    # M lies between the largest logit and log 2 more (network_constants): that is read, as exp has no order.
    loss = network.logit_bound + sp.log(2)
    put = {network.loss_bound: loss, m_G: AUGMENTED}
    beta_ = stability(network).subs(put)
    tv = divergence() if capped else root_mean_square()
    total = order_form().subs({m_G: AUGMENTED}).subs({M: loss, beta: beta_, D_TV: tv}).total
    alone = {M: loss, beta: stability(network, size=m_S).subs(put), m_G: sp.S.Zero}
    found = {
        "M": loss,
        "K": network.lipschitz,
        "alpha": network.smoothness,
        "beta": beta_,
        "D_TV": tv,
        "total": total,
        "without": order_form().subs(alone).total,
    }
    # L - 1 is of the order of L, and positive after a shift, as the algebra asks.
    shift = {L: L + 1} if variable == "L" else {}
    return {name: order_of(value.subs(shift), letters[variable]) for name, value in found.items()}
