"""Claim C6: in the Gaussian mixture the error is of order d for fixed m_S. It is, if m_G is fixed, too."""

from __future__ import annotations

import math
from collections.abc import Sequence

import sympy as sp

from gda.certify import certificate_checks
from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Artefact, Check, Claim, Evidence, Table
from gda.exact import exact, mean_error
from gda.figures import BAND, Line, draw_slopes
from gda.panels import error_readings
from numerics.estimate import loglog_slope
from numerics.mixture import Simulation
from theory.gaussian_mixture_bound import at_ratio, mixture_bound, without_augmentation
from theory.lemmas import MARKOV, MIXTURE_ORDERS
from theory.mixture_moments import balanced_moments, crossover_dimension
from theory.mixture_moments_proof import balanced_gap_moments
from theory.mixture_risk import expected_gap
from theory.mixture_sharp import sharp_bound
from theory.order import Order, order_of
from theory.stability_proof import AUGMENTED
from theory.symbols import d, m_G, m_S

COMMAND = "gda verify --claim C6"
SIZE = 10
DIMENSIONS = (128, 256, 512, 1024, 2048)
GAMMAS = (0, 1, 5)
GENERATED = 5
LEVEL = 0.99
RATE = 1.0
MUCH, FEW_DIMENSIONS, SLOW_RATE = 50, (8, 16, 32, 64, 128), 0.5
"""Much augmentation, as published; dimensions far below those where its error is of order d; the rate there."""
SHOWN_GAMMAS = (0, 1, 5, 10, 20, 50, 100)
SPANS = ((FEW_DIMENSIONS[0], FEW_DIMENSIONS[-1]), (DIMENSIONS[0], DIMENSIONS[-1]))
AXIOMS = (MIXTURE_ORDERS.key,)


def tolerance(dimensions: Sequence[int] = DIMENSIONS) -> float:
    """Half the distance in slope to the nearest rival rate, a factor of log d, over the dimensions simulated."""
    first, last = dimensions[0], dimensions[-1]
    return math.log(math.log(last) / math.log(first)) / math.log(last / first) / 2


def bound_checks() -> tuple[Check, ...]:
    """Find the order of the bound in d."""
    bound = mixture_bound("order")
    checks = []
    for name, specialised in (("without augmentation", without_augmentation(bound)), ("gamma m_S", at_ratio(bound))):
        found = order_of(specialised.total, d)
        checks.append(
            Check(
                f"order of the bound, {name}",
                f"m_S fixed, d -> oo: is the bound of order d ({name})?",
                "identity",
                f"order {found.as_expr(d)}",
                "order d",
                found == Order(1),
                COMMAND,
                axioms=AXIOMS,
            )
        )
    sharp = order_of(sharp_bound(AUGMENTED).total.subs(AUGMENTED, GENERATED * SIZE).subs(m_S, SIZE), d)
    checks.append(
        Check(
            "order of the bound by Gaussian structure",
            f"m_S = {SIZE}, gamma = {GENERATED}, d -> oo: is the bound that holds as it stands of order d?",
            "identity",
            f"order {sharp.as_expr(d)}",
            "order d",
            sharp == Order(1),
            COMMAND,
            axioms=(MARKOV.key,),
        )
    )
    return tuple(checks)


def fixed_amount_checks() -> tuple[Check, ...]:
    """Find how the mean and the spread of the gap depend on d, m_S and m_G fixed."""
    moments = balanced_moments()
    spread = sp.limit(moments.gap_variance / moments.mean_gap**2, d, sp.oo)
    gap = expected_gap()
    return (
        Check(
            "E|gap| is of order d",
            "m_S and m_G fixed, d -> oo: does E|gap|/d, between E gap/d and (E gap^2)^(1/2)/d, tend to a constant "
            "(balanced labels, even sizes)?",
            "identity",
            f"E gap = {moments.mean_gap}, Var gap/(E gap)^2 -> {spread}",
            "E gap proportional to d, its relative variance -> 0",
            bool(spread == 0 and not sp.simplify(moments.mean_gap / d).has(d)),
            COMMAND,
            internal=True,
        ),
        Check(
            "mean gap is linear in d",
            "Is the mean signed gap proportional to d (balanced labels, even sizes)?",
            "identity",
            f"E gap = {sp.factor(gap.computed)}",
            "proportional to d",
            bool(gap.holds() and not sp.simplify(gap.computed / d).has(d)),
            COMMAND,
            internal=True,
        ),
    )


