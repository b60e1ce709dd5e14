"""Assumptions: the names they declare, with what SymPy is to know of each, and the conditions that remain."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from math import prod

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean

from theory.order_regions import facts_of
from theory.parse_read import Reader
from theory.parse_size import shape
from theory.parse_text import ParseError, is_name, tokens_of
from theory.parse_tree import Source, source_of

MAX_ASSUMPTIONS = 20
MAX_NAMES = 8
MAX_SHOWN = 200  # characters of the assumptions that a message shows
MAX_CONDITIONS = 8  # beyond the signs of single symbols
MAX_CASES = 24  # conditions, times the cases that looking for a contradiction goes through

Assumed = tuple[dict[str, sp.Symbol], tuple[Boolean, ...]]
"""The declared symbols by name, and the conditions."""

_DECLARATION = re.compile(r" *([A-Za-z_][A-Za-z0-9_]*) +(integer|in +(?P<set>[A-Za-z]+)) *")
_DOMAINS = {"N": {"integer": True, "positive": True}, "Z": {"integer": True}, "R": {}}


class _Reader(Reader):
    """A reader of relations between ratios of polynomials: the order algebra sees no further."""

    def side(self, node: ast.expr) -> sp.Expr:
        """Read one side of a relation."""
        value = super().side(node)
        if value.free_symbols and not value.is_rational_function():
            self.refuse(node, "not a ratio of polynomials")
        return value


def assumptions_of(texts: Iterable[str], reserved: frozenset[str]) -> Assumed:
    """Read assumptions; see `theory.parse.parse_assumptions`."""
    texts = tuple(texts)
    if len(texts) > MAX_ASSUMPTIONS:
        raise ParseError(f"more than {MAX_ASSUMPTIONS} assumptions", texts[MAX_ASSUMPTIONS], 1)
    known: dict[str, dict[str, bool]] = {}
    sources: list[Source] = []
    for text in texts:
        declared = _DECLARATION.fullmatch(text)
        if declared and is_name(declared[1]):
            _declare(text, known, reserved, [(declared[1], declared.start(1) + 1)])
            known[declared[1]] |= _domain(text, declared)
        else:
            source = source_of(text, condition=True)
            _declare(text, known, reserved, _names_in(text))
            sources.append(source)
    plain = {name: sp.Symbol(name, real=True) for name in known}
    for condition in _conditions(sources, plain):
        _learn(condition, known)
    names = {name: sp.Symbol(name, real=True, **facts) for name, facts in known.items()}
    conditions = tuple(dict.fromkeys(c for c in _conditions(sources, names) if c != sp.true))
    _check_consistent(texts, conditions)
    return names, conditions


def _domain(text: str, declared: re.Match[str]) -> dict[str, bool]:
    """Return what a declaration says of its name."""
    domain = declared["set"] or "Z"
    if domain not in _DOMAINS:
        raise ParseError(f"unknown domain {domain[:60]!r}", text, declared.start("set") + 1, "domains: N, Z, R")
    return _DOMAINS[domain]


def _names_in(text: str) -> list[tuple[str, int]]:
    """Return the names in a text that no function and no word of a condition has, with their columns."""
    return [(token.text, token.column) for token in tokens_of(text) if token.kind == "name" and is_name(token.text)]


def _declare(
    text: str, known: dict[str, dict[str, bool]], reserved: frozenset[str], found: list[tuple[str, int]]
) -> None:
    """Add the names that occur in a text."""
    for name, column in found:
        if name in reserved:
            raise ParseError(f"{name!r} varies", text, column, "an assumption is about other names")
        known.setdefault(name, {})
        if len(known) > MAX_NAMES:
            raise ParseError(f"more than {MAX_NAMES} names in the assumptions", text, column)


def _conditions(sources: Iterable[Source], names: Mapping[str, sp.Symbol]) -> list[Boolean]:
    """Read the sources; a conjunction is several conditions."""
    read = [_Reader(source, names).condition(source.tree) for source in sources]
    return [part for condition in read for part in sp.And.make_args(condition)]


def _learn(condition: Boolean, known: Mapping[str, dict[str, bool]]) -> None:
    """Take the sign of a symbol from a condition ``x > c``, ``x >= c`` or ``x == c``."""
    if not isinstance(condition, sp.Gt | sp.Ge | sp.Lt | sp.Le | sp.Eq):
        return
    if isinstance(condition, sp.Eq):
        larger, smaller = condition.args if condition.lhs.is_Symbol else condition.args[::-1]
    else:
        larger, smaller = condition.gts, condition.lts
    if not (larger.is_Symbol and smaller.is_Rational and smaller >= 0):
        return
    strict = isinstance(condition, sp.Gt | sp.Lt) or smaller > 0
    known[larger.name]["positive" if strict else "nonnegative"] = True


def _check_consistent(texts: tuple[str, ...], conditions: tuple[Boolean, ...]) -> None:
    """Refuse conditions that contradict one another."""
    shown = "; ".join(texts)
    shown = shown if len(shown) <= MAX_SHOWN else f"{shown[:MAX_SHOWN]}..."
    cases = prod(map(_cases, conditions))
    if len(conditions) > MAX_CONDITIONS or len(conditions) * cases > MAX_CASES:
        raise ValueError(f"the assumptions are too many, or of too high a degree. Found {shown}.")
    try:
        facts_of(sp.And(*conditions))
    except ValueError as error:
        raise ValueError(f"the assumptions contradict one another. Found {shown}.") from error


def _cases(condition: Boolean) -> int:
    """Bound the number of cases in which a condition holds, from the factors that a side may have."""
    if isinstance(condition, sp.Or):
        return sum(map(_cases, condition.args))
    if not isinstance(condition, Relational):
        return prod(map(_cases, condition.args))
    _, _, degree, below = shape(condition.lhs - condition.rhs)
    return int(max(1, degree + below)) * (2 if isinstance(condition, sp.Ne) else 1)
