"""What a derivation rests on in the end: lemmas that are derived here are replaced by what their proofs rest on.

A lemma whose proof does not hold is an axiom, whatever it says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from theory.concentration import DRAW_BY_DRAW, draw_by_draw
from theory.derivation import Derivation
from theory.gaussian_distance_proof import near_gaussians
from theory.lemma_proofs import moments_to_tails
from theory.lemmas import BKZ_MOMENT, CHI_SQUARE_TAIL, MOMENTS_TO_TAILS, PUBLISHED, RIO, Lemma
from theory.moment_proofs import moment_mcdiarmid, rio
from theory.quadratic_tails import (
    CHI_SQUARE_LOWER,
    NORMAL_TAIL,
    QUADRATIC_TAIL,
    chi_square_tails,
    normal_tail,
    quadratic_tail,
)
from theory.sgd_stability import SGD_CONVEX, SGD_NONCONVEX
from theory.sgd_stability_proof import convex_derivation, nonconvex_derivation
from theory.sharpened_lemmas import SHARP_MOMENT_MCDIARMID, TREE_MOMENT
from theory.sharpened_proof import moment_bound, tree_moment
from theory.variance import VARIANCE_OF_RESTS, variance_of_rests

PROOFS: Mapping[str, Callable[[], Derivation]] = {
    BKZ_MOMENT.key: lambda: moment_bound(PUBLISHED),
    MOMENTS_TO_TAILS.key: moments_to_tails,
    SHARP_MOMENT_MCDIARMID.key: moment_mcdiarmid,
    RIO.key: rio,
    CHI_SQUARE_TAIL.key: chi_square_tails,
    DRAW_BY_DRAW.key: draw_by_draw,
    "L16": near_gaussians,
    QUADRATIC_TAIL.key: quadratic_tail,
    CHI_SQUARE_LOWER.key: chi_square_tails,
    NORMAL_TAIL.key: normal_tail,
    TREE_MOMENT.key: tree_moment,
    VARIANCE_OF_RESTS.key: variance_of_rests,
    SGD_NONCONVEX.key: nonconvex_derivation,
    SGD_CONVEX.key: convex_derivation,
}
"""The proof of every lemma that is derived here, by its key."""


def lemmas_of(chain: Derivation) -> tuple[Lemma, ...]:
    """List the lemmas that a derivation's steps use, derived or not, in the order of their first use."""
    return tuple({lemma.key: lemma for step in chain.steps for lemma in step.axioms}.values())


@lru_cache(maxsize=256)
def foundations(key: str) -> tuple[str, ...]:
    """List what a lemma rests on: itself, unless it is proved here.

    Args:
        key: of a lemma.

    Returns:
        Keys of lemmas that are not derived, in the order of their first use.
    """
    if key not in PROOFS:
        return (key,)
    chain = PROOFS[key]()
    return foundations_of(lemma.key for lemma in lemmas_of(chain)) if chain.holds else (key,)


def foundations_of(keys: Iterable[str]) -> tuple[str, ...]:
    """List what several lemmas rest on, each once."""
    return tuple(dict.fromkeys(found for key in keys for found in foundations(key)))
