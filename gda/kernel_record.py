"""The committed record of what the proof kernel has said: one entry for each goal, keyed by all that the kernel read.

A goal that was changed in any letter, its script and what every proof starts from included, has another key, and is
*stale* until `gda prove` has asked again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from importlib.resources import files
from pathlib import Path

from sympy import Symbol

from numerics.certify import Goal
from numerics.kernel_boxes import certificate_goals
from theory.derivation import Derivation
from theory.kernel import StepGoals, Theorem, derivation_goals

RECORD = Path(__file__).parent / "data" / "kernel.json"


@cache
def prelude() -> str:
    """Return what every proof starts from, as Coq source."""
    return (files("gda") / "data" / "prelude.v").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Entry:
    """What the kernel said of a goal.

    Args:
        subject, part: the goal's.
        proved: whether it is proved, without any axiom but those allowed, and its hypotheses can be met.
        reason: why not.
    """

    subject: str
    part: tuple[str, ...]
    proved: bool
    reason: str = ""


Record = Mapping[str, Entry]


def read_record(path: Path = RECORD) -> Record:
    """Read the record; empty where there is none.

    Raises:
        ValueError: a file of another form.
    """
    if not path.exists():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["goals"]
        return {
            str(row["key"]): Entry(str(row["subject"]), tuple(row["part"]), row["proved"] is True, str(row["reason"]))
            for row in rows
        }
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path.name} must be a record of the kernel. Found {error!r}.") from error


def write_record(record: Record, path: Path = RECORD) -> None:
    """Write the record, in the order of subjects and parts."""
    rows = [
        {"key": key, "subject": entry.subject, "part": list(entry.part), "proved": entry.proved, "reason": entry.reason}
        for key, entry in sorted(record.items(), key=lambda item: (item[1].subject, item[1].part, item[0]))
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(f'{{"goals": [\n{lines}\n]}}\n', encoding="utf-8")


@dataclass(frozen=True)
class Standing:
    """How much of a derivation, or of a certificate, the kernel has checked.

    Args:
        subject: the derivation's or the certificate's name.
        checked: steps with a goal whose goals are all proved.
        algebraic: steps that are algebra, with a goal or without.
        steps: all of them.
        stale: goals that the kernel was not asked about as they are now.
        refused: what was not proved or has no goal, with the reason.
        failed: those among them that the kernel was asked about.
    """

    subject: str
    checked: int
    algebraic: int
    steps: int
    stale: tuple[str, ...] = ()
    refused: tuple[str, ...] = field(default=())
    failed: tuple[str, ...] = ()

    def __str__(self) -> str:
        stale = f", {len(self.stale)} goals stale" if self.stale else ""
        return f"kernel-checked {self.checked} of {self.algebraic} algebraic steps ({self.steps} in all){stale}"


def standing(chain: Derivation, record: Record | None = None) -> Standing:
    """Say how many steps of a derivation the kernel has checked, by the record."""
    return standing_of(chain.name, derivation_goals(chain), read_record() if record is None else record)


def standing_of(subject: str, steps: Sequence[StepGoals], record: Record) -> Standing:
    """Say how much of some goals the kernel has checked, by the record."""
    stale: list[str] = []
    refused = [_line(refusal.part, refusal.reason) for step in steps for refusal in step.refusals]
    failed: list[str] = []
    checked = 0
    for step in steps:
        entries = [(theorem, record.get(theorem.key(prelude()))) for theorem in step.theorems]
        stale += [_line(theorem.part, "stale") for theorem, entry in entries if entry is None]
        failed += [_line(theorem.part, entry.reason) for theorem, entry in entries if entry and not entry.proved]
        checked += bool(entries) and all(entry is not None and entry.proved for _, entry in entries)
    algebraic = sum(step.algebraic for step in steps)
    return Standing(subject, checked, algebraic, len(steps), tuple(stale), (*refused, *failed), tuple(failed))


def certificate_standing(
    goal: Goal, point: Mapping[Symbol, Fraction] | None = None, record: Record | None = None
) -> Standing:
    """Say whether the kernel has checked a certificate, or the point at which a false claim fails, by the record."""
    return standing_of(goal.name, (certificate_goals(goal, point),), read_record() if record is None else record)


def _line(part: Iterable[str], reason: str) -> str:
    return f"{', '.join(part)}: {reason}"


def keys(theorems: Iterable[Theorem]) -> dict[str, Theorem]:
    """Key the theorems."""
    return {theorem.key(prelude()): theorem for theorem in theorems}