def every_amount_check() -> Check:
    """Ask whether fixing m_S is enough: whether E|gap| is at least a constant times d whatever m_G is."""
    moments = balanced_moments()
    square = sp.factor(sp.limit(moments.gap_variance + moments.mean_gap**2, m_G, sp.oo))
    return Check(
        "order d at every m_G",
        "m_S fixed: is E|gap| at least c d for all d and m_G, c > 0 of m_S alone (balanced labels, even sizes)?",
        "identity",
        f"m_G -> oo: E gap^2 -> {square}, so that E|gap| <= (E gap^2)^(1/2) is of order sqrt(d) at most",
        "E gap^2 of order d^2",
        sp.limit(square / d**2, d, sp.oo) != 0,
        COMMAND,
    )


def slope_check(dimensions: Sequence[int], gamma: int, rate: float, simulations: Sequence[Simulation]) -> Check:
    """Ask whether the simulated error grows like a power of d at one gamma."""
    index = [int(cell.gamma) for cell in simulations[0].cells].index(gamma)
    slope = loglog_slope(dimensions, [s.cells[index].abs_gap for s in simulations], LEVEL)
    width, power = tolerance(dimensions), "d" if rate == 1 else f"d^{rate:g}"
    settings = simulations[0].settings
    return Check(
        f"slope at gamma = {gamma}",
        f"m_S = {SIZE}, d = {dimensions[0]} to {dimensions[-1]}: does the simulated error grow like {power} at gamma = "
        f"{gamma}?",
        "statistical",
        f"slope {slope.format()}",
        f"{rate} +- {width:.3f} (half the distance to {power} log d)",
        slope.within(rate - width, rate + width),
        COMMAND,
        level=f"{LEVEL:.0%} interval, {settings.repeats} repeats a cell, seed {settings.seed}",
    )


def exponent(gamma: int, first: int, last: int) -> float:
    """Return the exponent of d in the exact E|gap| between two dimensions."""
    return math.log(mean_error(SIZE, last, gamma) / mean_error(SIZE, first, gamma)) / math.log(last / first)


def crossover_table() -> Table:
    """Where the order d begins, and how fast the exact error grows below and above it."""
    rows = []
    for gamma in SHOWN_GAMMAS:
        border = float(crossover_dimension().subs({m_S: SIZE, m_G: gamma * SIZE}))
        rows.append([str(gamma), f"{border:.4g}", *(f"{exponent(gamma, *span):.4f}" for span in SPANS)])
    header = ["gamma", "Var gap = (E gap)^2 at d =", *(f"exponent, d = {a} to {b}" for a, b in SPANS)]
    return Table(f"Exact law: the exponent of d in E abs gap, m_S = {SIZE}", header, rows)


def border_in_words() -> str:
    """Say where the order d begins with much augmentation: the crossover's leading term in gamma."""
    ratio = sp.Symbol("gamma", positive=True)
    leading = sp.factor(sp.limit(crossover_dimension().subs(m_G, ratio * m_S) / ratio**2, ratio, sp.oo))
    return f"gamma^2 {leading} ({float(leading.subs(m_S, SIZE)):.3g} gamma^2 at m_S = {SIZE})"


