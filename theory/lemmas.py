"""The cited lemmas: hypotheses, statement, constants, source, and how sure we are of them.

A lemma is a value. `Lemma.apply` puts expressions for its letters and matches every hypothesis against what the
proof supplies; an unmatched hypothesis is reported, never ignored. A lemma with ``sureness`` other than
*derived* is an axiom of every result that uses it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import sympy as sp

from theory.functions import n_ceil_log2
from theory.symbols import D_TV, M, d, delta, m_G, n, p

Sureness = Literal["seen", "recalled", "derived"]
"""*seen*: a text that states it was read. *recalled*: from memory. *derived*: proved in this package."""

# Letters of the lemmas. Each is local to a statement and replaced when the lemma is applied.
b = sp.Symbol("b", nonnegative=True)
c = sp.Symbol("c", nonnegative=True)
a = sp.Symbol("a", nonnegative=True)
width = sp.Symbol("width", nonnegative=True)
c_chaos = sp.Symbol("c_chaos", positive=True)
c_iid = sp.Symbol("c_iid", positive=True)
KL = sp.Symbol("KL", nonnegative=True)
x = sp.Symbol("x", positive=True)
_hilbert = sp.Symbol("Delta_F", nonnegative=True)
_shift = sp.Symbol("Delta_mu", nonnegative=True)


@dataclass(frozen=True)
class Hypothesis:
    """One condition of a lemma.

    Args:
        name: how a proof refers to it.
        text: the condition in words.
        at_most: for a numerical condition, the largest value allowed, in the lemma's letters; None where the proof
            supplies the condition's truth.
    """

    name: str
    text: str
    at_most: sp.Expr | None = None


@dataclass(frozen=True)
class Match:
    """A hypothesis, what it asks, what the proof supplies, and whether it is met."""

    hypothesis: Hypothesis
    asked: sp.Expr | None
    supplied: sp.Expr | bool
    holds: bool


@dataclass(frozen=True)
class Application:
    """A lemma applied: its conclusion, the fate of each hypothesis, and what was put for its letters."""

    lemma: Lemma
    conclusion: sp.Expr
    matches: tuple[Match, ...]
    letters: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether every hypothesis is met."""
        return all(match.holds for match in self.matches)


