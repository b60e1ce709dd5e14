"""Checks, evidence, claims and verdicts: how what was computed becomes one word.

A `Check` is one question with a computed and a claimed side. A claim's `Evidence` sorts its checks into those that the
claim *as stated* needs and those that an *amended* statement needs; `decide` turns them into a `Verdict`. The verdict's
kind is the weakest kind of evidence among the checks that decided it, so a simulation never passes for a proof.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from theory.derivation import Derivation

if TYPE_CHECKING:
    from gda.context import Context

Kind = Literal["identity", "certificate", "statistical", "experiment", "not checked"]
VerdictName = Literal["verified", "amended", "refuted", "open", "not checked"]

STRENGTH: tuple[Kind, ...] = ("identity", "certificate", "statistical", "experiment", "not checked")
"""Kinds of evidence, strongest first."""


@dataclass(frozen=True)
class Check:
    """One question, answered by computation.

    Args:
        name: short, unique within its claim.
        asks: the question in a sentence.
        kind: kind of evidence that the answer is.
        computed, claimed: the two sides, as a reader sees them.
        holds: the answer; None where the evidence does not decide.
        command: what a stranger types to get the computed side again.
        level: for a statistical check, its confidence level or false-alarm rate, in words.
        axioms: lemmas taken from the literature that the answer rests on.
        internal: a fact of this project's own making (a derivation, a formula): if it fails, we are wrong.
    """

    name: str
    asks: str
    kind: Kind
    computed: str
    claimed: str
    holds: bool | None
    command: str
    level: str = ""
    axioms: tuple[str, ...] = ()
    internal: bool = False

    def __post_init__(self) -> None:
        if self.kind == "statistical" and not self.level:
            raise ValueError(f"a statistical check states its level. Found none in {self.name!r}.")
        if self.holds is not None and not isinstance(self.holds, bool):
            raise TypeError(f"holds is True, False or None. Found {self.holds!r} in {self.name!r}.")


@dataclass(frozen=True)
class Table:
    """A table of the report; cells are already rounded strings, so that it is the same on every machine."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Artefact:
    """A file of the evidence: its name in the output folder, and what writes it to a path."""

    name: str
    write: Callable[[Path], None]


@dataclass(frozen=True)
class Evidence:
    """All that was computed for one claim.

    Args:
        stated: checks that the claim as stated needs, every one.
        amendment: the statement that holds instead; empty where there is none.
        amended: checks that the amended statement needs.
        context: checks reported beside, which decide nothing.
        findings: what a reader should know, a sentence each.
        tables: for the report.
        derivations: the derivations that back it, for `gda explain`.
        artefacts: files that belong to the evidence: figures, tables with more digits.
        pending: evidence that is wanted and not yet gathered.
        scope: the data that an experiment's verdict is about.
    """

    stated: tuple[Check, ...] = ()
    amendment: str = ""
    amended: tuple[Check, ...] = ()
    context: tuple[Check, ...] = ()
    findings: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    derivations: tuple[Derivation, ...] = ()
    artefacts: tuple[Artefact, ...] = ()
    pending: tuple[str, ...] = ()
    scope: str = ""

    @property
    def checks(self) -> tuple[Check, ...]:
        """Every check, those that decide first."""
        return self.stated + self.amended + self.context


def joined(*parts: Evidence) -> Evidence:
    """Put evidence from several sources together, in order; amendments and scopes as well."""
    tuples = [item.name for item in fields(Evidence) if item.name not in ("amendment", "scope")]
    whole: dict[str, Any] = {name: tuple(x for part in parts for x in getattr(part, name)) for name in tuples}
    amendment = " ".join(part.amendment for part in parts if part.amendment)
    return Evidence(**whole, amendment=amendment, scope="; ".join(part.scope for part in parts if part.scope))


@dataclass(frozen=True)
class Verdict:
    """One word on a claim, the kind of evidence behind it, and the lemmas it rests on."""

    name: VerdictName
    kind: Kind
    axioms: tuple[str, ...] = ()


