"""The rule of an experiment on images: paired, corrected intervals of what generated images change, and one word each.

What the rule is stands in `deep.spec.Rule`. Intervals are over seeds: over the draw of the real examples from the pool,
and over all that is random in training. They are conditional on the pool and on the test part, which all seeds share.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from deep.results import EPOCHS, RECHECK, STEPS, Results, Row
from deep.spec import NONE
from numerics.estimate import Interval

Word = Literal["helps", "hurts", "hardly", "open"]
PERCENT = 100.0
SPREAD = 1e-4
"""Least standard deviation that is one, percentage points or nats: results have six decimals of a share."""


@dataclass(frozen=True)
class Comparison:
    """A cell beside the same cell without generated images.

    Args:
        m_S, generator, m_G, standard, protocol: the cell, as in `deep.results.Row`.
        seeds: pairs that the intervals are of.
        excluded: whether the generator has failed there; the word is *open* then.
        enough: whether there are as many pairs as a word needs: `Rule.least_seeds`, and, as classifiers may fail, too,
            the share `Rule.least_passing` of the seeds whose generator passed.
        base: mean test error without generated images, percentage points.
        error: reduction of the test error, percentage points.
        nll: reduction of the test NLL, nats.
        gap: reduction of abs(test error - train error), percentage points.
        word: the rule's word, by `error` alone.
    """

    m_S: int
    generator: str
    m_G: int
    standard: str
    protocol: str
    seeds: int
    excluded: bool
    enough: bool
    base: float
    error: Interval
    nll: Interval
    gap: Interval
    word: Word

    @property
    def gamma(self) -> float:
        """``m_G/m_S``."""
        return self.m_G / self.m_S


def corrected_level(level: float, comparisons: int) -> float:
    """Return the level of each interval so that all hold together at `level`: Bonferroni."""
    return 1 - (1 - level) / comparisons


def t_interval(differences: Sequence[float], level: float) -> Interval:
    """Return the two-sided t-interval of a mean; the whole line where fewer than two differences or no spread say it.

    Args:
        differences: of independent pairs.
        level: of the interval.
    """
    count = len(differences)
    mean = float(np.mean(differences)) if count else math.nan
    # Equal differences are no sign of a variance of 0, but of figures too coarse to show one. Equal, as results are
    # rounded: a spread below what rounding makes is none.
    spread = float(np.std(differences, ddof=1)) if count > 1 else 0.0
    if not spread > SPREAD:
        return Interval(mean, -math.inf, math.inf, level)
    reach = float(stats.t.isf((1 - level) / 2, count - 1)) * spread / math.sqrt(count)
    return Interval(mean, mean - reach, mean + reach, level)


def word_of(reduction: Interval, threshold: float) -> Word:
    """Say what an interval of the test error's reduction means, both in percentage points."""
    if reduction.low > threshold:
        return "helps"
    if reduction.high < 0:
        return "hurts"
    return "hardly" if -threshold <= reduction.low and reduction.high <= threshold else "open"


@dataclass(frozen=True)
class _Means:
    # Of a cell's classifiers, for one seed.
    error: float
    nll: float
    gap: float


