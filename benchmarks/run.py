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

import numpy as np
import sympy as sp
from parse import slowest_reading, slowest_refusal

from numerics.compile import compile_expression
from numerics.mixture import simulate
from theory.functions import n_ceil_log2
from theory.stability import explicit_form
from theory.stability_proof import AUGMENTED, general_bound
from theory.symbols import D_TV, M, T, beta, delta, m_G, m_S

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
    ours = best(lambda: simulate(10, 10, [5], repeats=repeats))
    return {"loop_s": loop, "ours_s": ours, "ratio": loop / ours}


def compiled_bound() -> dict[str, float]:
    """The compiled explicit bound on 10^6 points against SymPy's plain lambdify of the same expression."""
    bound = explicit_form().subs({m_G: AUGMENTED})
    smooth = bound.total.replace(n_ceil_log2, lambda n: n * sp.ceiling(sp.log(n, 2)))
    symbols = (M, beta, D_TV, T, delta, m_S, AUGMENTED)
    plain = sp.lambdify(symbols, smooth, "numpy")
    rng = np.random.default_rng(0)
    sizes = [rng.integers(1, 10**6, 10**6).astype(float) for _ in range(2)]
    units = [rng.uniform(0.01, 0.99, 10**6) for _ in range(5)]
    ours = compile_expression(explicit_form().total)
    named = dict(zip((s.name for s in symbols), (*units, *sizes), strict=True))
    baseline = best(lambda: plain(*units, *sizes))
    compiled = best(lambda: ours(**named))
    return {"lambdify_s": baseline, "ours_s": compiled, "ratio": baseline / compiled}


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


def main() -> None:
    """Measure everything and write it down."""
    results = {
        "monte_carlo": monte_carlo(),
        "compiled_bound": compiled_bound(),
        "start_up": start_up(),
        "derivation": derivation(),
        "refusals": refusals(),
    }
    facts = {"machine": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}
    OUT.mkdir(exist_ok=True)
    (OUT / "bench.json").write_text(json.dumps({**results, "facts": facts}, indent=2) + "\n")
    for name, values in results.items():
        print(f"{name:<16}", "  ".join(f"{key} {value:.4g}" for key, value in values.items()))


if __name__ == "__main__":
    main()
