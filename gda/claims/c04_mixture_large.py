"""Claim C4: in the Gaussian mixture with m_S large, augmentation hardly improves the rate."""

from __future__ import annotations

import math

import sympy as sp

from gda.certificates.run import settle_all
from gda.certify import checks_of, find_certificates
from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Artefact, Check, Claim, Evidence, Table
from gda.exact import exact, mean_error
from gda.figures import BAND, Line, draw_slopes
from gda.gain_map import draw_gain, gain_tables
from numerics.estimate import Interval, loglog_slope, paired_ratio
from numerics.mixture import Simulation
from theory import symbols
from theory.augmentation import Setting, m, m_G, most_efficient_order
from theory.derivation import Derivation
from theory.gaussian_mixture_bound import at_ratio, at_size
from theory.lemmas import BKZ_MOMENT, MCDIARMID, MOMENTS_TO_TAILS, PINSKER, TV_DUALITY
from theory.mixture_gain import mixture_gain
from theory.mixture_moments import balanced_moments
from theory.mixture_theorem import constants_for_orders
from theory.order import is_o, is_Theta, order_of
from theory.stability import Bound, order_form
from theory.symbols import D_TV, M, T, beta, m_S

COMMAND = "gda verify --claim C4"
SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
DIMENSION = 2
GAMMAS = (0, 1, 4)
LEVEL = 0.99
AXIOMS = tuple(lemma.key for lemma in (BKZ_MOMENT, MOMENTS_TO_TAILS, MCDIARMID, TV_DUALITY, PINSKER))
RATE = -0.5


def setting() -> Setting:
    """The mixture as a setting of orders: the amended theorem's constants, d and delta fixed."""
    found, none = constants_for_orders(), constants_for_orders(sp.S.Zero)
    letters = {m_S: m, symbols.m_G: m_G}
    # M and beta at m examples; at m_T they have log m_T for log m_S, which is of the same order for a power of m.
    return Setting(*(value.subs(letters) for value in (none.beta, found.D_TV, found.T, none.M)))


def amended_form(size: sp.Expr = symbols.m_G) -> Bound:
    """Put the amended theorem's constants into the general bound's order form."""
    found = constants_for_orders(size)
    letters = {M: found.M, beta: found.beta, D_TV: found.D_TV, T: found.T, symbols.m_G: size}
    return order_form().subs(letters, "order form of the clipped mixture")


def order_checks() -> tuple[Check, ...]:
    """Solve for m*_G and compare the orders of the mixture's bound with and without augmentation, d fixed."""
    bound = amended_form()
    without = order_of(amended_form(sp.S.Zero).total, m_S)
    equal_size = order_of(at_ratio(bound).total, m_S)
    (optimum,) = most_efficient_order(setting())
    if optimum.order is None:
        raise AssertionError(f"the mixture has a most efficient m_G. Found none: {optimum.reason}")
    best = order_of(at_size(bound, optimum.order.as_expr(m_S)).total, m_S)

    def check(name: str, asks: str, computed: str, claimed: str, holds: bool | None) -> Check:
        return Check(name, asks, "identity", computed, claimed, holds, COMMAND, axioms=AXIOMS)

    return (
        check(
            "order at m*_G",
            "d fixed, m_S -> oo: is the bound at m*_G of no smaller order than without augmentation?",
            f"m*_G = {optimum.order} (binding: {optimum.binding}); {best} against {without}",
            "not o(.)",
            decided(is_o(best, without), wanted=False),
        ),
        check(
            "order at m_G = gamma m_S",
            "d fixed, m_S -> oo: is the bound at m_G = gamma m_S of no smaller order than without augmentation?",
            f"{equal_size} against {without}",
            "not o(.)",
            decided(is_o(equal_size, without), wanted=False),
        ),
    )


def decided(answer: object, *, wanted: bool) -> bool | None:
    """Turn an answer of the order algebra into an outcome: a condition on symbols is undecided."""
    return answer is wanted if isinstance(answer, bool) else None