def _means(results: Results) -> Mapping[tuple[int, str, int, str, str], Mapping[int, _Means]]:
    # (m_S, generator, m_G, standard, protocol) -> seed -> means; cells with fewer classifiers than asked for are left.
    cells: dict[tuple[int, str, int, str, str], dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in results.rows:
        cells[row.m_S, row.generator, row.m_G, row.standard, row.protocol][row.seed].append(row)
    wanted = {RECHECK: 1}
    return {
        key: {seed: _mean(rows) for seed, rows in seeds.items()
              if len(rows) == wanted.get(key[4], results.spec.classifiers)}
        for key, seeds in cells.items()
    }  # fmt: skip


def _mean(rows: Sequence[Row]) -> _Means:
    return _Means(
        PERCENT * float(np.mean([row.test_error for row in rows])),
        float(np.mean([row.test_nll for row in rows])),
        PERCENT * float(np.mean([abs(row.test_error - row.train_error) for row in rows])),
    )


def compare(results: Results) -> tuple[Comparison, ...]:
    """Return every comparison of the specification, in its order, those at fixed epochs last."""
    spec, means = results.spec, _means(results)
    cells = [
        (m_S, name, m_G, standard, STEPS)
        for m_S in spec.m_S
        for name in spec.generators
        for standard in spec.standard
        for m_G in spec.amounts(m_S)
    ]
    if spec.epoch_check:
        m_S, name, gamma = spec.epoch_check
        m_G = dict(zip(spec.positive, spec.amounts(m_S), strict=True))[gamma]
        cells += [(m_S, name, m_G, standard, EPOCHS) for standard in spec.standard]
    return tuple(_comparison(results, means, cell) for cell in cells)


def _comparison(
    results: Results,
    means: Mapping[tuple[int, str, int, str, str], Mapping[int, _Means]],
    cell: tuple[int, str, int, str, str],
) -> Comparison:
    spec, rule = results.spec, results.spec.rule
    m_S, name, _, standard, _ = cell
    base, with_generated = means.get((m_S, NONE, 0, standard, STEPS), {}), means.get(cell, {})
    failed = failed_seeds(results, m_S, name)
    pairs = [(base[seed], with_generated[seed]) for seed in sorted(base.keys() & with_generated.keys() - failed)]
    pairs = [pair for pair in pairs if all(math.isfinite(x.nll) and math.isfinite(x.gap) for x in pair)]
    level = corrected_level(rule.level, spec.comparisons)
    error, nll, gap = (
        t_interval([getattr(one, name) - getattr(two, name) for one, two in pairs], level)
        for name in ("error", "nll", "gap")
    )
    excluded = spec.seeds - len(failed) < rule.least_passing * spec.seeds
    enough = len(pairs) >= max(rule.least_seeds, rule.least_passing * (spec.seeds - len(failed))) and not excluded
    at_base = [found.error for found in base.values() if math.isfinite(found.error)]
    return Comparison(
        *cell,
        seeds=len(pairs),
        excluded=excluded,
        enough=enough,
        base=float(np.mean(at_base)) if at_base else math.nan,
        error=error,
        nll=nll,
        gap=gap,
        word=word_of(error, rule.threshold) if enough else "open",
    )


def failed_seeds(results: Results, m_S: int, generator: str) -> set[int]:
    """Return the seeds whose generator failed the gate."""
    runs = results.runs
    return {run.seed for run in runs if (run.m_S, run.generator) == (m_S, generator) and not run.passed}


# The short cell


def recheck_differences(results: Results) -> Mapping[int, float]:
    """Return the reduction of the test error in the short cell by seed, percentage points, where training succeeded."""
    found: dict[int, dict[bool, float]] = defaultdict(dict)
    for row in results.rows:
        if row.protocol == RECHECK:
            found[row.seed][row.m_G > 0] = PERCENT * row.test_error
    differences = {seed: pair[False] - pair[True] for seed, pair in sorted(found.items()) if len(pair) == 2}
    return {seed: value for seed, value in differences.items() if math.isfinite(value)}


def prediction_interval(found: Sequence[float], level: float) -> Interval:
    """Return the interval that holds one further draw of the same normal law with probability `level`.

    Raises:
        ValueError: fewer than three draws.
    """
    count = len(found)
    if count < 3:
        raise ValueError(f"a prediction needs 3 draws or more. Found {count}.")
    mean, spread = float(np.mean(found)), float(np.std(found, ddof=1))
    reach = float(stats.t.isf((1 - level) / 2, count - 1)) * spread * math.sqrt(1 + 1 / count)
    return Interval(mean, mean - reach, mean + reach, level)
