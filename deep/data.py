"""Labelled images: bundled handwritten digits, CIFAR-10 from a folder, generated ones from a file. Nothing is pickled.

Real data come in three disjoint parts: the *pool* that generators and classifiers are trained on, the part that trains
the *judge* of generated images, and the *test* part. Which example goes where is decided by the order of the examples'
SHA-256, so by their content alone. Subsets of the pool are stratified: their labels are no i.i.d. draws.
"""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

CIFAR_RECORDS = 10_000
"""Examples in each file of CIFAR-10."""
_CIFAR_SHAPE = (3, 32, 32)
_CIFAR_TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
_CIFAR_TEST = "test_batch.bin"
_DIGITS_POOL, _DIGITS_JUDGE, _DIGITS_TOP = 1000, 300, 16


@dataclass(frozen=True, eq=False)
class Images:
    """Images with labels.

    Args:
        image: shape (n, channels, height, width); uint8 in [0, top], or float32 in [-1, 1].
        label: int64, shape (n,), in [0, classes).
        classes: number of classes.
        top: the brightest value of uint8 images; 16 for the digits.

    Raises:
        ValueError: another shape or type, no example, or a value out of range.
    """

    image: torch.Tensor
    label: torch.Tensor
    classes: int
    top: int = 255

    def __post_init__(self) -> None:
        shape, count = tuple(self.image.shape), tuple(self.label.shape)
        if len(shape) != 4 or 0 in shape or count != shape[:1]:
            raise ValueError(f"images need shape (n, channels, height, width), labels (n,). Found {shape}, {count}.")
        if self.image.dtype not in (torch.uint8, torch.float32) or self.label.dtype != torch.int64:
            raise ValueError(
                f"images must be uint8 or float32, labels int64. Found {self.image.dtype}, {self.label.dtype}."
            )
        _check_range("labels", self.label, 0, self.classes - 1)
        _check_range("pixels", self.image, *((0, self.top) if self.image.dtype == torch.uint8 else (-1, 1)))

    def __len__(self) -> int:
        return len(self.label)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        channels, height, width = self.image.shape[1:]
        return channels, height, width

    @property
    def counts(self) -> list[int]:
        """Examples in each class."""
        return [int(count) for count in torch.bincount(self.label, minlength=self.classes)]

    def pixels(self, index: torch.Tensor | slice = slice(None)) -> torch.Tensor:
        """Return images as float32 in [-1, 1], on their device."""
        chosen = self.image[index]
        return chosen if chosen.dtype == torch.float32 else chosen.float() * (2 / self.top) - 1

    def select(self, index: torch.Tensor) -> Images:
        """Return the examples at an index."""
        return Images(self.image[index], self.label[index], self.classes, self.top)

    def to(self, device: torch.device) -> Images:
        """Return the same examples on a device."""
        return Images(self.image.to(device), self.label.to(device), self.classes, self.top)

    def digests(self) -> list[bytes]:
        """Return each example's SHA-256: of its image's bytes, then its label as 8 bytes."""
        images, labels = self.image.cpu().contiguous().numpy(), self.label.cpu().numpy().astype("<i8")
        return [hashlib.sha256(x.tobytes() + y.tobytes()).digest() for x, y in zip(images, labels, strict=True)]

    def digest(self) -> str:
        """Return the SHA-256 of all examples in their order, in hexadecimal; it belongs into a run's config."""
        return hashlib.sha256(b"".join(self.digests())).hexdigest()


def _check_range(what: str, values: torch.Tensor, low: int, high: int) -> None:
    least, most = values.min().item(), values.max().item()  # both are nan where one value is
    if not (low <= least and most <= high):
        raise ValueError(f"{what} must be in [{low}, {high}]. Found {most if low <= least else least}.")


