"""The general bound specialised to the binary Gaussian mixture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import sympy as sp

from theory.gaussian_mixture import constants
from theory.lemmas import PUBLISHED
from theory.stability import Bound, explicit_form, order_form
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, M, T, beta, m_G, m_S

CAVEAT = "M, beta, D_TV and T are orders with constant 1, not a certified bound"


def mixture_bound(
    form: Literal["order", "explicit"] = "explicit", lemma_constants: Mapping[sp.Symbol, sp.Expr] = PUBLISHED
) -> Bound:
    """Put the mixture's M, beta, D_TV and T into the general bound.

    Args:
        form: which form of the general bound.
        lemma_constants: constants of lemma L1, for the explicit form.

    Returns:
        The bound in d, delta, m_S and m_G. Its inputs are the source's orders with constant 1, as its caveat says.

    Raises:
        ValueError: a form that does not exist.
    """
    if form not in ("order", "explicit"):
        raise ValueError(f"form must be 'order' or 'explicit'. Found {form!r}.")
    general = order_form() if form == "order" else explicit_form(lemma_constants)
    found = constants()
    letters = {M: found.M, beta: found.beta, D_TV: found.D_TV, T: found.T}
    return general.subs(letters, f"Gaussian mixture, {general.name}", CAVEAT)


def at_size(bound: Bound, size: sp.Expr) -> Bound:
    """Put an expression for m_G that is known to be at least 1, so that no convention at m_G = 0 is left."""
    return bound.subs({m_G: AUGMENTED}).subs({AUGMENTED: size})


def at_ratio(bound: Bound) -> Bound:
    """Write a bound in gamma > 0: m_G = gamma m_S."""
    return at_size(bound, sp.Symbol("gamma", positive=True) * m_S)


def without_augmentation(bound: Bound) -> Bound:
    """Put m_G = 0."""
    return bound.subs({m_G: sp.Integer(0)})
