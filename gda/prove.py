"""The command `gda prove`: what the proof kernel has not yet been asked is compiled, and the record renewed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from gda.coqc import KernelError, compiler, prove
from gda.errors import InputError
from gda.kernel_record import RECORD, Entry, Record, Standing, keys, read_record, standing_of, write_record
from theory.derivation import Derivation
from theory.derivations import all_derivations
from theory.kernel import StepGoals, Theorem, derivation_goals

Write = Callable[[str], None]
Goals = dict[str, tuple[StepGoals, ...]]

OK, BROKEN = 0, 1


def goals_of_claims(ids: Sequence[str] | None, tell: Write) -> Goals:
    """Write the goals of every derivation and certificate, or of those that some claims rest on, by subject.

    Raises:
        InputError: an id that no claim has.
    """
    chains: Sequence[Derivation] = tuple(all_derivations()) if ids is None else _derivations_of(ids, tell)
    return {chain.name: derivation_goals(chain) for chain in chains}


def _derivations_of(ids: Sequence[str], tell: Write) -> tuple[Derivation, ...]:
    from gda.claims import find_claims
    from gda.evidence import gather
    from gda.verify import QUICK_REPEATS, new_context

    context = new_context(QUICK_REPEATS, None, tell)
    outcomes = [gather(claim, context) for claim in find_claims(ids)]
    return tuple({chain.name: chain for outcome in outcomes for chain in outcome.evidence.derivations}.values())


def ask(goals: Goals, record: Record, *, everything: bool, jobs: int, tell: Write) -> dict[str, Entry]:
    """Ask the kernel about the goals that the record does not hold, or about all of them.

    Returns:
        The entries of these goals, and of no others.

    Raises:
        KernelError: as `gda.coqc.prove`.
    """
    theorems: dict[str, Theorem] = {}
    for steps in goals.values():
        theorems |= keys(theorem for step in steps for theorem in step.theorems)
    known = {key: record[key] for key in theorems if key in record and not everything}
    asked = {key: theorem for key, theorem in theorems.items() if key not in known}
    tell(f"{len(asked)} of {len(theorems)} goals to compile")
    answers = prove(list(asked.values()), jobs, tell) if asked else ()
    entries = {
        key: Entry(answer.theorem.subject, answer.theorem.part, answer.proved, answer.reason)
        for key, answer in zip(asked, answers, strict=True)
    }
    return known | entries


def run(
    ids: Sequence[str] | None,
    *,
    everything: bool,
    jobs: int,
    as_json: bool,
    say: Write,
    tell: Write,
    path: Path = RECORD,
) -> int:
    """Compile, report, renew the record; return the exit code: 1 where a goal is not proved.

    Raises:
        InputError: an unknown claim, or fewer than one compiler.
    """
    if jobs < 1:
        raise InputError(f"--jobs must be >= 1. Found {jobs}.")
    if compiler() is None:
        say("coqc not found: skipped (Debian: apt-get install coq libcoq-interval)")
        return OK
    goals, record = goals_of_claims(ids, tell), read_record(path)
    try:
        entries = ask(goals, record, everything=everything, jobs=jobs, tell=tell)
    except KernelError as error:
        say(f"kernel: {error}")
        return BROKEN
    write_record({**record, **entries} if ids is not None else entries, path)
    standings = [standing_of(subject, steps, entries) for subject, steps in goals.items()]
    say(json.dumps([asdict(s) for s in standings], indent=2, ensure_ascii=False) if as_json else report(standings))
    return OK if all(entry.proved for entry in entries.values()) else BROKEN


def report(standings: Sequence[Standing]) -> str:
    """Write one line for each subject, the reasons under it, and the sums."""
    lines = []
    for s in standings:
        lines.append(f"{s.checked:>3} of {s.algebraic:>3} ({s.steps:>3} steps)  {s.subject}")
        lines += [f"      {text}" for text in (*s.stale, *s.refused)]
    checked, algebraic, steps = (sum(getattr(s, name) for s in standings) for name in ("checked", "algebraic", "steps"))
    return "\n".join([*lines, f"kernel-checked: {checked} of {algebraic} steps with a goal, of {steps} steps in all"])
