"""A grid of samples as a PNG: a row for each class, lines between the images. It needs the extra `plot`."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deep.checkpoint import write_atomically
from deep.data import Images
from deep.sampler import Sampler, balanced_labels, generate

SEPARATOR = np.array([0.85, 0.35, 0.1])
"""Colour of the lines, red, green, blue: one that grey images do not have."""


def grid(images: Images, columns: int = 10, scale: int = 4) -> np.ndarray:
    """Put the first images of each class side by side.

    Args:
        images: the samples; a class with fewer images than columns leaves gaps in the colour of the lines.
        columns: images of each class.
        scale: pixels of the picture for one of an image, and the width of the lines is half of it.

    Returns:
        Red, green and blue in [0, 1], shape (height, width, 3).

    Raises:
        ValueError: columns or scale below 1, or images that have neither one nor three channels.
    """
    channels, height, width = images.shape
    if columns < 1 or scale < 1:
        raise ValueError(f"columns and scale must be at least 1. Found {columns}, {scale}.")
    if channels not in (1, 3):
        raise ValueError(f"a picture needs one or three channels. Found {channels}.")
    line = max(1, scale // 2)
    tall, wide = height * scale + line, width * scale + line
    picture = np.tile(SEPARATOR, (images.classes * tall + line, columns * wide + line, 1))
    for k in range(images.classes):
        members = torch.nonzero(images.label == k)[:columns, 0]
        shown = ((images.pixels(members) + 1) / 2).expand(-1, 3, -1, -1).permute(0, 2, 3, 1).cpu().numpy()
        for column, image in enumerate(shown):
            top, left = k * tall + line, column * wide + line
            large = image.repeat(scale, axis=0).repeat(scale, axis=1)
            picture[top : top + height * scale, left : left + width * scale] = large
    return picture


def save_samples(path: Path, sampler: Sampler, seed: int, columns: int = 10, scale: int = 4) -> None:
    """Generate as many images of each class as there are columns, and write their grid; errors as of `save_grid`."""
    label = balanced_labels(columns * sampler.classes, sampler.classes)
    save_grid(path, generate(sampler, label, seed), columns, scale)


def save_grid(path: Path, images: Images, columns: int = 10, scale: int = 4) -> None:
    """Write the picture of `grid` as a PNG, whole or not at all.

    Raises:
        ValueError: matplotlib is not installed, the file cannot be written, or see `grid`.
    """
    picture = grid(images, columns, scale)
    metadata: dict[str, Any] = {"Software": None}  # no version in the file: the same samples, the same bytes
    try:
        from matplotlib.image import imsave
    except ModuleNotFoundError:
        raise ValueError("pictures need matplotlib: pip install 'gda-verifier[plot]'") from None
    file = BytesIO()
    imsave(file, picture, format="png", metadata=metadata)
    write_atomically(path, file.getvalue())
