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

from theory.arises import Bounded, Claim, Equality, Inequality, Outside, Reason, Slope, Solves, Total, Value, put
from theory.assembled import Assembled
from theory.coq import Names, Need, NoCoqError, Printer, domain_of, letters
from theory.coq_positive import Ends, negative_script
from theory.coq_proofs import Atom, Equation
from theory.derivation import Derivation, Step
from theory.kernel_lemmas import assembled, lemma_applied
from theory.kernel_writer import ALIKE, GUARD, Refusal, Theorem, Writer, identity

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
    if isinstance(reason, Outside):
        raise NoCoqError(reason.why)
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
    writer.printer.needs += [Need("nonnegative", expression) for expression in claim.given]
    sign = "<" if claim.strict else "<="
    script = order_script(writer.printer.names, claim)
    return writer.theorem(subject, part, symbols, f"{low} {sign} {high}", script)


def order_script(names: Names, claim: Inequality) -> str:
    """Write tactics for an inequality: by the signs of its factors, its functions taken as numbers, or else by size."""
    equation, printer = Equation(names), Printer(names)
    difference = equation.read(claim.low) - equation.read(claim.high)
    relation = "<" if claim.strict else "<="
    texts = [printer.text(side) for side in (claim.low, claim.high, difference)]
    lines = list(equation.lines)
    try:
        atoms = {atom.letter: atom for atom in equation.atoms if difference.has(atom.letter)}
        box = _box(claim, difference.free_symbols - set(atoms))
        box |= {letter: _ends(atom, lines) for letter, atom in atoms.items()}
        signs = negative_script(difference, box, names, strict=claim.strict)
    except NoCoqError:
        steps = [line[:-1] for line in (*equation.lines, *reversed(equation.closing))]
        return f"first [solve [order] | {'; '.join([*steps, 'first [sign | nra | order]'])}]."
    same = f"assert (same : {texts[0]} - {texts[1]} = {texts[2]}) by ({equation.decide()})."
    return "\n".join([*lines, same, f"enough ({texts[2]} {relation} 0) by lra.", signs])


def _ends(atom: Atom, lines: list[str]) -> Ends:
    # A number is enclosed by fractions; of what has letters the sign is known, at most.
    if atom.value.is_number:
        low, high = (sp.Rational(sp.floor(atom.value * 10**6) + step, 10**6) for step in (0, 1))
        text = Printer().text
        lines.append(f"assert ({text(low)} <= {atom.text} <= {text(high)}) as [? ?] by (split; interval).")
        return Ends(low, high)
    if atom.value.is_positive or atom.kind is sp.exp:
        return Ends(sp.Integer(0), open_low=True)
    if atom.value.is_nonnegative:
        return Ends(sp.Integer(0))
    raise NoCoqError(f"the sign of {atom.text} is not known")


def _box(claim: Inequality, symbols: set[sp.Symbol]) -> dict[sp.Symbol, Ends]:
    # The letters' domains, cut by what is given besides where that is an end for one letter.
    box = {}
    for letter in symbols:
        domain = domain_of(letter)
        low, high = domain.lower, domain.upper
        for expression in claim.given:
            if expression.free_symbols == {letter} and sp.degree(expression, letter) == 1:
                end, slope = -expression.subs(letter, 0) / expression.coeff(letter), expression.coeff(letter)
                low, high = (max(end, low or end), high) if slope > 0 else (low, min(end, high or end))
        if low is None:
            raise NoCoqError(f"{letter} has no low end")
        box[letter] = Ends(sp.sympify(low), None if high is None else sp.sympify(high), domain.lower_open and low == 0)
    return box


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
        """Whether it is algebra: all steps but those of which every quantity is a limit, an integral or the like."""
        return bool(self.theorems) or not all(refusal.outside for refusal in self.refusals)


def step_goals(subject: str, step: Step) -> StepGoals:
    """Write every theorem that stands for a step."""
    theorems: list[Theorem] = []
    refusals: list[Refusal] = []
    for quantity in step.stated:
        found, reason, outside = [], "both sides are written alike, and how it arises is not stated", False
        arises = step.arises.get(quantity)
        if isinstance(arises, Outside):
            reason, outside = arises.why, True
        for write in _ways(subject, step, quantity):
            try:
                found.append(write())
            except NoCoqError as error:
                reason = reason if outside or str(error) == ALIKE else str(error)
        theorems += found
        if not found:
            refusals.append(Refusal(subject, (step.name, quantity), reason, outside))
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
    if not isinstance(step.arises.get(quantity, Outside("")), Outside):
        yield lambda: arising(subject, step, quantity, step.arises[quantity])


def derivation_goals(chain: Derivation) -> tuple[StepGoals, ...]:
    """Write the theorems of every step of a derivation, in order."""
    return tuple(step_goals(chain.name, step) for step in chain.steps)
