"""Claim C5: in the Gaussian mixture with m_S small, augmentation lowers the error by a constant factor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import sympy as sp

from gda import best_gamma
from gda.best_gamma import border_table
from gda.best_gamma import draw as draw_best
from gda.certify import certificate_checks
from gda.claims.c01_general_bound import derivation_check
from gda.context import Context
from gda.evidence import Artefact, Check, Claim, Evidence, Table
from gda.exact import exact, mean_error
from gda.figures import BAND, Line, draw_curves
from gda.panels import PANELS, panel_requests
from numerics.estimate import paired_difference, paired_ratio
from numerics.mixture import Cell, Simulation
from theory.derivation import Derivation
from theory.mixture_consequences import critical_dimension, gap_variance_turns, mean_square_falls, what_falls
from theory.mixture_consequences import gamma as ratio_symbol
from theory.mixture_iid import exact_iid_moments, iid_label_moments
from theory.mixture_iid_consequences import iid_consequences, iid_expansion
from theory.mixture_moments import balanced_moments
from theory.mixture_moments_proof import balanced_gap_moments, class_count_moments
from theory.mixture_reciprocals import reciprocal_expansion
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


def deciding() -> Mapping[str, Derivation]:
    """The chains that the amended statement rests on, by name."""
    chains = (balanced_gap_moments(), what_falls(), mean_square_falls())
    return {chain.name: chain for chain in chains}


def beside() -> Mapping[str, Derivation]:
    """The chains that say more, by name: any class counts, the spread of the gap, i.i.d. labels."""
    chains = (
        class_count_moments(),
        gap_variance_turns(),
        reciprocal_expansion(),
        iid_label_moments(),
        iid_consequences(),
        iid_expansion(),
    )
    return {chain.name: chain for chain in chains}


def exact_table(size: int, gammas: Sequence[int]) -> Table:
    """Tabulate the exact changes from gamma = 0, for one dimension: means and the gap's variance are d times these."""
    start, start_iid = balanced_moments().subs({m_S: size, m_G: 0, d: 1}), exact_iid_moments(size, 0, 1)
    rows = []
    for ratio in gammas:
        found, fair = (
            balanced_moments().subs({m_S: size, m_G: ratio * size, d: 1}),
            exact_iid_moments(size, ratio * size, 1),
        )
        test, gap = found.mean_test_risk - start.mean_test_risk, found.mean_gap - start.mean_gap
        border = critical_dimension().subs({m_S: size, ratio_symbol: ratio}) if ratio else None
        numbers = (gap, test - gap, test, fair.mean_test_risk - start_iid.mean_test_risk, found.gap_variance)
        rows.append(
            [str(ratio), *(f"{float(x):.3g}" for x in numbers), "-" if border is None else f"{float(border):.3g}"]
        )
    return Table(
        f"What falls when Gen falls, exactly: changes from gamma = 0, m_S = {size}, d = 1; gap = test - train risk",
        [
            "gamma",
            "change of mean gap",
            "change of mean train risk",
            "change of mean test risk",
            "same, i.i.d. labels",
            "variance of the gap",
            "mean squared gap falls if d >",
        ],
        rows,
    )


