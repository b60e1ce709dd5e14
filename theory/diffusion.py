"""The general bound for a diffusion model that augments a deep binary classifier trained by SGD.

Two theorems bound the divergence. Oko, Akiyama, Suzuki take the score from the m_S examples: the mean divergence is of
the order ``m_S^(-s/(2s + d))`` up to logarithms. Chen et al. take it as given with an L2 error epsilon, and say what
time and how many steps it takes: three terms, for the noise at the end, the discretisation, and the score.

In this module ``horizon`` is the time of the diffusion; T is the generator's dependence, as everywhere.
"""

from __future__ import annotations

from typing import Literal

import sympy as sp

from theory.arises import Solves, added, times
from theory.classifier_bound import (
    FIRST_MOMENT,
    MEAN_DIVERGENCE,
    Caveat,
    Learning,
    Statement,
    sgd_caveats,
    specialize,
)
from theory.derivation import CONCLUSION, Derivation, Step
from theory.generators import s
from theory.lemmas import KL, PINSKER, Hypothesis, Lemma
from theory.network import Network, general_network
from theory.order import Order, order_of
from theory.setting import m
from theory.stability import Bound
from theory.symbols import d, m_S

horizon = sp.Symbol("horizon", positive=True)
"""Time of the forward process ``dX = -X dt + sqrt(2) dB``, in its own unit."""
n_denoise = sp.Symbol("n_denoise", positive=True)
"""Steps of the reverse process, of length ``horizon/n_denoise``."""
L_score = sp.Symbol("L_score", positive=True)
"""Lipschitz constant, at least 1, of the score ``grad log q_t`` at every time."""
m_2 = sp.Symbol("m_2", positive=True)
"""Root of the data's mean square norm."""
KL_0 = sp.Symbol("KL_0", positive=True)
"""``KL(D || N(0, I_d))``."""
epsilon = sp.Symbol("epsilon", positive=True)
"""Root of the mean square error of the score, at every step."""
target = sp.Symbol("target", positive=True)
"""What each of the first two errors is to be at most."""
C_C = sp.Symbol("C_C", positive=True)
"""Universal constant of Chen et al., not known."""
C_O = sp.Symbol("C_O", positive=True)
"""Constant of Oko et al., in d, s and the density's bounds, not known."""

STEP = horizon / n_denoise
CHEN_TERMS: dict[str, sp.Expr] = {
    "noise": sp.sqrt(KL_0) * sp.exp(-horizon),
    "discretisation": (L_score * sp.sqrt(d * STEP) + L_score * m_2 * STEP) * sp.sqrt(horizon),
    "score": epsilon * sp.sqrt(horizon),
}
"""The three terms, each up to the universal constant."""

CHEN = Lemma(
    key="G2",
    title="divergence of a diffusion with a given score",
    left="D_TV(D, D_G(S)), given the score",
    bound=C_C * sp.Add(*CHEN_TERMS.values()),
    hypotheses=(
        Hypothesis("score", "grad log q_t is L_score-Lipschitz for all t >= 0, L_score >= 1"),
        Hypothesis("moment", "E ||x||^2 <= m_2^2, and a moment of order 2 + eta is finite"),
        Hypothesis("error", "the score's mean square error is at most epsilon^2 at every step"),
        Hypothesis("step", "horizon/n_denoise is at most of the order 1/L_score"),
    ),
    source="Chen, Chewi, Li, Li, Salim, Zhang, ICLR 2023 (arXiv 2209.11215), Theorem 2",
    sureness="recalled",
)

OKO = Lemma(
    key="G3",
    title="divergence of a diffusion with an empirically minimised score",
    left="E D_TV(D, D_G(S))",
    bound=C_O * m_S ** (-s / (2 * s + d)) * sp.log(m_S) ** 8,
    hypotheses=(
        Hypothesis("density", "in a Besov ball of smoothness s on [-1, 1]^d, bounded above and away from 0"),
        Hypothesis("boundary", "smooth near the boundary of the cube"),
        Hypothesis("networks", "sparse ReLU networks of the size that m_S asks for, score matched exactly"),
        Hypothesis("times", "stopped at m_S^(-O(1)), horizon of the order log m_S"),
    ),
    source="Oko, Akiyama, Suzuki, ICML 2023 (arXiv 2303.01861); the rate seen, the logarithm's exponent from memory",
    sureness="recalled",
)


def noise_step() -> Step:
    """Derive the first term: Pinsker, with a forward process that contracts KL by exp(-2 horizon), as is assumed."""
    application = PINSKER.apply({KL: KL_0 * sp.exp(-2 * horizon)}, {"divergence": True})
    return Step(
        name="noise",
        says="The forward process at the horizon is this close to the Gaussian from which the reverse one starts.",
        rule="lemma",
        computed={"D_TV": sp.powdenest(application.conclusion, force=True)},
        stated={"D_TV": CHEN_TERMS["noise"] / sp.sqrt(2)},
        application=application,
        axioms=(PINSKER,),
    )


