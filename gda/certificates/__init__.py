"""Inequalities of the theory as goals for `numerics.certify.prove`: each is to be proved, or to be refuted.

A constant that is claimed to be sharp comes twice: as it stands, or a little weaker, to be proved, and a little
stronger, to be refuted by a point.
"""

from __future__ import annotations

from gda.certificates.claim import Claim, family
from gda.certificates.general import monotone_bound, order_constants
from gda.certificates.mixture import critical_dimension_claims, mixture_claims

__all__ = ["Claim", "all_claims"]


def all_claims() -> tuple[Claim, ...]:
    """List every claim, those that say something together side by side."""
    return (
        *family("C1", "the explicit bound rises with M, beta, D_TV, T and 1/delta", monotone_bound()),
        *family("C1", "the explicit form, term by term, is at least a constant times the order one", order_constants()),
        *family("C5", "the gap's variance and the mean test risk are not below those at gamma = 0", mixture_claims()),
        *family("C5", "from which dimension on the mean squared gap falls", critical_dimension_claims()),
    )
