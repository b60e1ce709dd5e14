"""Lemmas with the constants that their proofs allow, rather than those in print.

They are proved in `theory.moment_proofs` and `theory.sharpened_proof`.
"""

from __future__ import annotations

import sympy as sp

from theory.functions import n_ceil_log2
from theory.lemmas import BKZ_MOMENT, MCDIARMID, Hypothesis, Lemma, a, b, c, n
from theory.symbols import M, p

HOELDER = Lemma(
    key="L0-Hoelder",
    title="Hölder's inequality",
    left="E[|U|^(p - 2) V^2]",
    bound=a ** (p - 2) * b**2,
    hypotheses=(Hypothesis("moments", "||U||_p <= a and ||V||_p <= b, p >= 2"),),
    source="textbook",
    sureness="seen",
    moments_from=sp.Integer(2),
)

SHARP_MOMENT_MCDIARMID = Lemma(
    key="L5-sharpened",
    title="bounded differences, moments, by integrating the tail of L3",
    left="||f(Z) - E f(Z)||_p",
    bound=c * sp.sqrt(n * p / 2),
    hypotheses=MCDIARMID.hypotheses,
    source="derived from L3 in `theory.moment_proofs.moment_mcdiarmid`; p >= 2",
    sureness="derived",
    moments_from=sp.Integer(2),
)

TREE_MOMENT = Lemma(
    key="L1-tree",
    title="moments of sums of weakly dependent functions, by a balanced binary tree",
    left=BKZ_MOMENT.left,
    bound=sp.sqrt(p * (p - 1) / 2) * b * n_ceil_log2(n) + M * sp.sqrt((p - 1) * n),
    hypotheses=BKZ_MOMENT.hypotheses,
    source="derived from L3 and L6 in `theory.sharpened_proof.tree_moment`; p >= 2",
    sureness="derived",
    moments_from=sp.Integer(2),
)

SHARPENED_LEMMAS: tuple[Lemma, ...] = (HOELDER, SHARP_MOMENT_MCDIARMID, TREE_MOMENT)
"""The lemmas of this module; all but the first are derived."""
