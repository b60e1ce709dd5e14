"""Evidence from the finite model, where the law of Gen is known: coverage, distance from the truth, constants.

Coverage of small cells is exact rational arithmetic, that of large ones is enclosed. Nothing here is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import product

import sympy as sp

from gda.evidence import Check, Kind, Table
from gda.law import decade
from numerics.compile import compile_expression
from numerics.finite import FiniteSetting, LossName
from numerics.finite_coverage import Coverage, coverage, failure_upper, lower_end
from theory.lemmas import PUBLISHED, SHARPENED
from theory.stability import Bound, explicit_form
from theory.symbols import D_TV, T_1, M, T, beta, delta, m_G, m_S
from theory.tight_bound import Constants, bound_by, tighter_forms

CONSTANTS: tuple[Constants, ...] = ("published", "sharp", "best")
LOSSES: tuple[LossName, ...] = ("absolute", "squared")
TWENTIETH = Fraction(1, 20)
COMMAND = "gda coverage --setting finite"

Law = tuple[Fraction, ...]


def coin(p: Fraction | str) -> Law:
    """The law of a letter that is one with probability p, else zero."""
    return (1 - Fraction(p), Fraction(p))


SMALL_LAWS: tuple[Law, ...] = (
    *map(coin, ("1/100", "1/10", "3/10", "1/2")),
    (Fraction(1, 2), Fraction(3, 10), Fraction(1, 5)),
    (Fraction(8, 10), Fraction(1, 10), Fraction(1, 10)),
)
SMALL_DELTAS = tuple(map(Fraction, ("1/2", "1/5", "1/20", "1/100")))
LARGE_SIZES = (10, 100, 1000, 10_000)
GAMMAS = (0, 1, 4)
LARGE_DELTAS = (TWENTIETH, Fraction(1, 100))


def small_settings() -> Iterator[FiniteSetting]:
    """List the small cells: two letters at every size up to m_S = 8, m_G = 6, three letters at some."""
    for law, loss in product(SMALL_LAWS, LOSSES):
        sizes = product(range(1, 9), range(7)) if len(law) == 2 else product((1, 2, 4, 8), (0, 1, 3, 6))
        yield from (FiniteSetting(law, real, generated, loss) for real, generated in sizes)


def large_settings() -> Iterator[FiniteSetting]:
    """List the large cells, two letters."""
    for p, loss, real, gamma in product(("1/10", "3/10", "1/2"), LOSSES, LARGE_SIZES, GAMMAS):
        yield FiniteSetting(coin(p), real, gamma * real, loss)


@dataclass(frozen=True)
class Worst:
    """How a bound covers over some cells.

    Args:
        cells: how many there are.
        covered: in how many it fails with probability at most delta.
        share: the largest probability with which it fails, over delta.
        below: in how many it is below M where D_TV = 0; in the others it cannot fail.
    """

    cells: int = 0
    covered: int = 0
    share: Fraction = Fraction(0)
    below: int = 0

    def with_cell(self, failure: Fraction, level: Fraction, below: bool) -> Worst:
        """Count one more cell."""
        covered, share = self.covered + (failure <= level), max(self.share, failure / level)
        return Worst(self.cells + 1, covered, share, self.below + below)


def worst_coverage(settings: Iterable[FiniteSetting], levels: Sequence[Fraction]) -> Mapping[Constants, Worst]:
    """Compute how the bounds cover over some cells and levels, by their constants."""
    bounds = {constants: _bound(constants) for constants in CONSTANTS}
    found = {constants: Worst() for constants in CONSTANTS}
    for setting, level in product(settings, levels):
        for constants, bound in bounds.items():
            least = lower_end(setting, bound, level)
            failure, below = Fraction(failure_upper(setting, least, level)), least.at(Fraction(0)) < setting.width()
            found[constants] = found[constants].with_cell(failure, level, below)
    return found


def coverage_checks() -> tuple[Check, ...]:
    """Ask whether the bound fails with probability at most delta in every cell, how far it is from M and the truth."""
    exact = worst_coverage(small_settings(), SMALL_DELTAS)
    enclosed = worst_coverage(large_settings(), LARGE_DELTAS)
    checks = []
    for constants in CONSTANTS:
        asks = f"Does the bound with {constants} constants fail with probability at most delta in every"
        small = f"{asks} small cell of the finite model (m_S = 1 to 8, m_G = 0 to 6; exact)?"
        large = f"{asks} cell with m_S = 10 to 10^4, gamma = 0, 1, 4, p = 0.1, 0.3, 0.5 of it (enclosed)?"
        sizes = (f"8 --m-g 6 --constants {constants}", f"1000 --m-g 4000 --constants {constants}")
        checks += [
            _coverage_check("exact", "identity", small, exact[constants], sizes[0]),
            _coverage_check("certified", "certificate", large, enclosed[constants], sizes[1]),
        ]
    return (*checks, _below_the_trivial_bound(), _within_ten_times())


def _coverage_check(name: str, kind: Kind, asks: str, found: Worst, sizes: str) -> Check:
    return Check(
        name=f"{name} coverage, {sizes.split()[-1]} constants",
        asks=asks,
        kind=kind,
        computed=f"in {found.covered} of {found.cells} cells; in {found.cells - found.below} of them it cannot fail, "
        f"as even at D_TV = 0 it is M or more; P(Gen > bound) is at most {_number(found.share)} delta",
        claimed="in all",
        holds=found.covered == found.cells > 0,
        command=f"{COMMAND} --p 0.3 --m-s {sizes}",
        internal=True,
    )


def _number(share: Fraction) -> str:
    return "0" if share == 0 else decade(float(share))


@lru_cache(maxsize=8)
def _bound(constants: Constants) -> Bound:
    # Kept: SymPy takes longer to write the best bound than to evaluate it.
    return bound_by(constants)


@lru_cache(maxsize=1024)
def cell(setting: FiniteSetting, constants: Constants, level: Fraction = TWENTIETH) -> Coverage:
    """Compute how a bound does in a cell; kept, as tables and checks ask for the same ones."""
    return coverage(setting, _bound(constants), level)


def _aimed_at(sizes: tuple[int, ...], losses: tuple[LossName, ...] = ("absolute",)) -> list[FiniteSetting]:
    grid = product(("1/10", "3/10"), losses, sizes, GAMMAS)
    return [FiniteSetting(coin(p), real, gamma * real, loss) for p, loss, real, gamma in grid]


def _below_the_trivial_bound() -> Check:
    settings = _aimed_at(LARGE_SIZES[1:], LOSSES)
    shares = [float(cell(s, "best").quoted.upper) / float(s.width()) for s in settings]
    return Check(
        name="not vacuous",
        asks="Is the best bound below M, which Gen never exceeds, at every m_S >= 100 (p = 0.1, 0.3, both losses)?",
        kind="certificate",
        computed=f"at most {max(shares):.3g} M, at least {min(shares):.3g} M over {len(shares)} cells",
        claimed="below M",
        holds=all(share < 1 for share in shares),
        command=f"{COMMAND} --p 0.3 --m-s 100 --m-g 100 --loss squared --constants best",
    )


def _within_ten_times() -> Check:
    settings = _aimed_at((*range(10, 31), *LARGE_SIZES[1:]))
    ratios = [cell(s, "best").ratio for s in settings]
    # The loss lies in [0, 1] whatever m_T is; its exact range is smaller by 2/(m_T + 2).
    loose = _bound("best").subs({M: 1})
    with_one = [coverage(s, loose, TWENTIETH).ratio for s in settings]
    return Check(
        name="within ten times the truth",
        asks="Is the 95 % quantile of the best bound within ten times that of Gen (absolute loss, p = 0.1, 0.3, m_S ="
        " 10 to 30, 100, 1000, 10^4, gamma = 0, 1, 4; M the range of the loss)?",
        kind="certificate",
        computed=f"{min(ratios):.3g} to {max(ratios):.3g} times over {len(ratios)} cells; with 1 for M up to"
        f" {max(with_one):.3g} times, above 10 in {sum(ratio > 10 for ratio in with_one)} cells",
        claimed="at most 10 times",
        holds=max(ratios) <= 10,
        command=f"{COMMAND} --p 0.1 --m-s 10 --m-g 0 --constants best",
    )


def ratio_table() -> Table:
    """How far the bounds are from the truth; p = 0.5 last, where Gen is degenerate: a square, of order 1/m_S."""
    rows = []
    for p, loss, real, gamma in product(("1/10", "3/10", "1/2"), LOSSES, LARGE_SIZES, GAMMAS):
        setting = FiniteSetting(coin(p), real, gamma * real, loss)
        best, published = cell(setting, "best"), cell(setting, "published")
        below = "yes" if best.quoted.upper < setting.width() else "no"
        numbers = (f"{float(best.truth.upper):.4g}", f"{float(best.quoted.upper):.4g}")
        ratios = (f"{best.ratio:.2f}", f"{published.ratio:.0f}")
        rows.append([f"{float(Fraction(p)):g}", loss, str(real), str(gamma), *numbers, *ratios, below])
    title = "The bound and the truth in the finite model (D_TV that of the S at hand; at p = 0.5 Gen is degenerate)"
    header = ["p", "loss", "m_S", "gamma", "Gen, 95 %", "best bound, 95 %", "ratio", "ratio, published", "below M"]
    return Table(title, header, rows)


@dataclass(frozen=True)
class _Place:
    """A point of the search: a cell by its law, loss, size and gamma, and a level."""

    law: Law
    loss: LossName
    m_S: int
    gamma: int
    level: Fraction

    def setting(self) -> FiniteSetting:
        return FiniteSetting(self.law, self.m_S, self.gamma * self.m_S, self.loss)


LEVELS = tuple(map(Fraction, ("1/2", "1/5", "1/20", "1/100", "1/1000")))
_AXES: dict[str, tuple[object, ...]] = {
    "law": (*map(coin, ("1/1000", "1/100", "1/20", "1/10", "1/5", "3/10", "2/5")), *SMALL_LAWS[4:]),
    "loss": LOSSES,
    "m_S": (1, 2, 3, 5, 10, 30, 100, 1000, 10_000),
    "gamma": (0, 1, 4, 30, 1000),
    "level": LEVELS,
}
_MOST_GENERATED = 40_000
_START = _Place(coin("1/10"), "absolute", 100, 0, TWENTIETH)


def _distance(place: _Place, wanted: Callable[[_Place, Coverage], bool]) -> float:
    if place.gamma * place.m_S > _MOST_GENERATED or (len(place.law) > 2 and place.m_S > 10):
        return math.inf
    if len(place.law) > 2 and place.gamma > 4:
        return math.inf
    found = cell(place.setting(), "best", place.level)
    return found.ratio if wanted(place, found) else math.inf


def search(start: _Place, wanted: Callable[[_Place, Coverage], bool]) -> tuple[_Place, float]:
    """Go along one axis after the other to the least ratio, until none lowers it."""
    best, least = start, _distance(start, wanted)
    while True:
        before = least
        for axis, values in _AXES.items():
            for value in values:
                place = replace(best, **{axis: value})  # type: ignore[arg-type]
                if (found := _distance(place, wanted)) < least:
                    best, least = place, found
        if least == before:
            return best, least


def _speaks(found: Coverage) -> bool:
    return 2 * Fraction(found.quoted.upper) < found.width


SEARCHES: dict[str, tuple[_Place, Callable[[_Place, Coverage], bool]]] = {
    "any": (replace(_START, law=coin("1/100"), m_S=1), lambda _place, _found: True),
    "bound below M/2": (replace(_START, law=coin("1/1000"), m_S=30, gamma=1000), lambda _place, found: _speaks(found)),
    "bound below M/2, gamma <= 4": (replace(_START, gamma=4), lambda place, found: place.gamma <= 4 and _speaks(found)),
    "bound below M/2, gamma = 1": (replace(_START, gamma=1), lambda place, found: place.gamma == 1 and _speaks(found)),
    "bound below M/2, gamma = 0": (_START, lambda place, found: place.gamma == 0 and _speaks(found)),
}
"""By what is asked of the cell, where the search starts (at every level), and whether a cell is meant."""


def closest() -> Table:
    """Where the best bound is closest to the truth, as a search finds it, and how close it is there."""
    rows = []
    for name, (start, wanted) in SEARCHES.items():
        starts = (replace(start, level=level) for level in LEVELS)
        place, ratio = min((search(each, wanted) for each in starts), key=lambda pair: pair[1])
        found = cell(place.setting(), "best", place.level)
        law = ", ".join(f"{float(p):g}" for p in place.law)
        sizes = [law, place.loss, str(place.m_S), str(place.gamma * place.m_S), f"{float(place.level):g}"]
        numbers = [f"{float(found.truth.upper):.4g}", f"{float(found.quoted.upper):.4g}", f"{ratio:.3f}"]
        rows.append([name, *sizes, *numbers])
    header = ["among", "law", "loss", "m_S", "m_G", "delta", "quantile of Gen", "quantile of the bound", "ratio"]
    title = "Where the best bound is closest to the truth (least ratio along every axis of a grid)"
    return Table(title, header, rows)


REGION_SIZES = (100, 1000, 10**4, 10**6)
REGION_STABILITY = (Fraction(1, 10), Fraction(1), Fraction(10))
REGION_DEPENDENCE = (0, 1)


def constants_table() -> Table:
    """The best bound over the published one: beta = b M/m_T, T_1 = t/m_S, T = min(1, m_G T_1), D_TV = 0.

    The best is taken without its cap at M, so that a vacuous bound is compared, too. Both are in units of M.
    """
    published = compile_expression(explicit_form(PUBLISHED).total)
    sharp = compile_expression(explicit_form(SHARPENED).total)
    forms = [compile_expression(form.total) for form in tighter_forms()]
    rows = []
    for gamma, b, t, real in product(GAMMAS, REGION_STABILITY, REGION_DEPENDENCE, REGION_SIZES):
        if gamma == 0 and t:
            continue
        point: dict[sp.Symbol, Fraction | int] = {
            m_S: real,
            m_G: gamma * real,
            beta: b / (real * (1 + gamma)),
            T_1: Fraction(t, real),
            T: min(Fraction(1), Fraction(gamma * t)),
            M: 1,
            D_TV: 0,
            delta: TWENTIETH,
        }
        old, middle, *values = (
            form(**{letter.name: float(point[letter]) for letter in form.arguments})
            for form in (published, sharp, *forms)
        )
        new = min(values)
        row = [str(real), str(gamma), f"{float(b):g}", str(t), f"{old:.4g}", f"{middle:.4g}", f"{new:.4g}"]
        rows.append([*row, f"{old / new:.3g}"])
    header = ["m_S", "gamma", "b", "t", "published", "L1 sharpened", "best", "published / best"]
    title = "What the constants amount to, in units of M (beta = b M/m_T, T_1 = t/m_S, D_TV = 0, delta = 0.05)"
    return Table(title, header, rows)
