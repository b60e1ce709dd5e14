"""The general bound for a deep classifier trained by SGD, whatever generator augments its data.

A network's M, and the stability that its K and alpha give SGD, go into the general bound together with a bound on the
generator's divergence. Several of these inputs hold in the mean only; each says by a `Caveat` what then becomes of
"with probability 1 - delta".

Source: Hardt, Recht, Singer (2016) for the stability; `theory.network` for the constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sympy as sp

from theory import sgd_stability as sgd
from theory.lemmas import MARKOV, PUBLISHED, p
from theory.lemmas import a as moment
from theory.lemmas import b as threshold
from theory.network import Network
from theory.setting import m
from theory.stability import Bound, explicit_form, order_form
from theory.symbols import D_TV, M, beta, delta, m_G, m_S

Learning = Literal["sgd-nonconvex", "sgd-convex"]
Statement = Literal["mean", "probability"]


def markov_factor(power: int, share: sp.Expr) -> sp.Expr:
    """Return by what a moment ``||X||_power`` is multiplied to be exceeded with probability at most `share`.

    Source: Markov's inequality, lemma L0, solved for the threshold.
    """
    exceeds = MARKOV.bound.subs({p: power, moment: 1})
    positive = sp.Symbol("threshold", positive=True)
    (factor,) = sp.solve(exceeds.subs(threshold, positive) - share, positive)
    return factor


def stability(network: Network, learning: Learning = "sgd-nonconvex", size: sp.Expr = m_S + m_G) -> sp.Expr:
    """Put a network's constants into the stability of SGD; the steps' constant is ``c = a/alpha``.

    Args:
        network: gives M, K and alpha.
        learning: *sgd-nonconvex* for any depth, *sgd-convex* for one layer: logistic regression, with a constant step
            eta of at most ``2/alpha``, that is 8/R^2.
        size: number of examples it is trained on.

    Raises:
        ValueError: a learner that does not exist, or convexity asked of two layers or more.
    """
    if learning not in ("sgd-nonconvex", "sgd-convex"):
        raise ValueError(f"learning must be 'sgd-nonconvex' or 'sgd-convex'. Found {learning!r}.")
    if learning == "sgd-convex" and network.layers != 1:
        raise ValueError(f"the loss is convex in the weights of one layer only. Found {network.layers} layers.")
    letters = {
        sgd.K: network.lipschitz,
        sgd.c_step: sgd.a / network.smoothness,
        sgd.alpha: network.smoothness,
        sgd.loss_range: network.loss_bound,
        m: size,
    }
    lemma = sgd.SGD_NONCONVEX if learning == "sgd-nonconvex" else sgd.SGD_CONVEX
    return lemma.bound.subs(letters, simultaneous=True)


@dataclass(frozen=True)
class Caveat:
    """An input of the bound that holds in the mean only, and what that does to "with probability 1 - delta".

    Args:
        subject: the input.
        holds: over what it is a mean.
        claims: what the bound then says.
        factor: what the input is multiplied by in a statement with probability 1 - `delta`; 1 where nothing changes.
    """

    subject: str
    holds: str
    claims: str
    factor: sp.Expr = sp.S.One

    def __str__(self) -> str:
        return f"{self.subject} holds {self.holds}: {self.claims}"


SGD_MEAN = Caveat(
    "the stability of SGD",
    "in the mean over SGD's randomness",
    "with probability 1 - delta over the data, Gen is |E_A (risk - empirical mean)|, the signed error's mean over runs",
)
SGD_PERMUTATION = Caveat(
    "the same stability, for n_steps = epochs m_T and a constant step on a convex loss,",
    "for every order of visits",
    "nothing is averaged then, Gen is that of each run with a fixed order",
)


MEAN_DIVERGENCE = (
    "with probability 1 - delta, given the generator's seed, Gen is at most the other terms plus a divergence term, and"
    " it is the mean of that term that is bounded"
)
"""What the bound says with a divergence that is bounded in the mean over S."""
FIRST_MOMENT = Caveat(
    "a divergence whose mean alone is bounded",
    "with probability 1 - delta/2, by Markov",
    "the divergence is multiplied by 2/delta, and every other term has delta/2 for delta",
    markov_factor(1, delta / 2),
)


def sgd_caveats(learning: Learning) -> tuple[Caveat, ...]:
    """List what holds of SGD in the mean only, and where it needs no mean."""
    return (SGD_MEAN, SGD_PERMUTATION) if learning == "sgd-convex" else (SGD_MEAN,)


def specialize(
    tv: sp.Expr,
    network: Network,
    learning: Learning,
    form: Literal["order", "explicit"],
    caveats: Sequence[Caveat],
    name: str,
) -> Bound:
    """Put a network's M and stability, and a generator's divergence, into the general bound; T stays a symbol.

    Args:
        tv: bound on the divergence.
        network: the classifier.
        learning: how it is trained.
        form: which form of the general bound.
        caveats: what holds in the mean only; one whose factor is not 1 takes half of delta.
        name: of the result.

    Raises:
        ValueError: a form or learner that does not exist, or that does not fit the network.
    """
    if form not in ("order", "explicit"):
        raise ValueError(f"form must be 'order' or 'explicit'. Found {form!r}.")
    general = order_form() if form == "order" else explicit_form(PUBLISHED)
    shared = any(caveat.factor != 1 for caveat in caveats)
    letters = {
        M: network.loss_bound,
        beta: stability(network, learning),
        D_TV: tv,
        delta: delta / 2 if shared else delta,
    }
    said = [general.caveat] * bool(general.caveat) + [str(caveat) for caveat in caveats]
    return general.subs(letters, f"{name}, {general.name}", "; ".join(said))
