"""Witnesses that a theorem's hypotheses can be met: values for its variables, functions for its lemmas.

A theorem whose hypotheses contradict each other holds for nothing. The values are sought among simple fractions; the
function for a lemma is its own bound.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from theory.coq import Names, Need, NoCoqError, Printer, domain_of

_TRIES = 60


def witness_script(
    symbols: Sequence[sp.Symbol],
    names: Names,
    hypotheses: Sequence[str],
    needs: Sequence[Need],
    functions: Mapping[str, tuple[int, str]],
    numbers: Sequence[str] = (),
) -> tuple[str, str]:
    """State that values exist for which all hypotheses hold, and write the tactics that prove it.

    Args:
        symbols: the theorem's variables.
        names: their identifiers.
        hypotheses: as printed, in order.
        needs: those of them that are conditions for a value, which the search for values has to meet.
        numbers: further variables, for which 0 is put.
        functions: by name, the number of arguments of a function variable and its witness as a Coq term.

    Returns:
        Statement and tactics; both empty where there is no hypothesis.

    Raises:
        NoCoqError: no values were found.
    """
    if not hypotheses:
        return "", ""
    point = _point(symbols, needs)
    heads = [f"({name} : {'R -> ' * arity}R)" for name, (arity, _) in functions.items()]
    reals = [*(names.of(s) for s in symbols), *numbers]
    heads += [f"({' '.join(reals)} : R)"] if reals else []
    binder = f"exists {' '.join(heads)}, " if heads else ""
    values = [f"({term})" for _, term in functions.values()] + [Printer().text(point[s]) for s in symbols]
    values += ["0"] * len(numbers)
    exists = f"exists {', '.join(values)}. " if values else ""
    joined = " /\\ ".join(f"({text})" for text in hypotheses)
    return binder + joined, f"{exists}repeat split; witness."


def _point(symbols: Sequence[sp.Symbol], needs: Sequence[Need]) -> Mapping[sp.Symbol, sp.Expr]:
    for shift in range(_TRIES):
        values = {s: _candidate(s, index + shift * (1 + index)) for index, s in enumerate(symbols)}
        if all(_met(need, values) for need in needs):
            return values
    raise NoCoqError("no values were found that meet the hypotheses")


def _candidate(symbol: sp.Symbol, index: int) -> sp.Expr:
    domain = domain_of(symbol)
    low = domain.lower
    if domain.upper is not None:
        low = domain.upper - 1 if low is None else low
        return low + (domain.upper - low) * sp.Rational(1, 2 + index)
    if low is None:
        return sp.Integer(2 + index)
    # Every other time close to the low end, for a share that the assumptions do not say is below 1.
    return sp.Integer(low + 1 + index) if index % 2 == 0 or domain.integer else low + sp.Rational(1, 2 + index)


def _met(need: Need, values: Mapping[sp.Symbol, sp.Expr]) -> bool:
    value = need.expression.subs(dict(values)).n()
    if not value.is_real:
        return False
    return {"positive": bool(value > 0), "nonnegative": bool(value >= 0), "nonzero": value != 0}[need.kind]
