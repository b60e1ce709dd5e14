"""Losses, risks and their differences: the calculus in which stability arguments are made.

A stability proof is a sequence of statements of three kinds about functionals of the training examples: by how much
a functional changes when one example is replaced, in which interval it lies, and that it averages to zero over one
example. Here a functional is a value built from `Loss`, `Mean` and `Combination`, and `Premises.difference`,
`Premises.bounds` and `average` *compute* these statements from the premises (loss in [0, M], learner
``beta``-stable, generator with dependence T). Nothing in a proof that uses them is a typed constant.

Notation: a training sample is a set of `Coordinate`. The example singled out in an argument is a coordinate of its
own (``S_i``); all the others of its block together are one (``S_rest``), of which any single one may be replaced.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import sympy as sp

from theory.arises import added, evaluated, times


class UndecidedError(ValueError):
    """A question that the premises do not answer."""


@dataclass(frozen=True, order=True)
class Coordinate:
    """An example, or all the examples of a block but one (`rest`)."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Law:
    """The law of a variable, and the coordinates that it is a function of.

    Args:
        name: how it is written, e.g. ``D`` or ``D_G``.
        of: coordinates whose values determine the law; empty for the data's own law.
        block: whether the variable is the whole generated sample ``D_G(S)^{m_G}`` and not one draw.
    """

    name: str
    of: frozenset[Coordinate] = frozenset()
    block: bool = False

    def __str__(self) -> str:
        inner = f"({', '.join(sorted(map(str, self.of)))})" if self.of else ""
        return self.name + inner + ("^m_G" if self.block else "")


@dataclass(frozen=True)
class Loss:
    """The loss ``l(A(train), point)`` of the learner trained on `train`, at an example."""

    train: frozenset[Coordinate]
    point: Coordinate

    def __str__(self) -> str:
        return f"l(A({', '.join(sorted(map(str, self.train)))}), {self.point})"


@dataclass(frozen=True)
class Mean:
    """The mean of a functional over one variable that follows a law."""

    variable: Coordinate
    law: Law
    body: Functional

    def __str__(self) -> str:
        return f"E[{self.variable} ~ {self.law}] {self.body}"


@dataclass(frozen=True)
class Combination:
    """A linear combination of functionals; kept collected, without zero coefficients."""

    terms: tuple[tuple[sp.Expr, Functional], ...] = ()

    def __str__(self) -> str:
        return "{" + " + ".join(f"({coefficient}) {f}" for coefficient, f in self.terms) + "}"


Functional: TypeAlias = Loss | Mean | Combination


def combine(terms: Iterable[tuple[sp.Expr | int, Functional]]) -> Combination:
    """Collect a linear combination: nested combinations are opened, equal functionals added up."""
    collected: dict[Functional, sp.Expr] = {}
    for coefficient, functional in terms:
        inner = functional.terms if isinstance(functional, Combination) else ((sp.Integer(1), functional),)
        for factor, atom in inner:
            collected[atom] = sp.expand(collected.get(atom, sp.Integer(0)) + sp.sympify(coefficient) * factor)
    kept = sorted(((c, f) for f, c in collected.items() if c != 0), key=lambda term: str(term[1]))
    return Combination(tuple(kept))


def mean(variable: Coordinate, law: Law, body: Functional) -> Functional:
    """Take the mean over a variable; linear, so it is moved inside a combination."""
    if isinstance(body, Combination):
        return combine((c, mean(variable, law, f)) for c, f in body.terms)
    return Mean(variable, law, body)


def free_coordinates(f: Functional) -> frozenset[Coordinate]:
    """Return the examples that a functional is a function of: learned from, tested on, or behind an inner law."""
    if isinstance(f, Combination):
        return frozenset().union(*(free_coordinates(g) for _, g in f.terms))
    if isinstance(f, Mean):
        return (free_coordinates(f.body) - {f.variable}) | f.law.of
    return f.train | {f.point}


def average(f: Functional, variable: Coordinate, law: Law) -> Functional:
    """Average a functional over an example: move the mean inwards as far as the dependences allow.

    A mean over `variable` commutes with an inner mean only where the inner law is no function of `variable`, and
    turns a loss *at* that example into a risk only where the learner was not trained on it.

    Raises:
        UndecidedError: an inner mean is over a variable that `law` depends on; its name would be captured.
    """
    if isinstance(f, Combination):
        return combine((c, average(g, variable, law)) for c, g in f.terms)
    if variable not in free_coordinates(f):
        return f
    if isinstance(f, Mean):
        if variable in f.law.of:
            return Mean(variable, law, f)
        if f.variable in law.of:
            raise UndecidedError(f"{f.variable} is averaged over inside, and {law} depends on it")
        return mean(f.variable, f.law, average(f.body, variable, law))
    if variable in f.train:
        return Mean(variable, law, f)
    return Mean(FRESH, law, replace(f, point=FRESH))


