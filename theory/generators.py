"""Generators by name: the order of their divergence, and of their dependence on each real example.

The divergence ``D_TV(D, D_G(S))`` is in ``m`` (m_S), the dependence ``T(m_S, m_G)`` in ``m`` and ``m_G``; the setting
caps it at 1. Where T is not known, there are two entries for its extremes: T = 1, which every T satisfies, and T = 0,
the best that could be. What is true of the generator lies between the two answers. `theory.dependence`
derives T where it is known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sympy as sp
from sympy.logic.boolalg import Boolean

from theory.gaussian_mixture import constants
from theory.learners import Learner
from theory.lemmas import Sureness
from theory.order_regions import conjunction
from theory.setting import Setting, m, m_G
from theory.symbols import d, delta, m_S
from theory.symbols import m_G as m_G_symbol

s = sp.Symbol("s", positive=True)
"""Smoothness of the data's density."""
e = sp.Symbol("e", positive=True)
"""Exponent of a score error of order ``m^-e``."""
tv_0 = sp.Symbol("tv_0", positive=True)
"""A divergence that does not depend on S, at most 1."""

CONSTRAINTS = "0 <= T <= 1, T(m_S, 0) = 0, T grows with m_G, T(m_S, a + b) <= T(m_S, a) + T(m_S, b)"
"""What every dependence satisfies."""
UNKNOWN = f"no closed form is known; {CONSTRAINTS}"
NOTHING_ASSUMED = "T = 1, the cap: nothing is assumed, the pessimistic extreme"
NONE_ASSUMED = "T = 0: no generated sample depends on any one real example, the optimistic extreme"


@dataclass(frozen=True)
class Generator:
    """A generator as the theory sees it.

    Args:
        name: how it is asked for.
        title: what it is.
        tv: order of D_TV(D, D_G(S)) in `m`; 0 for a perfect one.
        dependence: order of T in `m` and `m_G`, uncapped.
        assumes: what is assumed of the data's law and of training, in words.
        source: paper and theorem.
        sureness: how the divergence is known.
        known_of_T: what is known of the dependence.
        assumed_of_T: what `dependence` assumes.
        in_expectation: whether the divergence is bounded in the mean over S only.
        conditions: what is assumed of the symbols.
        notes: what else has to be said with it.
    """

    name: str
    title: str
    tv: sp.Expr
    dependence: sp.Expr
    assumes: tuple[str, ...]
    source: str
    sureness: Sureness
    known_of_T: str
    assumed_of_T: str
    in_expectation: bool = False
    conditions: Boolean = sp.true
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title}", f"  D_TV of order {self.tv}, T of order {self.dependence}"]
        lines += [f"  known of T: {self.known_of_T}", f"  assumed of T: {self.assumed_of_T}"]
        lines += [f"  assume {text}" for text in self.assumes] + [f"  note: {text}" for text in self.notes]
        return "\n".join([*lines, f"  {self.source} ({self.sureness})"])

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle D_{{TV}} \asymp {sp.latex(self.tv)}, \quad T \asymp {sp.latex(self.dependence)}$"


def kernel_rate(smoothness: sp.Expr = s, dimension: sp.Expr = d) -> sp.Expr:
    """Balance bias ``h^s`` and deviation ``(m h^d)^(-1/2)`` of a kernel density estimate in L1.

    Returns:
        The order of the divergence, ``m^(-s/(2s + d))``.

    Source: Devroye, Gyorfi, *Nonparametric density estimation: the L1 view* (1985), for densities of compact support.
    """
    x = sp.Symbol("x", positive=True)
    (bandwidth,) = sp.solve(smoothness * x - (1 - dimension * x) / 2, x)
    return m ** sp.cancel(-smoothness * bandwidth)


def _extremes(generator: Generator) -> tuple[Generator, Generator]:
    """Return the two entries of a generator whose dependence is not known."""
    independent = replace(
        generator,
        name=f"{generator.name}-independent",
        title=f"{generator.title}, T = 0",
        dependence=sp.S.Zero,
        assumed_of_T=NONE_ASSUMED,
    )
    return generator, independent


_MIXTURE = {delta: sp.exp(-1), m_S: m, m_G_symbol: m_G}
_OKO = "Oko, Akiyama, Suzuki, ICML 2023 (arXiv 2303.01861)"
_CHEN = "Chen, Chewi, Li, Li, Salim, Zhang, ICLR 2023 (arXiv 2209.11215), Theorem 2"

