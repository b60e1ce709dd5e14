"""Where, among the values of the symbols, an inequality between exponents holds.

Whether a conjunction of atoms has no point is settled by elimination over the rationals: exact for linear atoms
over the reals, and one-sided beyond ("empty" is always right, "not empty" may be a failure to see it).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache, reduce
from typing import Any

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import Boolean, BooleanAtom, BooleanFunction

from theory.order_atoms import (
    FALSE,
    TRUE,
    Atom,
    Conj,
    Region,
    Signs,
    join,
    known_sign,
    meet,
    ordered,
    sign_regions,
    with_equalities,
)
from theory.order_elimination import has_no_point, row_of
from theory.order_points import have_common_point

MAX_EMPTY = 500  # empty conjunctions to remember


@dataclass(frozen=True)
class Facts:
    """What is known of the symbols: their own SymPy assumptions, and the relations in `known`."""

    known: Region = TRUE
    # The smallest empty conjunctions found so far: one that holds the atoms of another and more is empty, too.
    _empty: list[Conj] = field(default_factory=list, compare=False, repr=False)

    def given(self, region: Region) -> Facts:
        """Return the facts with a region added."""
        return facts_within(self.both(self.known, region))

    def both(self, *regions: Region) -> Region:
        """Return the intersection of regions, without the parts that are certainly empty."""
        return reduce(self._meet, regions)

    def _meet(self, first: Region, second: Region) -> Region:
        if first == TRUE or second == TRUE:
            return second if first == TRUE else first
        return self._possible(meet(first, second))

    def either(self, *regions: Region) -> Region:
        """Return the union of regions, simplified."""
        joined = join(regions)
        return joined if len(joined) < 2 else self.simplify(joined)

    def complement(self, region: Region) -> Region:
        """Return the rest of what the facts allow."""
        parts = [tuple(frozenset({n}) for atom in ordered(conj) for n in atom.negated()) for conj in region]
        return self.both(TRUE, *(self._possible(part) for part in parts))

    def _possible(self, region: Region) -> Region:
        return tuple(conj for conj in region if not self.excludes(conj))

    def excludes(self, conj: Conj) -> bool:
        """Tell whether a conjunction certainly has no point; false also where this is not seen."""
        if any(core <= conj for core in self._empty):
            return True
        if not self._find_empty(conj):
            return False
        for atom in ordered(conj):
            if self._find_empty(conj - {atom}):
                conj -= {atom}
        del self._empty[:-MAX_EMPTY]
        self._empty.append(conj)
        return True

    def _find_empty(self, conj: Conj) -> bool:
        return all(_is_empty(conj | known) for known in self.known)

    def implies(self, first: Region, second: Region) -> bool:
        """Tell whether one region certainly lies in another."""
        return not self.both(first, self.complement(second))

    def sign(self, expr: sp.Expr) -> Signs:
        """Return where an expression is negative, zero and positive.

        Args:
            expr: a real expression, rational in the symbols; its denominators are taken to be nonzero.

        Returns:
            Three regions that exclude one another and together are all that the facts allow.
        """
        known = known_sign(expr)
        if known is not None:
            return (TRUE if known < 0 else FALSE, TRUE if known == 0 else FALSE, TRUE if known > 0 else FALSE)
        regions = [self._possible(region) for region in sign_regions(expr)]
        kept = [region for region in regions if region]
        if len(kept) == 1:
            return tuple(TRUE if region else FALSE for region in regions)  # type: ignore[return-value]
        if all(len(region) < 2 and len(conj) == 1 for region in regions for conj in region):
            return tuple(regions)  # type: ignore[return-value]
        return tuple(self.simplify(region) for region in regions)  # type: ignore[return-value]

    def simplify(self, region: Region) -> Region:
        """Return the same region in fewer and weaker atoms, given the facts."""
        if region in (TRUE, FALSE):
            return region
        region = self._possible(tuple(with_equalities(conj) for conj in region))
        rest = self.complement(region)
        if not rest or not region:
            return TRUE if not rest else FALSE
        weaker = list(dict.fromkeys(self._weaken(conj, rest) for conj in region))
        for conj in sorted(weaker, key=len, reverse=True):
            others = tuple(other for other in weaker if other != conj)
            if others and self.implies((conj,), others):
                weaker.remove(conj)
        return tuple(weaker)

    def tidy(self, region: Region) -> Region:
        """Return the same region in the shortest form found, for reading."""
        plain = self.simplify(region)
        if len(plain) < 2:
            return plain
        around = self.simplify(self.complement(self.simplify(self.complement(plain))))
        return min(plain, around, key=lambda r: (len(r), sum(map(len, r))))

    def _weaken(self, conj: Conj, rest: Region) -> Conj:
        """Drop or close the atoms of one conjunction as long as it does not reach the rest."""
        for atom in ordered(conj):
            candidates = [conj - {atom}]
            # An edge that the facts exclude anyway is left out, for reading.
            if atom.relation == ">" and not self.excludes(conj - {atom} | {Atom(atom.poly, "==")}):
                candidates.append(conj - {atom} | {Atom(atom.poly, ">=")})
            conj = next((weak for weak in candidates if not self._reaches(weak, rest)), conj)
        return conj

    def _reaches(self, conj: Conj, region: Region) -> bool:
        """Tell whether a conjunction may have a point in a region."""
        return any(not self.excludes(conj | other) for other in region)

    def region(self, condition: Any) -> Region:
        """Read a SymPy condition.

        Args:
            condition: relations joined by And, Or, Not; or a plain bool.

        Returns:
            Its region, simplified.

        Raises:
            ValueError: if it holds something else.
        """
        return self.simplify(_region_of(condition))


def conjunction(assumptions: Any) -> Boolean:
    """Join assumptions into one condition.

    Args:
        assumptions: a SymPy condition, or an iterable of these, which all hold.

    Returns:
        Their conjunction.

    Raises:
        ValueError: if one of them is no condition.
    """
    parts = (assumptions,) if isinstance(assumptions, Boolean | bool) else tuple(assumptions)
    for part in parts:
        # A symbol is a Boolean to SymPy, and a positive one is silently true.
        if not isinstance(part, bool | Relational | BooleanFunction | BooleanAtom):
            raise ValueError(f"an assumption is a SymPy condition. Found {part!r}.")
    return sp.And(*parts)


@lru_cache(maxsize=256)
def facts_of(condition: Boolean) -> Facts:
    """Read a condition as facts.

    Args:
        condition: a relation, or And, Or, Not of relations.

    Returns:
        The facts.

    Raises:
        ValueError: if no values of the symbols satisfy it, as far as can be seen.
    """
    known = Facts().region(condition)
    if not known:
        raise ValueError(f"the assumptions contradict one another, or a symbol's own. Found {condition}.")
    return facts_within(known)


@lru_cache(maxsize=256)
def facts_within(known: Region) -> Facts:
    """Return the facts that hold in a region: the same object for the same region."""
    return Facts(known)


@lru_cache(maxsize=4096)
def _region_of(condition: Any) -> Region:
    if condition in (True, False, sp.true, sp.false):
        return TRUE if condition in (True, sp.true) else FALSE
    if isinstance(condition, sp.And):
        return Facts().both(TRUE, *(_region_of(part) for part in condition.args))
    if isinstance(condition, sp.Or):
        return join(_region_of(part) for part in condition.args)
    if isinstance(condition, sp.Not):
        return Facts().complement(_region_of(condition.args[0]))
    if not isinstance(condition, Relational) or not isinstance(condition.lhs, sp.Expr):
        raise ValueError(f"a condition is made of relations, And, Or and Not. Found {condition}.")
    if any(part.has(sp.oo, -sp.oo, sp.zoo, sp.nan) for part in condition.args):
        raise ValueError(f"a relation is between finite numbers. Found {condition}.")
    difference = sp.nsimplify(condition.lhs - condition.rhs, rational=True)
    negative, zero, positive = Facts().sign(difference)
    return {
        "==": zero,
        "!=": join([negative, positive]),
        ">": positive,
        ">=": join([zero, positive]),
        "<": negative,
        "<=": join([negative, zero]),
    }[condition.rel_op]


@lru_cache(maxsize=16384)
def _is_empty(conj: Conj) -> bool:
    rows = [row_of(atom.poly, atom.relation) for atom in ordered(conj)]
    return not have_common_point(rows) and has_no_point(rows)