def substitute_training(f: Functional, old: Coordinate, new: Coordinate) -> Functional:
    """Put `new` for `old` wherever it is *learned from* (by the learner or the generator), not where it is tested.

    Raises:
        UndecidedError: an inner mean is over `new`, which would capture it.
    """
    if isinstance(f, Combination):
        return combine((c, substitute_training(g, old, new)) for c, g in f.terms)
    if isinstance(f, Mean):
        law = replace(f.law, of=_swapped(f.law.of, old, new))
        if f.variable == old:
            return Mean(f.variable, law, f.body)
        if f.variable == new:
            raise UndecidedError(f"{new} is averaged over inside")
        return mean(f.variable, law, substitute_training(f.body, old, new))
    return replace(f, train=_swapped(f.train, old, new))


def _swapped(items: frozenset[Coordinate], old: Coordinate, new: Coordinate) -> frozenset[Coordinate]:
    return frozenset(new if c == old else c for c in items)


def group(f: Functional, members: frozenset[Coordinate], block: Coordinate) -> Functional:
    """Write the examples of a block under one name; they must be learned from together and not tested on.

    Raises:
        UndecidedError: one of them is tested on, averaged over, or learned from without the others.
    """
    if isinstance(f, Combination):
        return combine((c, group(g, members, block)) for c, g in f.terms)
    if isinstance(f, Mean):
        if f.variable in members or f.law.of & members:
            raise UndecidedError(f"{block} cannot stand for its examples in {f}")
        return mean(f.variable, f.law, group(f.body, members, block))
    if f.point in members or (f.train & members and not members <= f.train):
        raise UndecidedError(f"{block} cannot stand for its examples in {f}")
    return replace(f, train=(f.train - members) | {block}) if f.train & members else f


FRESH = Coordinate("z")
"""A fresh test example, always integrated out."""

TRAINING = frozenset({"training"})
EVERYWHERE = frozenset({"training", "point"})


@dataclass(frozen=True)
class Premises:
    """What is assumed of loss, learner and generator; the only source of constants.

    Args:
        loss_lower, loss_upper: the interval of the loss.
        stability: largest change of the loss at any example when one training example is replaced.
        dependence: total variation between the laws of the generated sample when one example of S is replaced.
    """

    loss_lower: sp.Expr
    loss_upper: sp.Expr
    stability: sp.Expr
    dependence: sp.Expr | None = field(default=None)

    def bounds(self, f: Functional) -> tuple[sp.Expr, sp.Expr]:
        """Enclose a functional: loss in its interval, means inside it, combinations by interval arithmetic."""
        if isinstance(f, Loss):
            return self.loss_lower, self.loss_upper
        if isinstance(f, Mean):
            return self.bounds(f.body)
        lower = upper = sp.Integer(0)
        for coefficient, g in f.terms:
            low, high = self.bounds(g)
            if not coefficient.is_nonnegative:
                low, high = high, low
            if coefficient.is_nonnegative is None and coefficient.is_nonpositive is None:
                raise UndecidedError(f"sign of the coefficient {coefficient} is not known")
            lower, upper = lower + coefficient * low, upper + coefficient * high
        return sp.expand(lower), sp.expand(upper)

    def width(self, f: Functional) -> sp.Expr:
        """Largest minus smallest value of a functional."""
        lower, upper = self.bounds(f)
        return sp.expand(upper - lower)

    def magnitude(self, f: Functional) -> sp.Expr:
        """Bound on the absolute value of a functional."""
        lower, upper = self.bounds(f)
        return upper if lower == -upper else sp.Max(-lower, upper)

    def difference(self, f: Functional, variable: Coordinate, roles: frozenset[str] = EVERYWHERE) -> sp.Expr:
        """Bound the change of a functional when an example is replaced.

        The learner's output changes by at most `stability` at any example; a mean over a law that was learned from
        the example changes, besides, by at most (sup - inf of what is averaged) times the total variation between
        the two laws (duality of total variation); a loss *at* the example may change by its whole width.

        Raises:
            UndecidedError: a law depends on the example and the premises say nothing of that dependence.
        """
        return sp.expand(evaluated(self.changes(f, variable, roles)))

    def changes(self, f: Functional, variable: Coordinate, roles: frozenset[str] = EVERYWHERE) -> sp.Expr:
        """Write the same bound as it arises, change by change, nothing added up.

        Raises:
            UndecidedError: as `difference`.
        """
        if isinstance(f, Combination):
            terms = ((c, self.changes(g, variable, roles)) for c, g in f.terms)
            return added(times(sp.Abs(c, evaluate=False), change) for c, change in terms if change != 0)
        if isinstance(f, Mean):
            parts = [self.changes(f.body, variable, roles)]
            if variable in f.law.of and "training" in roles:
                if self.dependence is None or not f.law.block:
                    raise UndecidedError(f"no premise bounds the change of {f.law} with {variable}")
                parts.append(times(self.width(f.body), self.dependence))
            return added(part for part in parts if part != 0)
        parts = [self.stability] if variable in f.train and "training" in roles else []
        return added(parts + ([self.width(f)] if variable == f.point and "point" in roles else []))