GENERATORS: tuple[Generator, ...] = (
    Generator(
        name="bgmm",
        title="the binary Gaussian mixture, class means and pooled variances fitted",
        tv=constants().D_TV.subs(_MIXTURE),
        dependence=constants().T.subs(_MIXTURE),
        assumes=("binary Gaussian mixture; dimension d fixed",),
        source="Zheng, Wu, Li (2023), their Gaussian mixture; orders with constant 1, reconstructed",
        sureness="recalled",
        known_of_T="bounded with high probability; taken literally, over all data, it is not below a constant",
        assumed_of_T="the bound that holds with high probability holds for all data",
        notes=("delta is taken as a constant",),
    ),
    Generator(
        name="mle",
        title="maximum likelihood in a regular parametric family that holds the data's law",
        tv=1 / sp.sqrt(m),
        dependence=sp.sqrt(m_G) / m,
        assumes=("well-specified regular family of fixed dimension",),
        source="textbook: root-m consistency and a bounded Fisher information; T by family_dependence",
        sureness="seen",
        known_of_T="at most influence sqrt(fisher m_G)/(2 m_S) for bounded statistics (family_dependence)",
        assumed_of_T="one example changes the fitted parameter by O(1/m_S), for all data",
        in_expectation=True,
    ),
    *_extremes(
        Generator(
            name="gan",
            title="MLP GAN, leaky ReLU, exactly realisable",
            tv=(sp.log(m) / m) ** sp.Rational(1, 4),
            dependence=sp.S.One,
            assumes=(
                "the data's law is that of a leaky-ReLU generator of the trained width and depth",
                "discriminators hold the log density ratios; as many generator draws in training as real examples",
            ),
            source="Liang, JMLR 22(228), 2021 (arXiv 1811.03179), Theorem 19, and Jensen",
            sureness="recalled",
            known_of_T=UNKNOWN,
            assumed_of_T=NOTHING_ASSUMED,
            in_expectation=True,
            notes=("the trained GAN attains the minimax of its empirical game exactly",),
        )
    ),
    *_extremes(
        Generator(
            name="diffusion",
            title="diffusion with an empirically minimised score, Besov density of smoothness s",
            tv=m ** (-s / (2 * s + d)) * sp.log(m) ** 8,
            dependence=sp.S.One,
            assumes=(
                "density in a Besov ball of smoothness s on [-1, 1]^d, bounded above and away from 0",
                "smooth near the boundary; sparse ReLU score networks; early stopping",
            ),
            source=f"{_OKO}; the logarithm's exponent from memory",
            sureness="recalled",
            known_of_T=UNKNOWN,
            assumed_of_T=NOTHING_ASSUMED,
            in_expectation=True,
        )
    ),
    Generator(
        name="diffusion-score-constant",
        title="diffusion whose score error does not fall with m",
        tv=tv_0,
        dependence=sp.S.One,
        assumes=("score Lipschitz along the path, finite second moment", "a score error of constant order"),
        source=_CHEN,
        sureness="recalled",
        known_of_T=UNKNOWN,
        assumed_of_T=NOTHING_ASSUMED,
        notes=("the bound on the divergence is given the trained score: no expectation is taken",),
    ),
    Generator(
        name="diffusion-score",
        title="diffusion with score error m^-e, time and steps chosen for it",
        tv=m**-e * sp.sqrt(sp.log(m)),
        dependence=sp.S.One,
        assumes=("score Lipschitz along the path, finite second moment", "score error of order m^-e"),
        source=f"{_CHEN}; time and step count as in theory.diffusion",
        sureness="recalled",
        known_of_T=UNKNOWN,
        assumed_of_T=NOTHING_ASSUMED,
        notes=(
            "the bound on the divergence is given the trained score: no expectation is taken",
            "e > 1/2 is beyond what m_S examples allow in any regular family: it needs other data",
        ),
    ),
    Generator(
        name="kde",
        title="kernel density estimate, density of smoothness s in dimension d",
        tv=kernel_rate(),
        dependence=m_G / m,
        assumes=("density of smoothness s with compact support, for the rate in L1", "bandwidth fixed in advance"),
        source="Devroye, Gyorfi, Nonparametric density estimation: the L1 view (1985); T by kernel_dependence",
        sureness="recalled",
        known_of_T="between 1 - (1 - 1/m_S)^m_G and m_G/m_S, for a kernel of compact support (kernel_dependence)",
        assumed_of_T="nothing beyond a bandwidth that does not depend on S",
        in_expectation=True,
        notes=("for s > 2 the kernel is of higher order, its negative part cut off",),
    ),
    Generator(
        name="pretrained",
        title="trained on other data, S not used",
        tv=tv_0,
        dependence=sp.S.Zero,
        assumes=("training data independent of S",),
        source="definition",
        sureness="derived",
        known_of_T="T = 0, as the generator's law is not a function of S",
        assumed_of_T="nothing",
        notes=("its divergence does not fall with m_S",),
    ),
    Generator(
        name="perfect",
        title="draws from the data's own law",
        tv=sp.S.Zero,
        dependence=sp.S.Zero,
        assumes=("D_G(S) = D",),
        source="definition",
        sureness="derived",
        known_of_T="T = 0, as the generator's law is not a function of S",
        assumed_of_T="nothing",
    ),
)
"""The generators of the table."""


def find_generator(name: str) -> Generator:
    """Find a generator by its name.

    Raises:
        ValueError: there is none; the message lists the names.
    """
    for generator in GENERATORS:
        if generator.name == name:
            return generator
    raise ValueError(f"generator must be one of {', '.join(each.name for each in GENERATORS)}. Found {name!r}.")


def settings(learner: Learner, generator: Generator) -> Setting:
    """Combine a learner and a generator; `assumed` lists what the combination rests on.

    Args:
        learner: gives beta, the loss's upper end and conditions.
        generator: gives D_TV, T (its extreme, where it is not known) and conditions.
    """
    return Setting(
        beta=learner.beta,
        tv=generator.tv,
        dependence=generator.dependence,
        loss_bound=learner.loss_bound,
        assumptions=conjunction((learner.conditions, generator.conditions)),
    )


def assumed(learner: Learner, generator: Generator) -> tuple[str, ...]:
    """List what an answer for a learner and a generator assumes: theirs, of T, and what holds in the mean only."""
    means = []
    if learner.in_expectation:
        means.append("the stability is a mean over the learner's randomness: Gen is that of the averaged loss")
    if generator.in_expectation:
        means.append("the divergence is bounded in the mean over S: its order holds with any fixed probability")
    return (*learner.assumes, *generator.assumes, f"of T: {generator.assumed_of_T}", *means)
