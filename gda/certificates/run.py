"""Prove or refute claims, on one process or several, and verify each answer by the second checker."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from gda.certificates.claim import Claim
from numerics.certify import Certificate, Counterexample, Resisted, prove
from numerics.recheck import recheck, recheck_point
from numerics.workers import WorkerPool

SECONDS = 600.0
"""For one claim. Far more than any takes: what ends a search is the number of boxes, on every machine alike."""

Verdict = Literal["proved", "refuted", "undecided"]


@dataclass(frozen=True)
class Settled:
    """What became of a claim.

    Args:
        claim: the claim.
        found: its proof, a point that refutes it, or the box that resisted.
        faults: what the second checker found wrong, a line each.
        seconds: that both took.
    """

    claim: Claim
    found: Certificate | Counterexample | Resisted
    faults: tuple[str, ...]
    seconds: float

    @property
    def verdict(self) -> Verdict:
        """What was found; nothing, where the second checker disagrees."""
        if self.faults or isinstance(self.found, Resisted):
            return "undecided"
        return "proved" if isinstance(self.found, Certificate) else "refuted"

    @property
    def wanted(self) -> Verdict:
        """What is to be found."""
        return "proved" if self.claim.true else "refuted"

    @property
    def as_wanted(self) -> bool | None:
        """Whether it was; None where nothing was found."""
        return None if self.verdict == "undecided" else self.verdict == self.wanted


def settle(claim: Claim) -> Settled:
    """Prove or refute a claim, and verify the answer by the second checker."""
    started = time.monotonic()
    found = prove(claim.goal, invert_symbols=claim.inverted, seconds=SECONDS)
    faults: tuple[str, ...] = ()
    if isinstance(found, Certificate):
        faults = recheck(found, claim.goal)
    elif isinstance(found, Counterexample):
        faults = recheck_point(found, claim.goal)
    return Settled(claim, found, faults, time.monotonic() - started)


def settle_all(
    claims: Sequence[Claim], workers: int = 1, progress: Callable[[int, int], None] | None = None
) -> tuple[Settled, ...]:
    """Settle claims, in their order; nothing but the seconds depends on the number of processes.

    Args:
        claims: what to settle.
        workers: processes; one is this one.
        progress: told how many are done and to do.

    Raises:
        ValueError: no worker.
    """
    if workers < 1:
        raise ValueError(f"workers must be >= 1. Found {workers}.")
    settled: list[Settled] = []
    pool = WorkerPool(min(workers, len(claims))) if workers > 1 and len(claims) > 1 else None
    try:
        for one in pool.map(settle, claims) if pool else map(settle, claims):
            settled.append(one)
            if progress:
                progress(len(settled), len(claims))
    finally:
        if pool:
            pool.shutdown(cancel_futures=True)
    return tuple(settled)
