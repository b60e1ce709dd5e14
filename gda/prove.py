"""The command `gda prove`: what the proof kernel has not yet been asked is compiled, and the record renewed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path

import sympy as sp

from gda.certificates import Claim, all_claims
from gda.coqc import PATIENT, SECONDS, KernelError, compiler, prove
from gda.errors import InputError
from gda.kernel_record import RECORD, Entry, Record, Standing, keys, read_record, standing_of, write_record
from numerics.certify import Counterexample
from numerics.certify import prove as refute
from numerics.kernel_boxes import certificate_goals
from theory.derivation import Derivation
from theory.derivations import all_derivations
from theory.kernel import StepGoals, Theorem, derivation_goals

Write = Callable[[str], None]

OK, BROKEN = 0, 1


@dataclass(frozen=True)
class Goals:
    """Everything to be proved, by subject.

    Args:
        derivations: the steps of each derivation.
        certificates: each inequality proved over a box, one step.
        refutations: each false inequality, at the point where it fails, one step.
    """

    derivations: Mapping[str, tuple[StepGoals, ...]]
    certificates: Mapping[str, tuple[StepGoals, ...]]
    refutations: Mapping[str, tuple[StepGoals, ...]]

    def subjects(self) -> Mapping[str, tuple[StepGoals, ...]]:
        """List the steps of all subjects; a claim that is refuted has its own name for it."""
        refuted = {f"refuted: {name}": steps for name, steps in self.refutations.items()}
        return {**self.derivations, **self.certificates, **refuted}


def goals_of_claims(ids: Sequence[str] | None, tell: Write) -> Goals:
    """Write the goals of every derivation and certificate, or of those that some claims rest on.

    Raises:
        InputError: an id that no claim has.
    """
    chains: Sequence[Derivation] = tuple(all_derivations()) if ids is None else _derivations_of(ids, tell)
    if len({chain.name for chain in chains}) < len(chains):
        raise KernelError(f"derivations need names of their own. Found {sorted(chain.name for chain in chains)}.")
    wanted = None if ids is None else {text.upper() for text in ids}
    claims = [claim for claim in all_claims() if wanted is None or claim.serves in wanted]
    tell("looking for the points at which false claims fail")
    failing = {claim.goal.name: _point(claim) for claim in claims if not claim.true}
    return Goals(
        {chain.name: derivation_goals(chain) for chain in chains},
        {claim.goal.name: (certificate_goals(claim.goal),) for claim in claims if claim.true},
        {c.goal.name: (certificate_goals(c.goal, failing[c.goal.name]),) for c in claims if not c.true},
    )


def _point(claim: Claim) -> Mapping[sp.Symbol, Fraction]:
    found = refute(claim.goal, invert_symbols=claim.inverted)
    if not isinstance(found, Counterexample):
        raise KernelError(f"no point refutes {claim.goal.name!r}: {found}")
    return found.point


def _derivations_of(ids: Sequence[str], tell: Write) -> tuple[Derivation, ...]:
    from gda.claims import find_claims
    from gda.evidence import gather
    from gda.verify import QUICK_REPEATS, new_context

    context = new_context(QUICK_REPEATS, None, tell)
    outcomes = [gather(claim, context) for claim in find_claims(ids)]
    return tuple({chain.name: chain for outcome in outcomes for chain in outcome.evidence.derivations}.values())


def ask(goals: Goals, record: Record, *, everything: bool, jobs: int, tell: Write) -> dict[str, Entry]:
    """Ask the kernel about the goals that the record does not hold, or about all but those known to be out of reach.

    Returns:
        The entries of these goals, and of no others.

    Raises:
        KernelError: as `gda.coqc.prove`.
    """
    theorems = theorems_of(goals.subjects())
    kept = [key for key in theorems if key in record and not (everything and record[key].proved)]
    # A goal that several steps have is recorded under one of them, whichever way it was asked.
    known = {key: replace(record[key], subject=theorems[key].subject, part=theorems[key].part) for key in kept}
    asked = {key: theorem for key, theorem in theorems.items() if key not in known}
    tell(f"{len(asked)} of {len(theorems)} goals to compile")
    # With everything, only what has been proved before is asked again: a slow machine is no reason to lose it.
    answers = prove(list(asked.values()), jobs, tell, PATIENT if everything else SECONDS) if asked else ()
    entries = {
        key: Entry(answer.theorem.subject, answer.theorem.part, answer.proved, answer.reason)
        for key, answer in zip(asked, answers, strict=True)
    }
    return known | entries


def theorems_of(subjects: Mapping[str, tuple[StepGoals, ...]]) -> dict[str, Theorem]:
    """Key the theorems of some subjects."""
    return keys(theorem for steps in subjects.values() for step in steps for theorem in step.theorems)


def broken(goals: Goals, entries: Record, record: Record) -> list[str]:
    """List what is not proved and has to be: every goal of a derivation or a point, and what was proved before.

    A certificate may be out of the tactics' reach: it has been proved by other means, and is listed with the reason.
    """
    must = {*theorems_of(goals.derivations), *theorems_of(goals.refutations)}
    must |= {key for key in entries if key in record and record[key].proved}
    failed = [entries[key] for key in entries if key in must and not entries[key].proved]
    return [f"{entry.subject}: {', '.join(entry.part)}: {entry.reason}" for entry in failed]


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
    record = read_record(path)
    try:
        goals = goals_of_claims(ids, tell)
        entries = ask(goals, record, everything=everything, jobs=jobs, tell=tell)
    except KernelError as error:
        say(f"kernel: {error}")
        return BROKEN
    write_record({**record, **entries} if ids is not None else entries, path)
    groups = {
        name: [standing_of(subject, steps, entries) for subject, steps in group.items()]
        for name, group in vars(goals).items()
    }
    rows = {name: [asdict(standing) for standing in group] for name, group in groups.items()}
    if as_json:
        say(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        say("\n".join(report(name, group) for name, group in groups.items()))
    failed = broken(goals, entries, record)
    for line in failed if not as_json else ():
        say(f"not proved: {line}")
    return BROKEN if failed else OK


def report(name: str, standings: Sequence[Standing]) -> str:
    """Write one line for each subject, the reasons under it, and the sums."""
    lines = [f"{name}:"]
    for s in standings:
        lines.append(f"{s.checked:>3} of {s.algebraic:>3} ({s.steps:>3} steps)  {s.subject}")
        lines += [f"      {text}" for text in (*s.stale, *s.refused)]
    checked, algebraic, steps = (sum(getattr(s, name) for s in standings) for name in ("checked", "algebraic", "steps"))
    if name == "derivations":
        sums = f"{checked} of {algebraic} algebraic steps, of {steps} steps in all"
    else:
        sums = f"{checked} of {steps}"
    return "\n".join([*lines, f"kernel-checked {name}: {sums}"])
