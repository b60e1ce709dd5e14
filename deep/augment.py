"""Standard augmentation, on the images' device: only what keeps the label. No flips for digits.

Each function takes images in [-1, 1], shape (n, channels, height, width), and a generator of that device; what moves in
from outside is background, -1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch.nn import functional

Augmentation = Callable[[torch.Tensor, torch.Generator], torch.Tensor]
"""From images and a generator to images of the same shape."""

BACKGROUND = -1.0


def shift(x: torch.Tensor, generator: torch.Generator, reach: int) -> torch.Tensor:
    """Shift each image by whole pixels, up to `reach` in either direction: padding and a random crop."""
    count, channels, height, width = x.shape
    padded = functional.pad(x, (reach, reach, reach, reach), value=BACKGROUND)
    start = torch.randint(0, 2 * reach + 1, (2, count, 1), generator=generator, device=x.device)
    rows = (start[0] + torch.arange(height, device=x.device))[:, None, :, None]
    columns = (start[1] + torch.arange(width, device=x.device))[:, None, None, :]
    example = torch.arange(count, device=x.device)[:, None, None, None]
    return padded[example, torch.arange(channels, device=x.device)[:, None, None], rows, columns]


def rotate(x: torch.Tensor, generator: torch.Generator, degrees: float) -> torch.Tensor:
    """Rotate each image about its centre by an angle up to `degrees` in either direction, bilinearly."""
    angle = (torch.rand(len(x), generator=generator, device=x.device) * 2 - 1) * math.radians(degrees)
    return rotate_by(x, angle)


def rotate_by(x: torch.Tensor, angle: torch.Tensor) -> torch.Tensor:
    """Rotate each image about its centre by an angle of its own, in radians, clockwise as seen."""
    cosine, sine, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    # The grid is in units of half the width across and half the height down: a rotation only where both are equal.
    ratio = x.shape[2] / x.shape[3]
    matrix = torch.stack([cosine, sine * ratio, zero, -sine / ratio, cosine, zero], dim=1).reshape(-1, 2, 3)
    grid = functional.affine_grid(matrix.to(x.dtype), list(x.shape), align_corners=False)
    return functional.grid_sample(x - BACKGROUND, grid, padding_mode="zeros", align_corners=False) + BACKGROUND


def flip(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirror each image, left to right, with probability one half."""
    chosen = torch.rand(len(x), generator=generator, device=x.device) < 0.5
    return torch.where(chosen[:, None, None, None], x.flip(3), x)


def _none(x: torch.Tensor, _: torch.Generator) -> torch.Tensor:
    return x


def _digits(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return shift(rotate(x, generator, degrees=10), generator, reach=1)


def _cifar(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return flip(shift(x, generator, reach=4), generator)


AUGMENTATIONS: Mapping[str, Augmentation] = {"none": _none, "digits": _digits, "cifar": _cifar}
"""By the name that a config holds."""


def find_augmentation(name: str) -> Augmentation:
    """Return an augmentation by name.

    Raises:
        ValueError: no such augmentation.
    """
    if name not in AUGMENTATIONS:
        raise ValueError(f"augmentation must be one of {', '.join(AUGMENTATIONS)}. Found {name!r}.")
    return AUGMENTATIONS[name]
