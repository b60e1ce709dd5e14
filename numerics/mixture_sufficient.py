"""The Monte Carlo of the Gaussian mixture through sufficient statistics: O(d) numbers a repeat, whatever m_S and m_G.

The law is that of the literal sampler, under the NLL loss. What is drawn in each coordinate, and the risks as functions
of totals over the coordinates, is derived in `theory.mixture_statistics`.

Streams, consumed repeat by repeat as those of the literal sampler: S's numbers depend on (m_S, d, labels, seed), S_G's
on these and m_G. The class counts are those of the literal sampler.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from numerics.compile import Compiled, compile_expression
from numerics.mixture_draws import FreshDraws, Numbers, PointDraws, RealDraws, Room
from numerics.mixture_samples import Array, Counts
from numerics.mixture_settings import Settings, integer
from theory.mixture_statistics import BY_CLASS, FRESH, ROTATED, TOTALS, Axes, rules

BLOCK = 2**13
"""Coordinates drawn at a time: those of some repeats, or of one. A few such arrays fit a core's cache.

No more than NumPy's iterators take in one go, so that the sum of a row does not depend on the rows beside it.
"""
EVALUATED = 2**17
"""Cells of a repeat whose risks are evaluated at a time; bounds the memory, and no bit depends on it."""


def run(settings: Settings, counts: Counts, chunk: int | None) -> tuple[Array, Array]:
    """Run every repeat of every cell.

    Args:
        settings: What to simulate, under the NLL loss.
        counts: Class counts of S, shape (repeats, 2).
        chunk: Repeats drawn at a time, if fewer than is best for speed; results do not depend on it.

    Returns:
        Test risks and train risks, each of shape (gammas, repeats).

    Raises:
        ValueError: `chunk` is no positive integer.
    """
    asked = settings.repeats if chunk is None else integer("chunk", chunk, 1)
    step = min(asked, settings.repeats, max(1, BLOCK // settings.d))
    sizes = [settings.generated(gamma) for gamma in settings.gammas]
    # Cells in which nothing is generated have formulas of their own, in which S may be of any size.
    plain, augmented = ([i for i, m_G in enumerate(sizes) if (m_G > 0) == kind] for kind in (False, True))
    axes = ROTATED if settings.variance == "pooled" else BY_CLASS
    groups = [(_Law.of(kind, settings.risk == "exact"), cells) for kind, cells in ((None, plain), (axes, augmented))]
    real = RealDraws(settings, counts, step, fitted=bool(augmented))
    points = None if settings.risk == "exact" else PointDraws(settings, step)
    room = Room(settings, step)
    fresh = [FreshDraws(settings, sizes[i], room) for i in augmented]
    wanted = {total for law, cells in groups if cells for total in law.totals}
    test, train = np.empty((2, len(sizes), settings.repeats))
    evaluated = max(1, EVALUATED // len(sizes) // step) * step
    for start in range(0, settings.repeats, evaluated):
        part = slice(start, min(start + evaluated, settings.repeats))
        shared = _Totals((total for total in wanted if FRESH.isdisjoint(TOTALS[total])), 1, part)
        own = _Totals(wanted - shared.arrays.keys(), len(fresh), part)
        for first in range(part.start, part.stop, step):
            rows = slice(first, min(first + step, part.stop))
            numbers = real.draw(rows)
            if points is not None:
                numbers |= points.draw(rows)
            shared.add(0, rows, numbers)
            for i, cell in enumerate(fresh):
                own.add(i, rows, numbers | cell.draw(rows, real))
        known: dict[str, Any] = {"d": settings.d, "m_S": settings.m_S, "n": settings.risk}
        known |= shared.named() | own.named()
        if augmented:
            known["m_G"] = np.array([[sizes[i]] for i in augmented])
            known |= _classes("n", counts[None, part])
            known |= _classes("g", np.stack([cell.counts[part] for cell in fresh]))
        for law, cells in groups:
            if cells:
                test[cells, part], train[cells, part] = law.risks(known)
    return test, train


@dataclass(frozen=True)
class _Law:
    # The two risks of a cell, compiled.
    test: Compiled
    train: Compiled

    @staticmethod
    @cache
    def of(axes: Axes | None, exact: bool) -> _Law:
        found = rules(axes)
        return _Law(compile_expression(found.test if exact else found.points), compile_expression(found.train))

    @property
    def totals(self) -> set[sp.Symbol]:
        return {*self.test.arguments, *self.train.arguments} & TOTALS.keys()

    def risks(self, known: Mapping[str, Any]) -> tuple[Any, Any]:
        # Of shape (cells or 1, repeats).
        test, train = (f(**{s.name: known[s.name] for s in f.arguments}) for f in (self.test, self.train))
        return test, train


class _Totals:
    # Totals over the coordinates, each of shape (cells, repeats); filled block by block.
    def __init__(self, wanted: Iterable[sp.Symbol], cells: int, part: slice) -> None:
        self._start = part.start
        self.arrays = {total: np.empty((cells, part.stop - part.start)) for total in wanted}

    def add(self, cell: int, rows: slice, numbers: Numbers) -> None:
        here = slice(rows.start - self._start, rows.stop - self._start)
        for total, array in self.arrays.items():
            factors = [numbers[name] for name in TOTALS[total]]
            if len(factors) == 2:
                np.einsum("rk,rk->r", *factors, out=array[cell, here])
            else:  # drawn as a total
                array[cell, here] = factors[0]

    def named(self) -> dict[str, Array]:
        return {total.name: array for total, array in self.arrays.items()}


def _classes(letter: str, counts: Counts) -> dict[str, Counts]:
    # Counts of shape (cells, repeats, 2); a single column where all repeats have the same.
    kept = counts[:, :1] if (counts == counts[:, :1]).all() else counts
    return {f"{letter}_plus": kept[..., 0], f"{letter}_minus": kept[..., 1]}
