"""Seconds of some functions that do the same, taken in turn so that what else the machine does falls on all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping


def in_turn(functions: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return by name the seconds of one core of the fastest of some rounds; what other processes do is not counted."""
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(rounds):
        for name, function in functions.items():
            started = time.process_time()
            function()
            best[name] = min(best[name], time.process_time() - started)
    return best
