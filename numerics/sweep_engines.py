"""Ready-made engines of a sweep: the processes of this machine, and a Dask cluster. Dask is imported when asked for."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing import active_children
from typing import Any

from numerics.store import Store
from numerics.sweep import Progress, Report, SweepError, WorkersLostError, run_sweep
from numerics.sweep_spec import Cell
from numerics.workers import WorkerPool

CONNECT_SECONDS = 20
"""How long to wait for a Dask scheduler, and for its first worker."""
ABSENT_SECONDS = 60.0
"""How long a cluster may be without workers."""
RETRIES = 10
"""How often Dask runs a task again whose worker died."""
_ADDRESS = re.compile(r"((tcp|tls|ws|wss)://)?([\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}", re.ASCII)
_POOLS = 3
_COUNT_SECONDS = 2.0

Watch = Callable[[Progress], None]


def sweep_in_processes(cells: Sequence[Cell], store: Store, workers: int, watch: Watch) -> Report:
    """Run a sweep on processes of this machine.

    Args:
        cells, store, watch: as in `numerics.sweep.run_sweep`.
        workers: how many; 1 for this process alone. Results do not depend on it.

    Raises:
        SweepError: workers broke down again and again, without a cell done.
    """
    if workers == 1:
        return run_sweep(cells, store, watch=watch)
    first = store.count()
    failed = 0
    while True:
        before = store.count()
        try:
            report = _on_a_pool(cells, store, workers, watch)
        except WorkersLostError:
            failed = 0 if store.count() > before else failed + 1
            if failed == _POOLS:
                raise SweepError("the workers broke down again and again (out of memory?)") from None
        else:
            earlier = before - first  # by pools that broke down
            return replace(report, present=report.present - earlier, computed=report.computed + earlier)


def _on_a_pool(cells: Sequence[Cell], store: Store, workers: int, watch: Watch) -> Report:
    strangers = set(active_children())
    # Spawned, not forked: the same on every platform, and no state is inherited.
    pool = WorkerPool(workers)
    engine = f"{workers} processes"
    try:  # a pool tells of a lost worker, so there is no limit to patience
        report = run_sweep(cells, store, pool, slots=lambda: workers, watch=watch, patience=math.inf, engine=engine)
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in set(active_children()) - strangers:
            worker.terminate()
        raise
    return report


class _Slots:
    # Counts a cluster's workers, now and then.
    def __init__(self, client: Any) -> None:
        self._client, self._count, self._counted, self._present = client, 1, 0.0, time.monotonic()

    def __call__(self) -> int:
        now = time.monotonic()
        if now - self._counted > _COUNT_SECONDS:
            try:
                self._count = sum(self._client.nthreads().values())
            except (OSError, TimeoutError, RuntimeError) as error:
                raise SweepError(f"the Dask scheduler is lost: {' '.join(str(error).split())}") from None
            self._counted = time.monotonic()
            if self._count:
                self._present = self._counted
            elif now - self._present > ABSENT_SECONDS:
                raise SweepError(f"the Dask cluster has had no worker for {ABSENT_SECONDS:g} seconds")
        return max(1, self._count)


def check_address(address: str) -> None:
    """Refuse what is no address of a Dask scheduler; a client would take a minute to give up over it.

    Raises:
        SweepError: with what was found.
    """
    if not _ADDRESS.fullmatch(address):
        raise SweepError(f"the address of a Dask scheduler is as in tcp://host:8786. Found {address[:60]!r}.")


def sweep_on_dask(cells: Sequence[Cell], store: Store, address: str, watch: Watch) -> Report:
    """Run a sweep on a Dask cluster; its workers need this project, of the same code.

    Args:
        cells, store, watch: as in `numerics.sweep.run_sweep`.
        address: of the scheduler, as in "tcp://host:8786".

    Raises:
        SweepError: Dask is not installed, the cluster cannot be reached, or it is lost.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise SweepError("--scheduler needs Dask: pip install 'gda-verifier[dask]'") from None
    check_address(address)
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError, RuntimeError, TypeError) as error:
        raise SweepError(f"no Dask scheduler at {address!r}: {' '.join(str(error).split())[:200]}") from None
    try:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError:
            raise SweepError(f"the Dask scheduler at {address!r} has no workers") from None
        executor = client.get_executor(pure=False, retries=RETRIES)
        return run_sweep(cells, store, executor, slots=_Slots(client), watch=watch, engine="Dask")
    finally:
        client.close(timeout=CONNECT_SECONDS)
