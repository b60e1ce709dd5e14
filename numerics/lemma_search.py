"""A search for violations of a lemma: every case decided with certainty or not at all, the tightest ratio kept.

No number of cases proves a lemma. One case whose left-hand side is certainly above the bound refutes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from flint import arb

from numerics.balls import precision
from numerics.compile import Compiled, compile_expression
from numerics.lemma_cases import BITS, Case
from theory.lemmas import Lemma
from theory.tested_lemmas import Statement


class NotAnInstanceError(ValueError):
    """A case does not meet a hypothesis of the lemma: it says nothing of it."""


@dataclass(frozen=True)
class Trial:
    """A case decided.

    Args:
        case: the case.
        bound: a ball that holds the right-hand side.
        holds: whether the left-hand side is at most the bound; None where the balls do not tell.
        ratio: a number that left over bound is certainly not below, nearly attained where the left is known exactly.
    """

    case: Case
    bound: arb
    holds: bool | None
    ratio: float


@dataclass(frozen=True)
class Finding:
    """What a search found.

    Args:
        statement: what was tested.
        cases: number of cases tried.
        undecided: number of those that the balls did not decide.
        violations: number of those that refute the statement, for certain.
        tightest: the case with the largest ratio; one that refutes the statement if there is any.
    """

    statement: Statement
    cases: int
    undecided: int
    violations: int
    tightest: Trial

    @property
    def holds(self) -> bool | None:
        """False if the statement is refuted, None if a case was not decided, else True: no violation was found."""
        return False if self.violations else None if self.undecided else True


def check_instance(lemma: Lemma, case: Case) -> None:
    """Check that a case meets every hypothesis of a lemma.

    Raises:
        NotAnInstanceError: it does not; or nothing is said of a hypothesis.
    """
    for hypothesis in lemma.hypotheses:
        if hypothesis.name not in case.measured:
            raise NotAnInstanceError(f"nothing is measured for '{hypothesis.name}' of {lemma.key} in: {case.name}")
        found, limit = case.measured[hypothesis.name], hypothesis.at_most
        if limit is None:
            met = found is True
        else:
            asked = case.letters[limit.name] if isinstance(limit, sp.Symbol) else limit
            met = not isinstance(found, bool) and bool(found <= asked)
        if not met:
            raise NotAnInstanceError(f"'{hypothesis.name}' of {lemma.key} is not met: found {found} in: {case.name}")
    order = case.letters.get("p")
    if lemma.moments_from is not None and (order is None or order < lemma.moments_from):
        raise NotAnInstanceError(f"{lemma.key} is of moments from {lemma.moments_from}. Found {order} in: {case.name}")


@lru_cache(maxsize=128)
def _compiled(bound: sp.Expr) -> Compiled:
    return compile_expression(bound)


def examine(statement: Statement, case: Case) -> Trial:
    """Decide a case: compare both sides in balls, and where these touch by algebra.

    Raises:
        NotAnInstanceError: a hypothesis of the lemma is not met.
    """
    check_instance(statement.lemma, case)
    compiled = _compiled(statement.bound)
    letters = {symbol.name: case.letters[symbol.name] for symbol in compiled.arguments}
    bound = compiled.at_ball(BITS, **letters)
    with precision(BITS):
        holds = True if case.high <= bound else False if case.low > bound else None
        if holds is None:
            holds = _exactly(statement.bound, case)
        ratio = _ratio(case.low, bound)
    return Trial(case, bound, holds, ratio)


def _exactly(bound: sp.Expr, case: Case) -> bool | None:
    values = {symbol: sp.Rational(str(case.letters[symbol.name])) for symbol in bound.free_symbols}
    if case.exact is None:
        return None
    left = sp.Rational(case.exact.numerator, case.exact.denominator) ** sp.Rational(1, case.order)
    difference = sp.simplify(left - bound.subs(values))
    return bool(difference <= 0) if difference.is_Rational else None


def _ratio(left: arb, bound: arb) -> float:
    # Left over bound, from below; 0 for nothing over nothing.
    if not left > 0:
        return 0.0
    if not bound > 0:
        return float("inf") if bound == 0 else 0.0
    return float((left / bound).lower())


def join(first: Finding, second: Finding) -> Finding:
    """Put two findings on one statement together."""
    return Finding(
        first.statement,
        first.cases + second.cases,
        first.undecided + second.undecided,
        first.violations + second.violations,
        max(first.tightest, second.tightest, key=_rank),
    )


def _rank(trial: Trial) -> tuple[bool, float]:
    # To nine digits: cases that tie in truth are ordered by their place, not by the last bit.
    return trial.holds is False, float(f"{trial.ratio:.9g}")


def search(statement: Statement, cases: Iterable[Case], budget: int | None = None) -> Finding:
    """Try cases for violations.

    Args:
        statement: what is tested.
        cases: instances of its lemma.
        budget: at most this many are tried.

    Returns:
        The finding; it depends on the cases only, not on their order but for ties.

    Raises:
        NotAnInstanceError: a case that is none.
        ValueError: no case.
    """
    tried = undecided = violations = 0
    tightest: Trial | None = None
    for case in cases:
        if budget is not None and tried >= budget:
            break
        trial = examine(statement, case)
        tried += 1
        undecided += trial.holds is None
        violations += trial.holds is False
        if tightest is None or _rank(trial) > _rank(tightest):
            tightest = trial
    if tightest is None:
        raise ValueError(f"cases must be instances of {statement.key}, one or more. Found none.")
    return Finding(statement, tried, undecided, violations, tightest)
