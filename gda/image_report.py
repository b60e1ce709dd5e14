"""What `gda deep report` prints of an experiment: for a reader, or as plain data."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from deep.analysis import compare
from deep.image_claims import WORDS, answers
from deep.tasks import SPEC, Collected
from gda.evidence import Table
from gda.image_tables import comparison_table, failures, lost_classifiers, quality_table
from gda.images import about, command_of, level_of
from numerics.store import Store

VERSIONS = ("python", "torch", "numpy")
"""What the provenance names."""


def plain(found: Collected) -> str:
    """Write comparisons and answers for a reader."""
    results = found.results
    missing = results.missing()
    other = "" if results.spec.data == "cifar10" else "; CIFAR-10 itself was not run"
    lines = [about(results) + other, f"reductions by generated images; level {level_of(results)}", ""]
    lines += aligned(comparison_table("", compare(results)))
    quality = quality_table(results, results.spec.generators)
    lines += ["", f"{quality.title}:", "", *aligned(quality), ""]
    lines += (f"failed the gate: {line}" for line in failures(results, results.spec.generators))
    if lost := lost_classifiers(results):
        lines.append(f"{lost} of {len(results.rows)} classifiers failed in training; their pairs are left out")
    lines += [f"{a.claim}: {a.asks} {WORDS[a.holds]} ({a.computed})" for a in answers(results)]
    if missing:
        lines.append(f"not complete: {missing} results are missing")
    if found.other:
        lines.append(f"{found.other} tasks were computed by other code of this project")
    return "\n".join(lines)


def aligned(table: Table) -> list[str]:
    """Write a table in columns, a line for each row."""
    widths = [max(map(len, column)) for column in zip(table.header, *table.rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (table.header, *table.rows)
    ]


def record(found: Collected) -> dict[str, Any]:
    """Return comparisons and answers as plain data; an interval without ends has none."""
    results = found.results
    return {
        "spec": json.loads(results.spec.to_json()),
        "missing": results.missing(),
        "other code": found.other,
        "comparisons": [_finite(asdict(one) | {"gamma": one.gamma}) for one in compare(results)],
        "generators": [_finite(asdict(run)) for run in results.runs],
        "answers": [
            {"claim": a.claim, "asks": a.asks, "holds": a.holds, "computed": a.computed} for a in answers(results)
        ],
    }


def provenance(found: Collected, store: Store) -> dict[str, Any]:
    """Return what is known of how the results came about: command, code, versions; nothing of the machines.

    Args:
        found: the results.
        store: where they are from; of tasks that were imported it knows the code alone, and says how many they are.
    """
    runs = store.runs()
    imported = sum(count for number, count in found.runs.items() if runs.get(number, {}).get("what") == "import")
    telling = [about for number, about in runs.items() if number in found.runs and about.get("what") != "import"]
    telling += [about for about in runs.values() if SPEC in about] if telling else []
    flat = [about | about.get("versions", {}) for about in telling]
    versions = {name: sorted({str(about[name]) for about in flat if name in about}) for name in VERSIONS}
    return {"command": command_of(found.results.spec), "code": dict(found.codes), "imported": imported, **versions}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    return None if isinstance(value, float) and not abs(value) < float("inf") else value
