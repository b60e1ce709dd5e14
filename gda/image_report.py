"""What `gda deep report` prints of an experiment: for a reader, or as plain data."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from deep.analysis import compare
from deep.image_claims import answers
from deep.tasks import Collected
from gda.images import about, comparison_table, failures, level_of


def plain(found: Collected) -> str:
    """Write comparisons and answers for a reader."""
    results = found.results
    missing = results.missing()
    table = comparison_table("", compare(results))
    widths = [max(map(len, column)) for column in zip(table.header, *table.rows, strict=True)]
    lines = [about(results), f"reductions by generated images; level {level_of(results)}", ""]
    for row in (table.header, *table.rows):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    lines += ["", *(f"failed the gate: {line}" for line in failures(results))]
    words = {True: "yes", False: "no", None: "undecided"}
    lines += [f"{a.claim}: {a.asks} {words[a.holds]} ({a.computed})" for a in answers(results)]
    if missing:
        lines.append(f"not complete: {missing} results are missing")
    if found.other:
        lines.append(f"{found.other} tasks were computed by other code of this project")
    return "\n".join(lines)


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


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(part) for name, part in value.items()}
    return None if isinstance(value, float) and not abs(value) < float("inf") else value
