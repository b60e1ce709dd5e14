"""Samples of the Gaussian mixture: their random streams, and their examples in slabs of bounded size.

An example (x, y) is kept as u = y x, through which alone it enters the learner and the loss (see
`theory.mixture_risk.loss_of_signed_example`). Within a sample class +1 comes first: the order is irrelevant.

Streams. Each kind of randomness has a stream of its own, PCG64 seeded by ``SeedSequence(seed, spawn_key=...)``
with the keys of `Stream`, and is consumed repeat by repeat. So the first R repeats do not depend on how many
follow, nor on how many are held at a time, nor on which other cells are simulated in the same call.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from numerics.mixture_settings import LABELS, Settings

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

SLAB = 2**17
"""Normals in a slab: 1 MiB, which fits a core's cache. Sums run over slabs of rows, so results depend on it."""
CHUNK = 2**20
"""Normals of a chunk of repeats, unless asked otherwise; more would no longer save time."""
HELD = 2**22
"""Normals of one sample held at a time: 32 MiB. Larger samples are drawn anew for every pass over them."""
_COUNT_BATCH = 1024
_SIGNS = (1, -1)


class Stream(IntEnum):
    """First element of a spawn key; m_S, d and the labels' kind follow, and m_G for what belongs to S_G."""

    S_LABELS = 1
    S_NOISE = 2
    S_G_LABELS = 3
    S_G_NOISE = 4
    TEST_NOISE = 5
    # of the sampler through sufficient statistics
    S_MEANS = 6
    S_SCATTER = 7
    S_SPLIT = 8
    S_G_MEANS = 9
    S_G_SCATTER = 10
    TEST_MEANS = 11
    TEST_SCATTER = 12


def generator(settings: Settings, stream: Stream, *key: int) -> np.random.Generator:
    """Open a stream from its beginning; `key` is (m_G,) for the streams of S_G and empty for the others."""
    spawn_key = (stream, settings.m_S, settings.d, LABELS.index(settings.labels), *key)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(settings.seed, spawn_key=spawn_key)))