def excess_finding() -> str:
    """Say by what order the bound at m_G = gamma m_S exceeds the bound without augmentation, and which term does."""
    bound = at_ratio(amended_form())
    total, none = order_of(bound.total, m_S), order_of(amended_form(sp.S.Zero).total, m_S)
    excess = order_of(total.as_expr(m_S) / none.as_expr(m_S), m_S)
    binding = [name for name, term in bound.terms.items() if is_Theta(order_of(term, m_S), total) is True]
    return (
        f"At m_G = gamma m_S the bound exceeds the bound without augmentation by a factor of order {excess} "
        f"(m = m_S; binding term: {', '.join(binding)})."
    )


def gain_findings(chains: tuple[Derivation, ...]) -> tuple[str, ...]:
    """Say when some m_G lowers the mixture's bound, where the derivations hold."""
    if not all(chain.holds for chain in chains):
        return ()
    return (
        "With the source's constants as they stand (A1), some m_G lowers the mixture's bound if and only if M D_TV is "
        "below the bound without augmentation; where that is, and where it is not, the tables below certify.",
    )


def limit_checks() -> tuple[Check, ...]:
    """Read the rate of the gap's root mean square, which is at least E|gap|, off its exact moments."""
    moments = balanced_moments()
    ratio = sp.Symbol("gamma", nonnegative=True)
    scaled = {symbols.m_G: ratio * m_S}
    variance, mean = (expr.subs(scaled) for expr in (moments.gap_variance, moments.mean_gap))
    first = sp.factor(sp.limit(m_S * variance, m_S, sp.oo))
    square = sp.factor(sp.limit(m_S * (variance + mean**2), m_S, sp.oo))
    none = first.subs(ratio, 0)
    excess = sp.factor(first / none - 1)
    worst = sp.solve(sp.diff(excess, ratio), ratio)
    condition = "balanced labels, d fixed"
    (optimum,) = most_efficient_order(setting())
    best = optimum.order.as_expr(m_S) if optimum.order else sp.nan
    there = sp.limit(m_S * (moments.gap_variance + moments.mean_gap**2).subs(symbols.m_G, best), m_S, sp.oo)
    return (
        Check(
            "root mean square at m*_G",
            f"At m*_G, does (E gap^2)^(1/2) fall like m_S^(-1/2), and by no smaller constant ({condition})?",
            "identity",
            f"m_G = {best}: m_S E gap^2 -> {there}; without augmentation {none}",
            "the same constant, or a larger one",
            bool(there.is_finite and (there - none).is_nonnegative),
            COMMAND,
        ),
        Check(
            "root mean square",
            f"At every gamma, does (E gap^2)^(1/2) fall exactly like m_S^(-1/2) ({condition})?",
            "identity",
            f"m_S E gap^2 -> {square}",
            "a positive constant",
            bool(square.is_positive and not square.has(m_S)),
            COMMAND,
            internal=True,
        ),
        Check(
            "no gain in the limit",
            f"As m_S -> oo, is the gap's root mean square with augmentation at least that without ({condition})?",
            "identity",
            f"ratio of squares -> 1 + {excess}, largest at gamma = {worst[0]}: {1 + excess.subs(ratio, worst[0])}",
            ">= 1",
            bool(excess.is_nonnegative and first == square),
            COMMAND,
            internal=True,
        ),
    )


def exact_table() -> Table:
    """E|gap| by the exact law, and its ratio to gamma = 0, as m_S grows."""
    rows = []
    for size in SIZES:
        none = mean_error(size, DIMENSION, 0)
        for gamma in GAMMAS:
            value = mean_error(size, DIMENSION, gamma)
            risk = exact(size, DIMENSION, gamma).mean_test_risk
            scaled = math.sqrt(size) * value
            rows.append([str(size), str(gamma), f"{value:.8g}", f"{scaled:.8g}", f"{value / none:.8g}", f"{risk:.8g}"])
    header = ["m_S", "gamma", "E abs gap", "sqrt(m_S) E abs gap", "ratio to gamma = 0", "mean test risk"]
    return Table(f"Exact law for m_S -> oo, d = {DIMENSION}: the ratio of the curves tends to a constant", header, rows)


