"""Generators by name: their settings from plain data, their training on the real examples of a task, or a file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch

from deep import cdcgan, edm, stylegan2_ada
from deep.ada import AdaSettings
from deep.data import Images, load_generated
from deep.device import derived_seed
from deep.sampler import balanced_labels, generate
from deep.where import VARIABLE, Where

Draw = Callable[[int], Images]
"""From a number to as many generated images, in [-1, 1]; fewer are the first of more."""


@dataclass(frozen=True)
class Kind:
    """A generator that is trained: its settings' class, and what trains it."""

    config: type[Any]
    train: Callable[..., Any]


KINDS: Mapping[str, Kind] = {
    "cdcgan": Kind(cdcgan.CDCGANConfig, cdcgan.train),
    "stylegan2-ada": Kind(stylegan2_ada.StyleGanConfig, stylegan2_ada.train),
    "edm": Kind(edm.EDMConfig, edm.train),
}
"""By the name of `deep.spec.GENERATORS`."""


def config_of(name: str, settings: Mapping[str, Any]) -> Any:
    """Return a generator's settings; what is not said is its default.

    Raises:
        ValueError: an unknown setting, or one out of range.
    """
    kind = KINDS[name].config
    unknown = sorted(set(settings) - {item.name for item in fields(kind)})
    if unknown:
        raise ValueError(f"{name} has no setting {unknown[0]!r}")
    given = dict(settings)
    try:
        if isinstance(given.get("ada"), dict):
            given["ada"] = AdaSettings(**given["ada"])
        return kind(**given)
    except TypeError as error:
        raise ValueError(f"{name}: {' '.join(str(error).split())}") from None


def full_settings(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return every setting of a generator as plain data, defaults among them; errors as of `config_of`."""
    return asdict(config_of(name, settings))


def trained(
    name: str, images: Images, settings: Mapping[str, Any], seed: int, device: torch.device, folder: Path | None
) -> Draw:
    """Train a generator on real examples.

    Args:
        name: of `KINDS`.
        images: what it is trained on.
        settings: of its training.
        seed: of training and samples.
        device: where.
        folder: of checkpoints; None for none.

    Raises:
        FailedRunError: a loss or a weight is not finite.
        ValueError: settings or a folder that cannot be used.
    """
    config, own = config_of(name, settings), derived_seed(seed, f"generator {name}")
    sampler = KINDS[name].train((images.pixels() + 1) / 2, images.label, config, own, device, folder)

    def draw(count: int) -> Images:
        return generate(sampler, balanced_labels(count, images.classes), derived_seed(own, "sample"))

    return draw


def from_file(name: str, like: Images, seed: int, where: Where) -> Draw:
    """Draw from a file of generated images, without repetition.

    Args:
        name: ``npz-`` and 16 digits of the file's SHA-256.
        like: real images.
        seed: of the order in which they are drawn.
        where: says which file it is.

    Raises:
        ValueError: no such file, another content, or too few images.
    """
    if name not in where.files:
        raise ValueError(f"{VARIABLE} must say where the file of {name} lies")
    path = Path(where.files[name])
    if (found := file_name(path)) != name:
        raise ValueError(f"{str(path)!r} has changed: it must be {name}. Found {found}.")
    images = load_generated(path, like)
    order = np.random.default_rng(derived_seed(seed, "images of a file")).permutation(len(images))

    def draw(count: int) -> Images:
        if count > len(images):
            raise ValueError(f"{str(path)!r} must hold {count} images or more. Found {len(images)}.")
        return images.select(torch.from_numpy(order[:count]))

    return draw


def file_name(path: Path) -> str:
    """Return the name of a file as a generator.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return f"npz-{hashlib.file_digest(file, 'sha256').hexdigest()[:16]}"
    except OSError as error:
        raise ValueError(f"cannot read {str(path)!r}: {error.strerror}") from None
