"""Which amount of augmentation is best in the Gaussian mixture, cell by cell: for the gap, and for the test risk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gda.evidence import Table
from gda.exact import exact, mean_error
from gda.figures import Map, draw_maps

SIZES = (4, 6, 10, 16, 26, 40, 64, 100, 160, 250, 400, 640, 1000)
DIMENSIONS = (1, 2, 3, 5, 8, 12, 20, 32, 50, 80, 125, 200)
GAMMAS = ("0", "0.5", "1", "2", "5", "10", "20", "50", "100", "1000")
"""With every m_S above, gamma m_S is an integer."""

Grid = NDArray[np.float64]


def over_cells(value: Callable[[int, int, str], float]) -> Grid:
    """Evaluate something at every cell, shape (dimensions, sizes, gammas)."""
    return np.array([[[value(m_S, d, gamma) for gamma in GAMMAS] for m_S in SIZES] for d in DIMENSIONS])


def errors() -> Grid:
    """E|gap| of every cell."""
    return over_cells(mean_error)


def risks() -> Grid:
    """Mean test risk of every cell."""
    return over_cells(lambda m_S, d, gamma: exact(m_S, d, gamma).mean_test_risk)


def border_table(found: Grid) -> Table:
    """For each m_S the least d at which gamma = 1 lowers E|gap|, and the least at which some gamma does."""
    rows = []
    for column, m_S in enumerate(SIZES):
        column_of = found[:, column]
        equal = np.asarray(column_of[:, GAMMAS.index("1")] < column_of[:, 0])
        any_gamma = np.asarray((column_of < column_of[:, :1]).any(axis=1))
        rows.append([str(m_S), least(equal), least(any_gamma)])
    title = f"From which dimension on augmentation lowers E|gap| (d among {', '.join(map(str, DIMENSIONS))})"
    return Table(title, ["m_S", "at gamma = 1", "at some gamma"], rows)


def least(holds: NDArray[np.bool_]) -> str:
    """The least dimension from which on something holds."""
    kept = np.flatnonzero(~holds)
    first = int(kept[-1]) + 1 if len(kept) else 0
    return f"d >= {DIMENSIONS[first]}" if first < len(DIMENSIONS) else f"above {DIMENSIONS[-1]}"


def draw(found: Grid, risk: Grid) -> Callable[[Path], None]:
    """Return what draws the maps: the best gamma for the gap, what it brings, and the best gamma for the test risk."""
    maps = (
        Map("gamma with the least E|gap|", found.argmin(axis=2), GAMMAS),
        Map("E|gap| at gamma = 1, relative to gamma = 0", found[..., GAMMAS.index("1")] / found[..., 0]),
        Map("least E|gap| over gamma, relative to gamma = 0", found.min(axis=2) / found[..., 0]),
        Map("gamma with the least mean test risk", risk.argmin(axis=2), GAMMAS),
    )
    return draw_maps(maps, SIZES, DIMENSIONS)