def real_counts(settings: Settings) -> tuple[Counts, int]:
    """Draw the class counts of S for every repeat, and count the redraws.

    I.i.d. labels are conditioned on two examples in each class: a draw that fails is rejected and drawn again.

    Returns:
        An array of shape (repeats, 2), classes +1 and -1; and the number of rejected draws.
    """
    m_S, repeats = settings.m_S, settings.repeats
    if settings.labels == "balanced":
        return _with_complement(np.full(repeats, (m_S + 1) // 2), m_S), 0
    rng = generator(settings, Stream.S_LABELS)
    batches: list[Counts] = []
    accepted = 0
    while accepted < repeats:
        batches.append(rng.binomial(m_S, 0.5, size=_COUNT_BATCH))
        accepted += int(np.count_nonzero(_has_two_of_each(batches[-1], m_S)))
    drawn = np.concatenate(batches)
    kept = np.flatnonzero(_has_two_of_each(drawn, m_S))[:repeats]
    return _with_complement(drawn[kept], m_S), int(kept[-1]) + 1 - repeats


def _has_two_of_each(plus: Counts, total: int) -> NDArray[np.bool_]:
    return (plus >= 2) & (plus <= total - 2)


def generated_counts(settings: Settings, m_G: int) -> Counts:
    """Draw the class counts of S_G for every repeat; an array of shape (repeats, 2)."""
    if settings.labels == "balanced":
        return _with_complement(np.full(settings.repeats, (m_G + 1) // 2), m_G)
    rng = generator(settings, Stream.S_G_LABELS, m_G)
    return _with_complement(rng.binomial(m_G, 0.5, size=settings.repeats), m_G)


def _with_complement(plus: Counts, total: int) -> Counts:
    return np.stack([plus, total - plus], axis=1)


class Sample:
    """The signed examples of some consecutive repeats, to be passed over in slabs any number of times."""

    def __init__(
        self, rng: np.random.Generator, counts: Counts, mean: Array, spread: Array, limit: int | None = None
    ) -> None:
        """Draw a sample, or remember where its noise begins if it is too large to be held.

        Args:
            rng: The stream of the noise; left behind the sample's last number once the sample was passed over.
            counts: Class counts, shape (r, 2), the same total in every row; r = 1 if the sample exceeds the limit.
            mean: Mean of u in each class, shape (r, 2, d) or one that broadcasts to it.
            spread: Standard deviation of each coordinate in each class, of a shape like `mean`'s.
            limit: Normals to hold at most, `HELD` by default; a larger sample is drawn anew for each pass.
        """
        repeats, self.rows, d = len(counts), int(counts[0].sum()), mean.shape[-1]
        self.counts, self._rng = counts, rng
        self._mean, self._spread = (np.broadcast_to(a, (repeats, 2, d)) for a in (mean, spread))
        self._slab_rows = max(1, SLAB // d)
        self._held: Array | None = None
        if repeats * self.rows * d <= (HELD if limit is None else limit):
            self._held = rng.standard_normal((repeats, self.rows, d))
            for start in range(0, self.rows, self._slab_rows):
                self._place(self._held[:, start : start + self._slab_rows], start)
        elif repeats > 1:
            raise ValueError(f"a sample too large to be held has to be of one repeat. Found {repeats}.")
        else:
            self._state = rng.bit_generator.state

    def slabs(self) -> Iterator[tuple[int, Array]]:
        """Pass over the sample: the first row of each slab, and the slab, shape (r, rows, d); not to be written to."""
        if self._held is None:
            self._rng.bit_generator.state = self._state
        for start in range(0, self.rows, self._slab_rows):
            stop = min(start + self._slab_rows, self.rows)
            if self._held is not None:
                yield start, self._held[:, start:stop]
            else:
                slab = self._rng.standard_normal((1, stop - start, self._mean.shape[-1]))
                self._place(slab, start)
                yield start, slab

    def blocks(self, start: int, stop: int) -> Iterator[tuple[slice, slice, int]]:
        """Cut a slab into blocks of one class: repeats, rows counted from `start`, and 0 for +1 or 1 for -1."""
        alike = bool((self.counts[:, 0] == self.counts[0, 0]).all())
        groups = [slice(None)] if alike else [slice(i, i + 1) for i in range(len(self.counts))]
        for repeats in groups:
            border = min(max(int(self.counts[repeats][0, 0]), start), stop) - start
            if border:
                yield repeats, slice(0, border), 0
            if border < stop - start:
                yield repeats, slice(border, stop - start), 1

    def _place(self, slab: Array, start: int) -> None:
        # Turn noise z into u = y x in place: x = y mean_u + spread z, so u = mean_u + y spread z.
        for repeats, rows, c in self.blocks(start, start + slab.shape[1]):
            block = slab[repeats, rows]
            block *= _SIGNS[c] * self._spread[repeats, None, c]
            block += self._mean[repeats, None, c]


def class_sums(sample: Sample) -> Array:
    """Sum u over each class; shape (r, 2, d)."""
    sums = np.zeros(sample.counts.shape + sample._mean.shape[-1:])
    for start, slab in sample.slabs():
        for repeats, rows, c in sample.blocks(start, start + slab.shape[1]):
            sums[repeats, c] += slab[repeats, rows].sum(axis=1)
    return sums


def class_squares(sample: Sample, means: Array) -> Array:
    """Sum the squared deviations of u from the means of the classes, coordinate by coordinate; shape (r, 2, d)."""
    squares = np.zeros_like(means)
    for start, slab in sample.slabs():
        for repeats, rows, c in sample.blocks(start, start + slab.shape[1]):
            deviation = slab[repeats, rows] - means[repeats, None, c]
            squares[repeats, c] += np.einsum("rmd,rmd->rd", deviation, deviation)
    return squares