@dataclass(frozen=True)
class Lemma:
    """A cited inequality ``left <= bound``.

    Args:
        key: short name by which verdicts list it.
        title: name in the literature.
        left: what is bounded, in words and symbols.
        bound: the right-hand side as an expression in the lemma's letters.
        hypotheses: conditions, each matched when the lemma is applied.
        source: paper and theorem.
        sureness: how the statement and its constants are known.
        constants: named constants of the statement that other versions of the lemma replace.
        moments_from: for a bound on moments, the least order p for which it holds.
    """

    key: str
    title: str
    left: str
    bound: sp.Expr
    hypotheses: tuple[Hypothesis, ...]
    source: str
    sureness: Sureness
    constants: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict)
    moments_from: sp.Expr | None = None

    @property
    def statement(self) -> sp.Rel:
        """The inequality as a SymPy relation."""
        return sp.Le(sp.Symbol(self.left), self.bound, evaluate=False)

    def with_constants(self, values: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
        """The right-hand side with numbers for its named constants."""
        return self.bound.subs(dict(values))

    def apply(self, letters: Mapping[sp.Symbol, sp.Expr], supplied: Mapping[str, sp.Expr | bool]) -> Application:
        """Put expressions for the letters and match the hypotheses.

        Args:
            letters: expression for each letter of the statement.
            supplied: by hypothesis name, the computed value (numerical) or the established truth.

        Raises:
            KeyError: a hypothesis for which nothing is supplied.
        """
        matches = []
        for hypothesis in self.hypotheses:
            given = supplied[hypothesis.name]
            asked = None if hypothesis.at_most is None else _put(hypothesis.at_most, letters)
            holds = given is True if asked is None else _at_most(sp.sympify(given), asked)
            matches.append(Match(hypothesis, asked, given, holds))
        return Application(self, _put(self.bound, letters), tuple(matches), dict(letters))

    def __str__(self) -> str:
        conditions = "; ".join(h.text for h in self.hypotheses)
        return f"{self.key} ({self.title}). If {conditions}, then {self.left} <= {self.bound}. {self.source}."

    def _repr_latex_(self) -> str:
        return rf"$\displaystyle \text{{{self.left}}} \le {sp.latex(self.bound)}$"


def _put(expression: sp.Expr, letters: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    return sp.sympify(expression).subs(dict(letters), simultaneous=True)


def _at_most(value: sp.Expr, limit: sp.Expr) -> bool:
    return bool(sp.expand(limit - value).is_nonnegative)


BKZ_MOMENT = Lemma(
    key="L1",
    title="moments of sums of weakly dependent functions",
    left="||sum_i g_i(Z)||_p",
    bound=c_chaos * p * b * n_ceil_log2(n) + c_iid * M * sp.sqrt(p * n),
    hypotheses=(
        Hypothesis("independent", "Z_1, ..., Z_n are independent"),
        Hypothesis("conditional mean", "|E[g_i | Z_i]| <= M", M),
        Hypothesis("centred", "E[g_i | all Z_j but Z_i] = 0", sp.Integer(0)),
        Hypothesis("difference", "g_i changes by at most b with any one Z_j, j != i", b),
    ),
    source="Bousquet, Klochkov, Zhivotovskiy, COLT 2020 (arXiv 1910.07833), Theorem 4; p >= 2; derived in"
    " `theory.sharpened_proof`, with smaller constants, too",
    sureness="derived",
    constants={c_chaos: 12 * sp.sqrt(2), c_iid: sp.Integer(4)},
    moments_from=sp.Integer(2),
)

PUBLISHED: Mapping[sp.Symbol, sp.Expr] = dict(BKZ_MOMENT.constants)
"""The constants of L1 as printed: 12 sqrt 2 and 4."""

SHARPENED: Mapping[sp.Symbol, sp.Expr] = {c_chaos: 1 / sp.sqrt(2), c_iid: sp.Integer(1)}
"""The least that follows from a balanced tree in place of padding, derived in `theory.sharpened_proof`."""

MOMENTS_TO_TAILS = Lemma(
    key="L2",
    title="moments to tails",
    left="|Y|, with probability at least 1 - delta",
    bound=sp.E * (a * sp.sqrt(sp.log(sp.E / delta)) + b * sp.log(sp.E / delta)),
    hypotheses=(
        Hypothesis(
            "moments from", "||Y||_p <= a sqrt(p) + b p for every p from some order, at most 2, on", sp.Integer(2)
        ),
    ),
    source="Bousquet, Klochkov, Zhivotovskiy (2020), Lemma 1, here for p >= 2 and every delta; from Markov",
    sureness="derived",
)

MARKOV = Lemma(
    key="L0",
    title="Markov's inequality for moments",
    left="P(|Y| >= t)",
    bound=(a / b) ** p,
    hypotheses=(Hypothesis("moment", "||Y||_p <= a, t = b > 0"),),
    source="textbook",
    sureness="seen",
)

MCDIARMID = Lemma(
    key="L3",
    title="McDiarmid, two-sided",
    left="|f(Z) - E f(Z)|, with probability at least 1 - delta",
    bound=c * sp.sqrt(n * sp.log(2 / delta) / 2),
    hypotheses=(
        Hypothesis("independent", "Z_1, ..., Z_n are independent"),
        Hypothesis("difference", "f changes by at most c with any one Z_j", c),
    ),
    source="McDiarmid (1989), bounded differences",
    sureness="seen",
)

TV_DUALITY = Lemma(
    key="L4",
    title="duality of total variation",
    left="|E_P phi - E_Q phi|",
    bound=width * D_TV,
    hypotheses=(Hypothesis("width", "sup phi - inf phi <= width", width),),
    source="textbook; D_TV(P, Q) = sup_A |P(A) - Q(A)|",
    sureness="seen",
)

MOMENT_MCDIARMID = Lemma(
    key="L5",
    title="bounded differences, moments",
    left="||f(Z) - E f(Z)||_p",
    bound=2 * c * sp.sqrt(n * p),
    hypotheses=MCDIARMID.hypotheses,
    source="Bousquet, Klochkov, Zhivotovskiy (2020), Lemma 2; p >= 2",
    sureness="recalled",
)

RIO = Lemma(
    key="L6",
    title="Rio's inequality for martingale differences",
    left="||sum_i X_i||_p^2",
    bound=(p - 1) * n * a**2,
    hypotheses=(Hypothesis("moments", "martingale differences with ||X_i||_p <= a, p >= 2"),),
    source="Rio, J. Theor. Probab. 2009; derived in `theory.moment_proofs`",
    sureness="derived",
)

PINSKER = Lemma(
    key="L7",
    title="Pinsker",
    left="D_TV(P, Q)",
    bound=sp.sqrt(KL / 2),
    hypotheses=(Hypothesis("divergence", "KL(P || Q) <= KL"),),
    source="textbook",
    sureness="seen",
)

PRODUCT_TV = Lemma(
    key="L8",
    title="total variation of i.i.d. samples",
    left="D_TV(P^m_G, Q^m_G)",
    bound=sp.Min(m_G * D_TV, sp.sqrt(m_G * KL / 2)),
    hypotheses=(Hypothesis("laws", "D_TV(P, Q) <= D_TV and KL(P || Q) <= KL"),),
    source="sub-additivity of total variation; tensorisation of KL with Pinsker",
    sureness="seen",
)

GAUSSIAN_TV = Lemma(
    key="L9",
    title="total variation of two Gaussians, any means",
    left="D_TV(N(mu_1, S_1), N(mu_2, S_2))",
    bound=sp.Rational(3, 2) * _hilbert + sp.erf(_shift / (2 * sp.sqrt(2))),
    hypotheses=(
        Hypothesis("covariance", "||S_1^(-1/2) S_2 S_1^(-1/2) - I||_F <= Delta_F"),
        Hypothesis("mean", "||S_1^(-1/2) (mu_1 - mu_2)|| <= Delta_mu"),
    ),
    source="Devroye, Mehrabian, Reddad (arXiv 1810.08693 v7), same mean, with the triangle inequality",
    sureness="recalled",
)

CHI_SQUARE_TAIL = Lemma(
    key="L10",
    title="upper tail of chi-square",
    left="U - d, with probability at least 1 - exp(-x), U ~ chi-square with d degrees of freedom",
    bound=2 * sp.sqrt(d * x) + 2 * x,
    hypotheses=(Hypothesis("law", "U is a sum of d squared independent standard normals"),),
    source="Laurent, Massart (2000), Lemma 1; derived in `theory.quadratic_tails`",
    sureness="derived",
)

MIXTURE_ORDERS = Lemma(
    key="A1",
    title="orders of the Gaussian mixture's M, beta, D_TV and T, with constant 1",
    left="M, beta, D_TV, T of the mixture",
    bound=sp.Symbol("theory.gaussian_mixture.constants"),
    hypotheses=(Hypothesis("probability", "they hold up to constants and with high probability, not for all data"),),
    source="Zheng, Wu, Li (2023), reconstructed",
    sureness="recalled",
)

LEMMAS: tuple[Lemma, ...] = (
    MARKOV,
    BKZ_MOMENT,
    MOMENTS_TO_TAILS,
    MCDIARMID,
    TV_DUALITY,
    MOMENT_MCDIARMID,
    RIO,
    PINSKER,
    PRODUCT_TV,
    GAUSSIAN_TV,
    CHI_SQUARE_TAIL,
    MIXTURE_ORDERS,
)
"""All of them, in the order of their keys' first use."""
