"""Every inequality that is put to the test, with the constants it is tested at; some of them are known to be false.

A `Statement` is a lemma at given constants. Those of `FALSE` circulate in print or from memory and do not hold: a
search for violations that does not find them false finds nothing. They are in no registry, and nothing rests on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sympy as sp

from theory.concentration import CONCENTRATION
from theory.lemmas import (
    BKZ_MOMENT,
    CHI_SQUARE_TAIL,
    GAUSSIAN_TV,
    KL,
    MARKOV,
    MCDIARMID,
    MOMENT_MCDIARMID,
    MOMENTS_TO_TAILS,
    PINSKER,
    PRODUCT_TV,
    PUBLISHED,
    RIO,
    SHARPENED,
    TV_DUALITY,
    Hypothesis,
    Lemma,
    a,
    b,
    c_chaos,
    n,
)
from theory.quadratic_tails import TAILS
from theory.sharpened_lemmas import HOELDER, SHARP_MOMENT_MCDIARMID, TREE_MOMENT
from theory.symbols import D_TV, m_G, p

hilbert = sp.Symbol("Delta_F", nonnegative=True)
"""``||S_1^(-1/2) S_2 S_1^(-1/2) - I||_F``, as in L9."""
larger = sp.Symbol("Delta", nonnegative=True)
distance = sp.Symbol("tv", nonnegative=True)

MARCINKIEWICZ_ZYGMUND = Lemma(
    key="L14",
    title="Marcinkiewicz-Zygmund",
    left="||sum_i X_i||_p",
    bound=3 * sp.sqrt(2 * n * p) * a,
    hypotheses=(
        Hypothesis("independent", "X_1, ..., X_n are independent and centred"),
        Hypothesis("moments", "the mean of E|X_i|^p over i is at most a^p, p >= 2", a),
    ),
    source="Ren, Liang (2001), as used by Bousquet, Klochkov, Zhivotovskiy (2020)",
    sureness="recalled",
)

BRETAGNOLLE_HUBER = Lemma(
    key="L15",
    title="Bretagnolle-Huber",
    left="D_TV(P, Q)",
    bound=sp.sqrt(1 - sp.exp(-KL)),
    hypotheses=PINSKER.hypotheses,
    source="Bretagnolle, Huber (1978)",
    sureness="seen",
)

GAUSSIAN_TV_LARGER = Lemma(
    key="L16",
    title="total variation of two near Gaussians by the larger of two distances",
    left=GAUSSIAN_TV.left,
    bound=larger / sp.sqrt(2),
    hypotheses=(
        Hypothesis("near", "Delta <= 1/2", sp.Rational(1, 2)),
        Hypothesis("covariances apart", "||S_1^(-1/2) S_2 S_1^(-1/2) - I||_F <= Delta", larger),
        Hypothesis("means apart", "||S_1^(-1/2) (mu_1 - mu_2)|| <= Delta", larger),
    ),
    source="Arbas, Ashtiani, Liaw (2023, arXiv 2303.04288), Theorem 1.8; its condition, and the proof from L7, in"
    " `theory.gaussian_distance_proof`",
    sureness="derived",
)

GAUSSIAN_TV_SAME_MEAN = Lemma(
    key="L17",
    title="total variation of two Gaussians with one mean",
    left="D_TV(N(mu, S_1), N(mu, S_2))",
    bound=sp.Rational(3, 2) * sp.Min(1, hilbert),
    hypotheses=(
        Hypothesis("means apart", "mu_1 = mu_2", sp.Integer(0)),
        Hypothesis("covariances apart", "||S_1^(-1/2) S_2 S_1^(-1/2) - I||_F <= Delta_F", hilbert),
    ),
    source="Devroye, Mehrabian, Reddad (arXiv 1810.08693 v7), Theorem 1.1",
    sureness="recalled",
)

PRODUCT_TV_UNION = Lemma(
    key="L8-union",
    title="total variation of i.i.d. samples, by coupling every draw",
    left=PRODUCT_TV.left,
    bound=1 - (1 - D_TV) ** m_G,
    hypotheses=PRODUCT_TV.hypotheses,
    source="textbook; independent maximal couplings",
    sureness="seen",
)

SAME_MEAN_LOWER = Lemma(
    key="L17-lower",
    title="total variation of two Gaussians with one mean, from below",
    left="min(1, ||S_1^(-1/2) S_2 S_1^(-1/2) - I||_F)",
    bound=100 * D_TV,
    hypotheses=(
        Hypothesis("means apart", "mu_1 = mu_2", sp.Integer(0)),
        Hypothesis("total variation", "D_TV(N(mu, S_1), N(mu, S_2)) <= D_TV", D_TV),
    ),
    source=GAUSSIAN_TV_SAME_MEAN.source,
    sureness="recalled",
)

TESTED: tuple[Lemma, ...] = (
    PRODUCT_TV_UNION,
    MARCINKIEWICZ_ZYGMUND,
    BRETAGNOLLE_HUBER,
    GAUSSIAN_TV_LARGER,
    GAUSSIAN_TV_SAME_MEAN,
    SAME_MEAN_LOWER,
)
"""Lemmas that are tested though nothing here rests on them: rivals and companions of those that are used."""

MISPRINTED_MOMENT = Lemma(
    key="X1",
    title="L1 with sqrt(p n) for p n, as printed in a note on it",
    left=BKZ_MOMENT.left,
    bound=BKZ_MOMENT.bound.subs(c_chaos * p * b, c_chaos * sp.sqrt(p / n) * b),
    hypotheses=BKZ_MOMENT.hypotheses,
    source="a note on Bousquet, Klochkov, Zhivotovskiy (2020), here with the constants of L1",
    sureness="seen",
    constants=BKZ_MOMENT.constants,
    moments_from=BKZ_MOMENT.moments_from,
)

DIFFERENT_MEANS = Lemma(
    key="X2",
    title="total variation of two Gaussians with different means, early version",
    left=GAUSSIAN_TV.left,
    bound=sp.Rational(9, 2) * sp.Min(1, distance),
    hypotheses=(
        Hypothesis(
            "distance",
            "with v = mu_1 - mu_2: |v'(S_1 - S_2)v|/v'S_1 v, v'v/sqrt(v'S_1 v), and the Frobenius norm of"
            " (Pi'S_1 Pi)^(-1) Pi'S_2 Pi - I with Pi a basis across v, are at most tv",
            distance,
        ),
    ),
    source="Devroye, Mehrabian, Reddad (arXiv 1810.08693, early versions), Theorem 1.2; recalled",
    sureness="recalled",
)


LARGER_UNCONDITIONAL = Lemma(
    key="X3",
    title="L16 without its condition",
    left=GAUSSIAN_TV.left,
    bound=GAUSSIAN_TV_LARGER.bound,
    hypotheses=GAUSSIAN_TV_LARGER.hypotheses[1:],
    source="Arbas, Ashtiani, Liaw (2023, arXiv 2303.04288), Theorem 1.8, recalled without a condition",
    sureness="recalled",
)


@dataclass(frozen=True)
class Statement:
    """A lemma at given constants.

    Args:
        key: that of the lemma, with a suffix where its constants are not those of its print.
        lemma: the lemma.
        constants: values of its named constants; those of the lemma itself if empty.
        expected: whether it is held to be true.
    """

    key: str
    lemma: Lemma
    constants: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)
    expected: bool = True

    @property
    def bound(self) -> sp.Expr:
        """The right-hand side with numbers for the named constants."""
        return self.lemma.with_constants(self.constants or self.lemma.constants)

    @property
    def title(self) -> str:
        """The lemma's title, with the constants where they are not those of its print."""
        if not self.constants:
            return self.lemma.title
        values = ", ".join(f"{symbol} = {value}" for symbol, value in self.constants.items())
        return f"{self.lemma.title}, {values}"


