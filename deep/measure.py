"""How good generated images are: a judge's opinion, diversity within a class, Frechet distance, memorisation.

A generator can collapse within each class while a judge calls every image right and none is near the training set, so
all five figures of `Quality` are needed. What is good enough is set by real data, see `deep.gate`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from deep.classifiers import ResNet, small_resnet
from deep.data import Images
from deep.device import derived_seed
from deep.fit import FitSettings, apply, fit
from deep.runtime import Runtime
from deep.subsets import stratified_counts

JUDGE_SETTINGS = FitSettings(steps=300, augmentation="digits")
"""How the judge of digits is trained."""
_DRAWS, _ENOUGH = 10, 5000  # subsets that a ratio of neighbours is averaged over, and images in them together


@dataclass(frozen=True)
class Quality:
    """A generated sample beside real data.

    Args:
        accuracy: share of images that the judge gives the label that they were generated for.
        worst_class: the same on the class where it is least.
        diversity: mean distance of two images of a class, relative to real ones, on the class where it is least.
        frechet: Frechet distance to real images in the judge's features.
        neighbours: mean distance to the nearest training image, relative to that to the nearest of as many real images
            that the generator has not seen; 1 for fresh real images, less for copies.
    """

    accuracy: float
    worst_class: float
    diversity: float
    frechet: float
    neighbours: float


@dataclass(frozen=True, eq=False)
class Seen:
    """Images as the judge sees them.

    Args:
        points: pixels in [-1, 1], float64, shape (n, d).
        features: inputs of the judge's last layer, float64, shape (n, features).
        right: whether the judge's class is the label, float64, shape (n,).
        label: shape (n,).
        classes: number of classes.
    """

    points: torch.Tensor
    features: torch.Tensor
    right: torch.Tensor
    label: torch.Tensor
    classes: int

    def __len__(self) -> int:
        return len(self.label)

    def take(self, index: np.ndarray) -> Seen:
        """Return the images at an index."""
        rows = torch.from_numpy(index)
        return Seen(self.points[rows], self.features[rows], self.right[rows], self.label[rows], self.classes)

    def draw(self, size: int, rng: np.random.Generator) -> Seen:
        """Draw a stratified subset; see `deep.subsets.stratified_counts` for its errors."""
        counts = stratified_counts([int((self.label == k).sum()) for k in range(self.classes)], size)
        members = [np.flatnonzero(self.label.numpy() == k) for k in range(self.classes)]
        return self.take(np.concatenate([rng.permutation(m)[:n] for m, n in zip(members, counts, strict=True)]))


@dataclass(frozen=True, eq=False)
class Judge:
    """A classifier that neither the generator nor the classifiers under test share data with."""

    model: ResNet
    runtime: Runtime

    def look(self, images: Images) -> Seen:
        """Let the judge see images."""
        self.model.eval()
        features = apply(self.model.features, images, self.runtime)
        head: nn.Linear = self.model.head
        logits = features @ head.weight.detach().double().cpu().T + head.bias.detach().double().cpu()
        label = images.label.cpu()
        points = images.pixels().flatten(1).double().cpu()
        return Seen(points, features, (logits.argmax(dim=1) == label).double(), label, images.classes)


def train_judge(
    images: Images, seed: int, runtime: Runtime, settings: FitSettings = JUDGE_SETTINGS, model: ResNet | None = None
) -> Judge:
    """Train a judge on the part of the data that is kept for it.

    Args:
        images: `deep.data.Parts.judge`.
        seed: of its weights, batches and augmentation.
        runtime: where.
        settings: of its training.
        model: a small ResNet unless given.

    Raises:
        FailedRunError: its loss is not finite.
    """
    channels, _, _ = images.shape
    chosen = model or small_resnet(channels, images.classes, derived_seed(seed, "judge"))
    fit(chosen, images, settings, derived_seed(seed, "judge's training"), runtime)
    return Judge(chosen, runtime)


# The figures


def worst_share(sample: Seen) -> float:
    """Return the share of images that the judge is right on, in the class where it is least."""
    return min(float(sample.right[sample.label == k].mean()) for k in range(sample.classes))


def spreads(points: torch.Tensor, label: torch.Tensor, classes: int) -> np.ndarray:
    """Return the mean distance of two different examples of each class, shape (classes,).

    Raises:
        ValueError: a class with fewer than two examples.
    """
    counts = torch.bincount(label, minlength=classes)
    if int(counts.min()) < 2:
        raise ValueError(f"every class needs two examples. Found {int(counts.min())} of class {int(counts.argmin())}.")
    return np.array([float(torch.pdist(points[label == k]).mean()) for k in range(classes)])


def diversity(sample: Seen, real: Seen) -> float:
    """Return the spread of a sample relative to real images, in the class where that is least; errors as `spreads`."""
    parts = [spreads(images.points, images.label, images.classes) for images in (sample, real)]
    return float((parts[0] / parts[1]).min())


def frechet_distance(first: torch.Tensor, second: torch.Tensor) -> float:
    """Return the Frechet distance of two normals with the samples' means and covariances.

    ``||mu_1 - mu_2||^2 + tr(C_1 + C_2 - 2 (C_1^(1/2) C_2 C_1^(1/2))^(1/2))``. It is biased upwards in small samples:
    compare only samples of one size.

    Args:
        first, second: float64, shape (n, features), two rows or more.

    Source: Dowson, Landau (1982); Heusel et al. (2017) for images.
    """
    shift = first.mean(dim=0) - second.mean(dim=0)
    one, two = _covariance(first), _covariance(second)
    values, vectors = torch.linalg.eigh(one)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ two @ root).clamp(min=0).sqrt().sum()
    return max(0.0, float(shift @ shift + one.trace() + two.trace() - 2 * cross))


def _covariance(features: torch.Tensor) -> torch.Tensor:
    centred = features - features.mean(dim=0)
    return centred.T @ centred / (len(features) - 1)


def neighbour_ratio(sample: Seen, train: Seen, held: Seen, rng: np.random.Generator) -> float:
    """Compare distances to the nearest training image and to the nearest of as many held-out images.

    The more images, the nearer the nearest: both sets are cut to the smaller one's size, at random and stratified;
    the mean is over up to ten such draws.

    Args:
        sample: what is asked about.
        train: what the generator was trained on.
        held: real images that it has not seen.
        rng: draws the subsets.
    """
    size = min(len(train), len(held))
    near, far = 0.0, 0.0
    for _ in range(max(1, min(_DRAWS, _ENOUGH // size))):
        near += float(nearest(sample.points, train.draw(size, rng).points).mean())
        far += float(nearest(sample.points, held.draw(size, rng).points).mean())
    return near / far


def nearest(points: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return each point's distance to the nearest of the others, shape (n,)."""
    return torch.cdist(points, others).min(dim=1).values


def measure(sample: Seen, train: Seen, real: Seen, rng: np.random.Generator) -> Quality:
    """Measure a generated sample.

    Args:
        sample: two images or more of every class.
        train: what the generator was trained on.
        real: real images that it has not seen, the test part.
        rng: of `neighbour_ratio`.

    Raises:
        ValueError: a class with fewer than two images.
    """
    return Quality(
        accuracy=float(sample.right.mean()),
        worst_class=worst_share(sample),
        diversity=diversity(sample, real),
        frechet=frechet_distance(sample.features, real.features),
        neighbours=neighbour_ratio(sample, train, real, rng),
    )
