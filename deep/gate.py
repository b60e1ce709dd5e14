"""The gate: whether a generator is good enough for an experiment, by thresholds that are set on real data.

Each threshold is what the figure is on *real images with a known defect*; a generator has to be better than that.

=============  ==================================================================================================
accuracy       one image in ten of every class bears another class's label
worst class    one in five does: the figure is of one class's images alone, and scatters more
diversity      every class is cut down to the quarter of its images that is nearest to one of them (a collapse)
Frechet        the same
neighbours     three images in four are copies of the training set, the fourth is fresh
=============  ==================================================================================================

Defects are drawn at random several times; the threshold is their mean. Beside it stands the range that sound real
images have: random halves of the pool, and the judge's part for neighbours. A run that fails is listed as failed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import torch

from deep.data import Images, Parts
from deep.measure import Judge, Quality, Seen, frechet_distance, measure, neighbour_ratio, spreads, worst_share

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
    base = spreads(real.points, real.label, real.classes)
    sound: dict[str, list[float]] = defaultdict(list)
    defective: dict[str, list[float]] = defaultdict(list)
    for _ in range(repeats):
        half, narrow = pool.draw(size, rng), narrowed(pool, rng)
        for found, all_labels, class_labels, variety, novelty in (
            (sound, half, half, half, fresh),
            (
                defective,
                mislabelled(half, WRONG_OF_ALL, rng),
                mislabelled(half, WRONG_OF_CLASS, rng),
                narrow,
                copied(fresh, seen, rng),
            ),
        ):
            found["accuracy"].append(float(all_labels.right.mean()))
            found["worst_class"].append(worst_share(class_labels))
            found["diversity"].append(float((spreads(variety.points, variety.label, variety.classes) / base).min()))
            found["frechet"].append(frechet_distance(variety.features, real.features))
            found["neighbours"].append(neighbour_ratio(novelty, seen, real, rng))
    thresholds = tuple(
        Threshold(name, float(np.mean(defective[name])), min(values), max(values), name != "frechet")
        for name, values in sound.items()
    )
    for threshold in thresholds:
        if not (threshold.passes(threshold.least) and threshold.passes(threshold.most)):
            raise ValueError(f"the gate would refuse real images: {threshold.complaint(threshold.least)}")
    return Gate(judge, seen, real, size, thresholds)


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
