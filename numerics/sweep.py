"""Run a sweep: compute the cells that a store lacks, on any executor, and write each to the store when it is done.

A cell's value depends on its content alone: not on the order, on the number of workers, or on what runs them. So a
cell may be computed twice, after a worker was lost or by two processes, and it does not matter.
"""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from numerics.store import Row, Store
from numerics.sweep_code import code_of
from numerics.sweep_plan import Job, Plan
from numerics.sweep_quantities import find_quantity
from numerics.sweep_spec import Cell, Spec
from numerics.sweep_work import Batch, compute_batch

ATTEMPTS = 5
"""How often a task is handed out, if its worker is lost or cannot run it."""
PATIENCE = 600.0
"""Seconds without any result after which the tasks under way are handed out once more; doubled each time."""
POLL_SECONDS = 0.5
_PACKAGES = ("gda-verifier", "numpy", "scipy", "sympy", "mpmath", "python-flint")


class SweepError(ValueError):
    """A sweep that cannot go on; one line. What is done is in the store."""


class WorkersLostError(SweepError):
    """The pool of workers broke down; a new pool may go on."""


@dataclass(frozen=True)
class Failure:
    """A cell that has no value, and why."""

    content: str
    error: str


@dataclass(frozen=True)
class Progress:
    """How far a sweep is.

    Args:
        total: its cells.
        present: cells that were in the store when it began.
        done: cells that were computed since, or turned up in the store.
        seconds: since it began.
        left: estimate of the seconds that it still takes; None if nothing is known yet.
    """

    total: int
    present: int
    done: int
    seconds: float
    left: float | None


@dataclass(frozen=True)
class Report:
    """What a sweep came to.

    Args:
        total: its cells.
        present: cells that were in the store before.
        computed: cells that were computed.
        failures: cells that have no value. A further run tries them again.
    """

    total: int
    present: int
    computed: int
    failures: tuple[Failure, ...]


def _silent(_progress: Progress) -> None:
    """Report nothing."""


def facts(**more: Any) -> dict[str, Any]:
    """Return the circumstances of this process: time, machine, versions."""
    versions = {}
    for name in _PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "none"
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": platform.node(),
        "machine": platform.platform(),
        "python": platform.python_version(),
        "versions": versions,
        **more,
    }


def run_sweep(
    spec: Spec | Iterable[Cell],
    store: Store,
    executor: Executor | None = None,
    *,
    slots: Callable[[], int] = lambda: 1,
    watch: Callable[[Progress], None] = _silent,
    patience: float = PATIENCE,
    engine: str = "",
) -> Report:
    """Compute the cells that the store lacks.

    Args:
        spec: what to compute.
        store: where to write it.
        executor: what to compute it on; None for this process. It is not shut down.
        slots: how many tasks it runs at a time; asked again and again, and may raise a `SweepError` to give up.
        watch: told of the progress.
        patience: seconds, as `PATIENCE`.
        engine: what the executor is, for the store.

    Returns:
        What was computed and what failed.

    Raises:
        ValueError: the specification is no good.
        StoreError: the store cannot be written to.
        SweepError: a worker has other code, or the workers are lost.
    """
    cells = spec.expand() if isinstance(spec, Spec) else tuple(dict.fromkeys(spec))
    codes = {name: code_of(find_quantity(name).compute) for name in {cell.quantity for cell in cells}}
    missing = [cell for cell in cells if not store.has(codes[cell.quantity], cell.content)]
    if not missing:
        return Report(len(cells), len(cells), 0, ())
    run = store.begin(facts(what="run", engine=engine or type(executor).__name__ if executor else "this process"))
    sweep = _Sweep(store, run, codes, Plan(missing), {cell.content for cell in missing}, len(cells))
    _Driver(sweep, executor or _Here(), slots, watch, patience).drive()
    return Report(len(cells), len(cells) - len(missing), sweep.computed, tuple(sweep.failures))


