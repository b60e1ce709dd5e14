"""A function of independent variables, averaged over some of them: the conditional means in the proof of L1.

The variables come in named groups. Averages over independent variables commute, so that a mean is the set of groups it
is over. The function is centred in the group `OWN`: what is averaged over it is zero. A mean changes with a variable by
no more than the function does, and not at all with one that it is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

OWN = "own"
"""The variable Z_i of the function g_i, in which it is centred."""

Groups = frozenset[str]


@dataclass(frozen=True)
class Averages:
    """A sum of means of one function, each with an integer factor.

    Args:
        terms: factor and groups averaged over, sorted, no groups twice. Made by `averaged`, sums and differences.
    """

    terms: tuple[tuple[int, tuple[str, ...]], ...]

    def __add__(self, other: Averages) -> Averages:
        return _collect((*self.terms, *other.terms))

    def __neg__(self) -> Averages:
        return Averages(tuple((-factor, groups) for factor, groups in self.terms))

    def __sub__(self, other: Averages) -> Averages:
        return self + -other

    def average(self, *groups: str) -> Averages:
        """Average over further groups."""
        return _collect((factor, tuple({*over, *groups})) for factor, over in self.terms)

    @property
    def is_zero(self) -> bool:
        """Whether nothing is left."""
        return not self.terms

    def depends_on(self, group: str) -> bool:
        """Whether a term is not averaged over the group."""
        return any(group not in over for _, over in self.terms)

    def difference(self, group: str, each: sp.Expr) -> sp.Expr:
        """Bound the change with a variable of a group, where that of the function is at most `each`."""
        return sum((abs(factor) * each for factor, over in self.terms if group not in over), sp.Integer(0))


def averaged(*groups: str) -> Averages:
    """Return the function averaged over groups; over none, the function itself."""
    return _collect([(1, groups)])


def _collect(terms: Iterable[tuple[int, tuple[str, ...]]]) -> Averages:
    factors: dict[Groups, int] = {}
    for factor, over in terms:
        if OWN not in over:
            factors[frozenset(over)] = factors.get(frozenset(over), 0) + factor
    kept = sorted((tuple(sorted(over)), factor) for over, factor in factors.items() if factor)
    return Averages(tuple((factor, over) for over, factor in kept))
