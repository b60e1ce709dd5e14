"""Every sample of a tiny model, listed: the martingales of the proofs, increment by increment, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import product
from math import prod
from random import Random

Sample = tuple[int, ...]


@dataclass(frozen=True)
class Model:
    """A learner and a generator on a finite alphabet, given as functions of ordered samples."""

    law: tuple[Fraction, ...]
    m_S: int
    m_G: int
    loss: Callable[[Sample, Sample, int], Fraction]
    generator: Callable[[Sample], tuple[Fraction, ...]]

    @property
    def letters(self) -> range:
        return range(len(self.law))

    def pairs(self):
        for S in product(self.letters, repeat=self.m_S):
            for G in product(self.letters, repeat=self.m_G):
                yield S, G

    def beta(self) -> Fraction:
        """Largest change of a loss when one example of S or S_G is replaced, over everything."""
        return max(
            abs(self.loss(S, G, z) - self.loss(*split(changed, self.m_S), z))
            for S, G in self.pairs()
            for changed in neighbours(S + G, self.letters)
            for z in self.letters
        )

    def dependences(self) -> tuple[Fraction, Fraction]:
        """T and T_1."""
        samples = list(product(self.letters, repeat=self.m_G))
        whole = one = Fraction(0)
        for S in product(self.letters, repeat=self.m_S):
            for other in neighbours(S, self.letters):
                p, q = self.generator(S), self.generator(other)
                one = max(one, sum(abs(a - b) for a, b in zip(p, q, strict=True)) / 2)
                whole = max(whole, sum(abs(weight(G, p) - weight(G, q)) for G in samples) / 2)
        return whole, one

    def risk(self, S: Sample, G: Sample, law: tuple[Fraction, ...]) -> Fraction:
        return sum(w * self.loss(S, G, z) for z, w in enumerate(law))

    def sums(self, S: Sample, G: Sample) -> tuple[Fraction, Fraction]:
        """The sum over S and the sum over S_G of risk minus loss."""
        over_S = sum(self.risk(S, G, self.law) - self.loss(S, G, z) for z in S)
        over_G = sum(self.risk(S, G, self.generator(S)) - self.loss(S, G, z) for z in G)
        return over_S, over_G

    def given_S(self, f: Callable[[Sample, Sample], Fraction], S: Sample) -> Fraction:
        law = self.generator(S)
        return sum(weight(G, law) * f(S, G) for G in product(self.letters, repeat=self.m_G))

    def plain(self, S: Sample, G: Sample) -> Fraction:
        """Both sums, from the second its mean given S taken off."""
        over_S, over_G = self.sums(S, G)
        return over_S + over_G - self.given_S(lambda s, g: self.sums(s, g)[1], S)

    def centred(self, S: Sample, G: Sample) -> Fraction:
        """The sum over S minus its mean given S, and both sums of centred terms."""
        fluctuation = self.sums(S, G)[0] - self.given_S(lambda s, g: self.sums(s, g)[0], S)
        over_S = over_G = Fraction(0)
        for place, z in enumerate(S):
            for copy, w in enumerate(self.law):
                elsewhere = (*S[:place], copy, *S[place + 1 :])
                term = self.given_S(lambda s, g, z=z: self.risk(s, g, self.law) - self.loss(s, g, z), elsewhere)
                over_S += w * term
        law = self.generator(S)
        for place, z in enumerate(G):
            for copy, w in enumerate(law):
                elsewhere = (*G[:place], copy, *G[place + 1 :])
                over_G += w * (self.risk(S, elsewhere, law) - self.loss(S, elsewhere, z))
        return fluctuation + over_S + over_G

    def half_terms(self, S: Sample, G: Sample) -> tuple[list[Fraction], list[Fraction]]:
        """The half-centred terms of both sums, those over S averaged over S_G given S."""
        risk = self.given_S(lambda s, g: self.risk(s, g, self.law), S)
        over_S = []
        for place, z in enumerate(S):
            swapped = ((w, (*S[:place], copy, *S[place + 1 :])) for copy, w in enumerate(self.law))
            over_S.append(risk - sum(w * self.given_S(lambda s, g, z=z: self.loss(s, g, z), s) for w, s in swapped))
        law = self.generator(S)
        over_G = []
        for place, z in enumerate(G):
            swapped = ((w, (*G[:place], copy, *G[place + 1 :])) for copy, w in enumerate(law))
            over_G.append(self.risk(S, G, law) - sum(w * self.loss(S, g, z) for w, g in swapped))
        return over_S, over_G

    def half_centred(self, S: Sample, G: Sample) -> Fraction:
        """The sum over S minus its mean given S, and both sums of half-centred terms."""
        fluctuation = self.sums(S, G)[0] - self.given_S(lambda s, g: self.sums(s, g)[0], S)
        over_S, over_G = self.half_terms(S, G)
        return fluctuation + sum(over_S) + sum(over_G)

    def second_moment_of_rests(self) -> Fraction:
        """Of both sums of half-centred terms, less every term's mean given its own example (and S, for S_G)."""
        total = Fraction(0)
        reals = list(product(self.letters, repeat=self.m_S))
        terms = {pair: self.half_terms(*pair) for pair in self.pairs()}
        nothing = next(iter(product(self.letters, repeat=self.m_G)))
        first_S = [
            [
                sum(weight(S[:i] + S[i + 1 :], self.law) * terms[S, nothing][0][i] for S in reals if S[i] == z)
                for z in self.letters
            ]
            for i in range(self.m_S)
        ]
        for S in reals:
            law = self.generator(S)
            samples = list(product(self.letters, repeat=self.m_G))
            for G in samples:
                rest = sum(term - first_S[i][S[i]] for i, term in enumerate(terms[S, G][0]))
                for j, term in enumerate(terms[S, G][1]):
                    alike = (g for g in samples if g[j] == G[j])
                    rest += term - sum(weight(g[:j] + g[j + 1 :], law) * terms[S, g][1][j] for g in alike)
                total += weight(S, self.law) * weight(G, law) * rest**2
        return total

    def ranges(self, f: Callable[[Sample, Sample], Fraction]) -> tuple[Fraction, list[Fraction]]:
        """Mean of f, and the largest range of the increment at each place, S first."""
        f = cache(f)

        @cache
        def mean(prefix: Sample) -> Fraction:
            if len(prefix) == self.m_S + self.m_G:
                return f(*split(prefix, self.m_S))
            law = self.law if len(prefix) < self.m_S else self.generator(prefix[: self.m_S])
            return sum(w * mean((*prefix, z)) for z, w in enumerate(law) if w)

        found = []
        for place in range(self.m_S + self.m_G):
            spreads = []
            for prefix in product(self.letters, repeat=place):
                ends = [mean((*prefix, z)) for z in self.letters]
                spreads.append(max(ends) - min(ends))
            found.append(max(spreads))
        return mean(()), found


