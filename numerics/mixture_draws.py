"""The independent numbers behind S, S_G and the test points, named in `theory.mixture_statistics`; in units of sigma.

Each kind has a stream of its own and is drawn for some consecutive repeats at a time, into arrays that are used again
for the next repeats.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy as sp

from numerics.compile import Compiled, compile_expression
from numerics.mixture_samples import Array, Counts, Stream, generated_counts, generator
from numerics.mixture_settings import Settings
from theory.gaussian_mixture import class_denominator, pooled_denominator
from theory.mixture_statistics import c_1, c_2, q, r, t_1, v, x_1, x_2

Numbers = dict[sp.Symbol, Array]
"""Numbers by name: normals of shape (repeats, d), valid until the next draw; scatters summed, of shape (repeats,)."""


@cache
def _compiled(expression: sp.Expr) -> Compiled:
    return compile_expression(expression)


class RealDraws:
    """The numbers of S, and the generator's variances.

    Attributes:
        variance: Of the generator, shape (repeats, 1, d) if the classes share it, else (repeats, 2, d).
        deviation: Its root.
    """

    variance: Array
    deviation: Array

    def __init__(self, settings: Settings, counts: Counts, most: int, *, fitted: bool) -> None:
        """Open the streams.

        Args:
            settings: What to simulate.
            counts: Class counts of S in every repeat, shape (repeats, 2).
            most: Repeats drawn at a time at most.
            fitted: Whether a generator is fitted.
        """
        self._m_S, self._counts, self._fitted = settings.m_S, counts, fitted
        self._means, self._scatter = (generator(settings, s) for s in (Stream.S_MEANS, Stream.S_SCATTER))
        self._split = generator(settings, Stream.S_SPLIT) if settings.variance == "per-class" else None
        self._normals = np.empty((most, 2, settings.d))
        self._squares = np.empty((most, 1, settings.d))
        denominator = pooled_denominator if self._split is None else class_denominator
        self._denominator = _compiled(denominator)

    def draw(self, rows: slice) -> Numbers:
        """Draw the repeats that follow those drawn before."""
        size = rows.stop - rows.start
        means = self._means.standard_normal(out=self._normals[:size])
        if self._m_S == 1:
            means[:, 1] = 0  # there is one class
        squares = chi_square(self._scatter, self._m_S - 2, self._squares[:size])
        if self._fitted:
            self.variance = self._generator_variance(squares, self._counts[rows])
            self.deviation = np.sqrt(self.variance)
        return {c_1: means[:, 0], c_2: means[:, 1], q: np.einsum("rck->r", squares)}

    def _generator_variance(self, squares: Array, counts: Counts) -> Array:
        if self._split is None:
            return squares / self._denominator(m_S=self._m_S)
        # Of two chi-squares the shares in their sum are Beta, and independent of it.
        degrees = self._denominator(n=counts)[..., None]
        share = self._split.beta(degrees[:, :1] / 2, degrees[:, 1:] / 2, size=squares.shape)
        return np.concatenate([squares * share, squares * (1 - share)], axis=1) / degrees


class Room:
    """Space to draw in, shared to stay in the cache.

    Attributes:
        normals: Of shape (most, 2, d).
        squares: Of shape (most, 1, d), or (most, 2, d) where each class has a variance.
    """

    def __init__(self, settings: Settings, most: int) -> None:
        """Make room for `most` repeats."""
        self.normals = np.empty((most, 2, settings.d))
        self.squares = np.empty((most, 1 if settings.variance == "pooled" else 2, settings.d))


class FreshDraws:
    """The numbers of S_G for one m_G >= 1."""

    def __init__(self, settings: Settings, m_G: int, room: Room) -> None:
        """Open the streams.

        Args:
            settings: What to simulate.
            m_G: Size of S_G.
            room: Where to draw; the sizes that are drawn in turn may share it.
        """
        self._m_G, self._shared = m_G, settings.variance == "pooled"
        self.counts = generated_counts(settings, m_G)
        self._means, self._scatter = (generator(settings, s, m_G) for s in (Stream.S_G_MEANS, Stream.S_G_SCATTER))
        self._room = room

    def draw(self, rows: slice, real: RealDraws) -> Numbers:
        """Draw the repeats that follow those drawn before, given the variances of the generator in them."""
        size, counts = rows.stop - rows.start, self.counts[rows]
        means = self._means.standard_normal(out=self._room.normals[:size])
        degrees: int | Counts
        if self._shared:
            absent, degrees = np.array([[False, self._m_G == 1]]), self._m_G - 2
        else:
            absent, degrees = counts == 0, counts[..., None] - 1
        if absent.any():
            means *= ~absent[..., None]
        means *= real.deviation
        squares = chi_square(self._scatter, degrees, self._room.squares[:size])
        total = np.einsum("rck,rck->r", squares, real.variance)
        return {x_1: means[:, 0], x_2: means[:, 1], r: total}


class PointDraws:
    """The numbers of the test points, which the cells share."""

    def __init__(self, settings: Settings, most: int) -> None:
        """Open the streams; `most` as in `RealDraws`."""
        self._d, self._points = settings.d, int(settings.risk)
        self._means, self._scatter = (generator(settings, s) for s in (Stream.TEST_MEANS, Stream.TEST_SCATTER))
        self._normals = np.empty((most, settings.d))

    def draw(self, rows: slice) -> Numbers:
        """Draw the repeats that follow those drawn before."""
        size = rows.stop - rows.start
        means = self._means.standard_normal(out=self._normals[:size])
        # The coordinates' scatters have one scale, so only their total is needed.
        total = chi_square(self._scatter, float(self._d * (self._points - 1)), np.empty(size))
        return {t_1: means, v: total}


def chi_square(rng: np.random.Generator, degrees: float | Counts, out: Array) -> Array:
    """Fill an array with chi-square numbers.

    Args:
        rng: The stream.
        degrees: Degrees of freedom, of a shape that broadcasts to that of `out`; 0 and less give 0.
        out: What to fill.
    """
    shape = np.atleast_1d(np.maximum(degrees, 0) / 2)
    if (shape == shape.flat[0]).all():  # the same numbers, faster
        rng.standard_gamma(shape.flat[0], out=out)
    else:
        rng.standard_gamma(np.broadcast_to(shape, out.shape), out=out)
    out *= 2
    return out