@dataclass(frozen=True)
class Claim:
    """A claim of the source and how evidence for it is gathered.

    Args:
        id: as the command line knows it.
        statement: what the source says, in its words, translated.
        wanted: the evidence that would settle it.
        gather: computes the evidence; None where nothing is computed yet.
    """

    id: str
    statement: str
    wanted: str
    gather: Callable[[Context], Evidence] | None = None

    @property
    def command(self) -> str:
        """The command that checks this claim alone."""
        return f"gda verify --claim {self.id}"


@dataclass(frozen=True)
class Outcome:
    """A claim with its evidence and verdict."""

    claim: Claim
    evidence: Evidence
    verdict: Verdict = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", decide(self.evidence))


def weakest(checks: Sequence[Check]) -> Kind:
    """Return the weakest kind of evidence among some checks."""
    return max((check.kind for check in checks), key=STRENGTH.index, default="not checked")


def decide(evidence: Evidence) -> Verdict:
    """Turn evidence into a verdict.

    A failing check of this project's own making (`Check.internal`) decides nothing but that we are wrong: *open*.
    *verified*: every stated check holds. *amended*: one fails and every check of the amended statement holds.
    *refuted*: one fails and there is no amended statement that holds. *open*: none fails, some are undecided. A
    verdict by failure has the strongest kind among the checks that failed: one of them suffices.
    """
    stated = evidence.stated
    if not stated:
        return Verdict("not checked", "not checked")
    if any(check.internal and check.holds is not True for check in evidence.checks):
        return Verdict("open", weakest(stated), _axioms(stated))
    failed = [check for check in stated if check.holds is False]
    if not failed:
        name: VerdictName = "verified" if all(check.holds for check in stated) else "open"
        return Verdict(name, weakest(stated), _axioms(stated))
    refutation = min(failed, key=lambda check: STRENGTH.index(check.kind))
    if evidence.amendment and evidence.amended and all(check.holds for check in evidence.amended):
        decisive = (refutation, *evidence.amended)
        return Verdict("amended", weakest(decisive), _axioms(decisive))
    return Verdict("refuted", refutation.kind, _axioms([refutation]))


def _axioms(checks: Sequence[Check]) -> tuple[str, ...]:
    from theory.foundations import foundations_of

    found = foundations_of(key for check in checks for key in check.axioms)
    return tuple(sorted(found, key=lambda key: (len(key), key)))


def gather(claim: Claim, context: Context) -> Outcome:
    """Compute a claim's evidence, add what the proof kernel says of it, and decide."""
    if claim.gather is None:
        return Outcome(claim, Evidence(pending=(claim.wanted,)))
    from gda.kernel_checks import kernel_word

    found = claim.gather(context)
    word = kernel_word(claim.id, found.derivations)
    stated, amended, beside = (tuple(map(word.annotated, c)) for c in (found.stated, found.amended, found.context))
    tables = (*found.tables, *word.tables)
    return Outcome(claim, replace(found, stated=stated, amended=amended, context=beside + word.checks, tables=tables))


def verdict_record(outcome: Outcome) -> Mapping[str, object]:
    """Return the row of `verdicts.json`: id, claim, verdict, kind, evidence, command, axioms."""
    return {
        "id": outcome.claim.id,
        "claim": outcome.claim.statement,
        "verdict": outcome.verdict.name,
        "kind": outcome.verdict.kind,
        "axioms": list(outcome.verdict.axioms),
        "amendment": outcome.evidence.amendment if outcome.verdict.name == "amended" else "",
        "evidence": [
            {
                "check": check.name,
                "asks": check.asks,
                "kind": check.kind,
                "computed": check.computed,
                "claimed": check.claimed,
                "holds": check.holds,
                "level": check.level,
                "command": check.command,
            }
            for check in outcome.evidence.checks
        ],
        "findings": list(outcome.evidence.findings),
        "pending": list(outcome.evidence.pending),
        "scope": outcome.evidence.scope,
        "command": outcome.claim.command,
    }
