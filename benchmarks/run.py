"""Speed, as ratios to a baseline measured in the same run. Writes out/bench.json with the machine's facts."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import _one_core  # before NumPy
import numpy as np
import sympy as sp
from balls import containment, evaluations
from certificates import certificates
from grids import broadcast, dense_grid, memory
from images import images
from laws import law
from parse import slowest_reading, slowest_refusal
from samplers import cell_costs, scaling

from numerics.mixture import simulate
from theory.stability_proof import general_bound

OUT = Path("out")
ROUNDS = 3


def best(function: Callable[[], object]) -> float:
    """Seconds of the fastest of a few runs."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return min(times)


def naive_monte_carlo(size: int, dim: int, gamma: int, repeats: int) -> float:
    """The literal simulation as one would first write it: a loop over repeats."""
    rng, sigma, mu = np.random.default_rng(0), 0.6, np.full(dim, dim**-0.5)
    gaps = []
    half = size // 2
    for _ in range(repeats):
        y = np.repeat([1.0, -1.0], [half, size - half])
        x = y[:, None] * mu + sigma * rng.standard_normal((size, dim))
        means = {s: x[y == s].mean(axis=0) for s in (1.0, -1.0)}
        residual = np.concatenate([x[y == s] - means[s] for s in (1.0, -1.0)])
        scale = np.sqrt((residual**2).sum(axis=0) / (size - 2))
        new = np.repeat([1.0, -1.0], [gamma * size // 2, gamma * size - gamma * size // 2])
        drawn = np.stack([means[s] for s in new]) + scale * rng.standard_normal((gamma * size, dim))
        signed = np.concatenate([y[:, None] * x, new[:, None] * drawn])
        theta = signed.mean(axis=0)
        train = ((signed - theta) ** 2).sum(axis=1).mean() / (2 * sigma**2)
        gaps.append(abs(dim / 2 + ((theta - mu) ** 2).sum() / (2 * sigma**2) - train))
    return float(np.mean(gaps))


def monte_carlo() -> dict[str, float]:
    """Vectorised literal sampler against the loop, m_S = 10, d = 10, gamma = 5."""
    repeats = 2000
    loop = best(lambda: naive_monte_carlo(10, 10, 5, repeats))
    ours = best(lambda: simulate(10, 10, [5], repeats=repeats, sampler="literal"))
    return {"loop_s": loop, "ours_s": ours, "ratio": loop / ours}


def samplers() -> dict[str, float]:
    """Sufficient statistics against the literal sampler on the published grids, and two processes against one."""
    return {**cell_costs(ROUNDS), **scaling(2, ROUNDS)}


def start_up() -> dict[str, float]:
    """Commands with their start-up, against the bare interpreter."""
    gda = str(Path(sys.executable).with_name("gda"))
    commands = {
        "help": [gda, "--help"],
        "bound": [gda, "bound", "--setting", "bgmm", "--m-s", "10", "--m-g", "10", "--d", "50"],
        "order": [gda, "order", "--beta", "m**-b", "--tv", "m**-t", "--assume", "b>0", "--assume", "t>0"],
        "order_named": [gda, "order", "--learner", "sgd-nonconvex", "--generator", "gan"],
        "optimal": [gda, "optimal", "--setting", "bgmm", "--m-s", "1000000000", "--d", "1"],
        "table": [gda, "table"],
    }
    bare = best(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
    found = {"bare_python_s": bare}
    for name, command in commands.items():
        run = lambda command=command: subprocess.run(command, check=True, capture_output=True)  # noqa: E731, S603
        found[f"{name}_s"] = best(run)
        found[f"{name}_ratio"] = found[f"{name}_s"] / bare
    return found


def refusals() -> dict[str, float]:
    """The slowest refusal of a hostile expression, against the slowest reading of a harmless one; caches cold."""
    hostile, harmless = slowest_refusal(), slowest_reading()
    return {"reading_s": harmless / 1000, "refusal_s": hostile / 1000, "ratio": hostile / harmless}


def derivation() -> dict[str, float]:
    """The derivation of the general bound, all steps checked."""
    return {"ours_s": best(lambda: general_bound().failures())}


def processor() -> str:
    """Name of the processor, where the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def main() -> None:
    """Measure everything and write it down."""
    results = {
        "memory": memory(),  # first: see there
        "monte_carlo": monte_carlo(),
        "samplers": samplers(),
        "dense_grid": dense_grid(ROUNDS),
        "broadcast": broadcast(ROUNDS),
        "law": law(ROUNDS),
        "start_up": start_up(),
        "derivation": derivation(),
        "refusals": refusals(),
        "balls": evaluations(ROUNDS),
        "certificates": certificates(),
        "containment": containment(),
        **images(ROUNDS),
    }
    facts = {
        "machine": platform.platform(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
        "numpy": np.__version__,
        "sympy": sp.__version__,
        "threads": _one_core.THREADS,
    }
    OUT.mkdir(exist_ok=True)
    (OUT / "bench.json").write_text(json.dumps({**results, "facts": facts}, indent=2) + "\n")
    for name, values in results.items():
        print(f"{name:<16}", "  ".join(f"{key} {value:.4g}" for key, value in values.items()))


if __name__ == "__main__":
    main()
