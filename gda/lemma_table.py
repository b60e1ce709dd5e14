"""The command `gda lemmas`: every cited lemma put to the test, the tightest case of each, and what was found false.

A search over cases proves nothing; each case is decided with certainty. That the search can find a falsehood is shown
by the statements that are known to be false, which go the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from gda.errors import InputError
from gda.evidence import Check, Table
from numerics.lemma_climb import climbed, slope_of
from numerics.lemma_families import SEED, cases_of, tested_how
from numerics.lemma_search import Finding, join, search
from theory.tested_lemmas import STATEMENTS, Statement, statement

TITLE = "Lemmas under test: a search for violations, each case certain, none of it a proof"
HEADER = ("key", "lemma", "hypotheses tested how", "cases", "tightest ratio", "where", "verdict")


@lru_cache(maxsize=256)
def _found(key: str, seed: int) -> Finding:
    each = statement(key)
    found = search(each, cases_of(key, seed))
    further = climbed(each, seed)
    return found if further is None else join(found, further)


def findings(keys: Sequence[str] = (), seed: int = SEED) -> tuple[Finding, ...]:
    """Search for violations of statements: of all, or of those with given keys.

    Args:
        keys: as in `theory.tested_lemmas`; a lemma's own key stands for every version of it.
        seed: of the random cases, at least 0.

    Raises:
        InputError: a key that is none, or a negative seed.
    """
    if seed < 0:
        raise InputError(f"--seed must be an integer >= 0. Found {seed}.")
    for key in keys:
        if not any(_asked(each, key) for each in STATEMENTS):
            raise InputError(f"--lemma must be one of {', '.join(each.key for each in STATEMENTS)}. Found {key!r}.")
    chosen = [each for each in STATEMENTS if not keys or any(_asked(each, key) for key in keys)]
    return tuple(_found(each.key, seed) for each in chosen)


def _asked(each: Statement, key: str) -> bool:
    return key == each.key or each.key.startswith(f"{key}-")


def verdict(finding: Finding) -> str:
    """Say what was found, in words."""
    if finding.holds is False:
        return f"**false**: {finding.tightest.case.name}"
    if finding.holds is None:
        return f"{finding.undecided} of {finding.cases} cases undecided"
    return f"no violation in {finding.cases} cases"


def check_of(finding: Finding) -> Check:
    """Put a finding as a check: does the search leave the statement standing?"""
    ratio = f"tightest ratio {finding.tightest.ratio:.3g}"
    return Check(
        name=f"{finding.statement.key}, {finding.statement.title}",
        asks=f"Does '{finding.statement.title}' ({finding.statement.key}) survive a search over {finding.cases} cases,"
        " each decided exactly or in balls? (No proof.)",
        kind="certificate",
        computed=f"{verdict(finding)}; {ratio}".replace("**", ""),
        claimed="no violation",
        holds=finding.holds,
        command=f"gda lemmas --lemma {finding.statement.key}",
    )


def lemma_checks() -> tuple[Check, ...]:
    """Return a check for every statement; those known to be false fail theirs."""
    return tuple(map(check_of, findings()))


def power_check() -> Check:
    """Ask whether the search finds every statement false that is known to be, and no other."""
    wrong = [finding.statement.key for finding in findings() if finding.holds is not finding.statement.expected]
    false = [finding.statement.key for finding in findings() if finding.holds is False]
    return Check(
        name="power of the search",
        asks="Are just the statements found false that are known to be false?",
        kind="certificate",
        computed=f"found false: {', '.join(false) or 'none'}",
        claimed=f"found false: {', '.join(each.key for each in STATEMENTS if not each.expected)}",
        holds=not wrong,
        command="gda lemmas",
    )


def lemma_table(found: Sequence[Finding] | None = None) -> Table:
    """Arrange findings for reading, those of every statement unless others are given."""
    rows = [
        [
            finding.statement.key,
            finding.statement.title,
            _how(finding.statement),
            str(finding.cases),
            f"{finding.tightest.ratio:.3g}",
            finding.tightest.case.name,
            verdict(finding),
        ]
        for finding in (findings() if found is None else found)
    ]
    return Table(TITLE, HEADER, rows)


def _how(each: Statement) -> str:
    return tested_how(each.key) + ("; climbed from random starts" if slope_of(each) else "")


def records(found: Sequence[Finding]) -> list[Mapping[str, Any]]:
    """Write findings for JSON; the ratio is left over bound at the tightest case, rounded down."""
    return [
        {
            "key": finding.statement.key,
            "lemma": finding.statement.title,
            "statement": f"{finding.statement.lemma.left} <= {finding.statement.bound}",
            "source": finding.statement.lemma.source,
            "sureness": finding.statement.lemma.sureness,
            "tested_how": _how(finding.statement),
            "cases": finding.cases,
            "undecided": finding.undecided,
            "violations": finding.violations,
            "tightest_ratio": finding.tightest.ratio,
            "where": finding.tightest.case.name,
            "letters": {name: str(value) for name, value in sorted(finding.tightest.case.letters.items())},
            "holds": finding.holds,
            "expected": finding.statement.expected,
        }
        for finding in found
    ]


def plain(found: Sequence[Finding]) -> str:
    """Write findings as aligned text, without the column that says how the hypotheses were tested."""
    table = lemma_table(found)
    kept = [k for k, name in enumerate(table.header) if name not in ("hypotheses tested how", "where")]
    rows = [[row[k] for k in kept] for row in (table.header, *table.rows)]
    rows = [[cell.replace("**", "") for cell in row] for row in rows]
    widths = [max(len(row[k]) for row in rows) for k in range(len(kept))]
    lines = ["  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([table.title, *lines])


def as_expected(found: Sequence[Finding]) -> bool:
    """Tell whether what is held to be true was not found false, and what is known to be false was."""
    return all(finding.holds is finding.statement.expected for finding in found)
