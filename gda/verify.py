"""The commands `gda verify` and `gda explain`."""

from __future__ import annotations

import json
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from gda.claims import find_claims
from gda.context import Context
from gda.errors import InputError
from gda.evidence import Outcome, gather
from gda.report import render_claim, write_report, write_verdicts

FULL_REPEATS, QUICK_REPEATS = 50_000, 2_000
REPORT = Path("paper_checks.md")

Write = Callable[[str], None]


def verify(ids: Sequence[str] | None, out: Path, *, quick: bool, workers: int | None, say: Write, tell: Write) -> int:
    """Check claims and write verdicts, report, tables and figures.

    Args:
        ids: claims to check; None for all. Only a full run overwrites `paper_checks.md`.
        out: folder of the output.
        quick: few repeats.
        workers: processes; results do not depend on it.
        say, tell: print a result; report progress.

    Returns:
        0, or 1 if a derivation of this project does not hold.

    Raises:
        InputError: an unknown claim, or a folder that cannot be written to.
    """
    if workers is not None and workers < 1:
        raise InputError(f"--workers must be >= 1. Found {workers}.")
    claims = find_claims(ids)
    full = ids is None and not quick
    for folder in (out, REPORT.parent) if full else (out,):
        require_writable(folder)
    started = time.time()
    context = new_context(QUICK_REPEATS if quick else FULL_REPEATS, workers, tell)
    outcomes = []
    for claim in claims:
        tell(f"checking {claim.id}")
        outcomes.append(gather(claim, context))
        verdict = outcomes[-1].verdict
        say(f"{claim.id:<4} {verdict.name:<12} {verdict.kind:<12} {claim.statement}")
    write_verdicts(outcomes, out / "verdicts.json")
    write_report(outcomes, out / "checks.md")
    write_artefacts(outcomes, out)
    if full:
        write_report(outcomes, REPORT)
    write_run(out / "run.json", context, time.time() - started)
    say(f"wrote {out / 'verdicts.json'}, {out / 'checks.md'}" + (f" and {REPORT}" if full else ""))
    return report_broken(outcomes)


def explain(claim_id: str, tell: Write, repeats: int = QUICK_REPEATS) -> str:
    """Return a claim, its derivations and its evidence as text; simulated with few repeats."""
    (claim,) = find_claims([claim_id])
    outcome = gather(claim, new_context(repeats, None, tell))
    chains = "\n\n".join(str(chain) for chain in outcome.evidence.derivations)
    note = f"(simulations here have {repeats} repeats; `{claim.command}` has {FULL_REPEATS})"
    return "\n".join([render_claim(outcome), chains, note])


def new_context(repeats: int, workers: int | None, tell: Write) -> Context:
    """Make the run's context."""
    return Context(repeats=repeats, report=tell) if workers is None else Context(repeats, 0, workers, tell)


def report_broken(outcomes: Sequence[Outcome]) -> int:
    """Tell of the project's own derivations that do not hold; return the exit code."""
    broken = [
        (outcome.claim.id, check)
        for outcome in outcomes
        for check in outcome.evidence.checks
        if check.internal and check.holds is not True
    ]
    for claim_id, check in broken:
        sys.stderr.write(f"gda: {claim_id}: broken: {check.asks} {check.computed}\n")
    return 1 if broken else 0


def require_writable(folder: Path) -> None:
    """Refuse a folder that cannot be written to, before anything is computed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"cannot write to {str(folder)!r}: {error.strerror}") from None


def write_artefacts(outcomes: Sequence[Outcome], out: Path) -> None:
    """Write the files and the figures that claims bring along."""
    for outcome in outcomes:
        for artefact in outcome.evidence.artefacts:
            artefact.write(out / artefact.name)


def write_run(path: Path, context: Context, seconds: float) -> None:
    """Write the facts of the run, which no other file holds."""
    packages = ("gda-verifier", "sympy", "numpy", "scipy", "mpmath")
    facts = {
        "seconds": round(seconds, 1),
        "repeats": context.repeats,
        "seed": context.seed,
        "workers": context.workers,
        "python": platform.python_version(),
        "machine": platform.platform(),
        "versions": {name: version(name) for name in packages},
    }
    path.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
