"""Sums of weakly dependent terms, one for each example of a block: centre, moments, tail.

A `Family` is such a sum; `family_steps` bounds it with lemma L1, each hypothesis computed from the functional, and
each constant compared with the one that is `Stated`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from theory.arises import added, times
from theory.derivation import Step
from theory.functionals import (
    TRAINING,
    Combination,
    Coordinate,
    Functional,
    Law,
    Mean,
    Premises,
    UndecidedError,
    average,
    combine,
    free_coordinates,
    mean,
    substitute_training,
)
from theory.functions import n_ceil_log2
from theory.lemmas import BKZ_MOMENT, MOMENTS_TO_TAILS, TV_DUALITY, a, b, c_chaos, c_iid, n
from theory.symbols import M, T, delta, p


@dataclass(frozen=True)
class Part:
    """A part of m_T Gen that was bounded: its bound, and the probability with which that fails."""

    bound: sp.Expr
    failure: sp.Expr = sp.S.Zero


@dataclass(frozen=True)
class Stated:
    """The constants that a reader expects of a family: number of terms, and their difference in one example."""

    count: sp.Expr
    difference: sp.Expr

    @property
    def levels(self) -> sp.Expr:
        """``n ceil(log2 n)``."""
        return n_ceil_log2(self.count)

    def tail(self, share: sp.Expr) -> sp.Expr:
        """Bound on the sum of the centred terms that fails with probability `share`."""
        log_tail = sp.log(sp.E / share)
        return sp.E * (c_iid * M * sp.sqrt(self.count * log_tail) + c_chaos * self.difference * self.levels * log_tail)


@dataclass(frozen=True)
class Family:
    """A sum of `count` terms, one for each example of a block.

    Args:
        label: the block, as steps are named.
        term: the functional at the example singled out.
        own, ghost, others: the example, an independent copy of it, and the rest of its block.
        given: examples that are held fixed (conditioned on).
        count: number of terms.
        laws: the law of every example.
    """

    label: str
    term: Functional
    own: Coordinate
    ghost: Coordinate
    others: Coordinate
    given: frozenset[Coordinate]
    count: sp.Expr
    laws: Mapping[Coordinate, Law]

    def centred(self) -> Functional:
        """Learn from an independent copy of the example, averaged out: what is left averages to zero over it."""
        return mean(self.ghost, self.laws[self.ghost], substitute_training(self.term, self.own, self.ghost))

    def centring_remainder(self) -> sp.Expr:
        """Mean of the centred term over its own example: 0 when it is centred, else an undetermined symbol."""
        left = average(self.centred(), self.own, self.laws[self.own])
        return sp.Integer(0) if left == combine(()) else sp.Symbol("E[g_i | Z_-i]")

    def independent(self) -> bool:
        """Whether the centred terms are functions of independent examples, given what is held fixed.

        The block's examples have one law, which what is fixed determines; what is fixed has a law that does not depend
        on the block; and the terms are functions of nothing else.
        """
        block = frozenset({self.own, self.others})
        law = self.laws[self.own]
        alike = law == self.laws[self.others] == self.laws[self.ghost] and law.of <= self.given
        fixed_apart = all(not self.laws[coordinate].of & block for coordinate in self.given)
        return alike and fixed_apart and free_coordinates(self.centred()) <= block | self.given


def centring_step(family: Family, premises: Premises, stated: Stated, uses: tuple[str, ...]) -> Step:
    """Replace each term by its centred version; costs the difference once for each term."""
    cost = premises.difference(family.term, family.own, TRAINING)
    changes = premises.changes(family.term, family.own, TRAINING)
    return Step(
        name=f"centre {family.label}",
        says=f"Each of the {stated.count} terms is within its training difference of its centred version.",
        rule="calculus",
        computed={"each": cost, "all": family.count * cost},
        stated={"each": stated.difference, "all": stated.count * stated.difference},
        uses=uses,
        axioms=(TV_DUALITY,) if cost.has(T) else (),
        arises={"each": changes, "all": times(family.count, changes)},
    )


def moment_step(family: Family, premises: Premises, stated: Stated, uses: tuple[str, ...]) -> Step:
    """Bound the moments of the sum of centred terms with lemma L1, its hypotheses computed."""
    g = family.centred()
    found, magnitude = premises.difference(g, family.others), premises.magnitude(g)
    application = BKZ_MOMENT.apply(
        {n: family.count, M: M, b: stated.difference},
        {
            "independent": family.independent(),
            "conditional mean": magnitude,
            "centred": family.centring_remainder(),
            "difference": found,
        },
    )
    moment = c_chaos * p * stated.difference * stated.levels + c_iid * M * sp.sqrt(p * stated.count)
    return Step(
        name=f"moments {family.label}",
        says=f"The centred terms are bounded by M and change little with any other example of {family.label}.",
        rule="lemma",
        computed={"difference": found, "magnitude": magnitude, "moment": application.conclusion},
        stated={"difference": stated.difference, "magnitude": M, "moment": moment},
        application=application,
        uses=uses,
        axioms=(BKZ_MOMENT,),
        arises={"difference": premises.changes(g, family.others)},
    )


def moment_coefficients(moment: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Read a and b off a moment bound ``a sqrt(p) + b p``.

    Raises:
        ValueError: the moment bound has another shape.
    """
    root = sp.Symbol("root_p", positive=True)
    polynomial = sp.Poly(sp.expand(moment.subs(p, root**2)), root)
    if any(degree not in (1, 2) for (degree,) in polynomial.monoms()):
        raise ValueError(f"a moment bound is a sqrt(p) + b p. Found {moment}.")
    return polynomial.coeff_monomial(root), polynomial.coeff_monomial(root**2)


