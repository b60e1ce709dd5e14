"""Stratified subsets of real data, of size m_S."""

from __future__ import annotations

import numpy as np
import torch

from deep.data import Images


def stratified_counts(available: list[int], size: int) -> list[int]:
    """Say how many examples of each class a subset gets: one, and the rest in proportion, by largest remainders.

    Raises:
        ValueError: fewer examples than classes, more than there are, or a class without examples.
    """
    classes, total = len(available), sum(available)
    if min(available) < 1:
        raise ValueError(f"every class needs an example. Found none of class {available.index(0)}.")
    if not classes <= size <= total:
        raise ValueError(f"m_S must be between the {classes} classes and the {total} examples. Found {size}.")
    if size == total:
        return list(available)
    shares = [divmod((size - classes) * (count - 1), total - classes) for count in available]
    counts = [1 + whole for whole, _ in shares]
    for index in sorted(range(classes), key=lambda index: -shares[index][1])[: size - sum(counts)]:
        counts[index] += 1
    return counts


def stratified_index(images: Images, size: int, rng: np.random.Generator) -> torch.Tensor:
    """Draw a stratified subset; return its index, sorted.

    Args:
        images: the examples, on any device.
        size: ``m_S``, at least one for each class.
        rng: draws which examples of a class.

    Raises:
        ValueError: see `stratified_counts`.
    """
    label = images.label.cpu().numpy()
    counts = stratified_counts(images.counts, size)
    chosen = [rng.permutation(np.flatnonzero(label == k))[:count] for k, count in enumerate(counts)]
    return torch.from_numpy(np.sort(np.concatenate(chosen)))


def stratified_subset(images: Images, size: int, rng: np.random.Generator) -> Images:
    """Draw a stratified subset of ``m_S`` examples; arguments and errors as of `stratified_index`."""
    return images.select(stratified_index(images, size, rng))
