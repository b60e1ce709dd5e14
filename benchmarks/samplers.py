"""What a repeat of the published grids costs by either sampler, and how the faster one scales over processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from numerics.mixture import simulate

GAMMAS = (0, 1, 2, 5, 10, 20, 50)
GROUPS = (*((m_S, 1) for m_S in (20, 50, 100, 200, 500)), *((10, d) for d in (2, 10, 20, 50, 100)))
"""(m_S, d) of panels a and d; with `GAMMAS` they make 70 cells."""
POINTS = 10_000
"""Test points of the published protocol, which the literal sampler draws."""
LITERAL_REPEATS, SUFFICIENT_REPEATS = 10, 5000


def _seconds(run: Callable[[], object], rounds: int) -> float:
    # Of a core rather than of the clock: what else the machine does is not counted.
    times = []
    for _ in range(rounds):
        started = time.process_time()
        run()
        times.append(time.process_time() - started)
    return min(times)


def _repeat(rounds: int, repeats: int, **protocol: str | int) -> float:
    # Seconds of one core for a repeat of all 70 cells.
    found = 0.0
    for m_S, d in GROUPS:
        simulate(m_S, d, GAMMAS, repeats=2, **protocol)  # compiles
        run = lambda m_S=m_S, d=d: simulate(m_S, d, GAMMAS, repeats=repeats, **protocol)  # noqa: E731
        found += _seconds(run, rounds) / repeats
    return found


def cell_costs(rounds: int) -> dict[str, float]:
    """Milliseconds of one core for a repeat of all 70 cells: literal, with 10 000 test points, and sufficient."""
    literal = _repeat(rounds, LITERAL_REPEATS, sampler="literal", risk=POINTS)
    ours, points = (_repeat(rounds, SUFFICIENT_REPEATS, sampler="sufficient", risk=risk) for risk in ("exact", POINTS))
    per_class = _repeat(rounds, SUFFICIENT_REPEATS, sampler="sufficient", variance="per-class")
    return {
        "literal_ms": 1000 * literal,
        "sufficient_ms": 1000 * ours,
        "sufficient_points_ms": 1000 * points,
        "sufficient_per_class_ms": 1000 * per_class,
        "ratio": literal / ours,
        "ratio_points": literal / points,
    }


def _grid(seed: int) -> None:
    for m_S, d in GROUPS:
        simulate(m_S, d, GAMMAS, repeats=SUFFICIENT_REPEATS, seed=seed)


def scaling(processes: int, rounds: int) -> dict[str, float]:
    """Seconds of the clock for the grids at several seeds, by one process and by some, and the ratio."""
    times = {}
    for workers in (1, processes):
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            list(pool.map(_grid, range(4 * workers)))  # starts them all
            best = float("inf")
            for _ in range(rounds):
                started = time.perf_counter()
                list(pool.map(_grid, range(4 * processes)))
                best = min(best, time.perf_counter() - started)
            times[workers] = best
    return {"one_process_s": times[1], "processes_s": times[processes], "scaling": times[1] / times[processes]}
