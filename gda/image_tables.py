"""The tables of an experiment on images: comparisons, the generators' quality, and who failed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from deep.analysis import Comparison
from deep.results import EPOCHS, GeneratorRun, Results
from gda.evidence import Table

QUALITY = ("accuracy", "worst_class", "diversity", "frechet", "neighbours")
"""Figures of `deep.measure.Quality`."""


def comparison_table(title: str, found: Iterable[Comparison]) -> Table:
    """Put comparisons into a table: reductions by generated images, with their corrected intervals."""
    header = ["m_S", "generator", "gamma", "standard", "seeds", "error without, %", "error, pp", "NLL, nats", "gap, pp"]
    rows = [
        [
            str(one.m_S),
            one.generator,
            f"{one.gamma:g}" + (" (fixed epochs)" if one.protocol == EPOCHS else ""),
            one.standard,
            str(one.seeds),
            f"{one.base:.2f}",
            *(
                f"{x.value:+.{places}f} [{x.low:.{places}f}, {x.high:.{places}f}]" if one.seeds else "-"
                for x, places in ((one.error, 2), (one.nll, 4), (one.gap, 2))
            ),
            "generator failed" if one.excluded else one.word,
        ]
        for one in found
    ]
    return Table(title, [*header, "word"], rows)


def runs_of(results: Results, m_S: int, generator: str) -> tuple[GeneratorRun, ...]:
    """Return the runs of a generator at one m_S."""
    return tuple(run for run in results.runs if (run.m_S, run.generator) == (m_S, generator))


def failures(results: Results, generators: Iterable[str]) -> tuple[str, ...]:
    """Say which of some generators failed the gate, and how often."""
    found, chosen = [], set(generators)
    for m_S in results.spec.m_S:
        for name in results.spec.generators:
            runs = runs_of(results, m_S, name)
            failed = [run for run in runs if not run.passed]
            if failed and name in chosen:
                figures = sorted({run.reason.split()[0] for run in failed})
                found.append(f"{name} at m_S = {m_S}: {len(failed)} of {len(runs)} ({', '.join(figures)} first)")
    return tuple(found)


def quality_table(results: Results, generators: Iterable[str]) -> Table:
    """Put what the gate measured into a table: of each figure the mean over seeds, and its range."""
    chosen = set(generators)
    header = ["m_S", "generator", "passed", "accuracy, %", "worst class, %", "diversity", "Frechet", "neighbours"]
    rows = []
    for m_S in results.spec.m_S:
        for name in results.spec.generators:
            runs = runs_of(results, m_S, name)
            if name in chosen and runs:
                passed = f"{sum(run.passed for run in runs)} of {len(runs)}"
                rows.append([str(m_S), name, passed, *(_range(runs, figure) for figure in QUALITY)])
    title = (
        "Samples of the generators, mean [least, most] over seeds: the judge's accuracy, the same on the worst class, "
        "within-class distances relative to real images, Frechet distance to the test part, distance to the nearest "
        "training image relative to that to the nearest test image"
    )
    return Table(title, header, rows)


def _range(runs: Sequence[GeneratorRun], figure: str) -> str:
    values = [value for run in runs if math.isfinite(value := getattr(run, figure))]
    if not values:
        return "-"
    scale, places = (100, 1) if figure in ("accuracy", "worst_class") else (1, 2)
    shown = (scale * value for value in (sum(values) / len(values), min(values), max(values)))
    return "{:.{p}f} [{:.{p}f}, {:.{p}f}]".format(*shown, p=places)


def lost_classifiers(results: Results) -> int:
    """Return how many classifiers have a figure that is not finite, so that their pair is left out."""
    return sum(not math.isfinite(row.test_error + row.test_nll + row.train_error) for row in results.rows)