def exact_findings(chains: Mapping[str, Derivation], size: int) -> tuple[str, ...]:
    """Say what the derivations of the moments amount to, where they hold; balanced labels unless said otherwise."""
    found = []
    for chain in (chain for chain in chains.values() if chain.holds):
        value = chain.conclusion
        if chain.name == "what falls when Gen falls":
            ratio = chain.step("what falls").computed["ratio"]
            found.append(
                "Gen = test risk - train risk: the mean test risk rises by d m_G/(2 m_T^2), the mean train risk "
                f"{ratio} times as much, and their difference falls. For gamma -> oo the mean gap vanishes and the "
                "mean test risk returns to that without augmentation."
            )
        elif chain.name == "variance of the mixture's gap under augmentation":
            found.append(
                "The gap does not vanish with its mean: its variance is above d/(2 m_S), that without augmentation, at "
                f"every gamma > 0, and tends to {value}, {float(value.subs({m_S: size, d: 1})):.3g} d at m_S = {size}. "
                "From m_S = 6 on it rises to one maximum beyond gamma = 1 and falls; at m_S = 4 it rises for ever."
            )
        elif chain.name == "mean squared gap of the mixture under augmentation":
            found.append(
                "The mean squared gap is below that without augmentation if and only if d is above a critical "
                f"dimension, {float(value.subs({m_S: size, ratio_symbol: 1})):.3g} at gamma = 1 and m_S = {size}; "
                "d >= m_S >= 6 and gamma >= 1 suffice."
            )
        elif chain.name == "mean gap and test risk with i.i.d. labels":
            found.append(
                f"With i.i.d. labels the mean test risk does not return for gamma -> oo: it tends to {value}, rho_1 "
                "the mean of 1/n_+, which is above 2/m_S from m_S = 5 on."
            )
    return tuple(found)


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
                computed=f"ratio {ratio.format()}, exactly {_exact_ratio(m_S_value, d_value, cell):.6g}",
                claimed="< 1",
                holds=ratio.within(0, math.nextafter(1, 0)),
                command=COMMAND,
                level=f"{FALSE_ALARM:.0%} over the {len(pairs)} cells, {context.repeats} repeats",
            )
        )
    return found


def _exact_ratio(m_S_value: int, d_value: int, cell: Cell) -> float:
    return mean_error(m_S_value, d_value, int(cell.gamma)) / mean_error(m_S_value, d_value, 0)


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
    decisive, further = deciding(), beside()
    errors = best_gamma.errors()
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
            "Where the dimension dominates (d >= m_S) augmentation with gamma >= 1 lowers the mean squared gap (m_S >= "
            f"6), and E|gap| in all cells checked, at m_S = {size}; the mean signed gap falls by a factor of gamma "
            "alone, E|gap| by one that depends on d (balanced labels, even sizes). In few dimensions the error can "
            "rise."
        ),
        amended=(falls, factor, *(derivation_check(chain, COMMAND) for chain in decisive.values()), *dominated),
        context=(
            rises,
            *(derivation_check(chain, COMMAND) for chain in further.values()),
            *certificate_checks("C5", context.workers),
        ),
        findings=(*findings(rises, cells), *exact_findings({**decisive, **further}, size)),
        tables=(table, exact_table(size, panel.gammas), border_table(errors)),
        derivations=(*decisive.values(), *further.values()),
        artefacts=(
            Artefact("gap_and_risk.png", draw_curves(*_curves(simulations, size))),
            Artefact("best_gamma.png", draw_best(errors, best_gamma.risks())),
        ),
    )


def _curves(
    simulations: dict[int, Simulation], size: int
) -> tuple[dict[str, list[Line]], dict[str, str], dict[str, str]]:
    panels, titles = {}, {}
    for d_value, simulation in simulations.items():
        gammas = [float(cell.gamma) for cell in simulation.cells]
        lines = []
        laws = [exact(size, d_value, int(cell.gamma)) for cell in simulation.cells]
        lines.append(Line("E|gap|", gammas, [law.mean_abs_gap.value for law in laws], style="-"))
        lines.append(
            Line("mean test risk - d/2", gammas, [law.mean_test_risk - d_value / 2 for law in laws], style="-")
        )
        lines.append(Line("mean gap", gammas, [law.mean_gap for law in laws], style="--"))
        for label, name in (("E|gap|, simulated", "abs_gap"), ("test risk - d/2, simulated", "test_risk")):
            found = [cell.summary() for cell in simulation.cells]
            shift = d_value / 2 if name == "test_risk" else 0.0
            values = [s[f"mean_{name}"] - shift for s in found]
            lines.append(Line(label, gammas, values, [BAND * s[f"sem_{name}"] for s in found], "o"))
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
