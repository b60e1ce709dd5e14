"""A search that climbs: a random instance is changed a little, again and again, and kept where it is tighter.

A violation that no random instance meets, as several numbers have to fit, may be found so. Each step is a case like any
other, decided with certainty.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from numerics import lemma_gaussians as gaussians
from numerics import lemma_laws as laws
from numerics import lemma_products as products
from numerics.balls import precision
from numerics.lemma_cases import BITS, Case
from numerics.lemma_families import SERVED_BY
from numerics.lemma_products import Integers, ProductSpace, random_space, random_table
from numerics.lemma_search import Finding, join, search
from theory.tested_lemmas import Statement

STARTS, STEPS = 3, 60
"""Random starts, and changes tried from each, unless other numbers are asked for."""
LONG: Mapping[str, tuple[int, int]] = {"X2": (10, 300)}
"""The same where several numbers have to fit before a violation is met."""


@dataclass(frozen=True)
class Slope:
    """Instances that can be changed a little.

    Args:
        start: makes one from a generator.
        change: makes a neighbour of one.
        cases: the cases of one; none where it is no instance.
    """

    start: Callable[[np.random.Generator], Any]
    change: Callable[[np.random.Generator, Any], Any]
    cases: Callable[[Any], Iterable[Case]]


def climb(statement: Statement, slope: Slope, rng: np.random.Generator, starts: int, steps: int) -> Finding | None:
    """Search from random starts for ever tighter cases.

    Returns:
        The finding over every case tried; None where no start was an instance.
    """
    found: Finding | None = None
    for start in range(starts):
        state = slope.start(rng)
        best = _of(statement, slope, state, f"start {start}")
        found = _together(found, best)
        for step in range(steps):
            other = slope.change(rng, state)
            tried = _of(statement, slope, other, f"start {start}, change {step}")
            found = _together(found, tried)
            if tried is not None and (best is None or tried.tightest.ratio >= best.tightest.ratio):
                state, best = other, tried
    return found


def _together(first: Finding | None, second: Finding | None) -> Finding | None:
    return join(first, second) if first is not None and second is not None else first or second


def _of(statement: Statement, slope: Slope, state: Any, where: str) -> Finding | None:
    with precision(BITS):
        cases = [replace(case, name=f"{case.name}; {where}") for case in slope.cases(state)]
    return search(statement, cases) if cases else None


Functions = tuple[ProductSpace, tuple[Integers, ...]]
"""A product space, and a function for each of its variables."""


def _functions(rng: np.random.Generator) -> Functions:
    space = random_space(rng, 1, 4)
    return space, tuple(random_table(rng, space) for _ in range(space.size))


def _change_functions(rng: np.random.Generator, state: Functions) -> Functions:
    space, tables = state
    if rng.random() < 0.2:
        axis = int(rng.integers(space.size))
        law = list(space.laws[axis])
        place = int(rng.integers(len(law)))
        law[place] = max(1, law[place] * 2 if rng.integers(2) else law[place] // 2)
        return ProductSpace((*space.laws[:axis], tuple(law), *space.laws[axis + 1 :])), tables
    axis = int(rng.integers(len(tables)))
    changed = tables[axis].copy()
    changed[tuple(int(rng.integers(k)) for k in space.shape)] += int(rng.integers(-3, 4))
    return space, (*tables[:axis], changed, *tables[axis + 1 :])


def _weak_sums(state: Functions) -> Iterable[Case]:
    return products.weak_sum_cases("climbed", *state, orders=(2, 4, 16))


def _difference(side: int, state: Functions) -> Iterable[Case]:
    return products.difference_cases("climbed", state[0], state[1][0], orders=(2, 4, 16))[side]


def _martingale(side: int, state: Functions) -> Iterable[Case]:
    return products.martingale_cases("climbed", state[0], state[1][0], orders=(2, 4, 16))[side]


def _independent(state: Functions) -> Iterable[Case]:
    space, tables = state
    rows = [np.moveaxis(table, axis, -1).reshape(-1, space.shape[axis])[0] for axis, table in enumerate(tables)]
    return products.independent_cases("climbed", space, [row.tolist() for row in rows], orders=(2, 4, 16))[1]


Weights = tuple[tuple[int, ...], tuple[int, ...]]
"""Integer weights of two laws."""


def _weights(rng: np.random.Generator) -> Weights:
    size = int(rng.integers(2, 5))
    first, second = (tuple(int(w) for w in rng.integers(1, 20, size)) for _ in range(2))
    return first, second


def _change_weights(rng: np.random.Generator, state: Weights) -> Weights:
    side = int(rng.integers(2))
    law = list(state[side])
    place = int(rng.integers(len(law)))
    law[place] = max(1, [law[place] + 1, law[place] - 1, law[place] * 3, law[place] // 3][int(rng.integers(4))])
    return (tuple(law), state[1]) if side == 0 else (state[0], tuple(law))


def _on_pair(make: Callable[[laws.Pair], Iterable[Case]], state: Weights) -> Iterable[Case]:
    p, q = (tuple(Fraction(w, sum(law)) for w in law) for law in state)
    return make(laws.Pair(p, q))


def _gaussians(rng: np.random.Generator) -> gaussians.Gaussians:
    size = int(rng.integers(1, 3))
    variances = tuple(Fraction(int(v), 16) for v in rng.integers(1, 48, size))
    shifts = tuple(Fraction(int(v), 64) for v in rng.integers(-16, 17, size))
    return gaussians.Gaussians(variances, shifts, size == 2 and bool(rng.integers(2)))


def _near_gaussians(rng: np.random.Generator) -> gaussians.Gaussians:
    size = int(rng.integers(1, 3))
    variances, shifts = ([Fraction(int(v), 64) for v in rng.integers(-16, 17, size)] for _ in range(2))
    return gaussians.Gaussians(tuple(1 + s for s in variances), tuple(shifts))


def _change_gaussians(rng: np.random.Generator, pair: gaussians.Gaussians) -> gaussians.Gaussians:
    place = int(rng.integers(len(pair.variances)))
    # A factor near 1 or far from it: few digits, so that the numbers stay short.
    factor = [Fraction(15, 16), Fraction(17, 16), Fraction(1, 2), Fraction(2)][int(rng.integers(4))]
    variances, shifts = list(pair.variances), list(pair.shifts)
    if rng.integers(2):
        variances[place] = max(Fraction(round(variances[place] * factor * 256), 256), Fraction(1, 256))
    else:
        shifts[place] = Fraction(round(shifts[place] * factor * 4096), 4096)
    return gaussians.Gaussians(tuple(variances), tuple(shifts), pair.turned)


def _any_means(key: str, pair: gaussians.Gaussians) -> Iterable[Case]:
    case = gaussians.gaussian_case(pair)
    if key == "L16" and case.letters["Delta"] > Fraction(1, 2):
        return []
    return [case]


def _one_mean(key: str, pair: gaussians.Gaussians) -> Iterable[Case]:
    case = gaussians.gaussian_case(gaussians.Gaussians(pair.variances, (Fraction(0),) * len(pair.shifts), pair.turned))
    return [case if key == "L17" else gaussians.from_below(case)]


def _slopes() -> Mapping[str, Slope]:
    found: dict[str, Callable[[Functions], Iterable[Case]]] = {
        "L1": _weak_sums,
        "L3": partial(_difference, 0),
        "L5": partial(_difference, 1),
        "L11": partial(_martingale, 0),
        "L6": partial(_martingale, 1),
        "L14": _independent,
    }
    on_pairs: dict[str, Callable[[laws.Pair], Iterable[Case]]] = {
        "L7": partial(laws.divergence_cases, "climbed"),
        "L8": lambda pair: laws.sample_cases("climbed", pair, 2),
        "L12": partial(laws.coupling_cases, "climbed"),
        "L15": partial(laws.divergence_cases, "climbed"),
    }
    normal: dict[str, Callable[[gaussians.Gaussians], Iterable[Case]]] = {}
    normal |= {key: partial(_any_means, key) for key in ("L9", "L16", "X2", "X3")}
    normal |= {key: partial(_one_mean, key) for key in ("L17", "L17-lower")}
    return {
        **{key: Slope(_functions, _change_functions, cases) for key, cases in found.items()},
        **{key: Slope(_weights, _change_weights, partial(_on_pair, make)) for key, make in on_pairs.items()},
        **{
            key: Slope(_near_gaussians if key == "L16" else _gaussians, _change_gaussians, cases)
            for key, cases in normal.items()
        },
    }


SLOPES: Mapping[str, Slope] = _slopes()
"""By key of a statement; those not here are not climbed."""


def slope_of(statement: Statement) -> Slope | None:
    """Find what a statement is climbed with; None where it is not."""
    return SLOPES.get(SERVED_BY.get(statement.key, statement.key))


def climbed(statement: Statement, seed: int, starts: int | None = None, steps: int | None = None) -> Finding | None:
    """Climb for a statement, with a stream of random numbers of its own; None where it is not climbed.

    Args:
        statement: what is tested.
        seed: of the starts and changes.
        starts, steps: how many of each; as many as usual where None.
    """
    usual = LONG.get(statement.key, (STARTS, STEPS))
    slope = slope_of(statement)
    if slope is None:
        return None
    rng = np.random.default_rng([seed, zlib.crc32(f"climb {statement.key}".encode())])
    return climb(statement, slope, rng, usual[0] if starts is None else starts, usual[1] if steps is None else steps)
