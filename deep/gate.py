"""The gate: whether a generator is good enough for an experiment, by thresholds that are set on real data.

Each threshold is what the figure is on *real images with a known defect*; a generator has to be better than that.

=============  ==================================================================================================
accuracy       one image in ten of every class bears another class's label
worst class    one in five does: the figure is of one class's images alone, and scatters more
diversity      every class is cut down to the quarter of its images that is nearest to one of them (a collapse)
Frechet        the same; of half as many images as a generator is measured on, which adds a little to it
neighbours     three images in four are copies of the training set, the fourth is fresh
=============  ==================================================================================================

Defects are drawn at random several times; the threshold is their mean. Beside it stands the range that sound real
images have: random halves of the pool, and the judge's part for neighbours. A run that fails is listed as failed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import torch

from deep.data import Images, Parts
from deep.measure import Judge, Quality, Seen, diversity, frechet_distance, measure, neighbour_ratio, worst_share

WRONG_OF_ALL, WRONG_OF_CLASS, KEPT, FRESH = 0.1, 0.2, 0.25, 0.25
"""Sizes of the defects: shares of wrong labels; share of a class that is left; share of the sample that is no copy."""
REPEATS = 20
LARGEST_SAMPLE = 5000


@dataclass(frozen=True)
class Threshold:
    """A figure's threshold.

    Args:
        figure: a field of `Quality`.
        value: the figure on real images with the defect.
        least, most: its range on sound real images.
        larger_is_better: whether a generator must be above the value, not below.
    """

    figure: str
    value: float
    least: float
    most: float
    larger_is_better: bool = True

    def passes(self, found: float) -> bool:
        """Whether a figure is on the better side; nan is not."""
        return found > self.value if self.larger_is_better else found < self.value

    def complaint(self, found: float) -> str:
        """Say in a line what a generator fails by."""
        side = "above" if self.larger_is_better else "below"
        return (
            f"{self.figure} must be {side} {self.value:.3g}, real images have {self.least:.3g} to {self.most:.3g}. "
            f"Found {found:.3g}."
        )


@dataclass(frozen=True, eq=False)
class Gate:
    """What generators trained on one set of images have to pass.

    Args:
        judge: sees the images.
        train: what the generators were trained on.
        real: the test part.
        size: generated images that are looked at.
        thresholds: one for each gated figure.
    """

    judge: Judge
    train: Seen
    real: Seen
    size: int
    thresholds: tuple[Threshold, ...]

    def measure(self, generated: Images, rng: np.random.Generator) -> Quality:
        """Measure generated images, on a stratified subset of `size`.

        Raises:
            ValueError: there are fewer, or a class has fewer than two in the subset.
        """
        if len(generated) < self.size:
            raise ValueError(f"the gate needs {self.size} generated images. Found {len(generated)}.")
        return measure(self.judge.look(generated).draw(self.size, rng), self.train, self.real, rng)

    def failures(self, quality: Quality) -> tuple[str, ...]:
        """Return what a generator fails by, a line each; none if it passes."""
        found = ((threshold, getattr(quality, threshold.figure)) for threshold in self.thresholds)
        return tuple(threshold.complaint(value) for threshold, value in found if not threshold.passes(value))


def make_gate(parts: Parts, train: Images, judge: Judge, rng: np.random.Generator, repeats: int = REPEATS) -> Gate:
    """Set the thresholds on real data.

    Args:
        parts: the real data.
        train: the subset of the pool that the generators were trained on.
        judge: trained on `parts.judge`.
        rng: draws halves and defects.
        repeats: how often.

    Raises:
        ValueError: sound real images would not pass: the judge is too weak, or there are too few data.
    """
    pool, fresh, real, seen = (judge.look(x) for x in (parts.pool, parts.judge, parts.test, train))
    size = min(len(pool) // 2, LARGEST_SAMPLE)
    sound, defective = [], []
    for _ in range(repeats):
        half, narrow = pool.draw(size, rng), narrowed(pool, rng)
        wrong, more_wrong = (mislabelled(half, share, rng) for share in (WRONG_OF_ALL, WRONG_OF_CLASS))
        sound.append(_figures(half, half, half, neighbour_ratio(fresh, seen, real, rng), real))
        memory = neighbour_ratio(copied(fresh, seen, rng), seen, real, rng)
        defective.append(_figures(wrong, more_wrong, narrow, memory, real))
    thresholds = tuple(_threshold(field.name, sound, defective) for field in fields(Quality))
    for threshold in thresholds:
        if not (threshold.passes(threshold.least) and threshold.passes(threshold.most)):
            raise ValueError(f"the gate would refuse real images: {threshold.complaint(threshold.least)}")
    return Gate(judge, seen, real, size, thresholds)


def _figures(labels: Seen, class_labels: Seen, variety: Seen, neighbours: float, real: Seen) -> Quality:
    # Each figure of the sample that has its defect, or of a sound one.
    return Quality(
        accuracy=float(labels.right.mean()),
        worst_class=worst_share(class_labels),
        diversity=diversity(variety, real),
        frechet=frechet_distance(variety.features, real.features),
        neighbours=neighbours,
    )


def _threshold(figure: str, sound: list[Quality], defective: list[Quality]) -> Threshold:
    values = [getattr(quality, figure) for quality in sound]
    value = float(np.mean([getattr(quality, figure) for quality in defective]))
    return Threshold(figure, value, min(values), max(values), larger_is_better=figure != "frechet")


# Real images with a known defect


def mislabelled(sample: Seen, share: float, rng: np.random.Generator) -> Seen:
    """Give a share of every class the next class's label; the judge counts as wrong on them."""
    label, right = sample.label.clone(), sample.right.clone()
    for k in range(sample.classes):
        members = np.flatnonzero(sample.label.numpy() == k)
        moved = torch.from_numpy(rng.permutation(members)[: round(share * len(members))])
        label[moved], right[moved] = (k + 1) % sample.classes, 0.0
    return Seen(sample.points, sample.features, right, label, sample.classes)


def narrowed(sample: Seen, rng: np.random.Generator) -> Seen:
    """Cut every class down to the quarter that is nearest to one of its images, chosen at random."""
    kept = []
    for k in range(sample.classes):
        members = np.flatnonzero(sample.label.numpy() == k)
        points = sample.points[torch.from_numpy(members)]
        distance = torch.linalg.vector_norm(points - points[int(rng.integers(len(members)))], dim=1)
        order = np.argsort(distance.numpy(), kind="stable")
        kept.append(members[order[: max(2, round(KEPT * len(members)))]])
    return sample.take(np.concatenate(kept))


def copied(fresh: Seen, train: Seen, rng: np.random.Generator) -> Seen:
    """Replace three in four of fresh images by copies of the training set."""
    kept = fresh.take(rng.permutation(len(fresh))[: round(FRESH * len(fresh))])
    copies = train.take(rng.integers(len(train), size=len(fresh) - len(kept)))
    return Seen(
        torch.cat([kept.points, copies.points]),
        torch.cat([kept.features, copies.features]),
        torch.cat([kept.right, copies.right]),
        torch.cat([kept.label, copies.label]),
        fresh.classes,
    )
