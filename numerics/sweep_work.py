"""What a worker does: compute some cells of one quantity. Imports nothing but what they need."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from numerics.sweep_code import code_of
from numerics.sweep_quantities import resolve
from numerics.sweep_spec import fields_of


@dataclass(frozen=True)
class Result:
    """What became of a cell.

    Args:
        content: the cell.
        value: what was computed; None if it failed.
        error: why it failed, in words.
        seconds: how long it took.
        finished: when, in UTC.
    """

    content: str
    value: Mapping[str, Any] | None
    error: str
    seconds: float
    finished: str


@dataclass(frozen=True)
class Batch:
    """What became of some cells, with the code and the host that computed them."""

    code: str
    host: str
    results: tuple[Result, ...]


def compute_batch(compute: str, contents: Sequence[str]) -> Batch:
    """Compute cells, one after another; a cell that fails does not keep the others from being computed.

    Args:
        compute: "module:function" of the quantity.
        contents: canonical JSON of each cell.
    """
    function = resolve(compute)
    results = []
    for content in contents:
        started = time.perf_counter()
        value, error = None, ""
        try:
            value = function(fields_of(content))
        except (ValueError, ArithmeticError) as problem:
            error = str(problem) or type(problem).__name__
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
        seconds = time.perf_counter() - started
        now = datetime.now(UTC).isoformat(timespec="seconds")
        results.append(Result(content, value, " ".join(error.split()), seconds, now))
    return Batch(code_of(compute), platform.node(), tuple(results))