def published_finding() -> str:
    """Say how the published points with much augmentation grow."""
    found = sorted((r.d, r.value) for r in error_readings() if (r.panel, r.gamma) == ("d", MUCH))
    (first, low), *_, (last, high) = found
    return (
        f"The published points at gamma = {MUCH}, m_S = {SIZE} grow by a factor of {high / low:.3g} from d = {first} "
        f"to {last}, an exponent of {math.log(high / low) / math.log(last / first):.2f}; by the exact law "
        f"{exponent(MUCH, first, last):.2f}."
    )


def exact_table() -> Table:
    """E|gap|/d by the exact law as d grows, beside its limit, the mean gap over d."""
    rows = []
    for gamma in GAMMAS:
        for dim in DIMENSIONS:
            law = exact(SIZE, dim, gamma)
            value = law.mean_abs_gap.value
            numbers = (value, value / dim, law.mean_gap / dim, law.mean_test_risk)
            rows.append([str(dim), str(gamma), *(f"{number:.8g}" for number in numbers)])
    header = ["d", "gamma", "E abs gap", "E abs gap / d", "E gap / d", "mean test risk"]
    return Table(f"Exact law for d -> oo, m_S = {SIZE}", header, rows)


def gather(context: Context) -> Evidence:
    """Find the orders in d, and fit the simulated error."""
    repeats = max(200, context.repeats // 10)
    simulations = context.simulations(context.request(SIZE, dim, GAMMAS, repeats) for dim in DIMENSIONS)
    few = context.simulations(context.request(SIZE, dim, (MUCH,), repeats) for dim in FEW_DIMENSIONS)
    fitted, lines, rows, checks = [], [], [], []
    for index, gamma in enumerate(GAMMAS):
        slope = loglog_slope(DIMENSIONS, [s.cells[index].abs_gap for s in simulations], LEVEL)
        found = [s.cells[index].summary() for s in simulations]
        fitted.append(slope)
        lines.append(
            Line(
                f"gamma = {gamma}",
                DIMENSIONS,
                [f["mean_abs_gap"] for f in found],
                [BAND * f["sem_abs_gap"] for f in found],
            )
        )
        rows += [
            [str(dim), str(gamma), f"{f['mean_abs_gap']:.3g}", f"{f['mean_test_risk']:.4g}"]
            for dim, f in zip(DIMENSIONS, found, strict=True)
        ]
        checks.append(slope_check(DIMENSIONS, gamma, RATE, simulations))
    table = Table(
        f"Simulated error for d -> oo, m_S = {SIZE} (expected test risk beside it)",
        ["d", "gamma", "mean abs gap", "mean test risk"],
        rows,
    )
    figure = draw_slopes(lines, "dimension d", f"Gaussian mixture, m_S = {SIZE}: rate in d", fitted)
    moments = balanced_gap_moments()
    fixed, slow = fixed_amount_checks(), slope_check(FEW_DIMENSIONS, MUCH, SLOW_RATE, few)
    return Evidence(
        stated=(*bound_checks(), *fixed, every_amount_check(), *checks),
        amendment=(
            "Read at fixed m_S and m_G, or gamma, the error is of order d: E|gap|/d -> (m_S + 2 m_G)/m_T^2 for d -> oo "
            "(balanced labels, even sizes, m_S >= 4). Read at fixed m_S for every amount it is at most of order d, and "
            "not at least: up to the dimension at which the variance of the gap is its squared mean, for large gamma "
            f"about {border_in_words()}, it is of order sqrt(d) at most."
        ),
        amended=(
            derivation_check(moments, COMMAND),
            *fixed,
            *certificate_checks("C6", context.workers),
            *checks,
            slow,
        ),
        findings=(published_finding(),),
        derivations=(moments,),
        tables=(crossover_table(), exact_table(), table),
        artefacts=(Artefact("rate_in_d.png", figure),),
    )


CLAIM = Claim(
    id="C6",
    statement="bGMM: for fixed m_S the error is of order d.",
    wanted="exact law; simulation",
    gather=gather,
)
