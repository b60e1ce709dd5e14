"""One module a claim: what is computed, what is claimed, which kind of evidence.

A claim is added by writing its module and naming it in `MODULES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module

from gda.errors import InputError
from gda.evidence import Claim

MODULES: tuple[str, ...] = (
    "c01_general_bound",
    "c02_most_efficient_amount",
    "c03_when_it_helps",
    "b1_mixture_theorem",
    "c04_mixture_large",
    "c05_mixture_small",
    "c06_mixture_dimension",
    "c07_predicted_trend",
    "c08_gan_large",
    "c09_gan_small",
    "c10_images_old_gan",
    "c11_images_strong_gan",
    "c12_images_diffusion",
    "f1_published_figure",
    "r1_recursive_training",
)
"""The claims' modules, in the order of the report."""


def all_claims() -> tuple[Claim, ...]:
    """Load every claim."""
    return tuple(import_module(f"gda.claims.{module}").CLAIM for module in MODULES)


def find_claims(ids: Sequence[str] | None) -> tuple[Claim, ...]:
    """Load the claims asked for, in the order of the report; all of them where none is named.

    Raises:
        InputError: an id that no claim has.
    """
    known = {claim.id: claim for claim in all_claims()}
    if ids is None:
        return tuple(known.values())
    wanted = [text.upper() for text in ids]
    for text, key in zip(ids, wanted, strict=True):
        if key not in known:
            raise InputError(f"unknown claim {text!r}; there are {', '.join(known)}")
    return tuple(claim for key, claim in known.items() if key in wanted)
