"""The compiled explicit bound on grids, dense and with sparse axes, against NumPy: time and memory.

python benchmarks/grids.py ours|plain    # prints the bytes that an evaluation needs beyond inputs and output
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import _one_core  # noqa: F401 - before NumPy
import numpy as np
import sympy as sp
from timing import in_turn

from numerics.compile import compile_expression
from theory.functions import n_ceil_log2
from theory.stability import explicit_form
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, M, T, beta, delta, m_G, m_S

SYMBOLS = (M, beta, D_TV, T, delta, m_S, AUGMENTED)
POINTS = 10**7
SIDE = 200
"""Points along each of the axes that vary."""
MAX_RSS_UNIT = 1 if sys.platform == "darwin" else 1024


def plain_bound(cse: bool = False) -> Callable[..., Any]:
    """Return the bound as SymPy's lambdify writes it in NumPy, a function of `SYMBOLS` for m_G >= 1."""
    bound = explicit_form().subs({m_G: AUGMENTED})  # no Piecewise is left
    return sp.lambdify(
        SYMBOLS, bound.total.replace(n_ceil_log2, lambda n: n * sp.ceiling(sp.log(n, 2))), "numpy", cse=cse
    )


def our_bound() -> Callable[..., Any]:
    """Return the compiled bound, a function of the same."""
    ours = compile_expression(explicit_form().total)
    names = [symbol.name for symbol in SYMBOLS]
    return lambda *values: ours(**dict(zip(names, values, strict=True)))


def random_points(size: int) -> list[np.ndarray]:
    """Return a value of every symbol at each point; nothing else of that size is made on the way."""
    rng = np.random.default_rng(0)
    columns = [rng.random(size) for _ in SYMBOLS]
    for column in columns[:5]:
        np.clip(column, 0.01, 0.99, out=column)
    for column in columns[5:]:
        column *= 10**6
        np.ceil(column, out=column)
        np.maximum(column, 1, out=column)
    return columns


def _agree(one: np.ndarray, other: np.ndarray) -> None:
    if not np.allclose(one, other, rtol=1e-13, atol=0):
        raise AssertionError("the two evaluations must agree to 13 digits")


def dense_grid(rounds: int) -> dict[str, float]:
    """10^7 points at which every symbol varies: plain lambdify, lambdify with common subexpressions, ours."""
    columns = random_points(POINTS)
    plain, shared, ours = plain_bound(), plain_bound(cse=True), our_bound()
    _agree(ours(*columns), plain(*columns))
    functions = {"lambdify": plain, "lambdify_cse": shared, "ours": ours}
    seconds = in_turn({name: lambda f=f: f(*columns) for name, f in functions.items()}, rounds)
    return {
        **{f"{name}_s": found for name, found in seconds.items()},
        "ratio": seconds["lambdify"] / seconds["ours"],
        "ours_of_lambdify": seconds["ours"] / seconds["lambdify"],
        "ours_of_lambdify_cse": seconds["ours"] / seconds["lambdify_cse"],
    }


def broadcast(rounds: int) -> dict[str, float]:
    """Six axes of which three vary, 200 points each: axes of length 1 against the grid written out."""
    ends = {M: (1, 1), m_S: (1, 10**6), beta: (0.01, 0.01), AUGMENTED: (1, 10**6), D_TV: (0.1, 0.1), delta: (0.01, 0.5)}
    axes = {}
    for axis, (symbol, (low, high)) in enumerate(ends.items()):
        values = np.linspace(low, high, SIDE if low < high else 1)
        values = np.round(values) if symbol.is_integer else values
        axes[symbol] = values.reshape([-1 if k == axis else 1 for k in range(len(ends))])
    axes[T] = np.array(0.5)
    sparse = [axes[symbol] for symbol in SYMBOLS]
    dense = [np.array(column) for column in np.broadcast_arrays(*sparse)]
    plain, ours = plain_bound(), our_bound()
    if not np.array_equal(ours(*sparse), ours(*dense)):
        raise AssertionError("a sparse axis must change no bit")
    functions = {
        "lambdify_dense": lambda: plain(*dense),
        "ours_dense": lambda: ours(*dense),
        "lambdify_sparse": lambda: plain(*sparse),
        "ours_sparse": lambda: ours(*sparse),
    }
    seconds = in_turn(functions, rounds)
    return {
        **{f"{name}_s": found for name, found in seconds.items()},
        "ratio": seconds["ours_dense"] / seconds["ours_sparse"],
        "sparse_of_dense": seconds["ours_sparse"] / seconds["ours_dense"],
        "sparse_of_lambdify_dense": seconds["ours_sparse"] / seconds["lambdify_dense"],
    }


def memory() -> dict[str, float]:
    """GiB that the evaluation at 10^7 points needs beyond inputs and output, at its peak, by either.

    To be called before this process is large: the record of a process starts with what the one that starts it has used.
    """
    found = {}
    for which in ("plain", "ours"):
        command = [sys.executable, __file__, which]
        run = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this file
        found[which] = json.loads(run.stdout) / 2**30
    return {
        "inputs_gib": POINTS * 8 * len(SYMBOLS) / 2**30,
        "output_gib": POINTS * 8 / 2**30,
        "lambdify_gib": found["plain"],
        "ours_gib": found["ours"],
        "ratio": found["plain"] / found["ours"],
    }


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * MAX_RSS_UNIT


def main() -> None:
    """Print the bytes by which an evaluation raises the peak of this process, less those of its result."""
    function = {"ours": our_bound, "plain": plain_bound}[sys.argv[1]]()
    function(*random_points(10**5))
    columns = random_points(POINTS)
    before = _peak()
    held = sum(column.nbytes for column in columns)
    if before > held + 2**28:
        raise RuntimeError(f"the peak must come from the inputs to be raised by what follows. Found {before} bytes.")
    result = function(*columns)
    print(_peak() - before - result.nbytes)


if __name__ == "__main__":
    main()
