"""Where a worker finds what a cell names by its digest only: data, files of images, a place for checkpoints.

A cell's content says what is computed, not where things lie; that differs from machine to machine. Workers read it from
the environment variable `VARIABLE`; those of a cluster need it set if they are to read files.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

VARIABLE = "GDA_DEEP_WHERE"


@dataclass(frozen=True)
class Where:
    """Places on this machine.

    Args:
        data: folder of CIFAR-10; empty if it is not needed.
        checkpoints: folder for checkpoints of long runs; empty for none.
        files: path of each ``.npz`` file of images by the name of its generator.
    """

    data: str = ""
    checkpoints: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def checkpoint(self, *parts: object) -> Path | None:
        """Return the folder of a run's checkpoints, if there are to be any."""
        return Path(self.checkpoints, "-".join(map(str, parts))) if self.checkpoints else None


def here() -> Where:
    """Return the places that the environment names.

    Raises:
        ValueError: the variable holds something else.
    """
    text = os.environ.get(VARIABLE, "{}")
    try:
        return Where(**json.loads(text))
    except (ValueError, TypeError):
        raise ValueError(f"{VARIABLE} must hold a JSON object with the places. Found {text[:60]!r}.") from None


@contextmanager
def places(where: Where) -> Iterator[None]:
    """Tell this process, and the workers that it starts, where things lie."""
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = json.dumps(asdict(where))
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before
