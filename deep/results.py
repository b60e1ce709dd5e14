"""Results of an experiment on images: tables of classifiers and of generators, as CSV that is checked when it is read.

Imports no torch, so that results can be read without it.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from deep.spec import GENERATORS, NONE, STANDARD, Spec, check_generator, spec_from_json
from numerics.sweep_fields import shown

STEPS, EPOCHS, RECHECK = "steps", "epochs", "recheck"
"""Cells of the grid; cells at fixed epochs; the short cell that is computed anew elsewhere."""
Key = tuple[Any, ...]
MOST_BYTES = 50_000_000


@dataclass(frozen=True)
class Row:
    """A trained classifier.

    Args:
        m_S, generator, seed: of its task; the generator is ``none`` where m_G = 0.
        m_G: generated examples.
        standard: standard augmentation, ``off`` or ``on``.
        protocol: ``steps``, ``epochs`` or ``recheck``.
        classifier: its number in the cell.
        steps: of SGD.
        test_error, test_nll: on the test part: share of wrong classes; mean negative log-likelihood, nats.
        train_error, train_nll: on all that it was trained on, generated examples included, not augmented.
    """

    m_S: int
    generator: str
    seed: int
    m_G: int
    standard: str
    protocol: str
    classifier: int
    steps: int
    test_error: float
    test_nll: float
    train_error: float
    train_nll: float

    def __post_init__(self) -> None:
        if self.generator != NONE:
            check_generator(self.generator)
        if (self.generator == NONE) != (self.m_G == 0) or self.m_G < 0:
            raise ValueError(f"m_G is 0 where there is no generator, and only there. Found {self.m_G}.")
        if self.standard not in STANDARD or self.protocol not in (STEPS, EPOCHS, RECHECK):
            raise ValueError(f"unknown augmentation or protocol. Found {shown(self.standard)}, {shown(self.protocol)}.")
        for name in ("test_error", "train_error"):
            # nan stands for a classifier whose training failed
            if not (0 <= getattr(self, name) <= 1 or math.isnan(getattr(self, name))):
                raise ValueError(f"{name} must be in [0, 1]. Found {getattr(self, name)}.")
        if self.test_nll < 0 or self.train_nll < 0:
            raise ValueError(f"an NLL is at least 0. Found {min(self.test_nll, self.train_nll)}.")

    @property
    def key(self) -> Key:
        """What may be there once only."""
        return self.m_S, self.generator, self.seed, self.m_G, self.standard, self.protocol, self.classifier


@dataclass(frozen=True)
class GeneratorRun:
    """A trained generator and what the gate found.

    Args:
        m_S, generator, seed: of its task.
        passed: whether it passed the gate.
        reason: why not, empty if it did.
        accuracy, worst_class, diversity, frechet, neighbours: see `deep.measure.Quality`; nan where training failed.
    """

    m_S: int
    generator: str
    seed: int
    passed: bool
    reason: str
    accuracy: float
    worst_class: float
    diversity: float
    frechet: float
    neighbours: float

    def __post_init__(self) -> None:
        check_generator(self.generator)
        if self.passed == bool(self.reason):
            raise ValueError(f"a generator fails for a reason, or passes. Found {shown(self.reason)}.")

    @property
    def key(self) -> Key:
        """What may be there once only."""
        return self.m_S, self.generator, self.seed


@dataclass(frozen=True)
class Results:
    """All that an experiment came to, so far.

    Args:
        spec: what it was asked for.
        rows: its classifiers.
        runs: its generators.
    """

    spec: Spec
    rows: tuple[Row, ...]
    runs: tuple[GeneratorRun, ...]

    def __post_init__(self) -> None:
        _check_keys([row.key for row in self.rows], expected_rows(self.spec))
        _check_keys([run.key for run in self.runs], expected_runs(self.spec))

    def missing(self) -> int:
        """Return how many classifiers and generators are not there; those of generators that failed are not missed."""
        runs = {run.key: run for run in self.runs}
        rows = {row.key for row in self.rows}
        failed = {key for key, run in runs.items() if not run.passed}
        lacking = sum(key not in rows and (key[5] == RECHECK or key[:3] not in failed)
                      for key in expected_rows(self.spec))  # fmt: skip
        return lacking + sum(key not in runs for key in expected_runs(self.spec))


def _check_keys(found: Iterable[Key], expected: Iterable[Key]) -> None:
    seen: set[Key] = set()
    known = set(expected)
    for key in found:
        if key in seen or key not in known:
            what = "the same cell twice" if key in seen else "a cell that the specification does not have"
            raise ValueError(f"{what}: {shown(key)}")
        seen.add(key)


def expected_runs(spec: Spec) -> Iterator[Key]:
    """Return the keys of all generators of an experiment."""
    return (task for task in spec.tasks() if task[1] != NONE)


def expected_rows(spec: Spec) -> Iterator[Key]:
    """Return the keys of all classifiers of an experiment."""
    for m_S, name, seed in spec.tasks():
        cells = [(m_G, STEPS) for m_G in ((0,) if name == NONE else spec.amounts(m_S))]
        if spec.epoch_check[:2] == (m_S, name):
            cells.append((epoch_amount(spec), EPOCHS))
        for m_G, protocol in cells:
            for standard in spec.standard:
                for number in range(spec.classifiers):
                    yield m_S, name, seed, m_G, standard, protocol, number
    for seed in range(spec.seeds if spec.recheck else 0):
        m_S, m_G = recheck_cell(spec)
        yield m_S, NONE, seed, 0, "off", RECHECK, 0
        yield m_S, "edm", seed, m_G, "off", RECHECK, 0


def epoch_amount(spec: Spec) -> int:
    """Return m_G of the check at fixed epochs."""
    m_S, _, gamma = spec.epoch_check
    return dict(zip(spec.positive, spec.amounts(m_S), strict=True))[gamma]


def recheck_cell(spec: Spec) -> tuple[int, int]:
    """Return (m_S, m_G) of the short cell: the second smallest m_S, or the only one, and the smallest gamma but 0."""
    m_S = sorted(spec.m_S)[min(1, len(spec.m_S) - 1)]
    return m_S, min(spec.amounts(m_S))


# CSV

T = TypeVar("T", Row, GeneratorRun)


def to_csv(items: Iterable[T], kind: type[T]) -> str:
    """Write a table as CSV, in the order of its keys; floats as Python prints them."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(item.name for item in fields(kind))
    for item in sorted(items, key=lambda item: tuple(map(_order, item.key))):
        writer.writerow(_text(getattr(item, column.name)) for column in fields(kind))
    return file.getvalue()


