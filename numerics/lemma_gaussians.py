"""Instances of the lemmas on Gaussians and chi-squares: certified with balls, no quadrature without an error bound.

Two Gaussians are given in a basis in which one is standard and the other has independent coordinates; every pair can be
brought there. One coordinate has its total variation in closed form, more than one are enclosed: from below by a single
coordinate, from above by coordinates coupled independently of each other, in the plane by quadrature too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from numerics.balls import precision
from numerics.lemma_cases import LETTER_BITS, Case, ball, exactly, listed, root, round_up, short
from numerics.lemma_planar import normal_cdf, planar_distance

_HALVINGS = 40
_TAIL_BITS = 512


def normal_distance(variance: Fraction, shift: arb) -> arb:
    """Return a ball that holds the total variation of N(0, 1) and N(shift, variance).

    The densities cross where ``(s - 1) x^2 + 2 shift x = shift^2 + s log s``, s the variance; between the crossings one
    of them is the larger.
    """
    if variance == 1:
        return (abs(shift) / (2 * arb(2).sqrt())).erf()
    s = ball(variance)
    deviation = s.sqrt()
    spread = deviation * (shift * shift + (s - 1) * s.log()).sqrt()
    ends = [(-shift + sign * spread) / (s - 1) for sign in (1, -1)]
    masses = [normal_cdf(x) - normal_cdf((x - shift) / deviation) for x in ends]
    return abs(masses[0] - masses[1])


def chi_square_above(d: int, t: Fraction | arb) -> arb:
    """Return a ball that holds P(U > t) of a chi-square with d degrees of freedom, t >= 0.

    So many bits are taken that one minus it is known too, to a small fraction of any tail tried here.
    """
    with precision(_TAIL_BITS):
        point = (t if isinstance(t, arb) else ball(t)) / 2
        return point.gamma_upper(ball(Fraction(d, 2)), regularized=1)


def apart(distances: Sequence[arb]) -> arb:
    """Return the upper bound ``1 - prod (1 - d_i)`` on the total variation of laws with independent coordinates."""
    equal = arb(1)
    for distance in distances:
        equal *= 1 - distance
    return 1 - equal


@dataclass(frozen=True)
class Gaussians:
    """N(0, I) and a Gaussian whose coordinates are independent, in this basis or in one turned by 45 degrees.

    Args:
        variances: of the second one, in the basis of its independent coordinates.
        shifts: its mean, in the basis that is not turned.
        turned: whether the independent coordinates are along (1, 1) and (1, -1); two dimensions only.

    Raises:
        ValueError: a variance that is not positive, numbers that differ, or a turn in other than two dimensions.
    """

    variances: tuple[Fraction, ...]
    shifts: tuple[Fraction, ...]
    turned: bool = False

    def __post_init__(self) -> None:
        if min(self.variances, default=Fraction(0)) <= 0 or len(self.shifts) != len(self.variances):
            raise ValueError(f"positive variances, and as many shifts, are needed. Found {self}.")
        if self.turned and len(self.variances) != 2:
            raise ValueError(f"two dimensions are turned, no other number. Found {self}.")

    def coordinate_shifts(self) -> list[arb]:
        """Balls that hold the mean in the basis of the independent coordinates."""
        shifts = [ball(m) for m in self.shifts]
        if self.turned:
            shifts = [(shifts[0] + shifts[1]) / arb(2).sqrt(), (shifts[0] - shifts[1]) / arb(2).sqrt()]
        return shifts

    def total_variation(self, by_quadrature: bool = False) -> tuple[arb, arb]:
        """Enclose total variation: a ball for its lower end, and one for its upper end.

        Args:
            by_quadrature: in two dimensions, take `numerics.lemma_planar` too, which is slower and tighter.
        """
        shifts = self.coordinate_shifts()
        each = [normal_distance(s, m) for s, m in zip(self.variances, shifts, strict=True)]
        if len(each) == 1:
            return each[0], each[0]
        # The covariances first and then the means, or the other way round, by the triangle inequality.
        turned = apart([normal_distance(s, arb(0)) for s in self.variances])
        moves = (shifts, [m / ball(s).sqrt() for s, m in zip(self.variances, shifts, strict=True)])
        lengths = [sum((m * m for m in move), arb(0)).sqrt() for move in moves]
        lows = [distance.lower() for distance in each]
        highs = [apart(each).upper(), *((turned + normal_distance(Fraction(1), r)).upper() for r in lengths)]
        if by_quadrature and len(each) == 2:
            (s, t), (m, k) = self.variances, shifts
            low, high = planar_distance((s, t), (m, k))
            lows, highs = [*lows, low.lower()], [*highs, high.upper()]
        return max(lows, key=exactly), min(highs, key=exactly)

    def covariance_distance(self) -> Fraction:
        """Frobenius norm of the covariance less the identity, rounded up."""
        return round_up(root(sum(((s - 1) ** 2 for s in self.variances), Fraction(0)), 2))

    def shift_norm(self) -> Fraction:
        """Euclidean norm of the mean, rounded up."""
        return round_up(root(sum((m * m for m in self.shifts), Fraction(0)), 2))

    def early_distance(self) -> Fraction | None:
        """The distance ``tv`` of X2 (its S_1 the identity), rounded up; None in three dimensions or more."""
        if len(self.shifts) > 2:
            return None
        square = sum((m * m for m in self.shifts), Fraction(0))
        if square == 0:
            return self.covariance_distance()
        (first, *rest), (v, *w) = self.variances, self.shifts
        if not rest:
            return max(abs(first - 1), self.shift_norm())
        # The covariance is [[same, other], [other, same]] where it is turned, else diagonal.
        diagonal = [(first + rest[0]) / 2] * 2 if self.turned else [first, rest[0]]
        other = (first - rest[0]) / 2 if self.turned else Fraction(0)
        along = (diagonal[0] * v * v + 2 * other * v * w[0] + diagonal[1] * w[0] ** 2) / square
        across = (diagonal[0] * w[0] ** 2 - 2 * other * v * w[0] + diagonal[1] * v * v) / square
        return max(abs(along - 1), abs(across - 1), self.shift_norm())

    def __str__(self) -> str:
        turned = " turned" if self.turned else ""
        return f"variances {listed(self.variances)}{turned}, shift {listed(self.shifts)}"


def gaussian_case(pair: Gaussians, by_quadrature: bool = False) -> Case:
    """Return the case of L9, L16 and X3, of L17 where the means agree, and of X2 in one and two dimensions."""
    low, high = pair.total_variation(by_quadrature)
    covariance, mean, early = pair.covariance_distance(), pair.shift_norm(), pair.early_distance()
    letters = {"Delta_F": covariance, "Delta_mu": mean, "Delta": max(covariance, mean)}
    measured = {"covariance": True, "mean": True, "covariances apart": covariance, "means apart": mean}
    measured["near"] = letters["Delta"]
    if early is not None:
        letters["tv"] = measured["distance"] = early
    return Case(str(pair), letters, measured, low, high)


def scaled_case(d: int, s: Fraction) -> Case:
    """Return the case of N(0, I) and N(0, s I) in d dimensions, exactly: their ratio depends on the norm alone."""
    radius = ball(d * s / (s - 1)) * ball(s).log()
    with precision(_TAIL_BITS):
        left = abs(chi_square_above(d, radius) - chi_square_above(d, radius / ball(s)))
    covariance = round_up(root(d * (s - 1) ** 2, 2))
    letters = {"Delta_F": covariance, "Delta_mu": Fraction(0), "Delta": covariance}
    measured = {"covariance": True, "mean": True, "covariances apart": covariance, "means apart": 0}
    measured["near"] = covariance
    return Case(f"d = {d}, all variances {short(s)}", letters, measured, left, left)


def from_below(case: Case) -> Case:
    """Return the case of L17-lower of one of L17: the distance of the covariances against total variation."""
    total = min(round_up(case.high), Fraction(1))
    # The letter is above the norm by a few units in its last place.
    norm = ball(case.letters["Delta_F"]) * (1 - ball(Fraction(1, 2 ** (LETTER_BITS - 3))))
    low, high = (arb(1) if side > 1 else side for side in (norm, ball(case.letters["Delta_F"])))
    measured = {"means apart": case.measured["means apart"], "total variation": total}
    return Case(case.name, {"D_TV": total}, measured, low, high)


def quantile(tail: Callable[[Fraction], arb], level: arb, low: Fraction, high: Fraction) -> tuple[arb, arb]:
    """Enclose the quantile that a law exceeds with probability `level`, given its upper tail, by halving.

    Raises:
        ArithmeticError: the tail is not certainly above the level at `low` and not above it at `high`.
    """
    if not tail(low) > level or not tail(high) <= level:
        raise ArithmeticError(f"no quantile between {low} and {high}. Found tails {tail(low)} and {tail(high)}.")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        value = tail(middle)
        if value > level:
            low = middle
        elif value <= level:
            high = middle
        else:
            break
    return ball(low), ball(high)


def chi_square_case(d: int, x: Fraction, lower: bool = False) -> Case:
    """Return the case of L10 for d degrees of freedom at the level exp(-x), or of L21 for the lower tail."""

    def above(t: Fraction) -> arb:
        return chi_square_above(d, d + t)

    def below(t: Fraction) -> arb:
        with precision(_TAIL_BITS):
            return 1 - chi_square_above(d, d - t)

    # Far enough on either side for every level tried: `quantile` checks it.
    far = Fraction(4 * (x + d + 1))
    ends = (-far, Fraction(d)) if lower else (Fraction(-d), far)
    low, high = quantile(below if lower else above, ball(-x).exp(), *ends)
    return Case(f"d = {d}, x = {short(x)}", {"d": d, "x": x}, {"law": True}, low, high)


def normal_case(x: Fraction) -> Case:
    """Return the case of L22 at the level exp(-x): the square of a normal is chi-square with one degree."""
    square = chi_square_case(1, x)
    with precision(_TAIL_BITS):
        low, high = ((1 + end).sqrt() for end in (square.low, square.high))
    return Case(f"x = {short(x)}", {"x": x}, {"law": True}, low, high)


def weighted_case(weights: Sequence[Fraction], x: Fraction) -> Case:
    """Return the case of L20 with each weight taken twice, which makes the sum one of exponential variables.

    Args:
        weights: of either sign.
        x: the level is exp(-x).

    Raises:
        ValueError: weights that are 0 or equal.
    """
    if not weights or 0 in weights or len(set(weights)) < len(weights):
        raise ValueError(f"weights must be different and not 0. Found {listed(weights)}.")
    factors = []
    for k, a in enumerate(weights):
        factor = Fraction(1)
        for other in (*weights[:k], *weights[k + 1 :]):
            factor *= a / (a - other)
        factors.append(ball(factor))
    mean = 2 * sum(weights, Fraction(0))

    def above(t: Fraction) -> arb:
        # Partial fractions: above 0 the positive weights' exponentials count, below 0 the negative ones'.
        up = t + mean >= 0
        terms = (f * ball(-(t + mean) / (2 * a)).exp() for f, a in zip(factors, weights, strict=True) if (a > 0) is up)
        found = sum(terms, arb(0))
        return found if up else 1 - found

    far = 4 * (x + len(weights) + 1) * sum(map(abs, weights), Fraction(0))
    # Not halved at 0, which is the quantile itself for one weight at x = 1.
    low, high = quantile(above, ball(-x).exp(), -far * Fraction(8, 7), far)
    squares, scale = 2 * sum((a * a for a in weights), Fraction(0)), max(*weights, Fraction(0))
    letters = {"F": squares, "c": scale, "x": x}
    measured = {"law": True, "squares": squares, "scale": scale}
    return Case(f"weights {listed(weights)}, twice each, x = {short(x)}", letters, measured, low, high)
