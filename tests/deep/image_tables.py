"""Synthetic results of image experiments, with a known effect of generated images."""

import numpy as np

from deep.results import GeneratorRun, Results, Row, expected_rows, expected_runs
from deep.spec import Spec

DIGEST = "0123456789abcdef"


def spec(**changes):
    plain = {"m_S": (50, 500), "generators": ("cdcgan", "stylegan2-ada", "edm"), "gammas": (0, 1), "seeds": 20}
    return Spec("digits", DIGEST, **plain | {"settings": {"edm": {}}} | changes)


def table(asked, reduction, spread=0.3, failed=(), base=20.0, seed=0):
    """Make results in which generated images lower the test error by reduction(key) percentage points."""
    rng = np.random.default_rng(seed)
    level = {(m_S, s): base + rng.normal(0, 4) for m_S in asked.m_S for s in range(asked.seeds)}
    rows = []
    for key in expected_rows(asked):
        m_S, name, s, m_G, standard, protocol, number = key
        if (m_S, name, s) in failed and protocol != "recheck":
            continue
        change = 0.0 if name == "none" else reduction(m_S, name, standard) + rng.normal(0, spread)
        error = float(np.clip((level[m_S, s] - change + rng.normal(0, 0.1)) / 100, 0, 1))
        rows.append(Row(m_S, name, s, m_G, standard, protocol, number, 600, error, 3 * error, 0.0, 0.0))
    runs = [GeneratorRun(*key, key not in failed, "collapsed" if key in failed else "", *[0.9] * 5)
            for key in expected_runs(asked)]  # fmt: skip
    return Results(asked, tuple(rows), tuple(runs))
