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


RATIO = "divergence and T apart, one martingale is 0.005 to 0.14 times the published form (beta <= M/m_T, delta = 1/20)"
EXPLICIT = "some m_G lowers its explicit form at d <= 44, and none does at d >= 170 from m_S = 10^7 on"


@lru_cache(maxsize=1)
def all_claims() -> tuple[Claim, ...]:
    """List every claim, those that say something together side by side."""
    return (*bound_claims(), *law_claims(), *gain_claims())


def bound_claims() -> tuple[Claim, ...]:
    """List the claims on the general bound."""
    least, most = (f"each explicit term is at {word} a constant times its order term" for word in ("least", "most"))
    return (
        *family("C1", "the explicit bound rises with M, beta, D_TV, T and 1/delta", monotone_bound()),
        *family("C1", least, order_constants()),
        *family("C1", most, largest_constants()),
        *family("C1", "both martingale forms are continuous in m_G at 0 (delta = 1/20)", tight.continuity_claims()),
        *family("C1", "the explicit form jumps at m_G = 0, by a factor from 1.02 to 1.65", tight.jump_claims()),
        *family("C1", RATIO, tight.ratio_claims()),
    )


def law_claims() -> tuple[Claim, ...]:
    """List the claims on the exact law of the mixture's gap."""
    return (
        *family("C5", "the gap's variance and mean test risk rise with augmentation", mixture.mixture_claims()),
        *family("C5", "the mean test risk is above that without augmentation, at every gamma", mixture.risk_claims()),
        *family("C5", "from which dimension on the mean squared gap falls", mixture.critical_dimension_claims()),
        *family("C5", "some gamma lowers the mean squared gap if and only if d >= 3", mixture.best_gamma_claims()),
        *family("C4", "m_S E gap^2 stays between constants at fixed d, at every gamma", mixture.size_claims()),
        *family("C6", "the gap's variance is of order d and its mean at most d/m_S", mixture.dimension_claims()),
    )


def gain_claims() -> tuple[Claim, ...]:
    """List the claims on where augmentation lowers the mixture's bound; its inputs are orders with constant 1."""
    few = "no m_G up to 80 m_S lowers the mixture's bound, m_S from 100 to 10^8 (delta = 1/20)"
    maps = [(form, (*cells.void_claims(form), *cells.map_claims(form))) for form in cells.FORMS]
    return (
        *family("C4", "with the mixture's T the bound is at least a mean of bound(0) and M D_TV", gain.mean_claims()),
        *family("C4", "no m_G lowers the mixture's order form at d >= 2, m_S >= 20000", gain.no_gain_claims()),
        *family("C4", "at d = 1 some m_G does, to no less than 0.71 of it", gain.small_gain_claims()),
        *family("C4", "none lowers its explicit form below 0.013 of it, m_S >= 10^4", gain.explicit_gain_claims()),
        *family("C4", EXPLICIT, gain.explicit_border_claims()),
        *family("C7", few, gain.few_claims()),
        *(
            claim
            for form, claims in maps
            for claim in family("C4", f"the map of the mixture's {form} form, some m_G or none (delta = 1/20)", claims)
        ),
    )
