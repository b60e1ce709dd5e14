"""Where a computation runs and where its randomness comes from: both explicit, never global."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def select_device(name: str = "auto") -> torch.device:
    """Choose the device of a run.

    Args:
        name: ``auto`` (CUDA where there is one, else the CPU), ``cpu``, ``cuda`` or ``cuda:N``.

    Raises:
        ValueError: a name that is no device, or a device that this machine does not have.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"device must be auto, cpu, cuda or cuda:N. Found {name!r}.") from None
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"device must be auto, cpu, cuda or cuda:N. Found {name!r}.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"this machine has {torch.cuda.device_count()} CUDA devices. Found {name!r}.")
    return device


def seeded_generator(seed: int, device: torch.device | None = None) -> torch.Generator:
    """Return a random generator with a seed of its own; the global generator is not touched.

    Args:
        seed: an integer in [0, 2^63).
        device: where its numbers are drawn; the CPU unless given.

    Raises:
        ValueError: a seed out of range.
    """
    _check_seed(seed)
    return torch.Generator(device=device or torch.device("cpu")).manual_seed(seed)


def _check_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise ValueError(f"seed must be an integer in [0, 2^63). Found {seed!r}.")


def derived_seed(seed: int, purpose: str) -> int:
    """Return another seed, in [0, 2^63), for one purpose of a run, so that its streams do not share their numbers.

    Args:
        seed: of the run.
        purpose: a name that no other stream of the run has.

    Raises:
        ValueError: a seed out of range.
    """
    _check_seed(seed)
    return int.from_bytes(hashlib.sha256(f"{seed}/{purpose}".encode()).digest()[:8], "little") >> 1


@contextmanager
def seeded_construction(seed: int) -> Iterator[None]:
    """Make modules on the CPU with weights that depend on a seed alone.

    PyTorch draws initial weights from its global generator; that one is seeded inside and put back as it was after.

    Raises:
        ValueError: a seed out of range.
    """
    state = seeded_generator(seed).get_state()
    before = torch.random.get_rng_state()
    torch.random.set_rng_state(state)
    try:
        yield
    finally:
        torch.random.set_rng_state(before)
