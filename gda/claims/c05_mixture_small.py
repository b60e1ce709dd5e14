"""Claim C5: in the Gaussian mixture with m_S small, augmentation lowers the error by a constant factor."""

from __future__ import annotations

import math
from collections.abc import Sequence

import sympy as sp

from gda.context import Context
from gda.evidence import Artefact, Check, Claim, Evidence, Table
from gda.figures import BAND, Line, draw_curves
from gda.panels import PANELS, panel_requests
from numerics.estimate import paired_difference, paired_ratio
from numerics.mixture import Simulation
from theory.mixture_risk import expected_gap, expected_test_risk
from theory.symbols import d, m_G, m_S

COMMAND = "gda verify --claim C5"
FALSE_ALARM = 0.01


def exact_checks() -> tuple[Check, ...]:
    """Derive what happens to the mean gap and to the mean test risk (balanced labels, even sizes)."""
    gap, risk = expected_gap(), expected_test_risk()
    size = sp.Symbol("m_G", positive=True)
    slope = sp.factor(sp.diff(gap.computed.subs(m_G, size), size))
    rise = sp.factor(risk.computed - risk.computed.subs(m_G, 0))
    ratio = sp.Symbol("gamma", positive=True)
    worst = sp.solve(sp.diff(sp.factor(rise.subs(m_G, ratio * m_S)), ratio), ratio)
    condition = "balanced labels, even sizes"
    return (
        Check(
            "mean gap falls",
            f"Does the mean signed gap fall with m_G ({condition})?",
            "identity",
            f"E gap = {sp.factor(gap.computed)}, derivative {slope}",
            "derivative < 0 for m_G > 0",
            bool(gap.holds() and slope.is_negative),
            COMMAND,
            internal=True,
        ),
        Check(
            "mean test risk rises",
            f"Is the mean test risk with augmentation above that without, at every m_G > 0 ({condition})?",
            "identity",
            f"rise {rise}, largest at gamma = {worst[0]}: {sp.factor(rise.subs(m_G, worst[0] * m_S))}",
            "> 0",
            bool(risk.holds() and rise.subs(m_G, size).is_positive and worst == [1]),
            COMMAND,
            internal=True,
        ),
    )


def factor_check() -> Check:
    """Ask whether the mean gap falls by a factor that depends on gamma alone."""
    ratio = sp.Symbol("gamma", positive=True)
    gap = expected_gap().computed
    factor = sp.factor(sp.simplify((gap / gap.subs(m_G, 0)).subs(m_G, ratio * m_S)))
    return Check(
        "constant factor",
        "Is the mean signed gap at gamma that at 0 times a factor free of m_S and d (balanced labels, even sizes)?",
        "identity",
        f"factor {factor}",
        "free of m_S and d",
        bool(not factor.has(m_S, d)),
        COMMAND,
    )


def ratio_checks(simulations: dict[int, Simulation], context: Context, m_S_value: int) -> dict[int, list[Check]]:
    """Ask cell by cell whether the simulated error is below that at gamma = 0; the checks by dimension."""
    pairs = [(d_value, cell) for d_value, s in simulations.items() for cell in s.cells if cell.gamma > 0]
    level = 1 - FALSE_ALARM / len(pairs)
    found: dict[int, list[Check]] = {d_value: [] for d_value in simulations}
    for d_value, cell in pairs:
        ratio = paired_ratio(cell.abs_gap, simulations[d_value].cells[0].abs_gap, level)
        found[d_value].append(
            Check(
                name=f"d = {d_value}, gamma = {cell.gamma}",
                asks=f"m_S = {m_S_value}, d = {d_value}: is E|gap| at gamma = {cell.gamma} below E|gap| at gamma = 0?",
                kind="statistical",
                computed=f"ratio {ratio.format()}",
                claimed="< 1",
                holds=ratio.within(0, math.nextafter(1, 0)),
                command=COMMAND,
                level=f"{FALSE_ALARM:.0%} over the {len(pairs)} cells, {context.repeats} repeats",
            )
        )
    return found


