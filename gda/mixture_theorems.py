"""Evidence on the mixture's two theorems: derivations, coverage, from which size they say something, and their cost."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import sympy as sp

from gda.evidence import Check, Table
from gda.exact import exact
from numerics.compile import compile_expression
from numerics.estimate import binomial_interval
from numerics.mixture import Cell
from numerics.mixture_theorem import (
    ROUTES,
    TheoremValue,
    TooFewExamplesError,
    failures,
    least_useful_size,
    quantile_of_error,
    theorem_at,
)
from theory.derivation import Derivation
from theory.gaussian_mixture_bound import mixture_bound
from theory.mixture_dependence import dependence_is_one
from theory.mixture_sharp_proof import sharp_theorem
from theory.mixture_theorem_proof import clipped_theorem
from theory.quadratic_tails import chi_square_tails, normal_tail, quadratic_tail

DELTA = "0.05"
DIMENSIONS = (1, 2, 10, 100)
GAMMAS = (0, 1, 10)
SIZES = (10, 100, 10_000, 1_000_000, 100_000_000)
FALSE_ALARM = 0.01


@lru_cache(maxsize=1)
def theorem_derivations() -> tuple[Derivation, ...]:
    """The chains behind both theorems, with their lemmas' and with that of the supremum T."""
    return (
        dependence_is_one(),
        clipped_theorem(),
        clipped_theorem(sp.S.Zero),
        sharp_theorem(),
        sharp_theorem(sp.S.Zero),
        quadratic_tail(),
        chi_square_tails(),
        normal_tail(),
    )


@lru_cache(maxsize=256)
def _value(route: str, m_S: int, gamma: int, d: int) -> TheoremValue | None:
    try:
        return theorem_at(ROUTES[ROUTES.index(route)], m_S, gamma * m_S, d, DELTA)
    except TooFewExamplesError:
        return None


@lru_cache(maxsize=1)
def useful_table() -> Table:
    """From which m_S the amended theorem says more than the trivial bound, by the constants of the general one."""
    rows = []
    for d in DIMENSIONS:
        for gamma in GAMMAS:
            sizes = [least_useful_size(gamma, d, DELTA, constants) for constants in ("best", "sharp", "published")]
            known = sizes[0] and theorem_at("stability", sizes[0], gamma * sizes[0], d, DELTA)
            trivial = f"{known.trivial:.3g}" if known and known.trivial is not None else "-"
            rows.append([str(d), str(gamma), *(str(size or "none") for size in sizes), trivial])
    header = ["d", "gamma", "best", "sharp", "published", "M at the first"]
    title = (
        f"The amended theorem: from which even m_S it is below M, the largest loss, with probability {1 - float(DELTA)}"
        " (looked for up to 10^15), by the constants of the general bound"
    )
    return Table(title, header, rows)


@lru_cache(maxsize=1)
def cost_table() -> Table:
    """What stability costs: both theorems beside the exact law's quantile of Gen, and their ratios to it."""
    rows = []
    for d in DIMENSIONS:
        for m_S in SIZES:
            for gamma in GAMMAS:
                truth = quantile_of_error(exact(m_S, d, gamma), 1 - float(DELTA))
                cells = []
                for route in ("gaussian", "stability"):
                    found = _value(route, m_S, gamma, d)
                    useful = found is not None and found.says_something
                    cells += [f"{found.total:.3g}", f"{found.total / truth:.3g}"] if found and useful else ["-", "-"]
                rows.append([str(d), str(m_S), str(gamma), f"{truth:.4g}", *cells])
    header = ["d", "m_S", "gamma", "Gen, 95 %", "Gaussian structure", "ratio", "stability", "ratio"]
    title = "What stability costs: the theorems beside the 95 % quantile of Gen by the exact law (-: not below M)"
    return Table(title, header, rows)


def conclusion_finding() -> str:
    """Say whether the conclusion fails where its premises do: the exact quantile beside the source's order form."""
    total = compile_expression(mixture_bound("order").total)
    ratios = [
        quantile_of_error(exact(m_S, d, gamma), 1 - float(DELTA))
        / total(d=d, delta=float(DELTA), m_S=m_S, m_G=gamma * m_S)
        for d, m_S, gamma in product(DIMENSIONS, SIZES, GAMMAS)
    ]
    return (
        "What fails are the premises for all data (bounded loss, uniform stability, T below 1), so the derivation; the "
        f"conclusion is not refuted. At d = {', '.join(map(str, DIMENSIONS))}, m_S = {SIZES[0]} to {SIZES[-1]}, gamma "
        f"= {', '.join(map(str, GAMMAS))} the exact 95 % quantile of Gen is {min(ratios):.2g} to {max(ratios):.2g} "
        "times the order form with the source's orders for M, beta, D_TV and T, every constant 1."
    )


def cost_finding() -> str:
    """Say from how much to how much either theorem exceeds the truth at the largest size."""
    ratios: dict[str, list[float]] = {route: [] for route in ROUTES}
    for d in DIMENSIONS:
        for gamma in GAMMAS:
            truth = quantile_of_error(exact(SIZES[-1], d, gamma), 1 - float(DELTA))
            for route, found in ratios.items():
                value = _value(route, SIZES[-1], gamma, d)
                if value is not None:
                    found.append(value.total / truth)
    by_structure, by_stability = ratios["gaussian"], ratios["stability"]
    return (
        f"At m_S = {SIZES[-1]} the theorem by Gaussian structure is {min(by_structure):.3g} to {max(by_structure):.3g} "
        f"times the exact 95 % quantile of Gen, the one by stability {min(by_stability):.3g} to "
        f"{max(by_stability):.3g} times: stability for all data costs that much here."
    )


def coverage_checks(cells: list[tuple[int, int, Cell]], command: str) -> tuple[Check, ...]:
    """Ask of simulated cells whether either theorem fails more often than delta.

    Args:
        cells: m_S, d and a simulated cell.
        command: of the claim.
    """
    level = 1 - FALSE_ALARM / (len(cells) * len(ROUTES))
    checks = []
    for route in ROUTES:
        worst, found = 0.0, ""
        holds: bool | None = True
        for m_S, d, cell in cells:
            value = theorem_at(route, m_S, cell.m_G, d, DELTA)
            failed, trials = failures(cell.abs_gap, value.total)
            interval = binomial_interval(failed, trials, level)
            if interval.high > worst:
                worst, found = interval.high, f"at m_S = {m_S}, d = {d}, gamma = {cell.gamma}: {failed} of {trials}"
            inside = interval.within(0, float(DELTA))
            holds = False if inside is False else holds if inside else (None if holds else holds)
        checks.append(
            Check(
                f"coverage of the theorem by {route}",
                f"Does Gen exceed the theorem by {route} with probability {DELTA} at most, in each of {len(cells)} "
                "simulated cells?",
                "statistical",
                f"probability at most {worst:.2g} ({found})",
                f"<= {DELTA}",
                holds,
                command,
                level=f"{FALSE_ALARM:.0%} over the {len(cells)} cells and both theorems, {trials} repeats",
                internal=True,
            )
        )
    return tuple(checks)
