"""The bound for the Gaussian mixture, amended so that it is true as stated: every constant explicit, none of order 1.

The general bound asks for a loss in [0, M], a learner that is stable *for all data* and a supremum T over *all* data.
The mixture has none of them: the loss is unbounded, and T is 1 whatever the sizes (`theory.mixture_dependence`). But
it is equal, up to a small probability, to a mixture that has: the *clipped* one. All points are given as
``u = (y x - mu)/sigma``, so that a real example is standard normal. With the events of `EVENTS`, each of which fails
with probability ``share`` at most, and the set K of the points with ``|u| <= r`` and ``|u_k| <= c`` for all k,

- an example outside K, real or generated, is put to u = 0;
- the generator's class means are projected to within ``r_0`` of 0, its variances to ``[v_lo, v_hi]``;
- theta_hat is projected to within ``r_theta`` of mu.

On the events nothing of this does anything. The clipped mixture meets the premises of the general bound with the
constants of `clipped_constants`, for all data; what the truncation costs is its probability and `price`, the risk
outside K. Labels of S are balanced (m_S even); those of S_G are balanced or uniform.

Not from the literature. Derived in `theory.mixture_theorem_proof`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sympy as sp

from theory.lemmas import CHI_SQUARE_TAIL, x
from theory.quadratic_tails import CHI_SQUARE_LOWER, NORMAL_TAIL
from theory.stability import Bound
from theory.symbols import D_TV, T_1, M, T, beta, d, delta, m_G, m_S
from theory.tight_bound import Constants, bound_by

share: sp.Expr = delta / 20
"""Probability that each of the events may fail with."""
main: sp.Expr = 3 * delta / 4
"""Probability that the general bound may fail with."""

EVENTS: Mapping[str, str] = {
    "lengths": "every real example and every generated one's noise has length rho at most",
    "coordinates": "and each of their coordinates is c_0 at most",
    "class means": "S's class means are within r_0 of mu",
    "variances": "the learned variances lie in [v_lo, v_hi], in units of sigma^2",
    "noise": "the sum of the generated examples' noise has length q sqrt(m_G) at most",
}
"""The events on which the clipped mixture is the mixture; at m_G = 0 lengths, and that of theta_hat's error, do."""


def squared_length(log_inverse: sp.Expr) -> sp.Expr:
    """Bound the squared length of d standard normals, but for a probability of exp(-log_inverse): lemma L10."""
    return d + CHI_SQUARE_TAIL.bound.subs(x, log_inverse)


@dataclass(frozen=True)
class Clips:
    """Where the mixture is clipped, in units of sigma, about mu.

    Attributes:
        rho: length of an example's noise.
        c_0: one coordinate of it.
        r_0: length of a class mean's error.
        v_lo, v_hi: learned variance of a coordinate.
        r, c: length and coordinates of any example.
        r_theta: length of theta_hat's error.
        scatter: length of the change of the learned variances, all coordinates together, with one real example.
    """

    rho: sp.Expr
    c_0: sp.Expr
    r_0: sp.Expr
    v_lo: sp.Expr
    v_hi: sp.Expr
    r: sp.Expr
    c: sp.Expr
    r_theta: sp.Expr
    scatter: sp.Expr


def clips(size: sp.Expr = m_G) -> Clips:
    """State the clips, as functions of d, m_S, m_G and delta.

    Args:
        size: the number of generated examples, or the number 0, where only lengths matter.
    """
    rho = sp.sqrt(squared_length(sp.log((m_S + size) / share)))
    q = sp.sqrt(squared_length(sp.log(1 / share)))
    if size == 0:
        zero = sp.S.Zero
        return Clips(rho, rho, zero, sp.S.One, sp.S.One, rho, rho, q / sp.sqrt(m_S), zero)
    c_0 = NORMAL_TAIL.bound.subs(x, sp.log(d * (m_S + size) / share))
    r_0 = sp.sqrt(squared_length(sp.log(2 / share)) / (m_S / 2))
    degrees, level = m_S - 2, sp.log(2 * d / share)
    v_hi = 1 + CHI_SQUARE_TAIL.bound.subs({d: degrees, x: level}, simultaneous=True) / degrees
    v_lo = 1 - CHI_SQUARE_LOWER.bound.subs({d: degrees, x: level}, simultaneous=True) / degrees
    r, c = (r_0 + sp.sqrt(v_hi) * noise for noise in (rho, c_0))
    r_theta = r_0 + sp.sqrt(v_hi) * sp.sqrt(size) * q / (m_S + size)
    return Clips(rho, c_0, r_0, v_lo, v_hi, r, c, r_theta, scatter_change(r, c))


def scatter_change(r: sp.Expr, c: sp.Expr) -> sp.Expr:
    """Bound the change of the learned variances by lengths and by coordinates; see `Clips.scatter`."""
    return sp.Min(3 * sp.sqrt(3) * r**2, 4 * sp.sqrt(d) * c**2, evaluate=False) / (m_S - 2)


