"""What all generators share: images in [0, 1] and labels go in, a `Sampler` comes out; inside, images are in [-1, 1].

A generator's module has ``train(images, label, config, seed, device, folder)``, which returns its sampler:

- images: float32 in [0, 1], shape (n, channels, height, width); label: int64, shape (n,);
- config: its settings; seed: of weights, batches and noise; device: where;
- folder: of config and checkpoint. A run that was stopped goes on from there, a finished one is read and not trained
  again. Nothing is written if it is None. `Keeping` says how often, and who is told.

It raises what `deep.training.train` does, and a ValueError for images, labels or a seed out of range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol, TypedDict, Unpack

import torch

from deep import training
from deep.data import Images
from deep.device import derived_seed, seeded_generator
from deep.runtime import Runtime
from numerics.sweep import Progress

CHUNK = 500
"""Samples that are computed at once: fixed, as sums in float32 may depend on it."""


class Sampler(Protocol):
    """A trained generator.

    Args:
        shape: channels, height, width.
        classes: number of classes.
    """

    @property
    def shape(self) -> tuple[int, int, int]: ...  # noqa: D102  # see above

    @property
    def classes(self) -> int: ...  # noqa: D102  # see above

    def sample(self, label: torch.Tensor, seed: int) -> torch.Tensor:
        """Generate one image for each label.

        Args:
            label: int64, shape (n,), in [0, classes).
            seed: of the noise.

        Returns:
            Images in [0, 1], float32, on the CPU, shape (n, channels, height, width).

        Raises:
            FailedRunError: a pixel is not finite.
            ValueError: a label or seed out of range.
        """


class GeneratorTask(training.Task, Protocol):
    """Players in training, with what they are trained on.

    Args:
        images: in [-1, 1].
        config: all settings, a data class.
        runtime: where.
    """

    images: Images
    config: Any
    runtime: Runtime


class Keeping(TypedDict, total=False):
    """Options of a generator's training: steps between checkpoints; told after every step."""

    save_every: int
    progress: Callable[[Progress], None] | None


def train_players(task: GeneratorTask, name: str, seed: int, folder: Path | None, **how: Unpack[Keeping]) -> None:
    """Train a generator's players for ``task.config.steps`` steps.

    Args:
        task: what is trained.
        name: of the generator.
        seed: of the noise.
        folder: of config and checkpoint, or None.
        **how: see `Keeping`.

    Raises:
        FailedRunError, ValueError: see `deep.training.train`.
    """
    facts = {"generator": name, "settings": asdict(task.config), "data": task.images.digest()}
    training.train(task, steps=task.config.steps, seed=seed, runtime=task.runtime, config=facts, folder=folder, **how)


def training_data(images: torch.Tensor, label: torch.Tensor, classes: int) -> Images:
    """Check the examples that a generator is trained on, and move their pixels to [-1, 1].

    Args:
        images: float32 in [0, 1], shape (n, channels, height, width).
        label: int64, shape (n,).
        classes: number of classes.

    Raises:
        ValueError: another shape or type, or a value out of range.
    """
    if images.dtype != torch.float32:
        raise ValueError(f"a generator is trained on float32 images in [0, 1]. Found {images.dtype}.")
    if images.numel() and not (images.min().item() >= 0 and images.max().item() <= 1):
        bad = images[~((images >= 0) & (images <= 1))][0].item()
        raise ValueError(f"a generator is trained on images in [0, 1]. Found {bad}.")
    return Images(images * 2 - 1, label, classes)


def standard_normal(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Draw standard normal numbers on the generator's device."""
    return torch.randn(shape, generator=generator, device=generator.device)


def chunked(
    label: torch.Tensor,
    classes: int,
    latent_shape: tuple[int, ...],
    seed: int,
    draw: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    latents: Callable[[tuple[int, ...], torch.Generator], torch.Tensor] = standard_normal,
) -> torch.Tensor:
    """Generate images chunk by chunk; the latents are drawn on the CPU, whatever the device.

    Args:
        label: int64, shape (n,).
        classes: number of classes.
        latent_shape: of one latent.
        seed: of the latents.
        draw: maps latents and labels to images in [-1, 1], up to what is cut off.
        latents: draws latents of a shape.

    Returns:
        Images in [0, 1], float32, on the CPU.

    Raises:
        FailedRunError: a pixel is not finite.
        ValueError: a label or seed out of range, labels of another shape or type, or no label.
    """
    if label.dtype != torch.int64 or label.ndim != 1 or not len(label):
        raise ValueError(f"labels must be int64 of shape (n,), n >= 1. Found {label.dtype}, {tuple(label.shape)}.")
    outside = label[(label < 0) | (label >= classes)]
    if len(outside):
        raise ValueError(f"labels must be in [0, {classes}). Found {int(outside[0])}.")
    generator, label = seeded_generator(derived_seed(seed, "samples")), label.cpu()
    found = []
    for part in label.split(CHUNK):
        with torch.no_grad():
            images = draw(latents((len(part), *latent_shape), generator), part).float().cpu()
        if not bool(torch.isfinite(images).all()):
            raise training.FailedRunError("a generated image is not finite")
        found.append((images.clamp(-1, 1) + 1) / 2)
    return torch.cat(found)


def balanced_labels(count: int, classes: int) -> torch.Tensor:
    """Return labels 0, 1, ..., classes - 1, 0, 1, ..., int64, shape (count,)."""
    return torch.arange(count) % classes


def generate(sampler: Sampler, label: torch.Tensor, seed: int) -> Images:
    """Generate labelled images in [-1, 1], as `deep.fit` and `deep.gate` take them; errors as of `Sampler.sample`."""
    return Images(sampler.sample(label, seed) * 2 - 1, label.cpu(), sampler.classes)
