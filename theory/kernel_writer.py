"""A theorem for the proof kernel, and what puts its statement together."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp

from theory.coq import Names, NoCoqError, Printer, domain_conditions, letters, need_condition
from theory.coq_proofs import Equation
from theory.coq_witness import witness_script

ALIKE = "both sides are written alike"
"""Why an equation is refused that `reflexivity` would prove."""

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
    """A quantity, or a whole step, that no theorem is written for, and why; `outside` where it is no algebra."""

    subject: str
    part: tuple[str, ...]
    reason: str
    outside: bool = False


@dataclass(frozen=True)
class Given:
    """What a theorem is given besides numbers in their domains.

    Args:
        hypotheses: in Coq, by name.
        functions: by name, the number of arguments of a function variable, and a term for which the hypotheses hold.
        numbers: names of further real variables; at 0 the hypotheses hold.
    """

    hypotheses: Mapping[str, str] = field(default_factory=dict)
    functions: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    numbers: Sequence[str] = ()


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
        given: Given | None = None,
    ) -> Theorem:
        """Put the theorem together: variables, domains, conditions, what else is given, conclusion."""
        names, given = self.printer.names, given or Given()
        conditions = [text for s in symbols for text in domain_conditions(s, names.of(s))]
        conditions += [need_condition(need, self.printer) for need in self.printer.needs]
        heads = [f"({name} : {'R -> ' * arity}R)" for name, (arity, _) in given.functions.items()]
        reals = [*(names.of(s) for s in symbols), *given.numbers]
        heads += [f"({' '.join(reals)} : R)"] if reals else []
        binders = f"forall {' '.join(heads)}, " if heads else ""
        every = [*conditions, *given.hypotheses.values()]
        statement = binders + "".join(f"{text} -> " for text in every) + conclusion
        intros = " ".join(["intros", *given.functions, *reals, *("?" for _ in conditions), *given.hypotheses])
        full = "\n".join([f"{intros}.", GUARD, script])
        witness = witness_script(symbols, names, every, self.printer.needs, given.functions, given.numbers)
        return Theorem(subject, part, statement, full, witness)


def in_order(expression: sp.Expr) -> object:
    """Write an expression without regard to the order of sums and products, or to how they are bracketed.

    Two sides that are equal so say nothing of each other that the laws of addition and multiplication do not.
    """
    if isinstance(expression, sp.UnevaluatedExpr):
        return in_order(expression.args[0])
    if isinstance(expression, (sp.Add, sp.Mul)):
        parts: list[object] = []
        for argument in expression.args:
            nested = isinstance(argument, expression.func)
            parts += in_order(argument)[1] if nested else [in_order(argument)]  # type: ignore[index]
        unit = repr(expression.func.identity)
        return type(expression).__name__, sorted((part for part in parts if part != unit), key=repr)
    if expression.args:
        return type(expression).__name__, [in_order(argument) for argument in expression.args]
    return repr(expression)


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
    if texts[0] == texts[1] or in_order(left) == in_order(right):
        raise NoCoqError(ALIKE)
    script = Equation(writer.printer.names).script(left, right)
    return writer.theorem(subject, part, symbols, f"{texts[0]} = {texts[1]}", script)
