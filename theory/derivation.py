"""A derivation is a chain of steps, each of which is computed from its premises and checked on its own.

A `Step` holds what was *computed* (by an identity, by the calculus of `theory.functionals`, by a lemma applied) and
what is *stated* (the constant that a reader expects there). The step holds when the two agree, every hypothesis of
its lemma is met, and it uses only earlier steps. What flows on to later steps is always the computed value, so a
wrong constant is caught in the step where it arises and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import sympy as sp

from theory.arises import Claim, Reason
from theory.assembled import Assembled
from theory.lemmas import Application, Lemma

CONCLUSION = "conclusion"
"""Name of the quantity that the last step of a derivation computes and states."""

Rule = Literal["identity", "calculus", "lemma", "union bound", "assembly", "elementary inequality"]


@dataclass(frozen=True)
class Failure:
    """Why a step does not hold."""

    step: str
    reason: str

    def __str__(self) -> str:
        return f"step '{self.step}': {self.reason}"


@dataclass(frozen=True)
class Step:
    """One checked step.

    Args:
        name: unique within its derivation.
        says: the step in one sentence.
        rule: how it is checked.
        computed: by quantity, the expression computed from the premises.
        stated: by quantity, the expression claimed.
        application: the lemma applied, with its hypotheses, if there is one.
        conditions: by condition in words, whether SymPy establishes it; None is undecided and does not pass.
        uses: names of the earlier steps that it builds on.
        axioms: lemmas it rests on (the applied one included).
        arises: by quantity, the way to its computed value; `theory.kernel` has it checked.
        claims: by condition in words, what it is in symbols, or follows from.
    """

    name: str
    says: str
    rule: Rule
    computed: Mapping[str, sp.Expr]
    stated: Mapping[str, sp.Expr]
    application: Application | None = None
    conditions: Mapping[str, bool | None] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    axioms: tuple[Lemma, ...] = ()
    arises: Mapping[str, Reason | Assembled] = field(default_factory=dict)
    claims: Mapping[str, Claim] = field(default_factory=dict)

    def failures(self) -> tuple[Failure, ...]:
        """List what does not hold; empty when the step is checked."""
        found = []
        if not self.stated:
            found.append("nothing is stated")
        for quantity in sorted(set(self.computed) | set(self.stated)):
            if quantity not in self.computed or quantity not in self.stated:
                found.append(f"{quantity} is not both computed and stated")
            elif not agree(self.computed[quantity], self.stated[quantity]):
                found.append(f"{quantity} is stated as {self.stated[quantity]}, computed as {self.computed[quantity]}")
        found += [f"not established: {text}" for text, truth in self.conditions.items() if truth is not True]
        if self.application is not None:
            found += [
                f"hypothesis '{m.hypothesis.name}' of {self.application.lemma.key} asks for"
                f" {m.asked if m.asked is not None else m.hypothesis.text}, supplied is {m.supplied}"
                for m in self.application.matches
                if not m.holds
            ]
        return tuple(Failure(self.name, reason) for reason in found)

    def restate(self, quantity: str, value: sp.Expr) -> Step:
        """Return the step with another value stated: a mutant, for tests."""
        if quantity not in self.stated:
            raise KeyError(f"step '{self.name}' states {sorted(self.stated)}. Found {quantity!r}.")
        return replace(self, stated={**self.stated, quantity: value})

    def __str__(self) -> str:
        facts = "; ".join(f"{quantity} = {value}" for quantity, value in self.stated.items())
        lemma = f" by {', '.join(axiom.key for axiom in self.axioms)}" if self.axioms else ""
        return f"{self.name} [{self.rule}{lemma}]: {self.says} {facts}"


@dataclass(frozen=True)
class Derivation:
    """A chain of steps with a conclusion.

    Args:
        name: what is derived.
        assumes: the premises in words.
        steps: in order; the last one computes and states the quantity *conclusion*.
    """

    name: str
    assumes: tuple[str, ...]
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.steps or CONCLUSION not in self.steps[-1].computed:
            raise ValueError(f"the last step of a derivation computes its conclusion. Found none in {self.name!r}.")

    @property
    def conclusion(self) -> sp.Expr:
        """The final expression, computed and checked in the last step."""
        return self.steps[-1].computed[CONCLUSION]

    def failures(self) -> tuple[Failure, ...]:
        """List every failure, in the order of the steps."""
        found: list[Failure] = []
        seen: set[str] = set()
        for step in self.steps:
            missing = [name for name in step.uses if name not in seen]
            found += [Failure(step.name, f"uses '{name}', which is no earlier step") for name in missing]
            if step.name in seen:
                found.append(Failure(step.name, "two steps have this name"))
            found += step.failures()
            seen.add(step.name)
        return tuple(found)

    @property
    def holds(self) -> bool:
        """Whether every step is checked."""
        return not self.failures()

    @property
    def axioms(self) -> tuple[Lemma, ...]:
        """The lemmas that the conclusion rests on and that are not derived themselves."""
        used = {axiom.key: axiom for step in self.steps for axiom in step.axioms}
        return tuple(lemma for lemma in used.values() if lemma.sureness != "derived")

    def step(self, name: str) -> Step:
        """Find a step by its name."""
        for step in self.steps:
            if step.name == name:
                return step
        raise KeyError(f"{self.name} has no step {name!r}; it has {[s.name for s in self.steps]}")

    def with_step(self, changed: Step) -> Derivation:
        """Return the derivation with one step replaced by its namesake: a mutant, for tests."""
        self.step(changed.name)
        return replace(self, steps=tuple(changed if s.name == changed.name else s for s in self.steps))

    def __str__(self) -> str:
        lines = [self.name, *(f"  assume {text}" for text in self.assumes)]
        lines += [f"  {number}. {step}" for number, step in enumerate(self.steps, 1)]
        lines += [f"  note: {text}" for text in self.notes]
        return "\n".join([*lines, f"  therefore: {self.conclusion}"])

    def _repr_latex_(self) -> str:
        rows = [
            rf"\text{{{number}. {step.name}}} & {sp.latex(value)}"
            for number, step in enumerate(self.steps, 1)
            for value in list(step.stated.values())[-1:]
        ]
        body = r" \\ ".join([*rows, rf"\text{{therefore}} & {sp.latex(self.conclusion)}"])
        return rf"$\displaystyle \begin{{array}}{{ll}} {body} \end{{array}}$"


def agree(first: sp.Expr, second: sp.Expr) -> bool:
    """Tell whether two expressions are identical, by algebra alone."""
    rational = _rational_functions_agree(sp.sympify(first) - sp.sympify(second))
    if rational is not None:
        return rational
    difference = sp.expand(sp.expand_log(sp.sympify(first) - sp.sympify(second), force=False))
    return bool(difference == 0) or bool(sp.simplify(difference) == 0)


def _rational_functions_agree(difference: sp.Expr) -> bool | None:
    # Over the rationals the numerator decides, and much faster than `simplify`; None where it does not apply.
    letters = sorted(difference.free_symbols, key=str)
    if not letters or difference.has(sp.oo, -sp.oo, sp.zoo, sp.nan) or not difference.is_rational_function():
        return None
    numerator = sp.Poly(sp.numer(sp.together(difference)), *letters)
    return bool(numerator.is_zero) if numerator.domain.is_ZZ or numerator.domain.is_QQ else None
