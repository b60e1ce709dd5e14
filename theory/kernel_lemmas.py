"""Lemmas as hypotheses: one applied in a step, and all that a bound rests on put together in its last step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp

from theory.arises import added, put, times
from theory.assembled import Assembled, Summand
from theory.coq import NoCoqError, Printer, domain_conditions, letters, need_condition
from theory.coq_proofs import Equation
from theory.derivation import Step
from theory.kernel_writer import Given, Theorem, Writer
from theory.lemmas import Lemma


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
    hypothesis, witness = lemma_hypothesis(lemma, own, len(extra), "bounded")
    instance = put(lemma.bound, dict(zip(own, values, strict=True)))
    left = " ".join(["bounded", *arguments])
    apply = f"apply (lemma {' '.join([*arguments, *extra])}); solve [sign]"
    if weight != 1:
        left = f"{writer.printer.text(weight)} * ({left})"
        apply = f"apply Rmult_le_compat_l; [sign | {apply}]"
        instance = times(weight, instance)
    script = [
        f"eapply Rle_trans; [{apply} | right].",
        Equation(writer.printer.names).script(instance, stated),
    ]
    given = Given({"lemma": hypothesis}, {"bounded": (len(own), witness)})
    part = (step.name, quantity, f"by {lemma.key}")
    return writer.theorem(subject, part, symbols, f"{left} <= {conclusion}", "\n".join(script), given)


def lemma_hypothesis(lemma: Lemma, own: Sequence[sp.Symbol], numerical: int, name: str) -> tuple[str, str]:
    """Write a lemma as a hypothesis about a function of its letters, what it bounds, and a function that meets it."""
    printer = Printer()
    names = [printer.names.of(letter) for letter in own]
    limits = [h.at_most for h in lemma.hypotheses if h.at_most is not None]
    conditions = [text for letter in own for text in domain_conditions(letter, printer.names.of(letter))]
    found = [f"found_{index}" for index in range(numerical)]
    conditions += [f"{one} <= {printer.text(limit)}" for one, limit in zip(found, limits, strict=True)]
    bound = printer.text(lemma.bound)
    conditions += [need_condition(need, printer) for need in printer.needs]
    binder = f"forall {' '.join([*names, *found])} : R, " if names or found else ""
    statement = f"({binder}{''.join(text + ' -> ' for text in conditions)}{' '.join([name, *names])} <= {bound})"
    return statement, f"fun {' '.join(names)} => {bound}" if names else bound


def assembled(subject: str, part: tuple[str, ...], stated: sp.Expr, whole: Assembled) -> Theorem:
    """Ask that the bound as stated follows from the lemmas and from what the error is the sum of.

    Raises:
        NoCoqError: an expression that cannot be printed.
    """
    writer, pieces = Writer.new(), [_Piece(summand, whole.put) for summand in whole.parts]
    symbols = letters([stated, whole.size, *(value for piece in pieces for value in piece.expressions)])
    for symbol in symbols:
        writer.printer.names.of(symbol)
    text = writer.printer.text
    size, bounds = text(whole.size), added(piece.instance for piece in pieces)
    conclusion = f"Rabs error <= {text(stated)}"
    parts = [f"part_{index}" for index in range(len(pieces))]
    lemmas, functions = _lemmas(pieces)
    hypotheses = {**lemmas, "split": f"{size} * error = {' + '.join(parts)}"}
    lines = []
    for index, piece in enumerate(pieces):
        hypotheses[f"given_{index}"] = f"Rabs {parts[index]} <= {piece.bound(writer)}"
        bounded = f"Rabs {parts[index]} <= {text(piece.instance)}"
        lines.append(f"assert (bound_{index} : {bounded}) by ({piece.tactic(writer, f'given_{index}')}).")
    script = [
        *lines,
        *(f"pose proof (Rabs_triang ({' + '.join(parts[:k])}) {parts[k]})." for k in range(1, len(parts))),
        f"assert (sum : Rabs ({' + '.join(parts)}) <= {text(bounds)}) by lra.",
        f"assert (whole : {text(bounds)} = {text(times(whole.size, stated))}).",
        f"{{ {Equation(writer.printer.names).script(bounds, times(whole.size, stated))} }}",
        f"assert (size : 0 < {size}) by sign.",
        f"apply Rmult_le_reg_l with (1 := size). rewrite <- (Rabs_pos_eq {size}) at 1 by lra.",
        "rewrite <- Rabs_mult, split. lra.",
    ]
    given = Given(hypotheses, functions, ["error", *parts])
    return writer.theorem(subject, part, symbols, conclusion, "\n".join(script), given)


def _lemmas(pieces: Sequence[_Piece]) -> tuple[dict[str, str], dict[str, tuple[int, str]]]:
    lemmas: dict[str, str] = {}
    functions: dict[str, tuple[int, str]] = {}
    for piece in pieces:
        if piece.lemma is not None and f"lemma_{piece.lemma.key}" not in lemmas:
            name = f"bounded_{piece.lemma.key}"
            hypothesis, witness = lemma_hypothesis(piece.lemma, list(piece.letters), len(piece.supplied), name)
            lemmas[f"lemma_{piece.lemma.key}"] = hypothesis
            functions[name] = (len(piece.letters), witness)
    return lemmas, functions


class _Piece:
    # A part of the error, with the letters of its lemma as the bound as stated has them.

    def __init__(self, summand: Summand, changes: Mapping[sp.Symbol, sp.Expr]) -> None:
        self.weight: sp.Expr = sp.sympify(summand.weight).subs(dict(changes))
        self.lemma: Lemma | None = None
        self.letters: dict[sp.Symbol, sp.Expr] = {}
        self.supplied: list[sp.Expr] = []
        self.instance = self.weight
        if summand.application is not None:
            application = summand.application
            self.lemma = application.lemma
            at_most = [h.at_most for h in self.lemma.hypotheses if h.at_most is not None]
            for letter in letters([self.lemma.bound, *at_most]):
                self.letters[letter] = sp.sympify(application.letters.get(letter, letter)).subs(dict(changes))
            supplied = [match.supplied for match in application.matches if match.asked is not None]
            self.supplied = [sp.sympify(value).subs(dict(changes)) for value in supplied]
            self.instance = times(self.weight, put(self.lemma.bound, self.letters))

    @property
    def expressions(self) -> list[sp.Expr]:
        return [self.weight, *self.letters.values(), *self.supplied]

    def bound(self, writer: Writer) -> str:
        text = writer.printer.text
        if self.lemma is None:
            return text(self.weight)
        called = " ".join([f"bounded_{self.lemma.key}", *map(text, self.letters.values())])
        return f"{text(self.weight)} * ({called})"

    def tactic(self, writer: Writer, given: str) -> str:
        if self.lemma is None:
            return f"exact {given}"
        arguments = " ".join(map(writer.printer.text, [*self.letters.values(), *self.supplied]))
        apply = f"apply (lemma_{self.lemma.key} {arguments}); solve [sign]"
        return f"eapply Rle_trans; [exact {given} | apply Rmult_le_compat_l; [sign | {apply}]]"
