"""A sweep's quantity `simulate`: the literal Monte Carlo of the Gaussian mixture at one gamma."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from numerics.mixture import simulate
from numerics.mixture_settings import checked


def _arguments(cell: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in cell.items() if name not in ("m_S", "d", "m_G", "risk")}
    risk = cell["risk"] if cell["risk"] == "exact" else int(cell["risk"])
    gammas = (Fraction(cell["m_G"], cell["m_S"]),)
    return {"m_S": cell["m_S"], "d": cell["d"], "gammas": gammas, "risk": risk, **rest}


def check(cell: Mapping[str, Any]) -> None:
    """Refuse what cannot be simulated.

    Raises:
        ValueError: a field is out of range; one line that names it and its value.
    """
    if cell["d"] > 10**6:
        raise ValueError(f"d must be at most {10**6} in a simulation. Found {cell['d']}.")
    checked(**_arguments(cell), mu=None)


def compute(cell: Mapping[str, Any]) -> dict[str, Any]:
    """Return gamma, the summary of `numerics.mixture.Cell`, in units of the loss, and the rejected label draws."""
    simulation = simulate(**_arguments(cell))
    (found,) = simulation.cells
    return {"gamma": float(found.gamma), **found.summary(), "redraws": simulation.redraws}