def rival_distance() -> float:
    """Distance in slope to the nearest rival rate, m^(-1/2) log m, over the sizes simulated."""
    first, last = SIZES[0], SIZES[-1]
    return math.log(math.log(last) / math.log(first)) / math.log(last / first)


def slopes(simulations: list[Simulation], gamma_index: int) -> Interval:
    """Fit the rate of the mean |gap| in m_S for one gamma."""
    return loglog_slope(SIZES, [s.cells[gamma_index].abs_gap for s in simulations], LEVEL)


def gather(context: Context) -> Evidence:
    """Compare orders, and fit the rate of the simulated error in m_S."""
    repeats = context.repeats // 2
    requests = [context.request(size, DIMENSION, GAMMAS, repeats) for size in SIZES]
    simulations = context.simulations(requests)
    fitted = [slopes(simulations, index) for index in range(len(GAMMAS))]
    tolerance = rival_distance() / 2
    checks = [
        Check(
            name=f"slope at gamma = {gamma}",
            asks=f"Does the simulated error fall like m_S^(-1/2) at gamma = {gamma}, d = {DIMENSION}?",
            kind="statistical",
            computed=f"slope {slope.format()}",
            claimed=f"{RATE} +- {tolerance:.3f} (half the distance to m^(-1/2) log m)",
            holds=slope.within(RATE - tolerance, RATE + tolerance),
            command=COMMAND,
            level=f"{LEVEL:.0%} interval, {repeats} repeats a cell, seed {context.seed}",
        )
        for gamma, slope in zip(GAMMAS, fitted, strict=True)
    ]
    rows, lines = [], []
    for index, gamma in enumerate(GAMMAS):
        summaries = [s.cells[index].summary() for s in simulations]
        lines.append(
            Line(
                f"gamma = {gamma}",
                SIZES,
                [s["mean_abs_gap"] for s in summaries],
                [BAND * s["sem_abs_gap"] for s in summaries],
            )
        )
        for size, simulation in zip(SIZES, simulations, strict=True):
            ratio = paired_ratio(simulation.cells[index].abs_gap, simulation.cells[0].abs_gap, LEVEL)
            found = simulation.cells[index].summary()
            rows.append(
                [
                    str(size),
                    str(gamma),
                    f"{found['mean_abs_gap']:.3g}",
                    ratio.format(),
                    f"{found['mean_test_risk']:.5g}",
                ]
            )
    table = Table(
        f"Simulated error for m_S -> oo, d = {DIMENSION} (expected test risk beside it)",
        ["m_S", "gamma", "mean abs gap", f"ratio to gamma = 0 [{LEVEL:.0%}]", "mean test risk"],
        rows,
    )
    settled = settle_all(find_certificates(["C4"]), context.workers)
    chains = (mixture_gain("order"), mixture_gain("explicit"))
    figure = draw_slopes(lines, "real examples m_S", f"Gaussian mixture, d = {DIMENSION}: rate in m_S", fitted)
    return Evidence(
        stated=(*order_checks(), *limit_checks(), *checks),
        context=(*(derivation_check(chain, COMMAND) for chain in chains), *checks_of(settled)),
        findings=(excess_finding(), *gain_findings(chains)),
        tables=(exact_table(), table, *gain_tables(settled)),
        derivations=chains,
        artefacts=(Artefact("rate_in_m_S.png", figure), Artefact("where_the_bound_falls.png", draw_gain(settled))),
    )


CLAIM = Claim(
    id="C4",
    statement="bGMM: with m_S large, even at m*_G augmentation hardly improves the rate.",
    wanted="orders; slopes of the simulated error",
    gather=gather,
)
