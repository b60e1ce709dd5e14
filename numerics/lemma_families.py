"""Families of instances to search for violations in: extreme cases that are built, and random ones from a seed.

A family serves every lemma that it can be an instance of, and is made once for all of them.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import product

import numpy as np

from numerics import lemma_gaussians as gaussians
from numerics import lemma_laws as laws
from numerics import lemma_products as products
from numerics.balls import precision
from numerics.lemma_cases import BITS, Case, Distribution
from numerics.lemma_products import MOST_OUTCOMES, Integers, ProductSpace, bits, random_space, random_table, signs

SEED = 0
RANDOM_CASES = 120
"""Random spaces, pairs of laws or pairs of Gaussians of each family, unless another number is asked for."""

Cases = Mapping[str, tuple[Case, ...]]
"""Cases by the key of the lemma they are instances of."""


@dataclass(frozen=True)
class Family:
    """A family of instances.

    Args:
        tells: how the hypotheses are known to hold, for a reader.
        serves: keys of the lemmas.
        make: makes the cases from a generator and a number of random ones.
    """

    tells: str
    serves: tuple[str, ...]
    make: Callable[[np.random.Generator, int], Cases]


def weak_sums(rng: np.random.Generator, count: int) -> Cases:
    """Sums of weakly dependent functions: independent terms, chaos of signs, both, and random tables."""
    found: list[Case] = []
    for n in (1, 2, 4, 8):
        found += products.weak_sum_cases(f"{n} independent signs", bits(n), signs(n))
    for n in (1, 3):
        rare = ProductSpace(((1, 99),) * n)
        found += products.weak_sum_cases(f"{n} rare events", rare, [np.where(z > 0, 1, 0) for z in signs(n)])
    for n in (2, 3, 4, 5, 8):
        z = signs(n)
        total = sum(z[1:], z[0])
        found += products.weak_sum_cases(f"chaos of {n} signs, listed", bits(n), [x * (total - x) for x in z])
    sizes = ((2, 2), (2, 16), (3, 4), (16, 2), (16, 8), (64, 4), (256, 16), (1024, 16), (4096, 256))
    found += [products.chaos_case(n, p, linear) for n, p in sizes for linear in (0, 1)]
    for k in range(count):
        space = random_space(rng)
        functions = [random_table(rng, space) for _ in range(space.size)]
        found += products.weak_sum_cases(f"random {k}", space, functions, orders=(2, 4, 16))
    return {"L1": tuple(found)}


def differences(rng: np.random.Generator, count: int) -> Cases:
    """Functions with bounded differences, each as a function and as a martingale: sums, products, random tables."""
    built: list[tuple[str, ProductSpace, Integers]] = []
    for n in (1, 2, 3, 5, 8):
        z = signs(n)
        built.append((f"sum of {n} signs", bits(n), sum(z[1:], z[0])))
        built.append((f"product of {n} signs", bits(n), np.prod(np.broadcast_arrays(*z), axis=0)))
    built += [
        (f"one event of probability 1/{total}", ProductSpace(((1, total - 1),)), np.array([1, 0], dtype=object))
        for total in (3, 10, 1000)
    ]
    for k in range(count):
        space = random_space(rng)
        built.append((f"random {k}", space, random_table(rng, space)))
    found: dict[str, list[Case]] = {"L3": [], "L5": [], "L11": [], "L6": []}
    for name, space, f in built:
        f = np.broadcast_to(f, space.shape)
        tails, moments = products.difference_cases(name, space, f)
        azuma, rio = products.martingale_cases(f"martingale of {name}", space, f)
        for key, cases in (("L3", tails), ("L5", moments), ("L11", azuma), ("L6", rio)):
            found[key] += cases
    return {key: tuple(cases) for key, cases in found.items()}


def independent(rng: np.random.Generator, count: int) -> Cases:
    """Sums of independent centred terms: signs, rare events, and random ones."""
    built: list[tuple[str, ProductSpace, Sequence[Sequence[int]]]] = []
    built += [(f"{n} signs", bits(n), [(-1, 1)] * n) for n in (1, 2, 4, 8)]
    built += [(f"{n} rare events", ProductSpace(((1, 500),) * n), [(1, 0)] * n) for n in (1, 2, 6)]
    for k in range(count):
        space = random_space(rng)
        built.append((f"random {k}", space, [rng.integers(-5, 6, size).tolist() for size in space.shape]))
    pairs = [products.independent_cases(*each) for each in built]
    rio, zygmund = (tuple(case for pair in pairs for case in pair[side]) for side in (0, 1))
    return {"L6": rio, "L14": zygmund}


def finite_laws(rng: np.random.Generator, count: int) -> list[laws.Pair]:
    """Pairs of laws: two letters close to one another and far apart, and random ones."""
    half = Fraction(1, 2)
    near = [(half + Fraction(1, k), half - Fraction(1, k)) for k in (3, 10, 1000)]
    two = [*near, (Fraction(1, 100), Fraction(1, 10**9)), (Fraction(999, 1000), Fraction(1, 10)), (half, half)]
    found = [laws.Pair((x, 1 - x), (y, 1 - y)) for x, y in two]
    found.append(laws.Pair((half, half, Fraction(0)), (Fraction(0), half, half)))
    for _ in range(count // 2):  # each in both directions
        size = int(rng.integers(2, 6))
        drawn = [[int(w) for w in rng.integers(0 if side else 1, 20, size)] for side in (0, 1)]
        drawn[1][0] += 1
        p, q = (tuple(Fraction(w, sum(law)) for w in law) for law in drawn)
        found += [laws.Pair(p, q), laws.Pair(q, p)]
    return found


def pairs_of_laws(rng: np.random.Generator, count: int) -> Cases:
    """Two laws on a finite set, functions of one draw and of several."""
    found: dict[str, list[Case]] = {key: [] for key in ("L4", "L7", "L8", "L12", "L13", "L15")}
    for k, pair in enumerate(finite_laws(rng, count)):
        name, size = ("two laws" if k < 7 else f"random {k}"), len(pair.p)
        # The set on which P is the larger attains the supremum; any other function does not exceed it.
        larger = [int(x > y) for x, y in zip(pair.p, pair.q, strict=True)]
        found["L4"] += laws.duality_cases(f"{name}, P > Q", pair, larger)
        found["L4"] += laws.duality_cases(f"{name}, drawn", pair, rng.integers(-9, 10, size).tolist())
        for key in ("L7", "L15"):
            found[key] += laws.divergence_cases(name, pair)
        found["L12"] += laws.coupling_cases(name, pair)
        for m in (1, 2, 3) if k < 7 else (2, 3):
            if size**m <= MOST_OUTCOMES:
                found["L8"] += laws.sample_cases(name, pair, m)
                counted = [sum(larger[z] for z in sample) for sample in product(range(size), repeat=m)]
                found["L13"] += laws.draw_cases(f"{name}, letters counted", pair, m, counted)
                found["L13"] += laws.draw_cases(f"{name}, drawn", pair, m, rng.integers(-9, 10, size**m).tolist())
    return {key: tuple(cases) for key, cases in found.items()}


def single_laws(rng: np.random.Generator, count: int) -> Cases:
    """One law with finitely many values: two points, sums of signs, chaos, random ones."""
    built = {f"one event of probability 1/{k}": Distribution({1: 1, 0: k - 1}) for k in (1, 2, 10, 10**6)}
    for n in (2, 8):
        z = signs(n)
        total = np.broadcast_to(sum(z[1:], z[0]), bits(n).shape)
        built[f"sum of {n} signs"] = bits(n).distribution(total)
        built[f"chaos of {n} signs"] = bits(n).distribution(total * total - n)
    for k in range(count):
        size = int(rng.integers(1, 6))
        drawn = dict(zip(rng.integers(-9, 10, size).tolist(), rng.integers(1, 30, size).tolist(), strict=True))
        built[f"random {k}"] = Distribution(drawn if set(drawn) != {0} else {1: 1})
    markov = [case for name, law in built.items() for case in laws.markov_cases(name, law, (2, Fraction(5, 2), 8))]
    shares = (Fraction(0), Fraction(1, 10), Fraction(10))
    tails = [case for name, law in built.items() for case in products.tail_cases(name, law, shares)]
    joint: list[dict[tuple[int, int], int]] = [{(1, 1): 1}, {(1, 1): 1, (0, 1): 9}, {(1, 0): 1, (0, 1): 1}]
    for _ in range(count):
        size = int(rng.integers(1, 5))
        outcomes = [(int(u), int(v)) for u, v in rng.integers(-5, 6, (size, 2))]
        joint.append(dict(zip(outcomes, rng.integers(1, 9, size).tolist(), strict=True)))
    hoelder = [case for law in joint for case in laws.hoelder_cases(law, (2, 3, 4, 16))]
    return {"L0": tuple(markov), "L0-Hoelder": tuple(hoelder), "L2": tuple(tails)}


def _spread(rng: np.random.Generator, size: int) -> tuple[Fraction, ...]:
    return tuple(
        Fraction(int(m), 16) * Fraction(2) ** int(k)
        for m, k in zip(rng.integers(8, 25, size), rng.integers(-10, 5, size), strict=True)
    )


def pairs_of_gaussians(rng: np.random.Generator, count: int) -> Cases:
    """Two Gaussians: one coordinate, several, turned against the shift, scaled in many dimensions."""
    one = [Fraction(1), Fraction(1001, 1000), Fraction(1, 2), Fraction(2), Fraction(1, 100), Fraction(50)]
    moved = [Fraction(0), Fraction(1, 1000), Fraction(1), Fraction(3)]
    pairs = [gaussians.Gaussians((s,), (m,)) for s in one for m in moved if (s, m) != (1, 0)]
    turned = []
    for r in (Fraction(1, 10), Fraction(1, 2), Fraction(9, 10), Fraction(999, 1000)):
        turned += [gaussians.Gaussians((1 + r, 1 - r), (m, Fraction(0)), turned=True) for m in moved[1:3]]
    near = [Fraction(k, 10) for k in (6, 8, 11, 13, 15)]
    pairs += [gaussians.Gaussians((s,), (m,)) for s in near for m in (Fraction(0), Fraction(1, 10), Fraction(1, 2))]
    pairs += [gaussians.Gaussians((s, t), (m, m)) for s in near for t in near for m in (Fraction(0), Fraction(1, 5))]
    for _ in range(count):
        size = int(rng.integers(1, 4))
        # Over several orders of magnitude, both: what is small or large against something else is where bounds fail.
        variances = _spread(rng, size)
        shifts = tuple(s * int(rng.integers(-1, 2)) for s in _spread(rng, size))
        turn = size == 2 and bool(rng.integers(2))
        pairs += [gaussians.Gaussians(variances, shifts, turn), gaussians.Gaussians(variances, (Fraction(0),) * size)]
    scaled = [gaussians.scaled_case(d, s) for d in (1, 2, 10, 1000) for s in (*one, *near) if s != 1]
    cases = [gaussians.gaussian_case(pair) for pair in pairs]
    cases += [gaussians.gaussian_case(pair, by_quadrature=True) for pair in turned]
    same_mean = [case for case in cases if case.measured["means apart"] == 0]
    early = [case for case in cases if "tv" in case.letters]
    return {
        "L9": (*cases, *scaled),
        "L16": tuple(case for case in (*cases, *scaled) if case.letters["Delta"] <= Fraction(1, 2)),
        "L17": (*same_mean, *scaled),
        "L17-lower": tuple(gaussians.from_below(case) for case in (*same_mean, *scaled)),
        "X2": tuple(early),
        "X3": (*cases, *scaled),
    }


def chi_squares(rng: np.random.Generator, count: int) -> Cases:
    """Quantiles of chi-squares and of weighted sums of them."""
    levels = (Fraction(1, 100), Fraction(1, 2), Fraction(1), Fraction(3), Fraction(20), Fraction(100))
    sizes = (1, 2, 3, 10, 100, 10_000)
    weights = [(Fraction(1),), (Fraction(1), Fraction(1, 100)), tuple(Fraction(1, k) for k in range(1, 9))]
    weights += [tuple(1 + Fraction(k, 100) for k in range(20))]
    for _ in range(count // 20):
        size = int(rng.integers(1, 7))
        weights.append(tuple(Fraction(int(w), 10) for w in rng.choice(np.arange(1, 40), size, replace=False)))
    return {
        "L10": tuple(gaussians.chi_square_case(d, x) for d in sizes for x in levels),
        "L20": tuple(gaussians.weighted_case(w, x) for w in (*weights, *map(_signed, weights)) for x in levels),
        "L21": tuple(gaussians.chi_square_case(d, x, lower=True) for d in sizes for x in levels),
        "L22": tuple(gaussians.normal_case(x) for x in levels),
    }


def _signed(weights: Sequence[Fraction]) -> tuple[Fraction, ...]:
    # Every other weight negative, the first and largest of them.
    return tuple(-w if k % 2 == 0 else w for k, w in enumerate(weights))


FAMILIES: tuple[Family, ...] = (
    Family("every outcome listed; conditional means and differences measured", ("L1",), weak_sums),
    Family("every outcome listed; differences and ranges measured", ("L3", "L5", "L11", "L6"), differences),
    Family("every outcome listed; centred by construction", ("L6", "L14"), independent),
    Family("finite laws; TV over every set, KL in balls", ("L4", "L7", "L8", "L12", "L13", "L15"), pairs_of_laws),
    Family("finite laws; moments exact", ("L0", "L0-Hoelder", "L2"), single_laws),
    Family(
        "Gaussians; TV enclosed by error functions and quadrature",
        ("L9", "L16", "L17", "L17-lower", "X2", "X3"),
        pairs_of_gaussians,
    ),
    Family("chi-squares; quantiles enclosed by incomplete gamma functions", ("L10", "L20", "L21", "L22"), chi_squares),
)

SERVED_BY: Mapping[str, str] = {
    "L1-sharpened": "L1",
    "L1-tree": "L1",
    "X1": "L1",
    "L8-union": "L8",
    "L5-sharpened": "L5",
}
"""Statements whose cases are those of another key."""


@lru_cache(maxsize=32)
def _made(index: int, seed: int, count: int) -> Cases:
    family = FAMILIES[index]
    # Each family has a stream of its own: it does not depend on which others are made.
    rng = np.random.default_rng([seed, zlib.crc32(family.make.__name__.encode())])
    with precision(BITS):
        return family.make(rng, count)


def _serving(key: str) -> list[int]:
    own = SERVED_BY.get(key, key)
    found = [index for index, family in enumerate(FAMILIES) if own in family.serves]
    if not found:
        raise KeyError(f"no family has instances of {key!r}")
    return found


def cases_of(key: str, seed: int = SEED, count: int = RANDOM_CASES) -> tuple[Case, ...]:
    """Make the cases of a statement: built ones and random ones.

    Args:
        key: of a statement of `theory.tested_lemmas`.
        seed: of the random ones.
        count: random spaces or pairs in each family, >= 0.

    Raises:
        KeyError: a statement that no family serves.
    """
    own = SERVED_BY.get(key, key)
    return tuple(case for index in _serving(key) for case in _made(index, seed, count)[own])


def tested_how(key: str) -> str:
    """Say how the hypotheses of a statement's cases are known to hold."""
    return "; ".join(dict.fromkeys(FAMILIES[index].tells for index in _serving(key)))