def tail_step(label: str, moments: Step, stated: Stated, share: sp.Expr) -> Step:
    """Turn the moments into a bound with probability 1 - share."""
    root_part, linear_part = moment_coefficients(moments.computed["moment"])
    application = MOMENTS_TO_TAILS.apply(
        {a: root_part, b: linear_part, delta: share}, {"moments from": _moments_from(moments)}
    )
    return Step(
        name=f"tail {label}",
        says=f"With probability at least 1 - {share} the sum of the centred terms is small.",
        rule="lemma",
        computed={"tail": application.conclusion},
        stated={"tail": stated.tail(share)},
        application=application,
        uses=(moments.name,),
        axioms=(MOMENTS_TO_TAILS,),
    )


def _moments_from(moments: Step) -> sp.Expr:
    lemma = moments.application.lemma if moments.application else None
    return sp.oo if lemma is None or lemma.moments_from is None else lemma.moments_from


def family_steps(
    family: Family, premises: Premises, stated: Stated, share: sp.Expr, after: tuple[str, ...]
) -> tuple[tuple[Step, ...], Part]:
    """Bound a sum of weakly dependent terms: centre, moments, tail, and the two costs together."""
    centring = centring_step(family, premises, stated, after)
    moments = moment_step(family, premises, stated, (centring.name,))
    tail = tail_step(family.label, moments, stated, share)
    part = Part(centring.computed["all"] + tail.computed["tail"], share)
    bound = Step(
        name=f"bound {family.label}",
        says="The sum is at most the cost of centring plus the tail of the centred sum.",
        rule="assembly",
        computed={"bound": part.bound},
        stated={"bound": stated.count * stated.difference + stated.tail(share)},
        uses=(centring.name, tail.name),
        arises={"bound": added([times(*reversed(sp.Mul.make_args(centring.arises["all"]))), tail.computed["tail"]])},
    )
    return (centring, moments, tail, bound), part


def total_variation_pair(f: Combination) -> tuple[sp.Expr, Functional, set[Law]]:
    """Read ``w (E_P phi - E_Q phi)``: its weight, phi, and the two laws.

    Raises:
        UndecidedError: a functional of another shape.
    """
    if len(f.terms) == 2:
        (c_1, f_1), (c_2, f_2) = f.terms
        if isinstance(f_1, Mean) and isinstance(f_2, Mean) and f_1.body == f_2.body and sp.expand(c_1 + c_2) == 0:
            return sp.Max(c_1, c_2) if (c_1.is_negative is None) else sp.Abs(c_1), f_1.body, {f_1.law, f_2.law}
    raise UndecidedError(f"not a weighted difference of two means of one function: {f}")