def join(first: Images, second: Images) -> Images:
    """Put two sets of images into one, real ones and generated ones say; as floats if they are stored differently.

    Raises:
        ValueError: images of another shape, or other classes.
    """
    if first.shape != second.shape or first.classes != second.classes:
        raise ValueError(
            f"images of one shape and one number of classes can be joined. "
            f"Found {first.shape}, {first.classes} and {second.shape}, {second.classes}."
        )
    alike = first.image.dtype == second.image.dtype and first.top == second.top
    pair = (first.image, second.image) if alike else (first.pixels(), second.pixels())
    return Images(torch.cat(pair), torch.cat([first.label, second.label]), first.classes, first.top)


@dataclass(frozen=True, eq=False)
class Parts:
    """Real data in three disjoint parts.

    Args:
        pool: what generators and classifiers are trained on.
        judge: what trains the judge of generated images, and nothing else.
        test: what test errors are measured on, and what generated images are compared to.
    """

    pool: Images
    judge: Images
    test: Images


def by_digest(images: Images) -> Images:
    """Return the examples in the order of their SHA-256."""
    digests = images.digests()
    return images.select(torch.tensor(sorted(range(len(images)), key=lambda index: digests[index])))


def split(images: Images, sizes: tuple[int, ...]) -> tuple[Images, ...]:
    """Cut the examples into parts in the order of their SHA-256.

    Args:
        images: the examples.
        sizes: of all parts but the last, which gets the rest.

    Raises:
        ValueError: nothing would be left for the last part, or an example that occurs twice would be in two parts.
    """
    ordered, ends = by_digest(images), np.cumsum(sizes)
    if min(sizes) < 1 or ends[-1] >= len(images):
        raise ValueError(f"parts must leave some of {len(images)} examples for the last. Found sizes {sizes}.")
    digests = ordered.digests()
    if any(digests[end - 1] == digests[end] for end in ends):
        raise ValueError("two parts would share an example: it occurs twice in the data")
    cuts = np.split(np.arange(len(images)), ends)
    return tuple(ordered.select(torch.from_numpy(cut)) for cut in cuts)


