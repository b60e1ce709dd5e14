"""The most efficient m_G: the integer that minimises a bound at a fixed m_S, with a proof over all integers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb

from numerics.bound import evaluate_bound, round_up
from numerics.compile import compile_expression
from numerics.optimum_function import Function
from numerics.optimum_search import Piece, Search
from theory.stability import Bound
from theory.stability_proof import AUGMENTED
from theory.symbols import m_G

_BUDGET = 6000
LARGEST_BITS = 1600
"""Beyond 2 to this power nothing is searched; only an expansion speaks of it."""


@dataclass(frozen=True)
class Optimum:
    """The smallest value of a bound over all m_G >= 0.

    Args:
        m_G: the smallest integer that attains it; None where no integer does, as the bound falls to its limit.
        bound: the value there, rounded up.
        bound_without: the value at m_G = 0, rounded up.
        at_infinity: whether the infimum is the limit m_G -> oo, which no integer attains.
        limit: the limit of the bound as m_G -> oo, rounded up; infinite where it grows, None where it is not known.
        proved: whether every integer was excluded; with ``gap = 0``.
        gap: by how much, at most, the true infimum may lie below what is returned; the least positive float for a tie
            of two integers that no precision resolved.
        pieces: the proof, in order of m_G >= 1, without gaps.
    """

    m_G: int | None
    bound: float
    bound_without: float
    at_infinity: bool
    limit: float | None
    proved: bool
    gap: float
    pieces: tuple[Piece, ...]

    def __str__(self) -> str:
        """Write the optimum as one line."""
        where = "m_G -> oo" if self.m_G is None else f"m_G = {self.m_G}"
        proof = f"proved on {len(self.pieces)} pieces" if self.proved else f"not proved: at most {self.gap:.3g} lower"
        return f"{where}: {self.bound:.6g}, without augmentation {self.bound_without:.6g} ({proof})"


def most_efficient_number(bound: Bound, values: Mapping[str, Any], without: Bound | None = None) -> Optimum:
    """Minimise a bound over all integers m_G >= 0.

    The bound has to be a formula of powers, logarithms, minima, maxima and ceil(log2 .) in m_G. Where it is too flat,
    or its limit outside the algebra of powers and logarithms, the optimum is returned as not proved, with the gap.

    Args:
        bound: from `theory.stability`, a specialization of it, or a setting's, with m_G among its symbols.
        values: number by name of every other symbol. A decimal enters exactly as a string or a Fraction.
        without: the bound at m_G = 0. Default: `bound` there, with no dependence if it is stated for m_G >= 1 only.

    Returns:
        The optimum and its proof.

    Raises:
        DomainError: a value outside its symbol's domain.
        TypeError: a value that is no real number.
        ValueError: a symbol without a value, a value without a symbol, m_G among the values or absent from the bound,
            or a function that has no rigorous form.
    """
    search, bound, empty = prepare(bound, values, without)
    search.run(LARGEST_BITS)
    return _report(search, bound, empty, values)


def prepare(bound: Bound, values: Mapping[str, Any], without: Bound | None = None) -> tuple[Search, Bound, Bound]:
    """Return a search that has not run, the bound in the project's m_G, and the one at m_G = 0.

    Args:
        bound, values, without: as in `most_efficient_number`.
    """
    bound, empty = _at_every_size(bound, without)
    compiled = compile_expression(bound.total, sorted(bound.total.free_symbols | {m_G}, key=lambda s: s.name))
    _check_names(bound, empty, values)
    function = Function(compiled, values, m_G.name)
    at_zero = compile_expression(empty.total, sorted(empty.total.free_symbols | {m_G}, key=lambda s: s.name))
    zero = Function(at_zero, values, m_G.name)
    search = Search(function, lambda: zero.at(arb(1)).value, _BUDGET)
    return search, bound, empty


def _at_every_size(bound: Bound, without: Bound | None) -> tuple[Bound, Bound]:
    """Return the bound in the project's m_G, and the one at m_G = 0."""
    symbols = bound.total.free_symbols
    if not symbols & {m_G, AUGMENTED}:
        raise ValueError(f"the bound must have the symbol m_G. Found {sorted(s.name for s in symbols)}.")
    stated_from_1 = AUGMENTED in symbols
    bound = bound.subs({AUGMENTED: m_G})
    if without is None:
        # A bound stated for m_G >= 1 has lost the convention T(m_S, 0) = 0.
        kept = {key: term for key, term in bound.terms.items() if not (stated_from_1 and key == "dependence")}
        without = Bound(bound.name, kept).subs({m_G: sp.S.Zero})
    return bound, without


def _check_names(bound: Bound, without: Bound, values: Mapping[str, Any]) -> None:
    names = {s.name for s in bound.total.free_symbols | without.total.free_symbols} - {m_G.name}
    if m_G.name in values:
        raise ValueError(f"m_G is what is solved for, and takes no value. Found {values[m_G.name]}.")
    missing, unknown = sorted(names - set(values)), sorted(set(values) - names)
    if missing or unknown:
        raise ValueError(f"values are needed of {sorted(names)}. Missing {missing}, unknown {unknown}.")


def _report(search: Search, bound: Bound, without: Bound, values: Mapping[str, Any]) -> Optimum:
    bound_without = evaluate_bound(without, values).total
    limit = None if search.limit is None else _float_above(search.limit)
    gap = _float_above(search.gap)
    if search.to_infinity and limit is not None:
        return Optimum(None, limit, bound_without, True, limit, gap == 0, gap, tuple(search.pieces))
    best = bound_without
    if search.best:
        best = evaluate_bound(bound, {**values, m_G.name: search.best}).total
    return Optimum(search.best, best, bound_without, False, limit, gap == 0, gap, tuple(search.pieces))


def _float_above(x: arb) -> float:
    if not x.is_finite():
        return math.inf
    mantissa, exponent = x.upper().man_exp()
    return round_up(int(mantissa) * Fraction(2) ** int(exponent))
