"""The picture of an experiment on images: what generated images change in the test error, with corrected intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from deep.analysis import Comparison, compare
from deep.results import STEPS, Results
from gda.figures import canvas, save

COLOURS: Mapping[str, str] = {"cdcgan": "#d95f02", "stylegan2-ada": "#7570b3", "edm": "#1b9e77"}
OTHER_COLOUR = "#666666"
TITLES: Mapping[str, str] = {"off": "no standard augmentation", "on": "standard augmentation"}


def draw_comparisons(results: Results) -> Callable[[Path], None]:
    """Return what draws a panel for each standard augmentation and m_S; generators that failed are named in it."""
    spec = results.spec
    found = [one for one in compare(results) if one.protocol == STEPS]

    def write(path: Path) -> None:
        figure, grid = canvas(len(spec.m_S), len(spec.standard), 2.6, 3.0)
        for row, standard in enumerate(spec.standard):
            for column, m_S in enumerate(spec.m_S):
                axes = grid[row, column]
                here = [one for one in found if (one.m_S, one.standard) == (m_S, standard)]
                _panel(axes, here, spec.generators, spec.positive, spec.rule.threshold)
                axes.set_title(f"m_S = {m_S}, {TITLES[standard]}\nerror without {here[0].base:.1f} %", fontsize=7)
                if column == 0:
                    axes.set_ylabel("reduction of the test error, pp", fontsize=8)
        _legend(figure, grid[0, 0], spec.generators, spec.rule.threshold)
        figure.suptitle(
            f"What generated images change: mean over seeds, intervals that hold together at {spec.rule.level:.0%}; "
            "above 0 is better",
            fontsize=10,
        )
        save(figure, path)

    return write


def _panel(
    axes: Any, here: Sequence[Comparison], generators: Sequence[str], gammas: Sequence[float], threshold: float
) -> None:
    axes.axhspan(-threshold, threshold, color="black", alpha=0.06, linewidth=0)
    axes.axhline(0, color="black", linewidth=0.6)
    failed = []
    for number, name in enumerate(generators):
        own = [one for one in here if one.generator == name]
        kept = [one for one in own if not one.excluded and math.isfinite(one.error.low)]
        if any(one.excluded for one in own):
            failed.append(name)
        shift = 0.18 * (number - (len(generators) - 1) / 2)
        colour = COLOURS.get(name, OTHER_COLOUR)
        for one in kept:
            x, y = gammas.index(one.gamma) + shift, one.error.value
            reach = [[y - one.error.low], [one.error.high - y]]
            filled = colour if one.word in ("helps", "hurts") else "white"
            axes.errorbar(x, y, reach, fmt="o", color=colour, markerfacecolor=filled, markersize=4, linewidth=1.2)
    if failed:
        axes.text(0.03, 0.03, "failed the gate: " + ", ".join(failed), transform=axes.transAxes, fontsize=6)
    axes.set_xticks(range(len(gammas)), [f"{gamma:g}" for gamma in gammas])
    axes.set_xlim(-0.5, len(gammas) - 0.5)
    axes.set_xlabel("gamma = m_G / m_S", fontsize=8)
    axes.tick_params(labelsize=7)
    axes.grid(alpha=0.3, linewidth=0.4)


def _legend(figure: Any, axes: Any, generators: Sequence[str], threshold: float) -> None:
    handles = [
        axes.errorbar([], [], yerr=[], fmt="o", color=COLOURS.get(name, OTHER_COLOUR), label=name)
        for name in generators
    ]
    handles.append(axes.plot([], [], "o", color="black", label="filled: helps, or hurts")[0])
    handles.append(axes.fill_between([], [], color="black", alpha=0.06, label=f"+-{threshold:g} pp"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8)
