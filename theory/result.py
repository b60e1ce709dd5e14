"""One derived fact: what a computation gives beside what is claimed, from the same arguments."""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp


@dataclass(frozen=True)
class Result:
    """An identity to be checked: `computed` from premises, `claimed` as the source or the project states it.

    Attributes:
        name: What the identity is about, in a few words.
        computed: The expression that the derivation arrived at; never typed.
        claimed: The expression that is to equal it; typed.
        source: Where the claim is made, or what it is derived from.
    """

    name: str
    computed: sp.Expr
    claimed: sp.Expr
    source: str

    def difference(self) -> sp.Expr:
        """Simplify `computed - claimed`; zero where the claim is right."""
        # `cancel` decides every rational identity, and is much faster there than `simplify`.
        rational = sp.cancel(self.computed - self.claimed)
        return rational if rational == 0 else sp.simplify(rational)

    def holds(self) -> bool:
        """Tell whether the claim equals the computation for every value of the symbols."""
        return bool(self.difference() == 0)

    def __str__(self) -> str:
        """Write both sides, the verdict and the source."""
        difference = self.difference()
        verdict = "holds" if difference == 0 else f"fails by {difference}"
        return f"{self.name}: computed {self.computed}, claimed {self.claimed}; {verdict} [{self.source}]"

    def _repr_latex_(self) -> str:
        relation = "=" if self.holds() else r"\neq"
        return rf"$\displaystyle {sp.latex(self.computed)} {relation} {sp.latex(self.claimed)}$"
