"""Numbers from the Gaussian mixture's two theorems: by stability and by Gaussian structure; rounded up.

Both hold for balanced labels, m_S even and at least 4, m_G even, any dimension and any sigma, with probability at least
1 - delta. The one by stability needs m_S large enough that the learned variances are bounded away from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import sympy as sp
from scipy.optimize import brentq

from numerics.bound import evaluate_bound
from numerics.compile import Compiled, compile_expression
from numerics.domains import mpf_to_fraction
from numerics.law import GapLaw
from theory.mixture_sharp import sharp_bound
from theory.mixture_theorem import clipped_constants, least_real, mixture_theorem
from theory.stability import Bound
from theory.symbols import m_G
from theory.tight_bound import Constants

Route = Literal["stability", "gaussian"]
ROUTES: tuple[Route, ...] = ("stability", "gaussian")

LARGEST_SIZE = 10**15
"""Where the search for a size ends."""
_DIGITS = 40
_MARGIN = 1e-9


class TooFewExamplesError(ValueError):
    """The theorem says nothing of so small a sample: its clips do not keep the learned variances away from 0."""


@dataclass(frozen=True)
class TheoremValue:
    """A theorem's bound in one cell.

    Attributes:
        total: the bound on Gen, rounded up.
        terms: its terms, by name.
        trivial: M and the price of clipping, which bound Gen on the same events, rounded up; None by Gaussian
            structure, where the loss is not bounded.
    """

    total: float
    terms: Mapping[str, float]
    trivial: float | None

    @property
    def says_something(self) -> bool:
        """Whether the bound is below the trivial one, by more than rounding; always where there is none."""
        return self.trivial is None or self.total < self.trivial * (1 - _MARGIN)


def check_sizes(m_S: int, m_G: int, d: int) -> None:
    """Refuse sizes that the theorems do not cover.

    Raises:
        ValueError: an odd size, or one out of range, with its value.
    """
    if m_S < 4 or m_S % 2:
        raise ValueError(f"m_S must be even and at least 4 (balanced labels). Found {m_S}.")
    if m_G < 0 or m_G % 2:
        raise ValueError(f"m_G must be even and at least 0 (balanced labels). Found {m_G}.")
    if d < 1:
        raise ValueError(f"d must be at least 1. Found {d}.")


def theorem_at(
    route: Route, m_S: int, m_G: int, d: int, delta: Any = "0.05", constants: Constants = "best"
) -> TheoremValue:
    """Evaluate a theorem in one cell.

    Args:
        route: *stability*: the general bound for the clipped mixture. *gaussian*: by Gaussian structure.
        m_S, m_G: sizes, even; m_S >= 4.
        d: dimension.
        delta: probability with which the bound may fail; a decimal enters exactly as a string or a Decimal.
        constants: of the general bound, for *stability*: *published*, *sharp* or *best*.

    Raises:
        TooFewExamplesError: m_S below what *stability* needs where something is generated.
        ValueError: sizes that are not covered; a delta outside (0, 1).
    """
    check_sizes(m_S, m_G, d)
    values: dict[str, Any] = {"m_S": m_S, "d": d, "delta": delta}
    if m_G:
        values["m_G"] = m_G
    bound = _bound(route, constants, m_G > 0)
    if route == "gaussian":
        found = evaluate_bound(bound, values)
        return TheoremValue(found.total, found.terms, None)
    if m_G and _exact(least_variance(), {"m_S": m_S, "d": d, "delta": delta}) <= 0:
        raise TooFewExamplesError(
            f"the theorem by stability needs more real examples: the least learned variance is not positive at "
            f"m_S = {m_S}, d = {d}."
        )
    found = evaluate_bound(bound, values)
    trivial = evaluate_bound(_trivial(m_G > 0), values)
    return TheoremValue(found.total, found.terms, trivial.total)


@lru_cache(maxsize=16)
def _bound(route: Route, constants: Constants, augmented: bool) -> Bound:
    size = m_G if augmented else sp.S.Zero
    return sharp_bound(size) if route == "gaussian" else mixture_theorem(constants, size)


@lru_cache(maxsize=2)
def _trivial(augmented: bool) -> Bound:
    found = clipped_constants(m_G if augmented else sp.S.Zero)
    return Bound("trivial", {"M": found.M, "price": found.price})


@lru_cache(maxsize=1)
def least_variance() -> Compiled:
    """Compile the least learned variance of the clipped mixture, a function of m_S, d and delta."""
    return compile_expression(least_real())


def _exact(compiled: Compiled, values: Mapping[str, Any]) -> Fraction:
    used = {symbol.name: values[symbol.name] for symbol in compiled.arguments}
    return mpf_to_fraction(compiled.at_precision(_DIGITS, **used)._mpf_)


def least_useful_size(gamma: int, d: int, delta: Any = "0.05", constants: Constants = "best") -> int | None:
    """Find the even m_S from which on the theorem by stability says more than the trivial bound, at m_G = gamma m_S.

    Looked for in float64 at powers of two up to `LARGEST_SIZE`, then between the last that fails and the next;
    confirmed with 40 digits at the size returned, and at the even size below it. That it never fails beyond is not
    proved.

    Returns:
        The size, or None where the largest power of two fails still.
    """
    powers = 2 ** np.arange(2, LARGEST_SIZE.bit_length())
    useful = _useful(powers, gamma, d, delta, constants)
    if not useful[-1]:
        return None
    last = int(np.flatnonzero(~useful)[-1]) if not useful.all() else -1
    low, high = (int(powers[last]), int(powers[last + 1])) if last >= 0 else (2, 4)
    while high - low > 2:
        middle = (low + high) // 4 * 2
        low, high = (low, middle) if _useful(np.array([middle]), gamma, d, delta, constants)[0] else (middle, high)
    while not _confirmed(high, gamma, d, delta, constants):  # float64 is off by a few sizes at the most
        high += 2
    while high > 4 and _confirmed(high - 2, gamma, d, delta, constants):
        high -= 2
    return high


def _confirmed(m_S: int, gamma: int, d: int, delta: Any, constants: Constants) -> bool:
    try:
        return theorem_at("stability", m_S, gamma * m_S, d, delta, constants).says_something
    except TooFewExamplesError:
        return False


def _useful(sizes: Any, gamma: int, d: int, delta: Any, constants: Constants) -> Any:
    """Compare the two bounds in float64; False where the least learned variance is not positive."""
    theorem, trivial, least = _compiled(constants, gamma > 0)

    def at(compiled: Compiled, which: Any) -> Any:
        values = {"m_S": which, "d": d, "delta": float(delta), "m_G": gamma * which}
        return compiled(**{symbol.name: values[symbol.name] for symbol in compiled.arguments})

    covered = at(least, sizes) > 0 if gamma else np.ones(sizes.shape, dtype=bool)
    found = np.zeros(sizes.shape, dtype=bool)
    if covered.any():
        found[covered] = at(theorem, sizes[covered]) < at(trivial, sizes[covered]) * (1 - _MARGIN)
    return found


@lru_cache(maxsize=16)
def _compiled(constants: Constants, augmented: bool) -> tuple[Compiled, Compiled, Compiled]:
    totals = (_bound("stability", constants, augmented).total, _trivial(augmented).total)
    return compile_expression(totals[0]), compile_expression(totals[1]), least_variance()


def quantile_of_error(law: GapLaw, level: float) -> float:
    """Find the q with P(|gap| <= q) = level, by the exact law's distribution function.

    Args:
        law: of a cell.
        level: in (0, 1).
    """

    def excess(q: float) -> float:
        return law.cdf(q).value - law.cdf(-q).value - level

    high = abs(law.mean_gap) + 2 * law.sd_gap
    while excess(high) < 0:
        high *= 1.5
    return float(brentq(excess, 0.0, high, xtol=1e-12 * high, rtol=1e-12))


def failures(errors: Any, bound: float) -> tuple[int, int]:
    """Count the repeats in which Gen exceeds a bound; one that is not a number exceeds it.

    Args:
        errors: |gap| of each repeat, shape (repeats,).
        bound: the theorem's total.

    Returns:
        How many exceed it, and how many there are.
    """
    within = int(np.count_nonzero(np.asarray(errors) <= bound))
    return len(errors) - within, len(errors)
