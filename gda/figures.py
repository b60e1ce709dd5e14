"""The figures of the report. Matplotlib is imported where it is used; a `Figure` is made without any window."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gda.panels import PANELS, Panel, PublishedReading
from numerics.estimate import Interval
from numerics.mixture import Simulation

BAND = 3.0
"""Half-width of the error bands, in standard errors of the mean."""


@dataclass(frozen=True)
class Line:
    """One curve: a label, its points, and the half-widths of its band (none: exact)."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    half_width: Sequence[float] = ()
    style: str = "o-"


def canvas(columns: int, rows: int, width: float = 5.4, height: float = 4.0) -> tuple[Any, Any]:
    """Return a figure and its axes, an array of rows and columns; the size is of one axes, in inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def save(figure: Any, path: Path) -> None:
    """Write a figure as a PNG without a version in it: the same figure, the same bytes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    try:
        figure.savefig(path, dpi=140, metadata={"Software": None})
    except OSError as error:
        raise ValueError(f"cannot write {str(path)!r}: {error.strerror or error}") from None


def _draw(axes: Any, lines: Sequence[Line], colours: Any) -> None:
    for line, colour in zip(lines, colours, strict=True):
        axes.plot(line.x, line.y, line.style, color=colour, label=line.label, markersize=4, linewidth=1.4)
        if len(line.half_width):
            low, high = np.subtract(line.y, line.half_width), np.add(line.y, line.half_width)
            axes.fill_between(line.x, low, high, color=colour, alpha=0.25, linewidth=0)


