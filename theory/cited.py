"""Every lemma of the literature that something here rests on, by key: of the bound, of learners, of generators."""

from __future__ import annotations

from collections.abc import Mapping

from theory.adversarial import LIANG
from theory.concentration import CONCENTRATION
from theory.diffusion import CHEN, OKO
from theory.lemmas import LEMMAS, Lemma
from theory.quadratic_tails import TAILS
from theory.sgd_stability import SGD_CONVEX, SGD_NONCONVEX
from theory.sgd_stability_proof import CONTRACTIVE, EXPANSIVE, NONEXPANSIVE
from theory.sharpened_lemmas import SHARPENED_LEMMAS
from theory.tested_lemmas import TESTED
from theory.variance import VARIANCE

CITED: Mapping[str, Lemma] = {
    lemma.key: lemma
    for lemma in (
        *LEMMAS,
        *SHARPENED_LEMMAS,
        *CONCENTRATION,
        *TESTED,
        *TAILS,
        *VARIANCE,
        EXPANSIVE,
        NONEXPANSIVE,
        CONTRACTIVE,
        SGD_NONCONVEX,
        SGD_CONVEX,
        LIANG,
        CHEN,
        OKO,
    )
}
"""Lemmas by key: L, V and A of the bound and the mixture, H of stochastic gradient descent, G of generators."""
