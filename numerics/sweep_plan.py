"""Which cells of a sweep are next: the longest first, in batches that are worth a task, and how long the rest takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from numerics.sweep_quantities import Quantity, find_quantity
from numerics.sweep_spec import Cell
from numerics.sweep_work import Batch

TASK_SECONDS = 0.2
"""What a task should take at least: some 50 times what handing it over costs."""
MOST_IN_A_BATCH = 1000
_MEMORY = 0.7  # weight of what was measured before


@dataclass
class _Pace:
    # Seconds and work of late, of the cells of one quantity.
    seconds: float = 0.0
    work: float = 0.0

    def seconds_for(self, work: float) -> float | None:
        return work * self.seconds / self.work if self.work > 0 else None


@dataclass(frozen=True)
class Job:
    """Some cells of one quantity, to be computed by one task."""

    quantity: Quantity
    contents: tuple[str, ...]


@dataclass
class _Queue:
    quantity: Quantity
    cells: deque[tuple[float, str]]
    left: float
    pace: _Pace = field(default_factory=_Pace)
    work: dict[str, float] = field(default_factory=dict)  # of cells that are under way


class Plan:
    """The cells that are still to be handed out."""

    def __init__(self, cells: Iterable[Cell]) -> None:
        """Sort cells by quantity and by work."""
        self._queues: dict[str, _Queue] = {}
        for cell in cells:
            if cell.quantity not in self._queues:
                self._queues[cell.quantity] = _Queue(find_quantity(cell.quantity), deque(), 0.0)
            queue = self._queues[cell.quantity]
            work = max(1.0, queue.quantity.work(cell.fields))
            queue.cells.append((work, cell.content))
            queue.left += work
        for queue in self._queues.values():
            queue.cells = deque(sorted(queue.cells, key=lambda item: (-item[0], item[1])))

    def next(self) -> Job | None:
        """Take the next cells, as many as make a task; None if all are handed out."""
        queue = next((queue for queue in self._queues.values() if queue.cells), None)
        if queue is None:
            return None
        contents: list[str] = []
        predicted = 0.0
        while queue.cells and len(contents) < MOST_IN_A_BATCH and predicted < TASK_SECONDS:
            work, content = queue.cells.popleft()
            queue.work[content] = work
            contents.append(content)
            seconds = queue.pace.seconds_for(work)
            predicted = TASK_SECONDS if seconds is None else predicted + seconds
        return Job(queue.quantity, tuple(contents))

    def done(self, job: Job, batch: Batch | None) -> None:
        """Note that a job's cells are done; with what they took, if they were computed."""
        queue = self._queues[job.quantity.name]
        work = sum(queue.work.pop(content, 0.0) for content in job.contents)
        queue.left -= work
        if batch is not None and work:
            queue.pace.seconds = _MEMORY * queue.pace.seconds + sum(result.seconds for result in batch.results)
            queue.pace.work = _MEMORY * queue.pace.work + work

    def seconds_left(self, slots: int) -> float | None:
        """Estimate how long the rest takes on so many workers; None if nothing is known yet."""
        estimates = [queue.pace.seconds_for(queue.left) for queue in self._queues.values() if queue.left > 0]
        known = [estimate for estimate in estimates if estimate is not None]
        return sum(known) / slots if known else None
