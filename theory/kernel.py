"""What a proof kernel is asked about a derivation: one theorem for each number that a step arrives at.

Of a quantity whose computed and stated side differ as they are printed, that they are equal for all values of the
letters at which both have a value. Of one whose sides SymPy writes alike, that the way it arose (`theory.arises`) leads
there. Of a lemma that is applied, with the lemma for hypothesis, for all values of *its* letters: that what it bounds
is at most what is stated here, its numerical hypotheses met. A step for which nothing of this can be written is refused
with the reason. Nothing is typed by hand: every statement and script is printed from the step.

A goal that closes by `assumption` or `reflexivity` says nothing and fails: each script asks for that first. Every set
of hypotheses comes with a witness, values (and for a lemma a function) for which all of them hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import sympy as sp

from theory.arises import Bounded, Claim, Equality, Inequality, Reason, Slope, Solves, Total, Value, put
from theory.assembled import Assembled
from theory.coq import NoCoqError, letters
from theory.derivation import Derivation, Step
from theory.kernel_lemmas import assembled, lemma_applied
from theory.kernel_writer import GUARD, Given, Refusal, Theorem, Writer, identity

__all__ = ["GUARD", "Refusal", "StepGoals", "Theorem", "derivation_goals", "step_goals"]


def arising(subject: str, step: Step, quantity: str, reason: Reason | Assembled) -> Theorem:
    """Ask whether the way a quantity arises leads to what is stated.

    Raises:
        NoCoqError: an expression that cannot be printed, or a way that is written as what is stated.
    """
    part, stated = (step.name, quantity, "arises"), step.stated[quantity]
    if isinstance(reason, Value):
        return identity(subject, part, put(reason.of, reason.at), stated)
    if isinstance(reason, Solves):
        return identity(subject, part, put(reason.equation, {reason.symbol: stated}), sp.S.Zero)
    if isinstance(reason, Assembled):
        return assembled(subject, part, stated, reason)
    if isinstance(reason, Bounded):
        return lemma_applied(subject, step, quantity, reason.weight)
    if isinstance(reason, Slope):
        return slope(subject, part, reason, stated)
    if isinstance(reason, Total):
        return total(subject, part, reason, stated)
    return identity(subject, part, reason, stated)


def slope(subject: str, part: tuple[str, ...], reason: Slope, stated: sp.Expr) -> Theorem:
    """Ask whether an expression has the stated derivative wherever both have a value."""
    writer = Writer.new()
    symbols = letters([reason.of, reason.symbol, stated, reason.scale])
    name = writer.printer.names.of(reason.symbol)
    for symbol in symbols:
        writer.printer.names.of(symbol)
    body, value = writer.printer.text(reason.of), writer.printer.text(stated / reason.scale)
    conclusion = f"is_derive (fun {name} => {body}) {name} {value}"
    return writer.theorem(subject, part, symbols, conclusion, "derivative.")


def total(subject: str, part: tuple[str, ...], reason: Total, stated: sp.Expr) -> Theorem:
    """Ask whether a sum over 1, ..., N has the stated value, for every whole N >= 1, by induction."""
    writer = Writer.new()
    symbols = [s for s in letters([reason.term, stated]) if s not in (reason.index, reason.count)]
    for symbol in symbols:
        writer.printer.names.of(symbol)
    writer.printer.names.given[reason.index] = "(INR i + 1)"
    term = writer.printer.text(reason.term)
    writer.printer.names.given[reason.count] = "(INR N + 1)"
    conclusion = f"forall N : nat, sum_f_R0 (fun i : nat => {term}) N = {writer.printer.text(stated)}"
    return writer.theorem(subject, part, symbols, conclusion, "summation.")


def claimed(subject: str, part: tuple[str, ...], claim: Claim) -> Theorem:
    """Ask whether what a condition says in symbols holds.

    Raises:
        NoCoqError: an expression that cannot be printed, or two sides that are written alike.
    """
    if isinstance(claim, Equality):
        return identity(subject, part, claim.left, claim.right)
    return inequality(subject, part, claim)


def inequality(subject: str, part: tuple[str, ...], claim: Inequality) -> Theorem:
    """Ask whether an inequality holds for all values of its letters."""
    writer = Writer.new()
    symbols = letters([claim.low, claim.high, *claim.given])
    for symbol in symbols:
        writer.printer.names.of(symbol)
    low, high = writer.printer.text(claim.low), writer.printer.text(claim.high)
    given = {f"given_{i}": f"0 <= {writer.printer.text(one)}" for i, one in enumerate(claim.given)}
    sign = "<" if claim.strict else "<="
    return writer.theorem(subject, part, symbols, f"{low} {sign} {high}", "order.", Given(given))


@dataclass(frozen=True)
class StepGoals:
    """A step, the theorems that stand for it, and what was refused.

    Args:
        name: the step's.
        theorems: all of which have to be proved for the step to count.
        refusals: quantities without a theorem; they do not count for the step, nor against it.
    """

    name: str
    theorems: tuple[Theorem, ...]
    refusals: tuple[Refusal, ...]

    @property
    def algebraic(self) -> bool:
        """Whether there is anything to prove."""
        return bool(self.theorems)


def step_goals(subject: str, step: Step) -> StepGoals:
    """Write every theorem that stands for a step."""
    theorems: list[Theorem] = []
    refusals: list[Refusal] = []
    for quantity in step.stated:
        found, reason = [], "both sides are written alike, and how it arises is not stated"
        for write in _ways(subject, step, quantity):
            try:
                found.append(write())
            except NoCoqError as error:
                reason = str(error) if str(error) != "both sides are written alike" else reason
        theorems += found
        if not found:
            refusals.append(Refusal(subject, (step.name, quantity), reason))
    for text, claim in step.claims.items():
        try:
            theorems.append(claimed(subject, (step.name, text), claim))
        except NoCoqError as error:
            refusals.append(Refusal(subject, (step.name, text), str(error)))
    return StepGoals(step.name, tuple(theorems), tuple(refusals))


def _ways(subject: str, step: Step, quantity: str) -> Iterable[Callable[[], Theorem]]:
    if quantity in step.computed:
        yield lambda: identity(subject, (step.name, quantity), step.computed[quantity], step.stated[quantity])
        if step.application is not None and step.application.conclusion == step.computed[quantity]:
            yield lambda: lemma_applied(subject, step, quantity)
    if quantity in step.arises:
        yield lambda: arising(subject, step, quantity, step.arises[quantity])


def derivation_goals(chain: Derivation) -> tuple[StepGoals, ...]:
    """Write the theorems of every step of a derivation, in order."""
    return tuple(step_goals(chain.name, step) for step in chain.steps)
