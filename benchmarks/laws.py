"""The exact law of the gap: a cell, its quantiles and the published grids, against the literal simulation."""

from __future__ import annotations

from fractions import Fraction

from samplers import GAMMAS, GROUPS
from timing import in_turn

from numerics.law import law_of_gap
from numerics.mixture import simulate

CELLS = {"small": (10, 10, 5), "published": (500, 1, 50), "large": (1000, 100, 50)}
"""(m_S, d, gamma): the law's time hardly depends on it, the simulation's does."""
SIMULATED = ("small", "published")
REPEATS = 1000


def _mean(m_S: int, d: int, gamma: int, labels: str = "balanced") -> float:
    return law_of_gap(m_S, d, Fraction(gamma), labels).mean_abs_gap.value


def _quantile(m_S: int, d: int, gamma: int, level: float) -> float:
    return law_of_gap(m_S, d, Fraction(gamma)).quantile(level).value


def law(rounds: int) -> dict[str, float]:
    """Milliseconds of E |gap|, of a quantile and of a simulation with 1000 repeats; seconds of all 70 cells."""
    _mean(10, 10, 5)  # records the tapes
    functions = {}
    for name, cell in CELLS.items():
        functions[f"{name}_mean"] = lambda cell=cell: _mean(*cell)
        functions[f"{name}_median"] = lambda cell=cell: _quantile(*cell, 0.5)
        functions[f"{name}_95"] = lambda cell=cell: _quantile(*cell, 0.95)
    functions["iid_mean"] = lambda: _mean(*CELLS["published"], "iid")
    for name in SIMULATED:
        m_S, d, gamma = CELLS[name]
        functions[f"{name}_literal"] = lambda m_S=m_S, d=d, gamma=gamma: simulate(
            m_S, d, [gamma], repeats=REPEATS, sampler="literal"
        )
    functions["grid"] = lambda: [_mean(m_S, d, gamma) for m_S, d in GROUPS for gamma in GAMMAS]
    seconds = in_turn(functions, rounds)
    grid = seconds.pop("grid")
    return {
        **{f"{name}_ms": 1000 * found for name, found in seconds.items()},
        "cells_70_s": grid,
        **{f"ratio_{name}": seconds[f"{name}_literal"] / seconds[f"{name}_mean"] for name in SIMULATED},
    }