FALSE: tuple[Statement, ...] = (
    Statement("X1", MISPRINTED_MOMENT, expected=False),
    Statement("X2", DIFFERENT_MEANS, expected=False),
    Statement("X3", LARGER_UNCONDITIONAL, expected=False),
)
"""Statements that do not hold."""

STATEMENTS: tuple[Statement, ...] = (
    Statement("L0", MARKOV),
    Statement(HOELDER.key, HOELDER),
    Statement("L1", BKZ_MOMENT, PUBLISHED),
    Statement("L1-sharpened", BKZ_MOMENT, SHARPENED),
    Statement(TREE_MOMENT.key, TREE_MOMENT),
    Statement("L2", MOMENTS_TO_TAILS),
    Statement("L3", MCDIARMID),
    Statement("L4", TV_DUALITY),
    Statement("L5", MOMENT_MCDIARMID),
    Statement(SHARP_MOMENT_MCDIARMID.key, SHARP_MOMENT_MCDIARMID),
    Statement("L6", RIO),
    Statement("L7", PINSKER),
    Statement("L8", PRODUCT_TV),
    Statement(PRODUCT_TV_UNION.key, PRODUCT_TV_UNION),
    Statement("L9", GAUSSIAN_TV),
    Statement("L10", CHI_SQUARE_TAIL),
    *(Statement(lemma.key, lemma) for lemma in (*CONCENTRATION, *TESTED[1:], *TAILS)),
    *FALSE,
)
"""All that is tested, the false ones last."""


def statement(key: str) -> Statement:
    """Find a statement by its key.

    Raises:
        KeyError: there is none.
    """
    for found in STATEMENTS:
        if found.key == key:
            return found
    raise KeyError(f"no statement {key!r} is tested; there are {[found.key for found in STATEMENTS]}")