def digits() -> Parts:
    """Load scikit-learn's handwritten digits, 1797 of 8 x 8 pixels: 1000 in the pool, 300 for the judge, 497 for tests.

    Raises:
        ValueError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError:
        raise ValueError("the digits come with scikit-learn: pip install 'gda-verifier[deep]'") from None
    table, label = load_digits(return_X_y=True)
    image = torch.from_numpy(table.astype(np.uint8)).reshape(-1, 1, 8, 8)
    everything = Images(image, torch.from_numpy(label.astype(np.int64)), 10, _DIGITS_TOP)
    return Parts(*split(everything, (_DIGITS_POOL, _DIGITS_JUDGE)))


def two_classes(images: Images, first: int, second: int) -> Images:
    """Keep two classes, labelled 0 and 1: the binary task of the theorem on GANs.

    Raises:
        ValueError: the classes are equal, or one has no example.
    """
    found = (images.label == first) | (images.label == second)
    label = (images.label[found] == second).long()
    if first == second or len(label.unique()) < 2:
        raise ValueError(f"two classes with examples are needed. Found {first}, {second}.")
    return Images(images.image[found], label, 2, images.top)


# CIFAR-10


def read_cifar_file(path: Path, records: int = CIFAR_RECORDS) -> Images:
    """Read a file of CIFAR-10's binary version: one byte of label and 3072 of pixels for each example.

    Raises:
        ValueError: the file is missing, of another size, or holds a label over 9.
    """
    try:
        raw = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise ValueError(f"cannot read {str(path)!r}: {error.strerror}") from None
    width = 1 + int(np.prod(_CIFAR_SHAPE))
    if raw.size != records * width:
        raise ValueError(f"{str(path)!r} must have {records * width} bytes. Found {raw.size}.")
    table = raw.reshape(records, width)
    label = table[:, 0].astype(np.int64)
    if label.max() > 9:
        where = int(np.argmax(label > 9))
        raise ValueError(f"{str(path)!r}: labels must be in [0, 9]. Found {label[where]} in example {where}.")
    return Images(torch.from_numpy(table[:, 1:].reshape(-1, *_CIFAR_SHAPE).copy()), torch.from_numpy(label), 10)


def cifar10(folder: Path, records: int = CIFAR_RECORDS) -> Parts:
    """Load CIFAR-10 from a folder that holds its binary version.

    The pool is the 50 000 examples of its training files, as in the source; its test file is halved by SHA-256 into
    the judge's part and the test part, so test errors have more sampling error than the source's. Training and test
    file are taken as they are, with what they may share.

    Args:
        folder: holds ``data_batch_1.bin`` to ``data_batch_5.bin`` and ``test_batch.bin``.
        records: examples in each file.

    Raises:
        ValueError: a file is missing or of another size, a label out of range, or the folder holds the pickled version.
    """
    if not (folder / _CIFAR_TRAIN[0]).exists() and (folder / "data_batch_1").exists():
        raise ValueError(
            "reading CIFAR-10's Python version means unpickling, which can run any code: use the binary version, "
            f"with {_CIFAR_TRAIN[0]}. Found {str(folder / 'data_batch_1')!r}."
        )
    files = [read_cifar_file(folder / name, records) for name in _CIFAR_TRAIN]
    image, label = torch.cat([file.image for file in files]), torch.cat([file.label for file in files])
    judge, test = split(read_cifar_file(folder / _CIFAR_TEST, records), (records // 2,))
    return Parts(by_digest(Images(image, label, 10)), judge, test)


# Generated images


def load_generated(path: Path, like: Images) -> Images:
    """Read generated images of any model from a ``.npz`` file.

    Args:
        path: the file; ``image`` has shape (n, channels, height, width), uint8 in [0, 255] or floats in [-1, 1], and
            ``label`` integers, shape (n,).
        like: real images; the generated ones must have their shape and classes.

    Raises:
        ValueError: no such file, arrays that are missing, pickled, or of another shape, type or range.
    """
    try:
        image, label = _npz_arrays(path)
        if image.shape[1:] != like.shape:
            raise ValueError(f"image must have shape (n, {', '.join(map(str, like.shape))}). Found {image.shape}.")
        if image.dtype != np.uint8 and image.dtype.kind != "f":
            raise ValueError(f"image must be uint8 or of floats. Found {image.dtype}.")
        if label.dtype.kind not in "iu":
            raise ValueError(f"label must be of integers. Found {label.dtype}.")
        native = image if image.dtype == np.uint8 else image.astype(np.float32)
        return Images(torch.from_numpy(native), torch.from_numpy(label.astype(np.int64)), like.classes)
    except ValueError as error:
        raise ValueError(f"cannot use {str(path)!r}: {' '.join(str(error).split())}") from None


def _npz_arrays(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with path.open("rb") as raw:
            if not zipfile.is_zipfile(raw):
                raise ValueError("it is no .npz file, or damaged")
            raw.seek(0)
            with np.load(raw, allow_pickle=False) as file:
                if not {"image", "label"} <= set(file.files):
                    raise ValueError(f"it must hold the arrays image and label. Found {file.files}.")
                return file["image"], file["label"]
    except OSError as error:
        raise ValueError(error.strerror or str(error)) from None
    except MemoryError:
        raise ValueError("its arrays do not fit into memory") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, AttributeError, RuntimeError):
        raise ValueError("it is no .npz file, or damaged") from None


def save_generated(path: Path, images: Images) -> None:
    """Write generated images as `load_generated` reads them.

    Raises:
        ValueError: uint8 images whose brightest value is not 255.
    """
    if images.image.dtype == torch.uint8 and images.top != 255:
        raise ValueError(f"uint8 images must be in [0, 255]. Found {images.top} as the brightest value.")
    arrays: dict[str, Any] = {"image": images.image.cpu().numpy(), "label": images.label.cpu().numpy()}
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
