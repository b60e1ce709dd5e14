"""Inequalities of the theory as goals for `numerics.certify.prove`: each is to be proved, or to be refuted.

A constant that is claimed to be sharp comes twice: as it stands, or a little weaker, to be proved, and a little
stronger, to be refuted by a point.
"""

from __future__ import annotations

from functools import lru_cache

from gda.certificates import cells, gain, mixture, tight
from gda.certificates.claim import Claim, family
from gda.certificates.general import largest_constants, monotone_bound, order_constants

__all__ = ["Claim", "all_claims"]


@lru_cache(maxsize=1)
def all_claims() -> tuple[Claim, ...]:
    """List every claim, those that say something together side by side."""
    return (
        *family("C1", "the explicit bound rises with M, beta, D_TV, T and 1/delta", monotone_bound()),
        *family("C1", "each term of the explicit form is at least a constant times the order form", order_constants()),
        *family("C1", "each term of the explicit form is at most a constant times the order one", largest_constants()),
        *family("C1", "both martingale forms are continuous in m_G at m_G = 0", tight.continuity_claims()),
        *family("C1", "the explicit form jumps at m_G = 0, and by which factor", tight.jump_claims()),
        *family("C1", "one martingale is from 0.005 to 0.14 times the published form", tight.ratio_claims()),
        *family("C5", "the gap's variance and mean test risk rise with augmentation", mixture.mixture_claims()),
        *family("C5", "the mean test risk is above that without augmentation, at every gamma", mixture.risk_claims()),
        *family("C5", "from which dimension on the mean squared gap falls", mixture.critical_dimension_claims()),
        *family("C5", "some gamma lowers the mean squared gap if and only if d >= 3", mixture.best_gamma_claims()),
        *family("C4", "m_S E gap^2 stays between constants at fixed d, at every gamma", mixture.size_claims()),
        *family("C6", "the gap's variance is of order d and its mean at most d/m_S", mixture.dimension_claims()),
        *gain_claims(),
    )


def gain_claims() -> tuple[Claim, ...]:
    """List the claims on where augmentation lowers the mixture's bound; its inputs are orders with constant 1."""
    few = "no m_G up to 80 m_S lowers the mixture's bound, m_S >= 100"
    maps = [(form, (*cells.void_claims(form), *cells.map_claims(form))) for form in cells.FORMS]
    return (
        *family("C4", "with the mixture's T the bound is at least a mean of bound(0) and M D_TV", gain.mean_claims()),
        *family("C4", "no m_G lowers the mixture's order form at d >= 2, m_S >= 20000", gain.no_gain_claims()),
        *family("C4", "at d = 1 some m_G does, by a constant factor at most", gain.small_gain_claims()),
        *family("C4", "no m_G lowers the mixture's explicit form by more than a constant", gain.explicit_gain_claims()),
        *family("C4", "some m_G lowers the explicit form at d <= 44, none at d >= 170", gain.explicit_border_claims()),
        *family("C7", few, gain.few_claims()),
        *(
            claim
            for form, claims in maps
            for claim in family("C4", f"where some m_G lowers the mixture's {form} form, and where none does", claims)
        ),
    )
