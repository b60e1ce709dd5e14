"""Out of a store into a file, and back: what the cells are and what was computed. The circumstances go beside it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from numerics.store import Row, Store
from numerics.sweep import facts
from numerics.sweep_files import READERS, WRITERS
from numerics.sweep_spec import Cell
from numerics.sweep_table import select, to_rows, to_table

MOST_BYTES = 2 * 10**9
"""Largest file that is read."""


@dataclass(frozen=True)
class Exported:
    """What an export came to.

    Args:
        rows: cells that were written.
        missing: cells of the specification that the store does not have.
        other: cells that were left out, as other code or an unknown quantity computed them.
    """

    rows: int
    missing: int
    other: int


def export(store: Store, out: Path, cells: Sequence[Cell] | None = None, *, every_code: bool = False) -> Exported:
    """Write the cells of a store to a file, in the order of their content, and the provenance beside it.

    The bytes depend on the cells alone; those of Parquet and NetCDF also on the libraries that write them.

    Args:
        store: where the cells are.
        out: a file that ends in .csv, .parquet or .nc. It is replaced at once or not at all.
        cells: only these; None for all.
        every_code: also values that other code of this project has computed.

    Raises:
        ValueError: an ending without a format, a missing library, nothing to write, a damaged store, a file that cannot
            be written.
    """
    write = WRITERS[_format(out)]
    selection = select(store, cells, every_code=every_code)
    if not selection.rows:
        left = f" but {selection.other} of other code" if selection.other else ""
        raise ValueError(f"{str(store.path)!r} holds none of the cells{left}")
    table = to_table(selection.rows)
    try:
        with _replacing(out) as path:
            write(table, path)
        with _replacing(out.with_name(f"{out.name}.provenance.json")) as path:
            path.write_text(_provenance(store, out, selection.rows), encoding="utf-8")
    except OSError as error:
        raise ValueError(f"cannot use {str(out)!r}: {error.strerror or error}") from None
    return Exported(len(selection.rows), selection.missing, selection.other)


def import_rows(rows: Sequence[Row], path: Path, store: Store) -> int:
    """Write the cells of an export to a store; all of them or none. Return how many were new.

    Args:
        rows: as `read_export` returns them.
        path: the file that they are from, for the provenance.
        store: where they go. A cell that is there has to have the same value.

    Raises:
        StoreError: the store cannot be written to, or holds another value.
    """
    digest = sha256(path.read_bytes()).hexdigest()
    return store.merge(rows, store.begin(facts(what="import", file=path.name, sha256=digest)))


def read_export(path: Path) -> list[Row]:
    """Read the cells of an export; nothing in it is trusted.

    Args:
        path: a file that ends in .csv, .parquet or .nc.

    Raises:
        ValueError: it is no export (unknown columns, wrong types, fields out of range, a cell twice); one line with its
            name.
    """
    read = READERS[_format(path)]
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES} bytes")
        return to_rows(read(path))
    except OSError as error:
        raise ValueError(f"cannot read {str(path)!r}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"cannot use {str(path)!r}: {error}") from None


def _format(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in WRITERS:
        raise ValueError(f"a file of cells ends in {', '.join(WRITERS)}. Found {path.name!r}.")
    return suffix


def _provenance(store: Store, out: Path, rows: Sequence[Row]) -> str:
    cells = [{"run": row.run, **json.loads(row.facts)} for row in rows]
    runs = {run: about for run, about in store.runs().items() if run in {row.run for row in rows}}
    record = {
        "file": out.name,
        "sha256": sha256(out.read_bytes()).hexdigest(),
        "exported": facts(),
        "runs": runs,
        "cells": cells,
    }
    return json.dumps(record, indent=1, sort_keys=True) + "\n"


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    # A file of the same folder, which takes the place of `out` when it is complete.
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=out.suffix, dir=out.parent)
    os.close(handle)
    path = Path(name)
    try:
        yield path
        path.chmod(0o666 & ~_umask())
        path.replace(out)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
