"""Instances of the lemmas on two laws, and of Markov's inequality, on finite sets with rational probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import prod

from flint import arb

from numerics.lemma_cases import Case, Distribution, ball, round_up, short
from numerics.lemma_products import Order

MOST_LETTERS = 12
"""Total variation is found by listing every set of letters."""


@dataclass(frozen=True)
class Pair:
    """Two laws P and Q on one finite set.

    Args:
        p, q: their probabilities.

    Raises:
        ValueError: probabilities that are negative or do not add up to 1, or too many of them.
    """

    p: tuple[Fraction, ...]
    q: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        for law in (self.p, self.q):
            if min(law, default=Fraction(-1)) < 0 or sum(law) != 1:
                raise ValueError(f"a law must be probabilities that add up to 1. Found {law}.")
        if len(self.p) != len(self.q) or len(self.p) > MOST_LETTERS:
            raise ValueError(f"two laws on one set of at most {MOST_LETTERS} are needed. Found {self.p}, {self.q}.")

    def total_variation(self) -> Fraction:
        """``sup_A |P(A) - Q(A)|``, by listing every set A."""
        sums = [Fraction(0)]
        for x, y in zip(self.p, self.q, strict=True):
            sums += [value + x - y for value in sums]
        return max(map(abs, sums))

    def divergence(self) -> arb | None:
        """A ball that holds KL(P || Q); None where it is infinite."""
        pairs = [(x, y) for x, y in zip(self.p, self.q, strict=True) if x]
        if any(y == 0 for _, y in pairs):
            return None
        return sum((ball(x) * ball(x / y).log() for x, y in pairs), arb(0))

    def coupling(self) -> dict[tuple[int, int], Fraction]:
        """The joint law of a pair (X, Y) with these marginals that differs as rarely as it can."""
        kept = [min(x, y) for x, y in zip(self.p, self.q, strict=True)]
        joint = {(z, z): k for z, k in enumerate(kept) if k}
        rest_p = [x - k for x, k in zip(self.p, kept, strict=True)]
        rest_q = [y - k for y, k in zip(self.q, kept, strict=True)]
        left = sum(rest_p)
        for (i, x), (j, y) in product(enumerate(rest_p), enumerate(rest_q)):
            if x and y:
                joint[i, j] = x * y / left
        return joint

    def __str__(self) -> str:
        return "; ".join(", ".join(map(short, law)) for law in (self.p, self.q))


def divergence_cases(name: str, pair: Pair) -> list[Case]:
    """Return the case of L7 (Pinsker) and L15 (Bretagnolle-Huber); none where the divergence is infinite."""
    divergence = pair.divergence()
    if divergence is None:
        return []
    kl, left = round_up(divergence), pair.total_variation()
    return [Case(f"{name}: {pair}", {"KL": max(kl, Fraction(0))}, {"divergence": True}, ball(left), ball(left))]


def duality_cases(name: str, pair: Pair, phi: Sequence[Fraction | int]) -> list[Case]:
    """Return the case of L4 for a function on the letters."""
    left = abs(sum(((x - y) * f for x, y, f in zip(pair.p, pair.q, phi, strict=True)), Fraction(0)))
    width = max(phi) - min(phi)
    letters = {"width": width, "D_TV": pair.total_variation()}
    return [Case(f"{name}: {pair}", letters, {"width": width}, ball(left), ball(left), left)]


def coupling_cases(name: str, pair: Pair) -> list[Case]:
    """Return the case of L12: the pair made by `Pair.coupling`, its marginals checked.

    Raises:
        ArithmeticError: the joint law does not have the marginals.
    """
    joint = pair.coupling()
    size = range(len(pair.p))
    first = tuple(sum((w for (i, _), w in joint.items() if i == z), Fraction(0)) for z in size)
    second = tuple(sum((w for (_, j), w in joint.items() if j == z), Fraction(0)) for z in size)
    if (first, second) != (pair.p, pair.q) or min(joint.values()) < 0:
        raise ArithmeticError(f"no coupling of {pair}. Found {joint}.")
    left = sum((w for (i, j), w in joint.items() if i != j), Fraction(0))
    return [Case(f"{name}: {pair}", {"D_TV": pair.total_variation()}, {"laws": True}, ball(left), ball(left), left)]


def sample_cases(name: str, pair: Pair, m: int) -> list[Case]:
    """Return the case of L8 for m i.i.d. draws: their total variation, by listing every sample.

    None where the divergence is infinite, as no number bounds it.
    """
    whole = (
        abs(prod((pair.p[z] for z in sample), start=Fraction(1)) - prod((pair.q[z] for z in sample), start=Fraction(1)))
        for sample in product(range(len(pair.p)), repeat=m)
    )
    left = sum(whole, Fraction(0)) / 2
    divergence = pair.divergence()
    if divergence is None:
        return []
    kl = max(round_up(divergence), Fraction(0))
    letters = {"D_TV": pair.total_variation(), "KL": kl, "m_G": m}
    return [Case(f"{name}, m = {m}: {pair}", letters, {"laws": True}, ball(left), ball(left), left)]


def draw_cases(name: str, pair: Pair, m: int, phi: Sequence[int]) -> list[Case]:
    """Return the case of L13 for a function of m draws, its values listed in the order of the samples."""
    size = len(pair.p)
    samples = list(product(range(size), repeat=m))
    value = dict(zip(samples, phi, strict=True))
    left = Fraction(0)
    for sample in samples:
        difference = prod((pair.p[z] for z in sample), start=Fraction(1)) - prod(
            (pair.q[z] for z in sample), start=Fraction(1)
        )
        left += difference * value[sample]
    change = max(
        abs(value[sample] - value[(*sample[:k], z, *sample[k + 1 :])])
        for sample in samples
        for k in range(m)
        for z in range(size)
    )
    letters = {"n": m, "c": change, "D_TV": pair.total_variation()}
    left = abs(left)
    measured = {"product": True, "difference": change}
    return [Case(f"{name}, n = {m}: {pair}", letters, measured, ball(left), ball(left), left)]


def markov_cases(name: str, law: Distribution, orders: Sequence[Order]) -> Iterator[Case]:
    """Make cases of L0 of a law: every threshold t at which the tail jumps."""
    for p in orders:
        a = round_up(law.norm(p))
        for t, probability in law.upper_tails():
            letters = {"a": a, "b": t, "p": Fraction(p)}
            left = ball(probability)
            yield Case(f"{name}, t = {short(t)}, p = {p}", letters, {"moment": True}, left, left, probability)


def hoelder_cases(joint: Mapping[tuple[int, int], int], orders: Sequence[int]) -> Iterator[Case]:
    """Make cases of Hölder's inequality for a pair (U, V), its weights by value, and integer orders p."""
    total = sum(joint.values())
    sides = [Distribution({}), Distribution({})]
    for k in (0, 1):
        weights: dict[int, int] = {}
        for values, weight in joint.items():
            weights[values[k]] = weights.get(values[k], 0) + weight
        sides[k] = Distribution(weights)
    written = ", ".join(f"({u}, {v}): {weight}" for (u, v), weight in joint.items())
    for p in orders:
        left = ball(Fraction(sum(w * abs(u) ** (p - 2) * v * v for (u, v), w in joint.items()), total))
        letters = {"a": round_up(sides[0].norm(p)), "b": round_up(sides[1].norm(p)), "p": p}
        yield Case(f"p = {p}, weights {written}", letters, {"moments": True}, left, left)
