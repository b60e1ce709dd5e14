"""The command `gda certify`, and its answers as checks of a claim's evidence."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gda.certificates import Claim, all_claims
from gda.certificates.run import Settled, settle_all
from gda.errors import InputError
from gda.evidence import Check, Table
from gda.progress import Bar
from numerics.boxes import write_box
from numerics.certify import Certificate, Counterexample, Resisted
from numerics.sweep import Progress


def find_certificates(ids: Sequence[str] | None) -> tuple[Claim, ...]:
    """List the claims that serve some of the paper's; None for all.

    Raises:
        InputError: a claim of the paper that none serves.
    """
    claims = all_claims()
    known = list(dict.fromkeys(claim.serves for claim in claims))
    for wanted in ids or ():
        if wanted not in known:
            raise InputError(f"no certificate serves claim {wanted!r}. There are some for {', '.join(sorted(known))}.")
    return claims if ids is None else tuple(claim for claim in claims if claim.serves in ids)


@dataclass(frozen=True)
class Run:
    """The settled claims of a run, and its seconds."""

    settled: tuple[Settled, ...]
    seconds: float

    @property
    def good(self) -> bool:
        """Whether every claim is proved or refuted as it should be."""
        return all(one.as_wanted for one in self.settled)


def certify(ids: Sequence[str] | None, workers: int | None, *, quiet: bool = False) -> Run:
    """Settle claims with a progress bar.

    Args:
        ids: the claims of the paper that they serve; None for all.
        workers: processes; None for every core.
        quiet: draw no bar.

    Raises:
        InputError: an unknown claim, or no worker.
    """
    if workers is not None and workers < 1:
        raise InputError(f"--workers must be >= 1. Found {workers}.")
    claims, bar, started = find_certificates(ids), Bar(quiet=quiet, what="certificates"), time.monotonic()

    def draw(done: int, total: int) -> None:
        seconds = time.monotonic() - started
        bar(Progress(total, 0, done, seconds, seconds / done * (total - done)))

    try:
        settled = settle_all(claims, workers or os.cpu_count() or 1, draw)
    finally:
        bar.clear()
    seconds = time.monotonic() - started
    if not quiet:
        sys.stderr.write(f"{len(settled)} claims in {seconds:.1f} s\n")
    return Run(settled, seconds)


def record(one: Settled) -> dict[str, Any]:
    """Describe a settled claim; numbers are exact, as text."""
    found, goal = one.found, one.claim.goal
    proof = found if isinstance(found, Certificate) else None
    return {
        "name": goal.name,
        "claim": one.claim.serves,
        "statement": f"{goal.expression} {'<' if goal.strict else '<='} 0",
        "box": {symbol.name: str(span) for symbol, span in zip(goal.symbols, goal.box, strict=True)},
        "verdict": one.verdict,
        "wanted": one.wanted,
        "boxes": proof.boxes if proof else None,
        "bits": proof.bits if proof else None,
        "seconds": round(one.seconds, 3),
        "rechecked": not one.faults and not isinstance(found, Resisted),
        "counterexample": _point(found) if isinstance(found, Counterexample) else None,
        "resisted": _resisted(one),
    }


def _point(found: Counterexample) -> dict[str, str]:
    return {symbol.name: str(value) for symbol, value in found.point.items()}


def _resisted(one: Settled) -> str | None:
    if one.faults:
        return "; ".join(one.faults)
    if isinstance(one.found, Resisted):
        return f"{write_box(one.found.symbols, one.found.box)}: {one.found.why}"
    return None


def outcome(one: Settled) -> str:
    """Say what was found, in a line that is the same on every machine."""
    if isinstance(one.found, Certificate) and not one.faults:
        return f"proved on {one.found.boxes} boxes, {one.found.bits} bits"
    if isinstance(one.found, Counterexample) and not one.faults:
        return "false at " + ", ".join(f"{name} = {value}" for name, value in _point(one.found).items())
    return f"undecided: {_resisted(one)}"


def table(settled: Sequence[Settled]) -> str:
    """Write settled claims as aligned text, and in the end how many there are."""
    lines = []
    for one in settled:
        mark = "" if one.as_wanted else f"   NOT AS WANTED ({one.wanted})"
        lines.append(f"{one.claim.serves:<3} {one.claim.goal.name}: {outcome(one)}{mark}")
    return "\n".join([*lines, summary(settled)])


def summary(settled: Sequence[Settled]) -> str:
    """Count what was found."""
    proved, refuted, undecided = (
        sum(one.verdict == word for one in settled) for word in ("proved", "refuted", "undecided")
    )
    wrong = sum(one.as_wanted is False for one in settled)
    parts = [f"{proved} proved and verified", f"{refuted} refuted by a point"]
    parts += [f"{undecided} undecided"] if undecided else []
    parts += [f"{wrong} not as wanted"] if wrong else []
    return ", ".join(parts)


def certificate_checks(claim_id: str, workers: int = 1) -> tuple[Check, ...]:
    """Settle the claims that serve one of the paper's: a check for each family, the same on every machine.

    Args:
        claim_id: as in C1.
        workers: processes; results do not depend on it.

    Raises:
        InputError: no certificate serves the claim.
        ValueError: no worker.
    """
    return checks_of(settle_all(find_certificates([claim_id]), workers))


def check_name(family: str) -> str:
    """Name the check of a family of certificates."""
    return f"certificates: {family}"


def checks_of(settled: Sequence[Settled]) -> tuple[Check, ...]:
    """Turn settled claims into checks, one for each family."""
    families: dict[tuple[str, str], list[Settled]] = {}
    for one in settled:
        families.setdefault((one.claim.serves, one.claim.family), []).append(one)
    return tuple(_check(serves, sentence, ones) for (serves, sentence), ones in families.items())


def _check(serves: str, sentence: str, ones: Sequence[Settled]) -> Check:
    answers = [one.as_wanted for one in ones]
    true = sum(one.claim.true for one in ones)
    false = len(ones) - true
    wanted = [f"{true} to be proved"] * bool(true) + [f"{false} stronger ones to be refuted"] * bool(false)
    return Check(
        check_name(sentence),
        f"Is it certain, over boxes of all parameters: {sentence}?",
        "certificate",
        summary(ones),
        ", ".join(wanted),
        False if False in answers else None if None in answers else True,
        f"gda certify --claim {serves}",
    )


def certificate_table(settled: Sequence[Settled], title: str) -> Table:
    """Tabulate settled claims: what is said, where, and what was found."""
    rows = [
        [one.claim.goal.name, write_box(one.claim.goal.symbols, one.claim.goal.box), outcome(one)] for one in settled
    ]
    return Table(title, ["claim", "for all", "found"], rows)
