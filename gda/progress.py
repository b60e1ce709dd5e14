"""A progress bar on the error stream: how far, how fast, how long still. Only where someone watches."""

from __future__ import annotations

import sys
import time

from numerics.sweep import Progress

_EVERY = 0.1
_WIDTH = 24


def clock(seconds: float) -> str:
    """Write a duration as h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def line(progress: Progress, what: str = "cells") -> str:
    """Write the progress as one line; `what` is counted."""
    there = progress.present + progress.done
    filled = _WIDTH * there // max(progress.total, 1)
    rate = progress.done / progress.seconds if progress.seconds > 0 else 0.0
    left = "" if progress.left is None else f", {clock(progress.left)} left"
    return f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {there}/{progress.total} {what}, {rate:.3g}/s{left}"


class Bar:
    """Draws the progress over itself, a few times a second."""

    def __init__(self, *, quiet: bool, what: str = "cells") -> None:
        """Draw nothing if it is to be quiet or the error stream is no terminal."""
        self._what = what
        self._shown = not quiet and sys.stderr.isatty()
        self._last, self._length = 0.0, 0

    def __call__(self, progress: Progress) -> None:
        """Draw."""
        now = time.monotonic()
        if self._shown and now - self._last > _EVERY:
            self._last = now
            self._draw(line(progress, self._what))

    def clear(self) -> None:
        """Leave the line empty."""
        if self._length:
            self._draw("")

    def _draw(self, text: str) -> None:
        sys.stderr.write(f"\r{text}{' ' * (self._length - len(text))}" + ("" if text else "\r"))
        sys.stderr.flush()
        self._length = len(text)
