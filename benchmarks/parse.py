"""Time of the slowest refusals of hostile expressions, and of a few readings, with cold caches. Prints a table.

python benchmarks/parse.py
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from sympy.core.cache import clear_cache

from theory.parse import ParseError, parse_assumptions
from theory.parse_size import reach, shape

TESTS = Path(__file__).parents[1] / "tests" / "theory" / "test_parse.py"
ROUNDS = 3
LIMIT_MS = 50


def load(path: Path) -> ModuleType:
    """Import a module from its file: the tests are no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot be imported. Found {path}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def milliseconds(function: Callable[[], object]) -> float:
    """Time a call as if it were the first, the fastest of a few."""
    times = []
    for _ in range(ROUNDS):
        clear_cache()
        reach.cache_clear()
        shape.cache_clear()
        started = time.perf_counter()
        with contextlib.suppress(ParseError):
            function()
        times.append(time.perf_counter() - started)
    return 1000 * min(times)


def row(label: str, timed: list[tuple[float, str]]) -> bool:
    """Print the slowest of some texts; tell whether it is within the limit."""
    slowest, text = max(timed)
    shown = text if len(text) <= 50 else f"{text[:50]}..."
    print(f"{label:36s} {len(timed):4d} {slowest:8.2f} ms  {shown!a}")
    return slowest < LIMIT_MS


def refusal_times(tests: ModuleType) -> dict[str, list[tuple[float, str]]]:
    """Time every hostile text at every entrance, by family."""
    return {
        family: [(milliseconds(lambda x=x, f=f: f(x)), x) for x in texts for f in tests.ENTRANCES.values()]
        for family, texts in tests.HOSTILE.items()
    }


def slowest_refusal() -> float:
    """Milliseconds of the slowest refusal."""
    return max(time for timed in refusal_times(load(TESTS)).values() for time, _ in timed)


def slowest_reading() -> float:
    """Milliseconds of the slowest reading of an expression."""
    tests = load(TESTS)
    return max(milliseconds(lambda x=x: tests.read(x)) for x in tests.READ)


def main() -> int:
    """Print the slowest text of every family; return 1 if one takes longer than the limit."""
    tests = load(TESTS)
    within = [row(family, timed) for family, timed in refusal_times(tests).items()]
    print()
    within.append(row("expressions", [(milliseconds(lambda x=x: tests.read(x)), x) for x in tests.READ]))
    conditions = [(milliseconds(lambda x=x: tests.ENTRANCES["condition"](x)), x) for x in tests.CONDITIONS]
    within.append(row("conditions", conditions))
    assumptions = ["s > 0", "0 < t < 1/2", "d in N", "b > s/(2*s + d)"]
    within.append(row("assumptions", [(milliseconds(lambda: parse_assumptions(assumptions)), "; ".join(assumptions))]))
    return int(not all(within))


if __name__ == "__main__":
    sys.exit(main())
