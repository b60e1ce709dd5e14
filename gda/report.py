"""The report: `paper_checks.md`, one row a claim, and the machine-readable verdicts.

The text depends on the evidence alone. It holds no times, no facts of the machine and no last digits, so two runs
anywhere write the same file; what belongs to a run goes to `run.json`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from gda.evidence import Check, Evidence, Outcome, Table, verdict_record
from gda.kernel_checks import KERNEL

PREAMBLE = """\
# Paper checks

Claims of Zheng, Wu, Li, *Toward Understanding Generative Data Augmentation* (NeurIPS 2023, arXiv 2305.17476), each with
its verdict; B is its theorem for the Gaussian mixture, F what its Figure 1 shows, R what a follow-up claims. This file
is written by `gda verify`; it is not edited by hand. The paper's formulas are reconstructed: re-derived from its proof
technique, not copied from its text.

Verdicts: *verified*, *amended* (the claim fails as stated, the amended statement holds), *refuted*, *open* (the
evidence does not decide), *not checked*. Kinds of evidence: *identity* (symbolic), *certificate* (rigorous enclosure),
*statistical* (with its level), *experiment* (with data set and seeds). A verdict has the weakest kind of evidence that
decided it. *Rests on* lists lemmas from the literature that are not derived here, nor those that they follow from.
*Kernel-checked* counts what the proof assistant Coq has checked, by a record that is kept with the code and is stale
where a goal has changed (`gda prove`). What a verdict does not mean: docs/assumptions.md.
"""


def write_report(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the report of some claims."""
    path.write_text(render(outcomes), encoding="utf-8")


def write_verdicts(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the verdicts as JSON: a list of objects with id, claim, verdict, kind, evidence, command."""
    records = [verdict_record(outcome) for outcome in outcomes]
    path.write_text(json.dumps(records, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def render(outcomes: Sequence[Outcome]) -> str:
    """Render the report of some claims as Markdown."""
    sections = [PREAMBLE, _table(_summary(outcomes)), *(_section(outcome) for outcome in outcomes)]
    return "\n".join(sections)


def render_claim(outcome: Outcome) -> str:
    """Render one claim's section."""
    return _section(outcome)


def _summary(outcomes: Sequence[Outcome]) -> Table:
    rows = []
    for outcome in outcomes:
        verdict = outcome.verdict
        rows.append(
            [
                outcome.claim.id,
                outcome.claim.statement,
                f"**{verdict.name}**",
                verdict.kind,
                _gist(outcome.evidence),
                ", ".join(verdict.axioms) or "-",
                f"`{outcome.claim.command}`",
            ]
        )
    return Table("Verdicts", ["id", "claim", "verdict", "kind", "evidence", "rests on", "command"], rows)


def _gist(evidence: Evidence) -> str:
    stated = evidence.stated
    if not stated:
        return "wanted: " + "; ".join(evidence.pending)
    holding = sum(check.holds is True for check in stated)
    text = f"{holding} of {len(stated)} checks of the claim as stated hold"
    if evidence.amended:
        kept = sum(check.holds is True for check in evidence.amended)
        text += f"; {kept} of {len(evidence.amended)} of the amended statement"
    if evidence.scope:
        text += f"; on {evidence.scope}"
    return "; ".join([text, *(check.computed for check in evidence.context if check.name == KERNEL)])


def _section(outcome: Outcome) -> str:
    evidence, verdict = outcome.evidence, outcome.verdict
    lines = [f"## {outcome.claim.id}: {verdict.name} ({verdict.kind})", "", f"> {outcome.claim.statement}", ""]
    if verdict.name == "amended":
        lines += [f"Amended: {evidence.amendment}", ""]
    lines += [f"- {finding}" for finding in evidence.findings]
    if evidence.findings:
        lines.append("")
    named = (
        ("Checks of the claim as stated", evidence.stated),
        ("Checks of the amended statement", evidence.amended),
        ("Beside", evidence.context),
    )
    lines += [_table(_checks(title, checks)) for title, checks in named if checks]
    lines += [_table(table) for table in evidence.tables]
    if evidence.pending:
        lines += ["Still wanted: " + "; ".join(evidence.pending) + ".", ""]
    return "\n".join(lines)


def _checks(title: str, checks: Iterable[Check]) -> Table:
    words = {True: "yes", False: "**no**", None: "undecided"}
    rows = [
        [
            check.asks,
            words[check.holds],
            check.computed,
            check.claimed,
            check.kind + (f", {check.level}" if check.level else ""),
            f"`{check.command}`",
        ]
        for check in checks
    ]
    return Table(title, ["question", "holds", "computed", "claimed", "kind", "command"], rows)


def _table(table: Table) -> str:
    def row(cells: Sequence[str]) -> str:
        return "| " + " | ".join(_cell(cell) for cell in cells) + " |"

    ruler = "|" + "---|" * len(table.header)
    return "\n".join([f"**{table.title}**", "", row(table.header), ruler, *map(row, table.rows), ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