def _order(part: Any) -> Any:
    # Generators in the order of the spec, not of the alphabet.
    names = (NONE, *GENERATORS)
    return (names.index(part), "") if part in names else (len(names), part) if isinstance(part, str) else part


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def from_csv(text: str, kind: type[T]) -> tuple[T, ...]:
    """Read a table; nothing in it is trusted.

    Raises:
        ValueError: other columns, a value of another type or out of range; with the number of the row.
    """
    try:
        header, *lines = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from None
    columns = fields(kind)
    if header != [column.name for column in columns]:
        raise ValueError(f"the columns must be {', '.join(column.name for column in columns)}. Found {shown(header)}.")
    found = []
    for number, line in enumerate(lines, 1):
        try:
            if len(line) != len(columns):
                raise ValueError(f"{len(columns)} columns are needed. Found {len(line)}.")
            found.append(kind(**{c.name: _value(str(c.type), c.name, x) for c, x in zip(columns, line, strict=True)}))
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
    return tuple(found)


def _value(kind: str, name: str, text: str) -> Any:
    try:
        if kind == "bool":
            return {"true": True, "false": False}[text]
        value = {"int": int, "float": float, "str": str}[kind](text)
    except (ValueError, KeyError):
        raise ValueError(f"{name} must be of type {kind}. Found {shown(text)}.") from None
    return value


FILES = (".csv", ".generators.csv", ".json")
"""Endings of an experiment's files: classifiers, generators, specification."""


def write_results(results: Results, folder: Path, name: str) -> tuple[Path, ...]:
    """Write an experiment's three files, `FILES`, into a folder.

    Raises:
        ValueError: they cannot be written.
    """
    texts = (to_csv(results.rows, Row), to_csv(results.runs, GeneratorRun), results.spec.to_json())
    paths = tuple(folder / f"{name}{ending}" for ending in FILES)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ValueError(f"cannot write to {str(folder)!r}: {error.strerror}") from None
    return paths


def read_results(folder: Path, name: str) -> Results:
    """Read an experiment's three files.

    Raises:
        ValueError: one cannot be read, or is not as `write_results` writes it; one line with its name.
    """
    texts = {}
    for ending in FILES:
        path = folder / f"{name}{ending}"
        try:
            if path.stat().st_size > MOST_BYTES:
                raise ValueError(f"{str(path)!r} has more than {MOST_BYTES} bytes")
            texts[ending] = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ValueError(f"cannot read {str(path)!r}: {error.strerror}") from None
    try:
        rows, runs = from_csv(texts[".csv"], Row), from_csv(texts[".generators.csv"], GeneratorRun)
        return Results(spec_from_json(texts[".json"]), rows, runs)
    except ValueError as error:
        raise ValueError(f"cannot use {str(folder / name)!r}: {error}") from None