LETTERS = {name: sp.Symbol(name, positive=True) for name in Clips.__dataclass_fields__}
"""A letter for each clip, to state the constants in."""


@dataclass(frozen=True)
class ClippedConstants:
    """What the general bound takes of the clipped mixture, for all data, and the price of clipping.

    Attributes:
        M: upper end of the loss.
        beta: uniform stability of theta_hat at m_S + m_G examples.
        T, T_1: dependence of the generated sample, and of one generated example.
        D_TV: total variation between the data's law and the generator's.
        price: risk outside K, by which Gen of the mixture may exceed Gen of the clipped one.
    """

    M: sp.Expr
    beta: sp.Expr
    T: sp.Expr
    T_1: sp.Expr
    D_TV: sp.Expr
    price: sp.Expr


def constants_in_clips(size: sp.Expr = m_G, at: Clips | None = None) -> ClippedConstants:
    """State the constants in the clips.

    Args:
        size: as in `clips`.
        at: expressions for the clips; by default their `LETTERS`.
    """
    k = at or Clips(**LETTERS)
    total = m_S + size
    loss, stable = (k.r + k.r_theta) ** 2 / 2, 2 * k.r * (k.r + k.r_theta) / total
    lengths = 1 if size == 0 else 2  # events that an example outside K belongs to
    price = share / (2 * total) * (lengths * k.rho**2 + sp.sqrt(d) / sp.sqrt(sp.log(total / share)) + 2)
    if size == 0:
        return ClippedConstants(loss, stable, sp.S.Zero, sp.S.Zero, sp.S.Zero, price)
    spread, shift = k.scatter**2 / (8 * k.v_lo**2), 4 * k.r**2 / (m_S**2 * k.v_lo)
    return ClippedConstants(
        M=loss,
        beta=stable,
        T=at_most_one(sp.sqrt(size * (spread + shift / 2))),
        T_1=at_most_one((sp.sqrt(spread + shift) + sp.sqrt(spread)) / 2),
        D_TV=at_most_one(sp.sqrt(d * (k.v_hi - 1) ** 2 / (8 * k.v_lo) + k.r_0**2 / 4)),
        price=price,
    )


def at_most_one(bound: sp.Expr) -> sp.Expr:
    """Cut a bound on a total variation at 1."""
    return sp.Min(1, bound, evaluate=False)


def clipped_constants(size: sp.Expr = m_G) -> ClippedConstants:
    """State the constants, as functions of d, m_S, m_G and delta; see `clips`."""
    return constants_in_clips(size, clips(size))


def constants_for_orders(size: sp.Expr = m_G) -> ClippedConstants:
    """State larger constants that the order algebra can read: none has a difference.

    Where m_S >= 2 + 16 log(2 d/share), v_lo is at least 1/2; where m_S >= 4, m_S - 2 is at least m_S/2, and everything
    falls as it grows.

    Args:
        size: as in `clips`.
    """
    exact = clips(size)
    if size == 0:
        return constants_in_clips(size, exact)
    by_coordinates = exact.scatter.xreplace({exact.scatter.args[1]: exact.scatter.args[1].args[1]})
    larger = replace(exact, v_lo=sp.Rational(1, 2), scatter=by_coordinates)
    # Not `subs`, which would find m_S - 2 in m_S + m_G, too.
    in_halves = {name: getattr(larger, name).xreplace({m_S - 2: m_S / 2}) for name in LETTERS}
    return constants_in_clips(size, Clips(**in_halves))


def general_at(size: sp.Expr, constants: Constants = "best") -> Bound:
    """State the general bound at a number of generated examples; where there are none, without what they bring.

    Args:
        size: as in `clips`.
        constants: as in `mixture_theorem`.
    """
    general = bound_by(constants)
    return general.subs({m_G: size, T: 0, T_1: 0, D_TV: 0} if size == 0 else {m_G: size}, general.name)


def mixture_theorem(constants: Constants = "best", size: sp.Expr = m_G) -> Bound:
    """State the theorem: with probability at least 1 - delta, Gen of the mixture is at most this.

    Needs even m_S >= 4, and `least_real` > 0 where something is generated; balanced labels in S, and in S_G balanced
    ones (m_G even) or uniform ones; d and sigma are arbitrary.

    Args:
        constants: of the general bound, as in `theory.tight_bound.bound_by`.
        size: as in `clips`.

    Returns:
        The bound, in d, m_S, m_G and delta; its terms are those of the general bound, and the price of clipping.
    """
    found = clipped_constants(size)
    letters = {M: found.M, beta: found.beta, T: found.T, T_1: found.T_1, D_TV: found.D_TV, delta: main}
    general = general_at(size, constants)
    with sp.evaluate(False):  # Min would be compared with Min, at length and without result
        terms = {key: term.xreplace(letters) for key, term in general.terms.items()}
    return Bound(f"Gaussian mixture, clipped: {general.name}", {**terms, "price": found.price})


def least_real() -> sp.Expr:
    """What must be positive: the least learned variance, which limits m_S from below where something is generated."""
    return clips().v_lo
