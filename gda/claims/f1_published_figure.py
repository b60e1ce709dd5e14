"""Claim F1: the published Figure 1 shows means over 1000 repeats of the stated protocol."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import stats

from gda.context import Context
from gda.evidence import Artefact, Check, Claim, Evidence, Table
from gda.figures import draw_panels
from gda.panels import PUBLISHED_REPEATS, PublishedReading, error_readings, panel_requests
from numerics.estimate import Reading, bonferroni_p, chi_square, implied_repeats
from numerics.mixture import Simulation

COMMAND = "gda verify --claim F1"
FALSE_ALARM = 0.01
ALTERNATIVES = (50, 100, 200, 500, PUBLISHED_REPEATS)
"""Numbers of repeats whose protocol is simulated to explain the scatter of the readings."""
EXPERIMENTS = 2000
"""How many published figures are simulated for each of them."""

Group = tuple[int, int]


def to_reading(published: PublishedReading, simulation: Simulation) -> Reading:
    """Put a published reading beside the simulation of its cell."""
    cell = next(c for c in simulation.cells if c.gamma == published.gamma)
    gaps = cell.abs_gap
    return Reading(published.value, published.reading_error, float(gaps.mean()), float(gaps.std(ddof=1)), gaps.size)


def simulated_scatter(
    published: Sequence[PublishedReading],
    groups: dict[Group, Simulation],
    readings: Sequence[Reading],
    repeats: int,
    seed: int,
) -> np.ndarray:
    """Simulate whole figures with some number of repeats; return their scatter, as `chi_square` at 1000 measures it.

    A figure's mean is over repeats drawn from the simulated ones, the same repeats for all gammas of a panel's
    (m_S, d), as its real data are shared; the reading error is added. Shape (EXPERIMENTS,).
    """
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(repeats,)))
    scatter = np.zeros(EXPERIMENTS)
    for key in sorted({(r.panel, r.m_S, r.d) for r in published}):
        _, m_S, d = key
        inside = [k for k, r in enumerate(published) if (r.panel, r.m_S, r.d) == key]
        cells = {int(c.gamma): c.abs_gap for c in groups[m_S, d].cells}
        table = np.stack([cells[published[k].gamma] for k in inside])
        for experiment in range(EXPERIMENTS):
            chosen = rng.integers(0, table.shape[1], size=repeats)
            noise = rng.uniform(-1, 1, size=len(inside)) * [published[k].reading_error for k in inside]
            for k, value in zip(inside, table[:, chosen].mean(axis=1) + noise, strict=True):
                scatter[experiment] += replace(readings[k], value=value).z_score(PUBLISHED_REPEATS) ** 2
    return scatter


def two_sided(sample: np.ndarray, observed: float) -> float:
    """Two-sided Monte-Carlo p-value of an observation among a sample (never 0)."""
    upper = (1 + np.sum(sample >= observed)) / (1 + sample.size)
    lower = (1 + np.sum(sample <= observed)) / (1 + sample.size)
    return float(min(1.0, 2 * min(upper, lower)))


def agreement_check(readings: Sequence[Reading], context: Context) -> Check:
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
        level=f"{FALSE_ALARM:.0%} over all readings, {context.repeats} repeats",
    )


def alternative_table(p_values: dict[int, float], observed: float) -> Table:
    """Show how likely the observed scatter is under each number of repeats."""
    rows = [
        [str(repeats), f"{p:.2g}", "explains the scatter" if p >= FALSE_ALARM else "does not"]
        for repeats, p in p_values.items()
    ]
    return Table(
        f"Simulated figures with other numbers of repeats: is the scatter of the readings (sum of z^2 = {observed:.0f})"
        f" typical? {EXPERIMENTS} figures each",
        ["repeats", "two-sided p", "verdict"],
        rows,
    )


def panel_table(published: Sequence[PublishedReading], readings: Sequence[Reading]) -> Table:
    """Estimate, panel by panel, over how many repeats the published means were taken."""
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
    return Table("Number of repeats that the scatter of the readings implies", header, rows)


def reading_table(published: Sequence[PublishedReading], readings: Sequence[Reading], context: Context) -> Table:
    """Every reading with its z-score and the command that simulates its cell."""
    rows = [
        [
            p.panel,
            str(p.m_S),
            str(p.d),
            str(p.gamma),
            f"{p.value:g} +- {p.reading_error:g}",
            f"{r.mean:.4g}",
            f"{r.sd / np.sqrt(r.repeats):.2g}",
            f"{r.z_score(PUBLISHED_REPEATS):+.2f}",
            f"`{context.request(p.m_S, p.d, (p.gamma,)).command}`",
        ]
        for p, r in zip(published, readings, strict=True)
    ]
    header = ["panel", "m_S", "d", "gamma", "reading", "simulated", "its standard error", "z", "command"]
    return Table("Every reading of the figure: z counts the reading error and both sampling errors", header, rows)


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
    readings = [to_reading(r, groups[r.m_S, r.d]) for r in published]
    observed = chi_square(readings, PUBLISHED_REPEATS)
    p_values = {
        repeats: two_sided(simulated_scatter(published, groups, readings, repeats, context.seed), observed)
        for repeats in ALTERNATIVES
    }
    explaining = [repeats for repeats, p in p_values.items() if p >= FALSE_ALARM]
    table = reading_table(published, readings, context)
    amended = Check(
        "fewer repeats",
        "Is the scatter of the readings typical of the stated protocol with another number of repeats?",
        "statistical",
        "typical with " + ", ".join(map(str, explaining)) + " repeats" if explaining else "typical with none simulated",
        "with one of " + ", ".join(map(str, ALTERNATIVES)),
        bool(explaining),
        COMMAND,
        level=f"two-sided p >= {FALSE_ALARM}, {EXPERIMENTS} simulated figures for each number",
    )
    implied = implied_repeats(readings)
    return Evidence(
        stated=(agreement_check(readings, context),),
        amendment=(
            "Figure 1 agrees with the stated protocol with far fewer repeats: the scatter of its readings implies "
            f"about {implied.value:.0f} (95%: {implied.low:.0f} to {implied.high:.0f}), not {PUBLISHED_REPEATS}."
        ),
        amended=(amended,),
        tables=(
            table,
            panel_table(published, readings),
            alternative_table(p_values, observed),
            variant_table(published, context),
        ),
        artefacts=(
            write_readings(table),
            Artefact("panels.png", draw_panels(groups, published, context.repeats)),
        ),
    )


CLAIM = Claim(
    id="F1",
    statement="Figure 1 shows means over 1000 repeats of the stated protocol (balanced labels, sigma = 0.6).",
    wanted="simulation against every reading",
    gather=gather,
)
