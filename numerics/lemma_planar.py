"""Total variation of two Gaussians in the plane, enclosed by certified quadrature.

P and Q have independent coordinates. For each x the best set of y is known in closed form, so that total variation is
``int G(p(x), q(x)) dx`` with ``G(alpha, beta) = sup_A (alpha P_2(A) - beta Q_2(A))``, p and q the first coordinates'
densities. G rises with alpha and falls with beta: on a cell of x it lies between its values at the ends of the ranges
of the densities. Outside the cells the integral is at most what P has there.
"""

from __future__ import annotations

from fractions import Fraction

from flint import arb

from numerics.lemma_cases import ball, exactly

_CELLS = 500
_REACH = 7


def normal_cdf(t: arb) -> arb:
    """Return a ball that holds the standard normal distribution function."""
    return (-t / arb(2).sqrt()).erfc() / 2


def density(x: arb, variance: Fraction, shift: arb) -> arb:
    """Return a ball that holds the density of N(shift, variance)."""
    s, distance = ball(variance), x - shift
    return (-distance * distance / (2 * s)).exp() / (2 * arb.pi() * s).sqrt()


def best_set(alpha: arb, beta: arb, variance: Fraction, shift: arb) -> arb:
    """Return a ball that holds G for P_2 = N(0, 1) and Q_2 = N(shift, variance); alpha and beta positive.

    The weighted densities cross where ``(s - 1) y^2 + 2 shift y = k``, ``k = shift^2 + s log s - 2 s log(beta/alpha)``.
    """
    s = ball(variance)
    k = shift * shift + s * s.log() - 2 * s * (beta / alpha).log()
    if variance == 1:
        return _one_crossing(alpha, beta, shift, k)
    room = shift * shift + (s - 1) * k
    one_side = alpha - beta
    least = one_side.max(arb(0))
    if room <= 0:  # no crossing: the wider density is the larger everywhere
        return arb(0) if variance > 1 else one_side
    if not room > 0:
        return least.union(alpha)
    ends = [(-shift - room.sqrt()) / (s - 1), (-shift + room.sqrt()) / (s - 1)]
    inner = [alpha * normal_cdf(y) - beta * normal_cdf((y - shift) / s.sqrt()) for y in ends]
    between = abs(inner[1] - inner[0])
    # Between the crossings the narrower density is the larger: P_2 if the variance is above 1, else Q_2.
    return between if variance > 1 else one_side + between


def _one_crossing(alpha: arb, beta: arb, shift: arb, k: arb) -> arb:
    if shift == 0:
        return (alpha - beta).max(arb(0))
    if not (shift > 0 or shift < 0):
        return (alpha - beta).max(arb(0)).union(alpha)
    y = k / (2 * shift)
    below = alpha * normal_cdf(y) - beta * normal_cdf(y - shift)
    return below if shift > 0 else alpha - beta - below


def _range(left: arb, right: arb, variance: Fraction, shift: arb) -> tuple[arb, arb]:
    """Return exact ends between which the density stays on a cell."""
    ends = [density(x, variance, shift) for x in (left, right)]
    low = min((end.lower() for end in ends), key=exactly)
    high = max((end.upper() for end in ends), key=exactly)
    if not (shift < left or shift > right):
        high = density(shift, variance, shift).upper()
    return low, high


def planar_distance(
    variances: tuple[Fraction, Fraction], shifts: tuple[arb, arb], cells: int = _CELLS
) -> tuple[arb, arb]:
    """Enclose the total variation of N(0, I) and a Gaussian with independent coordinates, in two dimensions.

    Args:
        variances, shifts: of the second one; the first coordinate is the one that is integrated over.
        cells: how many; the ends are about 4/cells apart.

    Returns:
        Balls: total variation is at least any number of the first, at most any of the second.
    """
    low = high = arb(0)
    width = arb(2 * _REACH) / cells
    for cell in range(cells):
        left, right = (arb(2 * _REACH) * k / cells - _REACH for k in (cell, cell + 1))
        p, q = _range(left, right, Fraction(1), arb(0)), _range(left, right, variances[0], shifts[0])
        low += width * best_set(p[0], q[1], variances[1], shifts[1]).lower()
        if q[0] > 0:
            high += width * best_set(p[1], q[0], variances[1], shifts[1]).upper()
        else:
            high += width * p[1]
    return low, (high + 2 * normal_cdf(arb(-_REACH))).min(arb(1))
