"""Tighter forms of the general bound, for the same setting as `theory.stability`, and the smallest of them.

Each holds with probability at least 1 - delta and is derived, constants included, in `theory.tight_proof`,
`theory.tight_ordered_proof`, `theory.tight_moments_proof` and `theory.tight_half_proof`. In all of them
tau = min(M T, m_G beta T_1), the effect of one real example through the law of the generated sample, takes the place
of M T; T_1 is the dependence of a single generated example.

- `martingale_form`: one martingale over S, then S_G. No lemma L1, no split of delta, no logarithm of m.
- `ordered_form`: the same martingale of centred terms, of which those of later examples are still zero.
- `half_centred_form`: the same again, of terms that are centred where they are tested, and nowhere else. Never above
  `martingale_form`.
- `coupled_form`: the explicit form of `theory.stability` with tau.
- `split_form`: the martingale for the part of first order, lemma L1 for the rest, of which it is a small part only
  when m_T is large.
- `variance_form`: the martingale for the part of first order of half-centred terms, the variance for the rest, which
  is of order 1/m_T where beta is.
- `trivial_form`: the loss lies in [0, M].

Only the coupled form jumps at m_G = 0, where its delta is no longer split. D_TV may be that of the S at hand, which
makes the bound a function of S. Not from the literature: the routes are standard, their constants are derived here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import sympy as sp

from theory.coupling import TAU, sample_shift
from theory.functions import n_ceil_log2
from theory.lemmas import PUBLISHED, SHARPENED, c_chaos
from theory.stability import Bound, explicit_form, failure_share
from theory.symbols import D_TV, M, beta, delta, m_G, m_S, m_T

Constants = Literal["published", "sharp", "best"]

SHARES = (sp.Rational(4, 5), sp.Rational(1, 3), sp.Rational(1, 10))
"""Shares of delta that the smallest form may give to the rest in `variance_form`; the more examples, the smaller."""

TIGHT_TERM_MEANINGS: Mapping[str, str] = {
    "divergence": "distance between the data's law and the generator's",
    "stability_S": "mean of the real examples' part: the learner's dependence on them",
    "stability_S_G": "mean of the generated examples' part: the learner's dependence on them",
    "dependence": "mean of the real examples' part: the generated sample's dependence on them",
    "fluctuation": "martingale over the real, then over the generated examples",
    "second_order": "what is left when every term is averaged over all examples but its own",
}
"""What each term of the tighter forms is there for; the split form has all of them."""


def range_S(shift: sp.Expr = TAU) -> sp.Expr:
    """Length of the interval of a martingale increment over a real example."""
    return M + (2 * m_S - 1) * (beta + shift)


def range_G(size: sp.Expr = m_G) -> sp.Expr:
    """Length of the interval of a martingale increment over a generated example, given S."""
    return M + (2 * m_S + 2 * size - 1) * beta


def martingale_form(shift: sp.Expr | None = None) -> Bound:
    """State the bound by one martingale.

    Args:
        shift: the effect of one real example through the law of S_G; None writes tau out.

    Returns:
        The bound, in M, beta, D_TV, T, T_1, delta, m_S, m_G.

    Source: derived in `theory.tight_proof.martingale_bound`.
    """
    tau = sample_shift(m_G) if shift is None else shift
    squares = m_S * range_S(tau) ** 2 + m_G * range_G() ** 2
    terms = {
        "divergence": m_G * M * D_TV,
        "stability_S": m_S * beta,
        "stability_S_G": m_G * beta,
        "dependence": m_S * tau,
        "fluctuation": sp.sqrt(squares * sp.log(2 / delta) / 2),
    }
    return Bound("one martingale", {key: term / m_T for key, term in terms.items()})


def squared_ladder(first: sp.Expr, step: sp.Expr, count: sp.Expr) -> sp.Expr:
    """Sum of ``(first + step (i - 1))^2`` over i = 1, ..., count."""
    pairs = count * (count - 1)
    return count * first**2 + pairs * first * step + pairs * (2 * count - 1) * step**2 / 6


def ordered_form(shift: sp.Expr | None = None) -> Bound:
    """State the bound by one martingale of centred terms.

    Args:
        shift: as in `martingale_form`.

    Source: derived in `theory.tight_ordered_proof.ordered_bound`.
    """
    tau = sample_shift(m_G) if shift is None else shift
    squares = squared_ladder(M, 2 * (beta + tau), m_S) + squared_ladder(M + 2 * m_S * beta, 2 * beta, m_G)
    terms = {
        "divergence": m_G * M * D_TV,
        "stability_S": 2 * m_S * beta,
        "stability_S_G": 2 * m_G * beta,
        "dependence": 2 * m_S * tau,
        "fluctuation": sp.sqrt(squares * sp.log(2 / delta) / 2),
    }
    return Bound("one martingale, centred terms", {key: term / m_T for key, term in terms.items()})


def half_centred_form(shift: sp.Expr | None = None) -> Bound:
    """State the bound by one martingale of half-centred terms.

    Args:
        shift: as in `martingale_form`.

    Source: derived in `theory.tight_half_proof.half_centred_bound`.
    """
    tau = sample_shift(m_G) if shift is None else shift
    squares = squared_ladder(M + beta + tau, 2 * (beta + tau), m_S)
    squares += squared_ladder(M + beta + 2 * m_S * beta, 2 * beta, m_G)
    terms = {**_half_centred_costs(tau), "fluctuation": sp.sqrt(squares * sp.log(2 / delta) / 2)}
    return Bound("one martingale, half-centred terms", {key: term / m_T for key, term in terms.items()})


def _half_centred_costs(tau: sp.Expr) -> dict[str, sp.Expr]:
    return {
        "divergence": m_G * M * D_TV,
        "stability_S": m_S * beta,
        "stability_S_G": m_G * beta,
        "dependence": m_S * tau,
    }


def variance_form(share: sp.Expr = SHARES[0], shift: sp.Expr | None = None) -> Bound:
    """State the bound with the variance of the part of second order.

    Args:
        share: of delta, spent on the part of second order; in (0, 1).
        shift: as in `martingale_form`.

    Source: derived in `theory.tight_half_proof.variance_bound`.
    """
    tau = sample_shift(m_G) if shift is None else shift
    squares = m_S * (M + beta + tau) ** 2 + m_G * (M + beta + 2 * m_S * beta) ** 2
    variance = 2 * m_S * (m_S - 1) * (beta + tau) ** 2 + 2 * m_G * (m_G - 1) * beta**2
    terms = {
        **_half_centred_costs(tau),
        "fluctuation": sp.sqrt(squares * sp.log(2 / ((1 - share) * delta)) / 2),
        "second_order": sp.sqrt(variance / (share * delta)),
    }
    name = f"first order by a martingale, rest by its variance, {share} of delta"
    return Bound(name, {key: term / m_T for key, term in terms.items()})


def trivial_form() -> Bound:
    """State that Gen is at most M, always; derived in `theory.tight_half_proof.trivial_bound`."""
    return Bound("losses between 0 and M", {"trivial": M})


def coupled_form(constants: Mapping[sp.Symbol, sp.Expr] | None = SHARPENED, shift: sp.Expr | None = None) -> Bound:
    """State the explicit form with tau for M T.

    Args:
        constants: of lemma L1; None keeps them as symbols.
        shift: as in `martingale_form`.

    Source: derived in `theory.tight_moments_proof.coupled_bound`.
    """
    terms = dict(explicit_form(constants).terms)
    tau = sample_shift(m_G) if shift is None else shift
    per_shift = 2 * m_S + 2 * _chaos(sp.Integer(1), m_S, sp.log(sp.E / failure_share()))
    terms["dependence"] = (tau * per_shift / m_T).subs(dict(constants or {}))
    return Bound("explicit form, draws coupled one by one", terms)


def split_form(constants: Mapping[sp.Symbol, sp.Expr] | None = SHARPENED, shift: sp.Expr | None = None) -> Bound:
    """State the bound with lemma L1 on the part of second order only.

    Args:
        constants: of lemma L1; None keeps them as symbols.
        shift: as in `martingale_form`.

    Source: derived in `theory.tight_moments_proof.split_bound`.
    """
    tau = sample_shift(m_G) if shift is None else shift
    squares = m_S * M**2 + m_G * (M + 2 * m_S * beta) ** 2
    log_tail = sp.log(2 * sp.E / delta)
    terms = {
        "divergence": m_G * M * D_TV,
        "stability_S": 2 * m_S * beta,
        "stability_S_G": 2 * m_G * beta,
        "dependence": 2 * m_S * tau,
        "fluctuation": sp.sqrt(squares * sp.log(4 / delta) / 2),
        "second_order": _chaos(2 * beta + 2 * tau, m_S, log_tail) + _chaos(2 * beta, m_G, log_tail),
    }
    return Bound(
        "first order by a martingale", {key: (t / m_T).subs(dict(constants or {})) for key, t in terms.items()}
    )


def _chaos(difference: sp.Expr, count: sp.Expr, log_tail: sp.Expr) -> sp.Expr:
    return sp.E * c_chaos * difference * n_ceil_log2(count) * log_tail


def apart_from_divergence(bound: Bound) -> sp.Expr:
    """Sum of the terms that do not depend on the generator's distance from the data's law."""
    return sp.Add(*(term for key, term in bound.terms.items() if key != "divergence"))


def tighter_forms(constants: Mapping[sp.Symbol, sp.Expr] | None = SHARPENED) -> tuple[Bound, ...]:
    """List the forms of this module but the trivial one; `constants` are those of lemma L1, which two of them use."""
    with_moments = (coupled_form(constants), split_form(constants))
    halved = (half_centred_form(), *(variance_form(share) for share in SHARES))
    return martingale_form(), ordered_form(), *with_moments, *halved


def best_bound(constants: Mapping[sp.Symbol, sp.Expr] | None = SHARPENED) -> Bound:
    """State the smallest of the tighter forms, the trivial one among them.

    All others have the divergence in common, and nothing else in them depends on the examples: which one of these is
    the smallest is known before S is drawn, so that no delta is spent on the choice. The trivial one never fails.
    """
    routes = tighter_forms(constants)
    return smallest_of(routes[0].terms["divergence"], tuple(apart_from_divergence(route) for route in routes))


def smallest_of(divergence: sp.Expr, rests: tuple[sp.Expr, ...]) -> Bound:
    """State the smallest of M and of several forms that have the divergence in common."""
    # Not evaluated: SymPy would compare the rests, at length and without result.
    smallest = sp.Min(*rests, M - divergence, evaluate=False)
    return Bound("smallest of the tighter forms", {"divergence": divergence, "smallest": smallest})


def bound_by(constants: Constants) -> Bound:
    """Select a bound: *published*, the explicit form; *sharp*, with tau and sharpened constants; *best*.

    Raises:
        ValueError: another word.
    """
    if constants == "published":
        return explicit_form(PUBLISHED)
    if constants == "sharp":
        return coupled_form(SHARPENED)
    if constants == "best":
        return best_bound()
    raise ValueError(f"constants must be 'published', 'sharp' or 'best'. Found {constants!r}.")
