"""Claim C6: in the Gaussian mixture the error is of order d for fixed m_S."""

from __future__ import annotations

import math

import sympy as sp

from gda.certify import certificate_checks
from gda.context import Context
from gda.evidence import Artefact, Check, Claim, Evidence, Table
from gda.exact import exact
from gda.figures import BAND, Line, draw_slopes
from numerics.estimate import loglog_slope
from theory.gaussian_mixture_bound import at_ratio, mixture_bound, without_augmentation
from theory.lemmas import MARKOV, MIXTURE_ORDERS
from theory.mixture_moments import balanced_moments
from theory.mixture_risk import expected_gap
from theory.mixture_sharp import sharp_bound
from theory.order import Order, order_of
from theory.stability_proof import AUGMENTED
from theory.symbols import d, m_S

COMMAND = "gda verify --claim C6"
SIZE = 10
DIMENSIONS = (128, 256, 512, 1024, 2048)
GAMMAS = (0, 1, 5)
GENERATED = 5
LEVEL = 0.99
RATE = 1.0
AXIOMS = (MIXTURE_ORDERS.key,)


def tolerance() -> float:
    """Half the distance in slope to the nearest rival rate, d log d, over the dimensions simulated."""
    first, last = DIMENSIONS[0], DIMENSIONS[-1]
    return math.log(math.log(last) / math.log(first)) / math.log(last / first) / 2


def exact_checks() -> tuple[Check, ...]:
    """Find the order of the bound in d, and how the mean gap depends on d."""
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
    moments = balanced_moments()
    spread = sp.limit(moments.gap_variance / moments.mean_gap**2, d, sp.oo)
    checks.append(
        Check(
            "E|gap| is of order d",
            "m_S and m_G fixed, d -> oo: does E|gap|/d, between E gap/d and (E gap^2)^(1/2)/d, tend to a constant?",
            "identity",
            f"E gap = {moments.mean_gap}, Var gap/(E gap)^2 -> {spread}",
            "E gap proportional to d, its relative variance -> 0",
            bool(spread == 0 and not sp.simplify(moments.mean_gap / d).has(d)),
            COMMAND,
            internal=True,
        )
    )
    gap = expected_gap()
    checks.append(
        Check(
            "mean gap is linear in d",
            "Is the mean signed gap proportional to d (balanced labels, even sizes)?",
            "identity",
            f"E gap = {sp.factor(gap.computed)}",
            "proportional to d",
            bool(gap.holds() and not sp.simplify(gap.computed / d).has(d)),
            COMMAND,
            internal=True,
        )
    )
    return tuple(checks)


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
        checks.append(
            Check(
                f"slope at gamma = {gamma}",
                f"m_S = {SIZE}: does the simulated error grow like d at gamma = {gamma}?",
                "statistical",
                f"slope {slope.format()}",
                f"{RATE} +- {tolerance():.3f} (half the distance to d log d)",
                slope.within(RATE - tolerance(), RATE + tolerance()),
                COMMAND,
                level=f"{LEVEL:.0%} interval, {repeats} repeats a cell, seed {context.seed}",
            )
        )
    table = Table(
        f"Simulated error for d -> oo, m_S = {SIZE} (expected test risk beside it)",
        ["d", "gamma", "mean abs gap", "mean test risk"],
        rows,
    )
    figure = draw_slopes(lines, "dimension d", f"Gaussian mixture, m_S = {SIZE}: rate in d", fitted)
    return Evidence(
        stated=(*exact_checks(), *checks),
        context=certificate_checks("C6", context.workers),
        tables=(exact_table(), table),
        artefacts=(Artefact("rate_in_d.png", figure),),
    )


CLAIM = Claim(
    id="C6",
    statement="bGMM: for fixed m_S the error is of order d.",
    wanted="exact law; simulation",
    gather=gather,
)
