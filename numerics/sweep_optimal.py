"""A sweep's quantity `optimal`: the integer m_G at which the mixture's bound is least."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numerics.optimum import most_efficient_number
from theory.gaussian_mixture_bound import mixture_bound


def check(cell: Mapping[str, Any]) -> None:
    """Refuse an S that is too small for the generator's variance, and an unknown form.

    Raises:
        ValueError: the value is named.
    """
    if cell["m_S"] < 3:
        raise ValueError(f"m_S must be >= 3 where a generator is fitted. Found {cell['m_S']}.")
    if cell["form"] not in ("order", "explicit"):
        raise ValueError(f"form must be order or explicit. Found {cell['form']!r}.")


def compute(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return m_g (None where the bound falls to its limit), the bound there and at m_G = 0, and if it is proved."""
    point = {"m_S": cell["m_S"], "d": cell["d"], "delta": repr(cell["delta"])}
    found = most_efficient_number(mixture_bound(cell["form"]), point)
    return {"m_g": found.m_G, "bound": found.bound, "bound_without": found.bound_without, "proved": found.proved}
