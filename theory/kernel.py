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

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from theory.arises import Bounded, Claim, Equality, Inequality, Reason, Slope, Solves, Total, Value, put, times
from theory.coq import Names, NoCoqError, Printer, domain_conditions, letters, need_condition
from theory.coq_proofs import Equation
from theory.coq_witness import witness_script
from theory.derivation import Derivation, Step
from theory.lemmas import Lemma

GUARD = "Fail assumption. Fail reflexivity."
"""First lines of every script: a goal that says nothing is not proved."""


@dataclass(frozen=True)
class Theorem:
    """A goal for the kernel.

    Args:
        subject: what it belongs to: a derivation or a certificate, by name.
        part: step and quantity, or the certificate's name again.
        statement: in Coq.
        script: tactics that prove it.
        witness: a statement that its hypotheses can be met, and the tactics for it; empty without hypotheses.
    """

    subject: str
    part: tuple[str, ...]
    statement: str
    script: str
    witness: tuple[str, str] = ("", "")

    def text(self, name: str) -> str:
        """Write the theorem, and the lemma that its hypotheses can be met, as Coq source."""
        lines = [f"Theorem {name} : {self.statement}.", "Proof.", self.script, "Qed."]
        if self.witness[0]:
            lines += [f"Lemma {name}_witness : {self.witness[0]}.", "Proof.", self.witness[1], "Qed."]
        return "\n".join(lines)

    def key(self, prelude: str) -> str:
        """Hash of all that the kernel reads; the name does not enter."""
        return hashlib.sha256(f"{prelude}\n{self.text('goal')}".encode()).hexdigest()


@dataclass(frozen=True)
class Refusal:
    """A quantity, or a whole step, that no theorem is written for, and why."""

    subject: str
    part: tuple[str, ...]
    reason: str


@dataclass
class Writer:
    """Collects one theorem's variables, hypotheses and conclusion."""

    printer: Printer

    @classmethod
    def new(cls) -> Writer:
        """Start with no names."""
        return cls(Printer(Names()))

    def theorem(
        self,
        subject: str,
        part: tuple[str, ...],
        symbols: Sequence[sp.Symbol],
        conclusion: str,
        script: str,
        hypotheses: Sequence[str] = (),
        functions: Mapping[str, tuple[int, str]] | None = None,
    ) -> Theorem:
        """Put the theorem together: variables, domains, conditions, further hypotheses, conclusion."""
        names = self.printer.names
        conditions = [text for s in symbols for text in domain_conditions(s, names.of(s))]
        conditions += [need_condition(need, self.printer) for need in self.printer.needs]
        heads = [f"({name} : {'R -> ' * arity}R)" for name, (arity, _) in (functions or {}).items()]
        heads += [f"({' '.join(names.of(s) for s in symbols)} : R)"] if symbols else []
        binders = f"forall {' '.join(heads)}, " if heads else ""
        every = [*conditions, *hypotheses]
        statement = binders + "".join(f"{text} -> " for text in every) + conclusion
        full = "\n".join(["intros.", GUARD, script])
        witness = witness_script(symbols, names, every, self.printer.needs, functions or {})
        return Theorem(subject, part, statement, full, witness)


def identity(subject: str, part: tuple[str, ...], left: sp.Expr, right: sp.Expr) -> Theorem:
    """Ask whether two expressions are equal wherever both have a value.

    Raises:
        NoCoqError: an expression that cannot be printed, or both are printed alike.
    """
    writer = Writer.new()
    symbols = letters([left, right])
    for symbol in symbols:
        writer.printer.names.of(symbol)
    texts = [writer.printer.text(side) for side in (left, right)]
    if texts[0] == texts[1]:
        raise NoCoqError("both sides are written alike")
    script = Equation(writer.printer.names).script(left, right)
    return writer.theorem(subject, part, symbols, f"{texts[0]} = {texts[1]}", script)


