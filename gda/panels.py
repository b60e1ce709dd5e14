"""The panels of the published Figure 1: their grids, and the readings taken from them."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from gda.context import Context, Request

GAMMAS: tuple[int, ...] = (0, 1, 2, 5, 10, 20, 50)
"""The published grid of gamma."""

PUBLISHED_REPEATS = 1000
"""Number of repeats that the source states."""


@dataclass(frozen=True)
class Panel:
    """A simulated panel of the figure.

    Args:
        key: its letter in the figure.
        title: what it shows.
        axis: which quantity runs along its horizontal axis.
        m_S, d: sizes of S and dimensions; one of them has a single value, or both.
        gammas: one curve each, or the horizontal axis.
    """

    key: str
    title: str
    axis: Literal["m_S", "d", "gamma"]
    m_S: tuple[int, ...]
    d: tuple[int, ...]
    gammas: tuple[int, ...] = GAMMAS

    @property
    def groups(self) -> tuple[tuple[int, int], ...]:
        """Pairs (m_S, d); the cells of one share their real data."""
        return tuple((m_S, d) for m_S in self.m_S for d in self.d)


PANELS: Mapping[str, Panel] = {
    panel.key: panel
    for panel in (
        Panel("a", "error against m_S, d = 1", "m_S", (20, 50, 100, 200, 500), (1,)),
        Panel("b", "error against gamma, d = 1, m_S = 40", "gamma", (40,), (1,)),
        Panel("d", "error against d, m_S = 10", "d", (10,), (2, 10, 20, 50, 100)),
        Panel("e", "error against gamma, d = 50, m_S = 10", "gamma", (10,), (50,), (*GAMMAS, 100)),
    )
}
"""The panels that show simulated error."""

CURVES: Mapping[str, tuple[int, int, tuple[int, ...]]] = {
    "c": (40, 1, GAMMAS),
    "f": (10, 50, (*GAMMAS, 100)),
}
"""The panels that show a predicted curve: m_S, d, and gammas."""

_PANEL_OF_READING = {"a": "a", "d": "d", "gamma50": "e", "predicted50": "f"}


@dataclass(frozen=True)
class PublishedReading:
    """A value read off the figure: its panel's letter, its cell, the value and the half-width of the reading error."""

    panel: str
    m_S: int
    d: int
    gamma: int
    value: float
    reading_error: float

    @property
    def cell(self) -> str:
        """The cell in words."""
        return f"m_S={self.m_S} d={self.d} gamma={self.gamma}"


@cache
def readings() -> tuple[PublishedReading, ...]:
    """Load the readings of the figure, in the order of the file.

    Raises:
        ValueError: a row that is no reading, with the row.
    """
    text = (files("gda") / "data" / "figure1.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(_reading(row) for row in rows)


def _reading(row: Mapping[str, str]) -> PublishedReading:
    try:
        found = PublishedReading(
            _PANEL_OF_READING[row["panel"]],
            int(row["m_S"]),
            int(row["d"]),
            int(row["gamma"]),
            float(row["value"]),
            float(row["reading_error"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not a reading of the figure: {dict(row)}") from error
    if not (math.isfinite(found.value) and found.value > 0 and found.reading_error > 0):
        raise ValueError(f"a reading and its error are positive. Found {dict(row)}.")
    return found


def error_readings() -> tuple[PublishedReading, ...]:
    """Readings of simulated error."""
    return tuple(r for r in readings() if r.panel in PANELS)


def curve_readings() -> tuple[PublishedReading, ...]:
    """Readings of predicted curves."""
    return tuple(r for r in readings() if r.panel in CURVES)


def panel_requests(context: Context) -> dict[tuple[int, int], Request]:
    """One simulation for each (m_S, d) of the panels, with every gamma that a panel shows there."""
    gammas: dict[tuple[int, int], tuple[int, ...]] = {}
    for panel in PANELS.values():
        for group in panel.groups:
            gammas[group] = max(gammas.get(group, ()), panel.gammas, key=len)
    return {(m_S, d): context.request(m_S, d, found) for (m_S, d), found in gammas.items()}
