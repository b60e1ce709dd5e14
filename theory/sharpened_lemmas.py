"""Lemmas with the constants that their proofs allow, rather than those in print."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from theory.lemmas import MCDIARMID, Lemma, c, c_chaos, c_iid, n
from theory.symbols import p

SHARP_MOMENT_MCDIARMID = Lemma(
    key="L5-sharpened",
    title="bounded differences, moments, by integrating the tail of L3",
    left="||f(Z) - E f(Z)||_p",
    bound=c * sp.sqrt(n * p / 2),
    hypotheses=MCDIARMID.hypotheses,
    source="from L3, by integrating its tail; p >= 2",
    sureness="recalled",
    moments_from=sp.Integer(2),
)

BALANCED: Mapping[sp.Symbol, sp.Expr] = {c_chaos: 1 / sp.sqrt(2), c_iid: sp.Integer(1)}
"""Constants of L1 by a balanced binary tree of the variables, instead of padding to a power of two."""