def lemma_applied(subject: str, step: Step, quantity: str, weight: sp.Expr = sp.S.One) -> Theorem:
    """Ask that a lemma, with these letters, bounds what it bounds, times a weight, by the stated quantity.

    The lemma is a hypothesis for all values of its letters, with its numerical hypotheses as premises: what is supplied
    for each is one more letter.

    Raises:
        NoCoqError: an expression that cannot be printed.
    """
    application = step.application
    if application is None:
        raise NoCoqError("no lemma is applied")
    lemma, writer = application.lemma, Writer.new()
    own = letters([lemma.bound, *(h.at_most for h in lemma.hypotheses if h.at_most is not None)])
    supplied = [m for m in application.matches if m.asked is not None]
    values = [sp.sympify(application.letters.get(letter, letter)) for letter in own]
    stated = step.stated[quantity]
    symbols = letters([stated, weight, *values, *(sp.sympify(m.supplied) for m in supplied)])
    for symbol in symbols:
        writer.printer.names.of(symbol)
    conclusion = writer.printer.text(stated)
    arguments = [writer.printer.text(value) for value in values]
    extra = [writer.printer.text(sp.sympify(m.supplied)) for m in supplied]
    hypothesis, witness = lemma_hypothesis(lemma, own, len(extra))
    instance = put(lemma.bound, dict(zip(own, values, strict=True)))
    left = " ".join(["bounded", *arguments])
    apply = f"apply (lemma {' '.join([*arguments, *extra])}); solve [sign]"
    if weight != 1:
        left = f"{writer.printer.text(weight)} * ({left})"
        apply = f"apply Rmult_le_compat_l; [sign | {apply}]"
        instance = times(weight, instance)
    script = [
        "match goal with L : context [bounded] |- _ => rename L into lemma end.",
        f"eapply Rle_trans; [{apply} | right].",
        Equation(writer.printer.names).script(instance, stated),
    ]
    functions = {"bounded": (len(own), witness)}
    part = (step.name, quantity, f"by {lemma.key}")
    return writer.theorem(subject, part, symbols, f"{left} <= {conclusion}", "\n".join(script), [hypothesis], functions)


def lemma_hypothesis(lemma: Lemma, own: Sequence[sp.Symbol], numerical: int) -> tuple[str, str]:
    """Write a lemma as a hypothesis about the function `bounded` of its letters, and a function that meets it."""
    printer = Printer()
    names = [printer.names.of(letter) for letter in own]
    limits = [h.at_most for h in lemma.hypotheses if h.at_most is not None]
    conditions = [text for letter in own for text in domain_conditions(letter, printer.names.of(letter))]
    found = [f"found_{index}" for index in range(numerical)]
    conditions += [f"{name} <= {printer.text(limit)}" for name, limit in zip(found, limits, strict=True)]
    bound = printer.text(lemma.bound)
    conditions += [need_condition(need, printer) for need in printer.needs]
    binder = f"forall {' '.join([*names, *found])} : R, " if names or found else ""
    statement = f"({binder}{''.join(text + ' -> ' for text in conditions)}{' '.join(['bounded', *names])} <= {bound})"
    return statement, f"fun {' '.join(names)} => {bound}" if names else bound


def arising(subject: str, step: Step, quantity: str, reason: Reason) -> Theorem:
    """Ask whether the way a quantity arises leads to what is stated.

    Raises:
        NoCoqError: an expression that cannot be printed, or a way that is written as what is stated.
    """
    part, stated = (step.name, quantity, "arises"), step.stated[quantity]
    if isinstance(reason, Value):
        return identity(subject, part, put(reason.of, reason.at), stated)
    if isinstance(reason, Solves):
        return identity(subject, part, put(reason.equation, {reason.symbol: stated}), sp.S.Zero)
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
    given = [f"0 <= {writer.printer.text(expression)}" for expression in claim.given]
    sign = "<" if claim.strict else "<="
    return writer.theorem(subject, part, symbols, f"{low} {sign} {high}", "order.", given)


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
