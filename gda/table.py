"""The command `gda table`: every learner with every generator, the most efficient m_G, the rates and the verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gda.evidence import Table
from gda.order import case_record
from theory.augmentation import Case, m, verdict
from theory.generators import GENERATORS, Generator, assumed, settings
from theory.learners import LEARNERS, Learner
from theory.order import Order


@dataclass(frozen=True)
class Entry:
    """A learner with a generator: the cases, and what they assume."""

    learner: Learner
    generator: Generator
    cases: tuple[Case, ...]

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the answer assumes of learner and generator."""
        return assumed(self.learner, self.generator)


def entries() -> tuple[Entry, ...]:
    """Compute the whole table."""
    return tuple(Entry(a, g, verdict(settings(a, g))) for a in LEARNERS for g in GENERATORS)


def records(found: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """Write the table for JSON."""
    return [
        {
            "learner": entry.learner.name,
            "generator": entry.generator.name,
            "cases": [case_record(case) for case in entry.cases],
            "assumes": list(entry.assumptions),
        }
        for entry in found
    ]


def summary(found: Sequence[Entry]) -> Table:
    """Arrange the table for reading: one row a case."""
    rows = [
        [
            entry.learner.name,
            entry.generator.name,
            "-" if len(entry.cases) == 1 else str(case.condition),
            text(case.most_efficient),
            text(case.no_augmentation),
            text(case.with_most_efficient),
            case.verdict,
        ]
        for entry in found
        for case in entry.cases
    ]
    header = ["learner", "generator", "where", "m*_G", "rate without", "rate at m*_G", "verdict"]
    return Table("Learner and generator: the most efficient m_G, the rates (m = m_S), the verdict", header, rows)


def text(order: Order | None) -> str:
    """Write an order, or a dash where there is none."""
    return "-" if order is None else str(order)


def plain(found: Sequence[Entry]) -> str:
    """Write the table as aligned text."""
    table = summary(found)
    rows = [list(table.header), *map(list, table.rows)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(table.header))]
    return "\n".join("  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def latex(found: Sequence[Entry]) -> str:
    """Write the table as a LaTeX tabular."""
    import sympy as sp

    def order(value: Order | None) -> str:
        return "--" if value is None else f"${value.latex(str(m))}$"

    lines = [r"\begin{tabular}{lllllll}", r"learner & generator & where & $m_G^*$ & without & with & verdict \\ \hline"]
    for entry in found:
        for case in entry.cases:
            where = "" if len(entry.cases) == 1 else f"${sp.latex(case.condition)}$"
            cells = [
                entry.learner.name,
                entry.generator.name,
                where,
                order(case.most_efficient),
                order(case.no_augmentation),
                order(case.with_most_efficient),
                case.verdict,
            ]
            lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, r"\end{tabular}"])
