"""Claim F1: the published Figure 1 shows means over 1000 repeats of the stated protocol."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import stats

from gda.context import Context
from gda.evidence import Artefact, Check, Claim, Evidence, Table
from gda.exact import error_deviation, exact, mean_error, panel_table
from gda.figures import draw_panels
from gda.panels import PUBLISHED_REPEATS, PublishedReading, error_readings, panel_requests
from numerics.estimate import Reading, bonferroni_p, chi_square, implied_repeats
from numerics.mixture import Cell, Simulation

COMMAND = "gda verify --claim F1"
FALSE_ALARM = 0.01
GRID = (20, 30, 45, 60, 80, 100, 120, 150, 190, 240, 300, 400, 550, 750, 1000, 1500, 2500)
"""Numbers of repeats whose protocol is simulated to explain the scatter of the readings."""
EXPERIMENTS = 400
"""How many published figures are simulated for each of them."""
CONFIRMATIONS = 4000
"""How many are simulated with the number of repeats that explains the scatter best."""
CONFIDENCE = 0.95

Group = tuple[int, int]


def cell_of(published: PublishedReading, simulation: Simulation) -> Cell:
    """Find the simulated cell of a reading."""
    return next(c for c in simulation.cells if c.gamma == published.gamma)


def to_reading(published: PublishedReading, simulation: Simulation) -> Reading:
    """Put a published reading beside the simulation of its cell."""
    gaps = cell_of(published, simulation).abs_gap
    return Reading(published.value, published.reading_error, float(gaps.mean()), float(gaps.std(ddof=1)), gaps.size)


def to_exact_reading(published: PublishedReading) -> Reading:
    """Put a published reading beside the exact law of its cell."""
    cell = (published.m_S, published.d, published.gamma)
    return Reading(published.value, published.reading_error, mean_error(*cell), error_deviation(*cell), math.inf)


def simulated_figures(
    published: Sequence[PublishedReading],
    groups: dict[Group, Simulation],
    readings: Sequence[Reading],
    repeats: int,
    experiments: int,
    seed: int,
) -> np.ndarray:
    """Simulate whole figures with some number of repeats; return their z-scores as if the repeats were 1000.

    A figure's mean is over repeats drawn from the simulated ones, the same for all gammas of a panel's (m_S, d), as its
    real data are shared; the reading error is added. Shape (experiments, readings).
    """
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(repeats,)))
    z = np.empty((experiments, len(published)))
    for key in sorted({(r.panel, r.m_S, r.d) for r in published}):
        inside = [k for k, r in enumerate(published) if (r.panel, r.m_S, r.d) == key]
        cells = {int(c.gamma): c.abs_gap for c in groups[key[1:]].cells}
        table = np.stack([cells[published[k].gamma] for k in inside])
        for experiment in range(experiments):
            chosen = rng.integers(0, table.shape[1], size=repeats)
            z[experiment, inside] = table[:, chosen].mean(axis=1)
    half_widths = np.array([r.half_width for r in readings])
    z += rng.uniform(-1, 1, size=z.shape) * half_widths
    scales = np.sqrt([r.variance(PUBLISHED_REPEATS) for r in readings])
    return (z - np.array([r.mean for r in readings])) / scales


def scatter(z: np.ndarray) -> np.ndarray:
    """Sum of squared z-scores of each figure."""
    return np.sum(z**2, axis=-1)


def statistics(published: Sequence[PublishedReading], z: np.ndarray) -> dict[str, np.ndarray]:
    """Return what the number of repeats was not fitted to: the worst reading, and shifts of the whole and of panels."""
    panels = sorted({r.panel for r in published})
    masks = [np.array([r.panel == panel for r in published]) for panel in panels]
    shifts = [np.abs(z[..., mask].sum(axis=-1)) / np.sqrt(mask.sum()) for mask in masks]
    return {
        "largest |z|": np.abs(z).max(axis=-1),
        "|sum of z|": np.abs(z.sum(axis=-1)),
        "largest shift of a panel": np.max(shifts, axis=0),
    }


def two_sided(sample: np.ndarray, observed: float) -> float:
    """Two-sided Monte-Carlo p-value of an observation among a sample (never 0)."""
    upper = (1 + np.sum(sample >= observed)) / (1 + sample.size)
    lower = (1 + np.sum(sample <= observed)) / (1 + sample.size)
    return float(min(1.0, 2 * min(upper, lower)))


def agreement_check(readings: Sequence[Reading]) -> Check:
    """Ask whether all readings agree with means over 1000 repeats; the worst of them, corrected for their number."""
    p_value = bonferroni_p(readings, PUBLISHED_REPEATS)
    worst = max((r.z_score(PUBLISHED_REPEATS) for r in readings), key=abs)
    return Check(
        "readings agree",
        f"Do all {len(readings)} readings agree with the stated protocol, {PUBLISHED_REPEATS} repeats?",
        "statistical",
        f"largest |z| = {abs(worst):.2f}, p = {p_value:.2g} (Bonferroni); "
        f"sum of z^2 = {chi_square(readings, PUBLISHED_REPEATS):.0f} for {len(readings)} readings",
        f"p >= {FALSE_ALARM}",
        p_value >= FALSE_ALARM,
        COMMAND,
        level=f"{FALSE_ALARM:.0%} over all readings, against the exact law",
    )


@dataclass(frozen=True)
class Fit:
    """Over how many repeats the published means were taken, by inverting the simulated scatter.

    Args:
        p_values: two-sided, by number of repeats.
        best: the number with the largest.
        low, high: the nearest below and above that are rejected at the level of `CONFIDENCE`, or the grid's ends.
    """

    p_values: dict[int, float]
    best: int
    low: int
    high: int


def fit_repeats(p_values: dict[int, float]) -> Fit:
    """Choose the number of repeats whose simulated scatter is most like the observed one."""
    grid = sorted(p_values)
    kept = [index for index, repeats in enumerate(grid) if p_values[repeats] >= 1 - CONFIDENCE]
    best = max(p_values, key=lambda repeats: p_values[repeats])
    # Outwards to the neighbours that are rejected: between them and the accepted ones nothing was tried.
    first, last = (min(kept), max(kept)) if kept else (grid.index(best), grid.index(best))
    return Fit(p_values, best, grid[max(first - 1, 0)], grid[min(last + 1, len(grid) - 1)])


def fit_table(fit: Fit, observed: float) -> Table:
    """Show how likely the observed scatter is under each number of repeats."""
    rows = [[str(repeats), f"{p:.2g}"] for repeats, p in fit.p_values.items()]
    title = (
        f"Simulated figures with other numbers of repeats: is the scatter of the readings (sum of z^2 = {observed:.0f})"
        f" typical? {EXPERIMENTS} figures each"
    )
    return Table(title, ["repeats", "two-sided p"], rows)


def confirmation_check(name: str, p_value: float, count: int, fit: Fit) -> Check:
    """Ask whether another statistic of the readings is typical of the fitted number of repeats."""
    return Check(
        name,
        f"Is the {name} of the readings typical of the stated protocol with {fit.best} repeats?",
        "statistical",
        f"p = {p_value:.2g}",
        f"p >= {FALSE_ALARM}/{count}",
        p_value >= FALSE_ALARM / count,
        COMMAND,
        level=f"{FALSE_ALARM:.0%} over {count} statistics, {CONFIRMATIONS} simulated figures",
    )


def fewer_check(fit: Fit) -> Check:
    """Ask whether the number of repeats that explains the scatter is certainly below the stated one."""
    return Check(
        "fewer repeats",
        f"Is the number of repeats that explains the scatter of the readings below {PUBLISHED_REPEATS}?",
        "statistical",
        f"about {fit.best}, {CONFIDENCE:.0%} interval {fit.low} to {fit.high}",
        f"interval below {PUBLISHED_REPEATS}",
        fit.high < PUBLISHED_REPEATS if fit.p_values[fit.best] >= 1 - CONFIDENCE else None,
        COMMAND,
        level=f"{CONFIDENCE:.0%} interval on a grid, {EXPERIMENTS} simulated figures for each number",
    )


def explain(
    published: Sequence[PublishedReading], groups: dict[Group, Simulation], readings: Sequence[Reading], seed: int
) -> tuple[Fit, tuple[Check, ...]]:
    """Fit the number of repeats to the scatter of the readings, and confirm it by what it was not fitted to."""

    def figures(repeats: int, experiments: int) -> np.ndarray:
        return simulated_figures(published, groups, readings, repeats, experiments, seed)

    z = np.array([r.z_score(PUBLISHED_REPEATS) for r in readings])
    fit = fit_repeats({n: two_sided(scatter(figures(n, EXPERIMENTS)), float(scatter(z))) for n in GRID})
    simulated = statistics(published, figures(fit.best, CONFIRMATIONS))
    checks = []
    for name, value in statistics(published, z).items():
        above = (1 + np.sum(simulated[name] >= value)) / (1 + CONFIRMATIONS)
        checks.append(confirmation_check(name, float(above), len(simulated), fit))
    return fit, (fewer_check(fit), *checks)


def scatter_table(published: Sequence[PublishedReading], readings: Sequence[Reading]) -> Table:
    """Estimate panel by panel, as if readings were independent, over how many repeats the means were taken."""
    rows = []
    for panel in [*dict.fromkeys(r.panel for r in published), "all"]:
        inside = [r for p, r in zip(published, readings, strict=True) if panel in (p.panel, "all")]
        found = implied_repeats(inside)
        scatter = chi_square(inside, PUBLISHED_REPEATS)
        p_value = stats.chi2.sf(scatter, len(inside))
        rows.append(
            [panel, str(len(inside)), f"{scatter:.1f}", f"{p_value:.2g}", f"{found.value:.0f}",
             f"{found.low:.0f} to {found.high:.0f}"]
        )  # fmt: skip
    header = ["panel", "readings", "sum of z^2 at 1000", "p (independent)", "implied repeats", "95% interval"]
    title = "Number of repeats that the scatter implies panel by panel, readings taken as independent (a guide)"
    return Table(title, header, rows)


def reading_table(
    published: Sequence[PublishedReading],
    readings: Sequence[Reading],
    groups: dict[Group, Simulation],
) -> Table:
    """Every reading with its z-score and the command that computes its cell."""
    rows = [
        [
            p.panel,
            str(p.m_S),
            str(p.d),
            str(p.gamma),
            f"{p.value:g} +- {p.reading_error:g}",
            f"{r.mean:.8g}",
            f"{s.mean:.4g} +- {s.sd / np.sqrt(s.repeats):.2g}",
            f"{r.z_score(PUBLISHED_REPEATS):+.2f}",
            f"{(s.mean - r.mean) / (s.sd / np.sqrt(s.repeats)):+.2f}",
            f"{exact(p.m_S, p.d, p.gamma).mean_test_risk:.6g}",
            f"`gda law --m-s {p.m_S} --d {p.d} --gamma {p.gamma}`",
        ]
        for p, r in zip(published, readings, strict=True)
        for s in (to_reading(p, groups[p.m_S, p.d]),)
    ]
    header = [
        "panel",
        "m_S",
        "d",
        "gamma",
        "reading",
        "exact E|gap|",
        "simulated, +- standard error",
        "z of the reading",
        "z of the simulation",
        "mean test risk",
        "command",
    ]
    title = "Every reading of the figure against the exact law: z counts the reading error and 1000 repeats"
    return Table(title, header, rows)


def variant_table(published: Sequence[PublishedReading], context: Context) -> Table:
    """Simulate other readings of the protocol and measure the scatter under each."""
    repeats = context.repeats // 5
    groups = sorted({(r.m_S, r.d) for r in published})
    gammas = {group: tuple(sorted({r.gamma for r in published if (r.m_S, r.d) == group})) for group in groups}
    variants: dict[str, dict[str, str | int]] = {
        "as stated": {},
        "variance per class": {"variance": "per-class"},
        "i.i.d. labels": {"labels": "iid"},
        "risk from 10 000 test points (d = 1 only)": {"risk": 10_000},
    }
    rows = []
    for name, protocol in variants.items():
        inside = [r for r in published if r.d == 1 or "risk" not in protocol]
        keys = [group for group in groups if any((r.m_S, r.d) == group for r in inside)]
        requests = {key: context.request(*key, gammas[key], repeats, **protocol) for key in keys}  # type: ignore[arg-type]
        found = dict(zip(keys, context.simulations(requests.values()), strict=True))
        readings = [to_reading(r, found[r.m_S, r.d]) for r in inside]
        rows.append(
            [name, str(len(readings)), f"{chi_square(readings, PUBLISHED_REPEATS):.0f}",
             f"{bonferroni_p(readings, PUBLISHED_REPEATS):.2g}"]
        )  # fmt: skip
    return Table(
        f"Other readings of the protocol, {repeats} repeats: does one of them remove the disagreement?",
        ["protocol", "readings", "sum of z^2 at 1000", "p of the worst (Bonferroni)"],
        rows,
    )


def reading_error_finding(readings: Sequence[Reading]) -> str:
    """Say by how much the readings would have to be worse than stated for 1000 repeats to agree."""

    def least(agrees: Callable[[Sequence[Reading]], bool]) -> str:
        for factor in range(2, 51):
            if agrees([replace(reading, half_width=factor * reading.half_width) for reading in readings]):
                return f"from {factor} times on"
        return "at no factor up to 50"

    def scatter_agrees(found: Sequence[Reading]) -> bool:
        return float(stats.chi2.sf(chi_square(found, PUBLISHED_REPEATS), len(found))) >= FALSE_ALARM

    worst = least(lambda found: bonferroni_p(found, PUBLISHED_REPEATS) >= FALSE_ALARM)
    return (
        f"If the reading errors were larger than stated, {PUBLISHED_REPEATS} repeats would agree with the worst "
        f"reading {worst}, with the scatter (readings taken as independent) {least(scatter_agrees)}, at "
        f"{FALSE_ALARM:.0%}."
    )


def write_readings(table: Table) -> Artefact:
    """Return the file with the readings and their z-scores."""

    def write(path: Path) -> None:
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([table.header, *table.rows])

    return Artefact("readings.csv", write)


def gather(context: Context) -> Evidence:
    """Compare every reading with the simulation; look for what would explain a disagreement."""
    published = error_readings()
    requests = panel_requests(context)
    groups = dict(zip(requests, context.simulations(requests.values()), strict=True))
    readings = [to_exact_reading(r) for r in published]
    fit, confirmations = explain(published, groups, readings, context.seed)
    table = reading_table(published, readings, groups)
    return Evidence(
        stated=(agreement_check(readings),),
        amendment=(
            f"The {len(published)} readings of the published figures, with their reading errors, agree with the stated "
            f"protocol with about {fit.best} repeats ({CONFIDENCE:.0%}: {fit.low} to {fit.high}), not "
            f"{PUBLISHED_REPEATS}."
        ),
        amended=confirmations,
        findings=(reading_error_finding(readings),),
        tables=(
            table,
            fit_table(fit, chi_square(readings, PUBLISHED_REPEATS)),
            scatter_table(published, readings),
            panel_table(),
            variant_table(published, context),
        ),
        artefacts=(
            write_readings(table),
            Artefact("panels.png", draw_panels(groups, published, context.repeats, mean_error)),
        ),
    )


CLAIM = Claim(
    id="F1",
    statement="Figure 1 shows means over 1000 repeats of the stated protocol (balanced labels, sigma = 0.6).",
    wanted="simulation against every reading",
    gather=gather,
)
