"""Worker processes: spawned, deaf to Ctrl-C, which is the main process's to answer, and gone when their parent is."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from typing import Any


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back while a worker is started: it inherits the mask, and the main process gets it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class WorkerPool(ProcessPoolExecutor):
    """A pool of spawned processes: the same on every platform, and no state is inherited."""

    def __init__(self, workers: int) -> None:
        """Start up to `workers` processes, when there is work."""
        super().__init__(workers, get_context("spawn"), _end_with_parent)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a call; any submission may start a worker."""
        with interrupts_held():
            return super().submit(fn, *args, **kwargs)


def _end_with_parent() -> None:
    # A worker whose parent was killed would wait for work forever.
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
