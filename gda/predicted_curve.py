"""The mixture's predicted curve along gamma, as published and as the theorem gives it, beside other predictors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp

from gda.evidence import Artefact, Table
from gda.exact import mean_error
from gda.figures import Line, draw_curves
from gda.panels import CURVES
from numerics.compile import compile_expression
from numerics.mixture import Simulation
from numerics.mixture_theorem import theorem_at
from theory.published_curve import Curve, Finding, audit, published, theorem
from theory.symbols import d, delta, gamma, m_S

DELTA = sp.Rational(1, 20)
Group = tuple[int, int]
CURVE_NAMES = ("published", "theorem")


def curve_points() -> list[dict[sp.Symbol, int]]:
    """Every point at which a predicted curve was published."""
    return [{m_S: size, d: dim, gamma: g} for size, dim, gammas in CURVES.values() for g in gammas]


def values(expression: sp.Expr, size: int, dim: int, gammas: Sequence[float]) -> list[float]:
    """Evaluate a curve or a term of one along gamma; delta is 0.05 where it occurs."""
    compiled = compile_expression(expression.subs(delta, DELTA))
    point = {"m_S": size, "d": dim, "gamma": np.asarray(gammas, dtype=float)}
    found = compiled(**{s.name: point[s.name] for s in compiled.arguments})
    return [float(v) for v in np.broadcast_to(found, len(gammas))]


def null_predictors(size: int, gammas: Sequence[float]) -> dict[str, list[float]]:
    """Predictors that know nothing of the theory: 1/(1 + gamma) and 1/sqrt(m_T)."""
    return {
        "1/(1+gamma)": [1 / (1 + g) for g in gammas],
        "1/sqrt(m_T)": [(size * (1 + g)) ** -0.5 for g in gammas],
    }


def predictors(size: int, dim: int, gammas: Sequence[float]) -> dict[str, list[float]]:
    """Everything that is compared with the error along gamma."""
    curves = {curve.name: values(curve.total, size, dim, gammas) for curve in (published(), theorem())}
    sharp = [theorem_at("gaussian", size, int(g) * size, dim, str(float(DELTA))).total for g in gammas]
    return {**curves, **null_predictors(size, gammas), "Gaussian structure": sharp}


def term_table(findings: Sequence[Finding]) -> Table:
    """By how much each term, inputs included, differs at each published point."""
    ours, theirs = published(), theorem()
    rows = []
    for key, (size, dim, gammas) in CURVES.items():
        for name in ours.terms:
            was = values(ours.term(name), size, dim, gammas)
            should = values(theirs.term(name), size, dim, gammas)
            rows.append([key, name, *(f"{a:.4g} / {b:.4g}" for a, b in zip(was, should, strict=True))])
        totals = zip(values(ours.total, size, dim, gammas), values(theirs.total, size, dim, gammas), strict=True)
        rows.append([key, "total", *(f"{a:.4g} / {b:.4g}" for a, b in totals)])
    widest = max((gammas for _, _, gammas in CURVES.values()), key=len)
    padded = [row + [""] * (2 + len(widest) - len(row)) for row in rows]
    differing = ", ".join(f.item for f in findings if not f.agrees)
    title = f"The curve term by term, published / theorem (delta = 0.05); items that differ: {differing}"
    return Table(title, ["panel", "term", *(f"gamma = {g}" for g in widest)], padded)


def repair_table(findings: Sequence[Finding]) -> Table:
    """Repair one differing item after the other; each repair turns its verdict into *agrees*."""
    curve: Curve = published()
    rows = [["as published", "", *_totals(curve)]]
    for finding in findings:
        if finding.agrees:
            continue
        curve = curve.repair(finding.item, theorem())
        after = next(f for f in audit(curve, curve_points()) if f.item == finding.item)
        rows.append([f"+ {finding.item} repaired", after.word, *_totals(curve)])
    header = ["curve", "the item now", *(f"({k}) at 0 -> 1" for k in CURVES)]
    return Table("Repairing the curve: its values at gamma = 0 and 1", header, rows)


def _totals(curve: Curve) -> list[str]:
    pairs = (values(curve.total, size, dim, (0, 1)) for size, dim, _ in CURVES.values())
    return [f"{first:.4g} -> {second:.4g}" for first, second in pairs]


def curve_figure(groups: dict[Group, Simulation]) -> Artefact:
    """Return the figure: the two published panels, and ratios to gamma = 0 beside the error's."""
    panels, titles = {}, {}
    for key, (size, dim, gammas) in CURVES.items():
        panels[key] = [
            Line("as published", gammas, values(published().total, size, dim, gammas)),
            Line("what the theorem gives", gammas, values(theorem().total, size, dim, gammas)),
        ]
        titles[key] = f"({key}) predicted curve, m_S = {size}, d = {dim}"
        simulation = groups[size, dim]
        lines = [
            Line(f"{name} curve" if name in CURVE_NAMES else name, gammas, [x / v[0] for x in v])
            for name, v in predictors(size, dim, gammas).items()
        ]
        errors = [float(c.abs_gap.mean()) for c in simulation.cells if c.gamma in gammas]
        exact_errors = [mean_error(size, dim, int(g)) for g in gammas]
        lines.append(Line("E|gap|, exact law", gammas, [e / exact_errors[0] for e in exact_errors], style="-"))
        lines.append(Line("simulated error", gammas, [e / errors[0] for e in errors], style="s"))
        panels[f"{key} ratio"], titles[f"{key} ratio"] = lines, f"relative to gamma = 0, m_S = {size}, d = {dim}"
    labels = {key: "ratio to gamma = 0" if "ratio" in key else "predicted curve" for key in panels}
    return Artefact("predicted_curve.png", draw_curves(panels, titles, labels, columns=2))