def findings(rises: Check, cells: Sequence[Check]) -> tuple[str, ...]:
    """Say what falls with the gap, and where the error rises, from the checks alone."""
    found = []
    if rises.holds:
        found.append(
            "What falls is the gap, not the risk: the mean test risk is larger with augmentation than without at every "
            f"gamma > 0 ({rises.computed}). The gap falls because the train risk rises."
        )
    broken = [check.name for check in cells if check.holds is False]
    if broken:
        found.append(f"The error rises with augmentation at {'; '.join(broken)}.")
    return tuple(found)


def gather(context: Context) -> Evidence:
    """Derive the mean gap and the mean test risk, and compare the simulated errors with and without augmentation."""
    panel = PANELS["d"]
    (size,) = panel.m_S
    context.simulations(panel_requests(context).values())  # all panels at once, in parallel
    requests = panel_requests(context)
    simulations = {d_value: context.simulation(requests[size, d_value]) for d_value in panel.d}
    by_dimension = ratio_checks(simulations, context, size)
    cells = [check for checks in by_dimension.values() for check in checks]
    dominated = [check for d_value, checks in by_dimension.items() if d_value >= size for check in checks]
    falls, rises = exact_checks()
    factor = factor_check()
    rows = []
    for d_value, simulation in simulations.items():
        for cell in simulation.cells:
            found = cell.summary()
            change = paired_difference(cell.test_risk, simulation.cells[0].test_risk, 0.99)
            rows.append(
                [
                    str(d_value),
                    str(cell.gamma),
                    f"{found['mean_abs_gap']:.3g}",
                    f"{found['mean_test_risk']:.4g}",
                    "-" if cell.gamma == 0 else change.format(2),
                    f"{found['mean_train_risk']:.4g}",
                ]
            )
    table = Table(
        f"What falls when Gen falls: error, test risk and train risk at m_S = {size}, {context.repeats} repeats",
        ["d", "gamma", "mean abs gap", "mean test risk", "change of test risk [99%]", "mean train risk"],
        rows,
    )
    return Evidence(
        stated=(falls, factor, *cells),
        amendment=(
            f"Where the dimension dominates (d >= m_S, here m_S = {size}) augmentation lowers the generalization "
            "error; the mean gap falls by a factor of gamma alone. Where it does not, the error can rise."
        ),
        amended=(falls, factor, *dominated),
        context=(rises,),
        findings=findings(rises, cells),
        tables=(table,),
        artefacts=(Artefact("gap_and_risk.png", draw_curves(*_curves(simulations, size))),),
        pending=("the exact law of |gap|", "i.i.d. labels"),
    )


def _curves(
    simulations: dict[int, Simulation], size: int
) -> tuple[dict[str, list[Line]], dict[str, str], dict[str, str]]:
    panels, titles = {}, {}
    for d_value, simulation in simulations.items():
        gammas = [float(cell.gamma) for cell in simulation.cells]
        lines = []
        for label, name in (("mean |gap|", "abs_gap"), ("mean test risk - d/2", "test_risk")):
            found = [cell.summary() for cell in simulation.cells]
            shift = d_value / 2 if name == "test_risk" else 0.0
            values = [s[f"mean_{name}"] - shift for s in found]
            lines.append(Line(label, gammas, values, [BAND * s[f"sem_{name}"] for s in found]))
        exact = [float(expected_gap().computed.subs({d: d_value, m_S: size, m_G: g * size})) for g in gammas]
        lines.append(Line("mean gap, exact", gammas, exact, style="--"))
        panels[str(d_value)], titles[str(d_value)] = lines, f"m_S = {size}, d = {d_value}"
    return panels, titles, dict.fromkeys(panels, "NLL")


CLAIM = Claim(
    id="C5",
    statement=(
        "bGMM: with m_S small the dimension dominates, and augmentation lowers the generalization error by a "
        "constant factor."
    ),
    wanted="exact law; simulation",
    gather=gather,
)
