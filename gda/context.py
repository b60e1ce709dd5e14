"""What a claim's evidence may ask for: simulations, run once, in parallel, and shared between claims."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import as_completed
from dataclasses import asdict, dataclass, field
from multiprocessing import active_children

from numerics.mixture import Simulation, simulate
from numerics.workers import WorkerPool


@dataclass(frozen=True)
class Request:
    """One call of `numerics.mixture.simulate`: all cells of one (m_S, d), which share their real data."""

    m_S: int
    d: int
    gammas: tuple[int, ...]
    repeats: int
    seed: int
    sigma: float = 0.6
    labels: str = "balanced"
    loss: str = "nll"
    risk: str | int = "exact"
    variance: str = "pooled"
    sampler: str = "sufficient"

    def run(self) -> Simulation:
        """Simulate."""
        return simulate(**asdict(self))

    @property
    def work(self) -> int:
        """Number of coordinates drawn, to start the longest first."""
        return self.repeats * self.m_S * self.d * (1 + sum(self.gammas))

    @property
    def command(self) -> str:
        """The command that reproduces it."""
        parts = [f"gda simulate --m-s {self.m_S} --d {self.d} --gamma {' '.join(map(str, self.gammas))}"]
        parts.append(f"--repeats {self.repeats} --seed {self.seed}")
        for flag in ("labels", "loss", "risk", "variance"):
            if (value := getattr(self, flag)) != getattr(Request, flag):
                parts.append(f"--{flag} {value}")
        return " ".join(parts)


def _silent(_message: str) -> None:
    """Report nothing."""


@dataclass
class Context:
    """The run that evidence is gathered in.

    Args:
        repeats: simulated repeats for each cell.
        seed: seed of every stream.
        workers: processes; results do not depend on it.
        report: told of progress, a line at a time.
    """

    repeats: int = 5_000
    seed: int = 0
    workers: int = field(default_factory=lambda: os.cpu_count() or 1)
    report: Callable[[str], None] = _silent
    _done: dict[Request, Simulation] = field(default_factory=dict)

    def request(self, m_S: int, d: int, gammas: Iterable[int], repeats: int | None = None, **protocol: str) -> Request:
        """Describe a simulation with this run's seed and, unless given, its number of repeats."""
        return Request(m_S, d, tuple(gammas), repeats or self.repeats, self.seed, **protocol)  # type: ignore[arg-type]

    def simulations(self, requests: Iterable[Request]) -> list[Simulation]:
        """Return the simulations asked for; each is run once, the longest first."""
        wanted = list(requests)
        missing = sorted({r for r in wanted if r not in self._done}, key=lambda r: (-r.work, repr(r)))
        if self.workers > 1 and len(missing) > 1:
            self._run_in_processes(missing)
        else:
            for number, request in enumerate(missing, 1):
                self._done[request] = request.run()
                self.report(f"simulated {number}/{len(missing)}: {request.command}")
        return [self._done[request] for request in wanted]

    def _run_in_processes(self, missing: list[Request]) -> None:
        with WorkerPool(self.workers) as pool:
            futures = {pool.submit(request.run): request for request in missing}
            try:
                for number, future in enumerate(as_completed(futures), 1):
                    self._done[futures[future]] = future.result()
                    self.report(f"simulated {number}/{len(missing)}: {futures[future].command}")
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                for worker in active_children():
                    worker.terminate()
                raise

    def simulation(self, request: Request) -> Simulation:
        """Return one simulation."""
        return self.simulations([request])[0]
