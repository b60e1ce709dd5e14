"""The store of a sweep: an SQLite file with one row for each cell, written when the cell is done and never changed."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

APPLICATION = 0x67646173
"""Marks the file as ours ("gdas"), in SQLite's header."""
SCHEMA = 1
"""Version of the tables."""
BUSY_SECONDS = 30.0
"""How long to wait for another process that writes to the same store."""

_TABLES = (
    "CREATE TABLE runs (run INTEGER PRIMARY KEY, facts TEXT NOT NULL)",
    "CREATE TABLE cells (code TEXT NOT NULL, content TEXT NOT NULL, value TEXT NOT NULL, facts TEXT NOT NULL,"
    " run INTEGER NOT NULL REFERENCES runs, PRIMARY KEY (code, content)) WITHOUT ROWID",
)
_REASONS = {
    sqlite3.SQLITE_BUSY: "it is locked by another program",
    sqlite3.SQLITE_LOCKED: "it is locked by another program",
    sqlite3.SQLITE_CORRUPT: "the file is damaged",
    sqlite3.SQLITE_NOTADB: "it is no store: not an SQLite file",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "it cannot be read or written (is the disk full?)",
    sqlite3.SQLITE_READONLY: "it cannot be written to",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened (does its folder exist, and can it be written to?)",
    sqlite3.SQLITE_PERM: "access is denied",
}


def _address(path: Path, create: bool) -> str:
    # SQLite wants to write beside a file that it reads. Where it cannot, and no writer is at work, it need not.
    archived = not create and not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()
    return path.absolute().as_uri() + ("?immutable=1" if archived else "")


class StoreError(ValueError):
    """A store that cannot be used; one line with its path."""


@dataclass(frozen=True)
class Row:
    """A cell that is done.

    Args:
        code: hash of the code that computed it.
        content: canonical JSON of the cell.
        value: canonical JSON of what was computed.
        facts: JSON of the circumstances: seconds, host, time.
        run: the run that wrote it; 0 before it is written.
    """

    code: str
    content: str
    value: str
    facts: str = "{}"
    run: int = 0


class Store:
    """An open store; several processes may have it open, and write, at a time.

    Every write is one transaction that is on the disk when the call returns: whatever happens afterwards, it is there.
    """

    def __init__(self, path: Path, *, create: bool = True, timeout: float | None = None) -> None:
        """Open a store.

        Args:
            path: the file.
            create: make it if there is none. If not, it may also be in a folder that cannot be written to.
            timeout: seconds to wait for other processes; `BUSY_SECONDS` by default.

        Raises:
            StoreError: the file is no store, damaged, of another version, locked, or cannot be written to. It is left
                as it is.
        """
        self.path = path
        if not create and not path.is_file():
            raise StoreError(f"there is no store {str(path)!r}")
        with self._telling():
            wait = BUSY_SECONDS if timeout is None else timeout
            self._db = sqlite3.connect(_address(path, create), timeout=wait, isolation_level=None, uri=True)
            try:
                self._open()
            except BaseException:
                self._db.close()
                raise

    def _open(self) -> None:
        if self._number("application_id") == 0 and not self._number("schema_version"):
            self._create()
        if self._number("application_id") != APPLICATION:
            raise StoreError(f"cannot use {str(self.path)!r}: it is no store but an SQLite file of something else")
        version = self._number("user_version")
        if version != SCHEMA:
            age = "an older" if version < SCHEMA else "a newer"
            raise StoreError(
                f"cannot use {str(self.path)!r}: it is a store of {age} version, {version}; this program has {SCHEMA}"
            )
        (verdict,) = self._db.execute("PRAGMA quick_check(1)").fetchone()
        tables = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if verdict != "ok" or not {"runs", "cells"} <= tables:
            raise StoreError(f"cannot use {str(self.path)!r}: the file is damaged")
        self._db.execute("PRAGMA synchronous = FULL")

    def _number(self, pragma: str) -> int:
        return int(self._db.execute(f"PRAGMA {pragma}").fetchone()[0])

    def _create(self) -> None:
        # With readers beside the writer; the mode stays with the file. Of two processes that create a store at the
        # same time, the second finds the tables.
        self._db.execute("PRAGMA journal_mode = WAL")
        with self._transaction():
            if not self._number("application_id"):
                for table in _TABLES:
                    self._db.execute(table)
                self._db.execute(f"PRAGMA user_version = {SCHEMA}")
                self._db.execute(f"PRAGMA application_id = {APPLICATION}")

    def __enter__(self) -> Store:
        """Return the store."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the store."""
        self.close()

    def close(self) -> None:
        """Close the file. What was written is there already."""
        with suppress(sqlite3.Error):  # a full disk cannot tidy up
            self._db.close()

    def begin(self, facts: Mapping[str, Any]) -> int:
        """Write the facts of a run and return its number.

        Raises:
            StoreError: the store cannot be written to.
        """
        with self._transaction():
            cursor = self._db.execute("INSERT INTO runs (facts) VALUES (?)", (json.dumps(facts, sort_keys=True),))
        return int(cursor.lastrowid or 0)

    def add(self, rows: Iterable[Row], run: int) -> int:
        """Write rows in one transaction; a row that is there stays as it is. Return how many are new.

        Raises:
            StoreError: the store cannot be written to; none of the rows is.
        """
        with self._transaction():
            return sum(self._insert(row, run) for row in rows)

    def merge(self, rows: Iterable[Row], run: int) -> int:
        """Write rows in one transaction as `add` does, but refuse a row that is there with another value.

        Raises:
            StoreError: two values for one cell, or the store cannot be written to; none of the rows is written.
        """
        with self._transaction():
            new = 0
            for row in rows:
                inserted = self._insert(row, run)
                if not inserted and self._value(row) != row.value:
                    raise StoreError(f"{str(self.path)!r} holds another value of the cell {row.content}")
                new += inserted
        return new

    def _insert(self, row: Row, run: int) -> int:
        values = (row.code, row.content, row.value, row.facts, run)
        return self._db.execute("INSERT OR IGNORE INTO cells VALUES (?, ?, ?, ?, ?)", values).rowcount

    def _value(self, row: Row) -> str:
        query = "SELECT value FROM cells WHERE code = ? AND content = ?"
        return str(self._db.execute(query, (row.code, row.content)).fetchone()[0])

    def has(self, code: str, content: str) -> bool:
        """Tell whether a cell is there."""
        with self._telling():
            query = "SELECT 1 FROM cells WHERE code = ? AND content = ?"
            return self._db.execute(query, (code, content)).fetchone() is not None

    def count(self) -> int:
        """Return the number of rows."""
        with self._telling():
            return int(self._db.execute("SELECT count(*) FROM cells").fetchone()[0])

    def rows(self) -> Iterator[Row]:
        """Return all rows, by code and content."""
        with self._telling():
            query = "SELECT code, content, value, facts, run FROM cells ORDER BY code, content"
            for row in self._db.execute(query):
                yield Row(*row)

    def runs(self) -> dict[int, dict[str, Any]]:
        """Return the facts of every run by its number."""
        with self._telling():
            try:
                return {run: json.loads(facts) for run, facts in self._db.execute("SELECT run, facts FROM runs")}
            except json.JSONDecodeError:
                raise StoreError(f"cannot use {str(self.path)!r}: the file is damaged") from None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._telling():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _telling(self) -> Iterator[None]:
        # Says in one line what SQLite complains of.
        try:
            yield
        except sqlite3.Error as error:
            code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
            reason = _REASONS.get(code, " ".join(str(error).split()))
            raise StoreError(f"cannot use {str(self.path)!r}: {reason}") from None