def time_and_steps() -> Derivation:
    """Derive the time and the number of steps at which noise and discretisation cost no more than `target` each.

    The discretisation has two parts; the steps are as many as the one that asks for more. ``target < sqrt(KL_0)``.

    Returns:
        The derivation; its conclusion is the divergence then, ``C_C (3 target + epsilon sqrt(horizon))``.
    """
    (time,) = sp.solve(CHEN_TERMS["noise"] - target, horizon)
    by_noise, by_moment = discretisation_parts()
    steps = {"n_denoise by d": sp.solve(by_noise - target, n_denoise)[0]}
    steps["n_denoise by m_2"] = sp.solve(by_moment - target, n_denoise)[0]
    errors = [CHEN_TERMS["noise"].subs(horizon, time)]
    errors += [part.subs(n_denoise, n) for part, n in zip((by_noise, by_moment), steps.values(), strict=True)]
    total = C_C * (sp.Add(*errors) + CHEN_TERMS["score"])
    falls = [sp.diff(part, n_denoise).is_negative for part in (by_noise, by_moment)]
    return Derivation(
        name="time and steps of a diffusion",
        assumes=(
            "as for lemma G2; 0 < target < sqrt(KL_0)",
            "KL falls by exp(-2 horizon) along the forward process: log-Sobolev inequality of the standard Gaussian",
        ),
        steps=(
            noise_step(),
            Step(
                name="time",
                says="The noise costs no more than the target from this time on.",
                rule="calculus",
                computed={"horizon": time},
                stated={"horizon": sp.log(KL_0) / 2 - sp.log(target)},
                arises={"horizon": Solves(CHEN_TERMS["noise"] - target, horizon)},
                uses=("noise",),
            ),
            Step(
                name="steps",
                says="Each part of the discretisation costs no more than the target from this many steps on.",
                rule="calculus",
                computed=steps,
                stated={
                    "n_denoise by d": L_score**2 * d * horizon**2 / target**2,
                    "n_denoise by m_2": L_score * m_2 * horizon ** sp.Rational(3, 2) / target,
                },
                conditions={"both parts fall with the number of steps": all(falls)},
                arises={
                    "n_denoise by d": Solves(by_noise - target, n_denoise),
                    "n_denoise by m_2": Solves(by_moment - target, n_denoise),
                },
                uses=("time",),
            ),
            Step(
                name="divergence",
                says="Three errors of the target's size, and the score's.",
                rule="assembly",
                computed={CONCLUSION: total},
                stated={CONCLUSION: C_C * (3 * target + epsilon * sp.sqrt(horizon))},
                arises={CONCLUSION: times(C_C, added([target, target, target, CHEN_TERMS["score"]]))},
                uses=("time", "steps"),
                axioms=(CHEN,),
            ),
        ),
        notes=("a score error that does not fall with m_S leaves a divergence that does not fall, however many steps",),
    )


def discretisation_parts() -> tuple[sp.Expr, sp.Expr]:
    """Split the second term into its part by the dimension and its part by the second moment."""
    whole = sp.expand(CHEN_TERMS["discretisation"])
    return whole.subs(m_2, 0), sp.expand(whole - whole.subs(m_2, 0))


def order_with_score(error: sp.Expr) -> Order:
    """Return the order in m of the divergence with a score error that falls with m, the target being of its size.

    Args:
        error: the score's root mean square error, in `theory.setting.m`; tends to 0.
    """
    derivation = time_and_steps()
    time = sp.logcombine(derivation.step("time").computed["horizon"]).subs(target, error)
    return order_of(derivation.conclusion.subs({epsilon: error, target: error}).subs(horizon, time), m)


def divergence(score: Literal["learned", "given"] = "learned", statement: Statement = "mean") -> sp.Expr:
    """Bound the divergence of a diffusion, by at most 1.

    Args:
        score: *learned* from S (Oko et al.), or *given* with an error epsilon (Chen et al.).
        statement: for a learned score, a bound on the mean, or one that fails with probability delta/2, by Markov.
            For a given score both are the same: nothing is averaged over S.

    Raises:
        ValueError: a score or statement that does not exist.
    """
    if score not in ("learned", "given") or statement not in ("mean", "probability"):
        raise ValueError(
            f"score is 'learned' or 'given', statement 'mean' or 'probability'. Found {score}, {statement}."
        )
    if score == "given":
        return sp.Min(1, CHEN.bound)
    factor = FIRST_MOMENT.factor if statement == "probability" else sp.Integer(1)
    return sp.Min(1, factor * OKO.bound)


OKO_MEAN = Caveat("the divergence", "in the mean over S", MEAN_DIVERGENCE)
CHEN_GIVEN = Caveat(
    "the divergence",
    "given the trained score",
    "its error epsilon is that of the score trained on this S: a mean of it over S would need Markov, too",
)


def diffusion_bound(
    network: Network | None = None,
    learning: Learning = "sgd-nonconvex",
    form: Literal["order", "explicit"] = "explicit",
    score: Literal["learned", "given"] = "learned",
    statement: Statement = "mean",
) -> Bound:
    """State the bound for a diffusion and a deep classifier; the classifier and SGD as for a GAN.

    Args:
        network: the classifier; the general one of L layers where none is given.
        learning: *sgd-nonconvex*, or *sgd-convex* for one layer.
        form: which form of the general bound.
        score: *learned* from S, or *given*, as for `divergence`.
        statement: *mean* or *probability*, as for `divergence`.

    Returns:
        The bound, in d, s, the network's letters, m_S, m_G, n_steps, T and delta; with a given score in horizon,
        n_denoise, L_score, m_2, KL_0 and epsilon.

    Raises:
        ValueError: as for `divergence` and `theory.classifier_bound.specialize`.
    """
    learned = FIRST_MOMENT if statement == "probability" else OKO_MEAN
    caveats = (*sgd_caveats(learning), CHEN_GIVEN if score == "given" else learned)
    tv = divergence(score, statement)
    return specialize(tv, network or general_network(), learning, form, caveats, "diffusion")
