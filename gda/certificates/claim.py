"""A goal of the prover as a claim of the theory: whether it is true, and which claim of the paper it serves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import sympy as sp

from numerics.certify import Goal


@dataclass(frozen=True)
class Claim:
    """A goal, and whether it is true.

    Args:
        goal: what is to be proved or refuted.
        true: False where a point is to refute it.
        inverted: unbounded symbols that the proof puts reciprocals for; None leaves that to it.
        serves: the claim of the paper that it is evidence for, as in C1.
        family: what it says together with others, in a sentence.
    """

    goal: Goal
    true: bool = True
    inverted: tuple[sp.Symbol, ...] | None = None
    serves: str = ""
    family: str = ""


def family(serves: str, sentence: str, claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Label claims that say something together."""
    return tuple(replace(claim, serves=serves, family=sentence) for claim in claims)