def split(sample: Sample, at: int) -> tuple[Sample, Sample]:
    return sample[:at], sample[at:]


def neighbours(sample: Sample, letters: range):
    for place in range(len(sample)):
        for z in letters:
            yield (*sample[:place], z, *sample[place + 1 :])


def weight(sample: Sample, law: tuple[Fraction, ...]) -> Fraction:
    return prod((law[z] for z in sample), start=Fraction(1))


def smoothed(sample: Sample, letters: int) -> tuple[Fraction, ...]:
    return tuple(Fraction(sample.count(z) + 1, len(sample) + letters) for z in range(letters))


def counting_model(law: tuple[Fraction, ...], m_S: int, m_G: int, power: int) -> Model:
    """The model of `numerics.finite`, written anew: the distance of the smoothed frequency from 1, to a power."""
    size = len(law)
    return Model(
        law,
        m_S,
        m_G,
        lambda S, G, z: (1 - smoothed(S + G, size)[z]) ** power,
        lambda S: smoothed(S, size),
    )


def extreme_model(m_S: int, m_G: int, rare: Fraction, beta: Fraction) -> Model:
    """A learner that attains the ranges up to the order of `rare`: it looks at the last example only.

    Losses at letters 1 and 2 are 1 and 0, so that the last term moves by the whole width; those at letter 0 fall, and
    those at the frequent letter 3 rise, when the last example turns from 1 to 2.
    """
    half = Fraction(1, 2)
    table = {1: (beta, 1, 0, half), 2: (0, 1, 0, half + beta)}
    law = (rare, rare, rare, 1 - 3 * rare)

    def loss(S: Sample, G: Sample, z: int) -> Fraction:
        return Fraction(table.get((S + G)[-1], (beta, 1, 0, half))[z])

    return Model(law, m_S, m_G, loss, lambda _: law)


def memorizing_model(letters: int, rare: Fraction, beta: Fraction) -> Model:
    """One real and one generated example; the loss at the generated one is raised or lowered as the real one says."""
    each = (1 - 2 * rare) / letters
    law = (rare, rare, *[each] * letters)

    def loss(S: Sample, G: Sample, z: int) -> Fraction:
        if z < 2:
            return Fraction(1 - z)
        return Fraction(1, 2) + (beta if (S[0] == 0) == (z == G[0]) else 0)

    return Model(law, 1, 1, loss, lambda _: law)


def linear_model(m_S: int, m_G: int, beta: Fraction) -> Model:
    """Two letters, equally likely: the loss at either rises with its number in the sample, by beta at each exchange."""
    half = Fraction(1, 2)

    def loss(S: Sample, G: Sample, z: int) -> Fraction:
        return half + (2 * z - 1) * (beta / 2) * sum(2 * x - 1 for x in S + G)

    return Model((half, half), m_S, m_G, loss, lambda _: (half, half))


def random_model(rng: Random, letters: int, m_S: int, m_G: int) -> Model:
    """A learner whose losses, and a generator whose probabilities, are drawn for every sample anew."""
    weights = [rng.randint(1, 9) for _ in range(letters)]
    law = tuple(Fraction(w, sum(weights)) for w in weights)
    samples = list(product(range(letters), repeat=m_S + m_G))
    level, step = rng.choice(((0, 1), (Fraction(2, 5), Fraction(1, 5)), (Fraction(1, 2), Fraction(1, 10))))
    losses = {(s, z): Fraction(level + step * rng.randint(0, 1)) for s in samples for z in range(letters)}
    fitted = {}
    for S in product(range(letters), repeat=m_S):
        draws = [rng.choice((1, 4)) + rng.randint(0, 1) for _ in range(letters)]
        fitted[S] = tuple(Fraction(w, sum(draws)) for w in draws)
    return Model(law, m_S, m_G, lambda S, G, z: losses[S + G, z], lambda S: fitted[S])