class _Here(Executor):
    # Computes at once, in this process.
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@dataclass
class _Sweep:
    # The cells' side of a run: what is pending, and what happens to what comes back.
    store: Store
    run: int
    codes: Mapping[str, str]
    plan: Plan
    pending: set[str]
    total: int
    computed: int = 0
    failures: list[Failure] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    present: int = field(init=False)

    def __post_init__(self) -> None:
        self.present = self.total - len(self.pending)

    def next(self) -> Job | None:
        # The next job, less the cells that another process has written meanwhile.
        while (job := self.plan.next()) is not None:
            code = self.codes[job.quantity.name]
            lacking = tuple(content for content in job.contents if not self.store.has(code, content))
            if len(lacking) < len(job.contents):
                there = Job(job.quantity, tuple(set(job.contents) - set(lacking)))
                self.plan.done(there, None)
                self.pending.difference_update(there.contents)
            if lacking:
                return Job(job.quantity, lacking)
        return None

    def take(self, job: Job, batch: Batch) -> None:
        # Write what a worker has sent.
        code = self.codes[job.quantity.name]
        if batch.code != code:
            raise SweepError(f"the worker on {batch.host!r} has other code of {job.quantity.name!r} than this program")
        rows = []
        for result in batch.results:
            value, error = "", result.error
            try:
                value = job.quantity.encode(result.value) if result.value is not None else ""
            except ValueError as problem:
                error = str(problem)
            if value:
                about = {"seconds": round(result.seconds, 6), "finished": result.finished, "host": batch.host}
                rows.append(Row(code, result.content, value, json.dumps(about, sort_keys=True)))
            elif result.content in self.pending:
                self.failures.append(Failure(result.content, error))
        self.store.add(rows, self.run)
        self.computed += sum(row.content in self.pending for row in rows)
        self.pending.difference_update(job.contents)
        self.plan.done(job, batch)

    def progress(self, slots: int) -> Progress:
        done = self.total - self.present - len(self.pending)
        elapsed = time.monotonic() - self.started
        return Progress(self.total, self.present, done, elapsed, self.plan.seconds_left(max(slots, 1)))


@dataclass
class _Task:
    job: Job
    attempt: int
    stale: bool = False  # handed out once more


class _Driver:
    # The executor's side of a run: hands out jobs, waits with a time limit, hands out again what was lost.
    def __init__(
        self,
        sweep: _Sweep,
        executor: Executor,
        slots: Callable[[], int],
        watch: Callable[[Progress], None],
        patience: float,
    ) -> None:
        self.sweep, self.executor, self.slots, self.watch, self.patience = sweep, executor, slots, watch, patience
        self.running: dict[Future[Batch], _Task] = {}
        self.heard = time.monotonic()

    def drive(self) -> None:
        try:
            while self.sweep.pending:
                self._fill()
                if not self.running:
                    break
                self._collect()
        except BaseException:
            self._drain()
            raise

    def _fill(self) -> None:
        slots = self.slots()
        most = 1 if isinstance(self.executor, _Here) else max(2, 2 * slots)
        while sum(not task.stale for task in self.running.values()) < most and (job := self.sweep.next()) is not None:
            self._submit(job, 1)
        self.watch(self.sweep.progress(slots))

    def _submit(self, job: Job, attempt: int) -> None:
        try:
            future = self.executor.submit(compute_batch, job.quantity.compute, job.contents)
        except BrokenExecutor:
            raise WorkersLostError("the workers broke down") from None
        except (OSError, RuntimeError) as error:
            raise SweepError(f"the workers are out of reach: {' '.join(str(error).split())[:200]}") from None
        self.running[future] = _Task(job, attempt)

    def _collect(self) -> None:
        done, _ = wait(self.running, timeout=POLL_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            task = self.running.pop(future)
            self.heard = time.monotonic()
            try:
                batch = future.result()
            except BrokenExecutor:
                raise WorkersLostError("the workers broke down") from None
            except Exception as error:  # what a cell raises is in the batch: this is the worker's end
                self._again(task, error)
            else:
                self.sweep.take(task.job, batch)
        if not done and time.monotonic() - self.heard > self.patience:
            # Not cancelled: a cell may be long, and a task that hangs may yet end. Whichever is first counts.
            self.heard = time.monotonic()
            self.patience *= 2
            for task in [task for task in self.running.values() if not task.stale]:
                task.stale = True
                self._submit(task.job, task.attempt)

    def _again(self, task: _Task, error: Exception) -> None:
        if not self.sweep.pending.intersection(task.job.contents):
            return
        if task.attempt >= ATTEMPTS:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            cell = task.job.contents[0]
            raise SweepError(f"no worker could compute the cell {cell} ({ATTEMPTS} attempts; the last: {reason})")
        self._submit(task.job, task.attempt + 1)

    def _drain(self) -> None:
        # On the way out: keep what has arrived.
        for future, task in self.running.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                try:
                    self.sweep.take(task.job, future.result())
                except ValueError:
                    return  # the store cannot be written to: that is told already
