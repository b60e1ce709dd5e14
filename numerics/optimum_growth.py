"""How the most efficient m_G grows with m_S, fitted: to hold against the symbolic order, never in place of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, ctx

from numerics.optimum import LARGEST_BITS, prepare
from numerics.optimum_function import PRECISION
from theory.stability import Bound


def smallest_within(
    bound: Bound, values: Mapping[str, Any], factor: int = 2, without: Bound | None = None
) -> int | None:
    """Find the smallest m_G >= 0 at which a bound is at most a factor times its infimum.

    Where the bound falls to its limit, no integer minimises it; this is the number to generate then, and the one whose
    order `theory.augmentation.most_efficient_order` gives.

    Args:
        bound, values, without: as in `numerics.optimum.most_efficient_number`.
        factor: an integer >= 2.

    Returns:
        The number; None where the infimum is 0, which no multiple of it exceeds, or was not proved.

    Raises:
        ValueError: a factor below 2, or what `most_efficient_number` refuses.
    """
    if factor < 2:
        raise ValueError(f"factor must be an integer >= 2. Found {factor}.")
    search, _, _ = prepare(bound, values, without)
    search.run(LARGEST_BITS)
    if search.gap != 0:
        return None
    with ctx.workprec(PRECISION):
        infimum = search.limit if search.to_infinity and search.limit is not None else search.value(search.best)
        return search.first_at_most(arb(factor) * infimum, LARGEST_BITS) if infimum > 0 else None


@dataclass(frozen=True)
class FittedOrder:
    """A power of m_S fitted to the most efficient m_G.

    Args:
        slope: of log m_G (less the logarithms' part) against log m_S, by least squares.
        smallest, largest: range of the slopes between neighbouring sizes.
        last: slope between the two largest sizes.
        m_S: the sizes that entered.
        m_G: the most efficient m_G of each.
        left_out: sizes where it is 0 or does not exist.
    """

    slope: float
    smallest: float
    largest: float
    last: float
    m_S: tuple[int, ...]
    m_G: tuple[int, ...]
    left_out: tuple[int, ...]

    def __str__(self) -> str:
        """Write the fit as one line."""
        sizes = f"m_S = {self.m_S[0]} ... {self.m_S[-1]}"
        return f"m_G ~ m_S^{self.slope:.4f} ({self.smallest:.4f} ... {self.largest:.4f} between sizes, {sizes})"


def fitted_order(
    bound: Bound,
    values: Mapping[str, Any],
    sizes: Sequence[int],
    factor: int = 2,
    log_power: float = 0.0,
    without: Bound | None = None,
) -> FittedOrder:
    """Fit ``m_G = c m_S^slope log(m_S)^log_power`` to the most efficient m_G over several m_S.

    Args:
        bound, without: as in `numerics.optimum.most_efficient_number`; the size is m_S, or m in a setting's bound.
        values: number by name of every symbol but the size and m_G.
        sizes: values of m_S >= 2, increasing.
        factor: what *most efficient* means, see `smallest_within`.
        log_power: power of the logarithm to take out before the fit.

    Returns:
        The slope and its range.

    Raises:
        ValueError: sizes that do not increase from 2 on, or fewer than two with a positive m_G.
    """
    if any(b <= a for a, b in zip([1, *sizes], sizes, strict=False)):
        raise ValueError(f"sizes must be integers >= 2 that increase. Found {list(sizes)}.")
    names = {symbol.name for symbol in bound.total.free_symbols}
    size = "m_S" if "m_S" in names else "m"
    found = {m: smallest_within(bound, {**values, size: m}, factor, without) for m in sizes}
    kept = {m: n for m, n in found.items() if n}
    if len(kept) < 2:
        raise ValueError(f"a fit needs two sizes with a positive m_G. Found {found}.")
    x = np.log([float(m) for m in kept])
    y = np.array([math.log(n) for n in kept.values()]) - log_power * np.log(x)
    local = np.diff(y) / np.diff(x)
    return FittedOrder(
        slope=float(np.polyfit(x, y, 1)[0]),
        smallest=float(local.min()),
        largest=float(local.max()),
        last=float(local[-1]),
        m_S=tuple(kept),
        m_G=tuple(kept.values()),
        left_out=tuple(m for m in sizes if m not in kept),
    )