def _axes_style(axes: Any, x_label: str, y_label: str, *, gamma: bool, ticks: Sequence[float] = ()) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    if gamma:
        axes.set_xscale("symlog", linthresh=1.0)  # gamma = 0 is a point of every curve
    else:
        axes.set_xscale("log")
    axes.set_yscale("log")
    if len(ticks):
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axes.xaxis.set_minor_formatter(NullFormatter())
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)) if high > 3 * low else MaxNLocator(6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(labelsize=8)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.legend(fontsize=7)
    axes.grid(alpha=0.3, which="both", linewidth=0.4)


ERROR = "mean |test NLL - train NLL|"
AXIS = {"m_S": "real examples m_S", "d": "dimension d", "gamma": "gamma = m_G / m_S"}


def _colours(count: int) -> Any:
    from matplotlib import colormaps

    return colormaps["viridis"](np.linspace(0, 0.88, count))


def panel_lines(
    panel: Panel, simulations: Mapping[tuple[int, int], Simulation], error: Callable[[int, int, int], float]
) -> tuple[list[Line], list[Line]]:
    """Arrange a panel's cells as curves along its axis: the exact error, and the simulated one with its band."""
    summaries = {
        (m_S, d, int(cell.gamma)): cell.summary()
        for (m_S, d) in panel.groups
        for cell in simulations[m_S, d].cells
        if int(cell.gamma) in panel.gammas
    }

    def lines(label: str, keys: Sequence[tuple[int, int, int]], x: Sequence[float]) -> tuple[Line, Line]:
        found = [summaries[key] for key in keys]
        points = Line(label, x, [s["mean_abs_gap"] for s in found], [BAND * s["sem_abs_gap"] for s in found], "o")
        return Line(label, x, [error(*key) for key in keys], style="-"), points

    if panel.axis == "gamma":
        ((m_S, d),) = panel.groups
        pairs = [lines("exact law", [(m_S, d, gamma) for gamma in panel.gammas], panel.gammas)]
    else:
        sizes = panel.m_S if panel.axis == "m_S" else panel.d
        keys = {gamma: [(m_S, d, gamma) for m_S, d in panel.groups] for gamma in panel.gammas}
        pairs = [lines(f"gamma = {gamma}", keys[gamma], sizes) for gamma in panel.gammas]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def draw_panels(
    simulations: Mapping[tuple[int, int], Simulation],
    readings: Sequence[PublishedReading],
    repeats: int,
    error: Callable[[int, int, int], float],
) -> Callable[[Path], None]:
    """Return what draws the published panels: the exact law, the simulation, and the readings on top."""

    def write(path: Path) -> None:
        figure, grid = canvas(2, 2)
        for panel, axes in zip(PANELS.values(), grid.flat, strict=True):
            lines, points = panel_lines(panel, simulations, error)
            colours = _colours(len(lines))
            _draw(axes, lines, colours)
            for line, colour in zip(points, colours, strict=True):
                axes.errorbar(line.x, line.y, yerr=line.half_width, fmt="o", color=colour, markersize=2.5, capsize=2)
            _draw_readings(axes, panel, readings, colours)
            axes.set_title(f"({panel.key}) {panel.title}")
            ticks = panel.gammas if panel.axis == "gamma" else lines[0].x
            _axes_style(axes, AXIS[panel.axis], ERROR, gamma=panel.axis == "gamma", ticks=ticks)
        figure.suptitle(
            f"Generalization error: exact law (lines), simulation ({repeats} repeats, +-{BAND:g} standard errors)"
        )
        save(figure, path)

    return write


def _draw_readings(axes: Any, panel: Panel, readings: Sequence[PublishedReading], colours: Any) -> None:
    shape = {"fmt": "s", "markeredgecolor": "crimson", "markerfacecolor": "none"}
    for reading in readings:
        if reading.panel != panel.key:
            continue
        index = 0 if panel.axis == "gamma" else panel.gammas.index(reading.gamma)
        x = getattr(reading, panel.axis)
        axes.errorbar(
            x, reading.value, yerr=reading.reading_error, color=colours[index], markersize=7, capsize=2, **shape
        )
    axes.errorbar([], [], yerr=[], color="grey", label="read off the published figure", **shape)


@dataclass(frozen=True)
class Map:
    """A quantity over (m_S, d), shape (dimensions, sizes): indices of `labels`, or numbers where there are none."""

    title: str
    grid: Any
    labels: Sequence[str] = ()


def draw_maps(maps: Sequence[Map], sizes: Sequence[int], dimensions: Sequence[int]) -> Callable[[Path], None]:
    """Return what draws quantities over (m_S, d), two in a row."""

    def write(path: Path) -> None:
        from matplotlib.colors import BoundaryNorm

        figure, axes = canvas(2, -(-len(maps) // 2), 6.0, 4.4)
        for ax in list(axes.flat)[len(maps) :]:
            ax.set_visible(False)
        for each, ax in zip(maps, axes.flat, strict=False):
            norm = BoundaryNorm(np.arange(len(each.labels) + 1) - 0.5, 256) if each.labels else None
            image = ax.imshow(each.grid, origin="lower", cmap="viridis", norm=norm, aspect="auto")
            bar = figure.colorbar(image, ax=ax, ticks=range(len(each.labels)) if each.labels else None)
            if each.labels:
                bar.ax.set_yticklabels(each.labels)
            ax.set_xticks(range(len(sizes)), [str(size) for size in sizes], fontsize=8, rotation=45)
            ax.set_yticks(range(len(dimensions)), [str(dim) for dim in dimensions], fontsize=8)
            ax.set_xlabel(AXIS["m_S"])
            ax.set_ylabel(AXIS["d"])
            ax.set_title(each.title, fontsize=10)
        save(figure, path)

    return write


@dataclass(frozen=True)
class Regions:
    """Regions over (m_S, d): an index of `labels` for each point of the grid, and dots with a label of their own."""

    title: str
    sizes: Any
    dimensions: Any
    kind: Any
    labels: Sequence[str]
    dots: Sequence[tuple[float, float]] = ()
    dots_label: str = ""


_REGIONS = ("#d9d9d9", "#35b779", "#c7e9c0")


def draw_regions(regions: Sequence[Regions], title: str) -> Callable[[Path], None]:
    """Return what draws regions side by side, on logarithmic axes; at most three kinds."""

    def write(path: Path) -> None:
        from matplotlib.colors import ListedColormap

        figure, grid = canvas(len(regions), 1, 5.8, 4.4)
        for each, axes in zip(regions, grid.flat, strict=True):
            colours = _REGIONS[: len(each.labels)]
            top = len(colours) - 1
            axes.pcolormesh(each.sizes, each.dimensions, each.kind, cmap=ListedColormap(colours), vmin=0, vmax=top)
            for label, colour in zip(each.labels, colours, strict=True):
                axes.fill_between([], [], color=colour, label=label)
            if each.dots:
                axes.plot(*zip(*each.dots, strict=True), ">", color="black", markersize=4, label=each.dots_label)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel(AXIS["m_S"])
            axes.set_ylabel(AXIS["d"])
            axes.set_title(each.title, fontsize=10)
            axes.legend(fontsize=7, loc="center right", framealpha=0.95)
        figure.suptitle(title, fontsize=11)
        save(figure, path)

    return write


def draw_curves(
    panels: Mapping[str, Sequence[Line]], titles: Mapping[str, str], y_labels: Mapping[str, str], columns: int = 3
) -> Callable[[Path], None]:
    """Return what draws lines against gamma, one axes for each key."""

    def write(path: Path) -> None:
        rows = -(-len(panels) // columns)
        figure, grid = canvas(columns, rows)
        for axes in list(grid.flat)[len(panels) :]:
            axes.set_visible(False)
        for (key, lines), axes in zip(panels.items(), grid.flat, strict=False):
            _draw(axes, lines, _colours(len(lines)))
            axes.set_title(titles[key])
            _axes_style(axes, AXIS["gamma"], y_labels[key], gamma=True, ticks=lines[0].x)
        save(figure, path)

    return write


def draw_slopes(lines: Sequence[Line], x_label: str, title: str, slopes: Sequence[Interval]) -> Callable[[Path], None]:
    """Return what draws curves on logarithmic axes, with the fitted slopes in the legend."""

    def write(path: Path) -> None:
        figure, grid = canvas(1, 1, 6.4, 4.6)
        axes = grid[0, 0]
        named = [
            Line(f"{line.label}: slope {slope.format()} ({slope.level:.0%})", line.x, line.y, line.half_width)
            for line, slope in zip(lines, slopes, strict=True)
        ]
        _draw(axes, named, _colours(len(named)))
        axes.set_title(title)
        _axes_style(axes, x_label, ERROR, gamma=False, ticks=lines[0].x)
        save(figure, path)

    return write
