"""The exact law of the published cells, computed once: what claims set beside simulated and published numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from gda.evidence import Table
from gda.panels import PANELS
from numerics.law import GapLaw, law_of_gap


@lru_cache(maxsize=4096)
def exact(m_S: int, d: int, gamma: int | str) -> GapLaw:
    """Return the law of a cell with balanced labels."""
    return law_of_gap(m_S, d, gamma)


def mean_error(m_S: int, d: int, gamma: int | str) -> float:
    """E |gap| of a cell."""
    return exact(m_S, d, gamma).mean_abs_gap.value


def error_deviation(m_S: int, d: int, gamma: int | str) -> float:
    """Standard deviation of |gap| in a cell."""
    law = exact(m_S, d, gamma)
    return math.sqrt(law.mean_gap**2 + law.sd_gap**2 - law.mean_abs_gap.value**2)


def panel_table(keys: Sequence[str] = tuple(PANELS)) -> Table:
    """E |gap| and mean test risk of every published cell, and the largest estimate of a relative error among them."""
    rows, worst = [], 0.0
    for key in keys:
        panel = PANELS[key]
        for m_S, d in panel.groups:
            values = [exact(m_S, d, gamma).mean_abs_gap for gamma in panel.gammas]
            worst = max(worst, *(value.error / value.value for value in values))
            risks = [exact(m_S, d, gamma).mean_test_risk for gamma in panel.gammas]
            rows.append([key, str(m_S), str(d), "E abs gap", *(f"{value.value:.8g}" for value in values)])
            rows.append([key, str(m_S), str(d), "mean test risk", *(f"{risk:.8g}" for risk in risks)])
    widest = max((PANELS[key].gammas for key in keys), key=len)
    padded = [row + [""] * (4 + len(widest) - len(row)) for row in rows]
    decade = math.ceil(math.log10(worst)) if worst > 0 else -16
    title = f"Exact law of the published cells (estimated relative error below 1e{decade})"
    return Table(title, ["panel", "m_S", "d", "quantity", *(f"gamma = {gamma}" for gamma in widest)], padded)
