"""The command `gda simulate`: cells of the Monte Carlo as records."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any

from gda.errors import as_input_error
from numerics.mixture import Cell, Settings, Simulation, simulate


def plain(gamma: Fraction) -> int | float:
    """Write gamma as a number of JSON."""
    return int(gamma) if gamma.denominator == 1 else float(gamma)


def cell_record(cell: Cell, simulation: Simulation) -> dict[str, Any]:
    """Describe one cell: its settings, and means with standard errors."""
    settings: Settings = simulation.settings
    return {
        "m_S": settings.m_S,
        "d": settings.d,
        "gamma": plain(cell.gamma),
        "m_G": cell.m_G,
        "sigma": settings.sigma,
        "labels": settings.labels,
        "loss": settings.loss,
        "risk": settings.risk,
        "variance": settings.variance,
        "sampler": settings.sampler,
        "repeats": settings.repeats,
        "seed": settings.seed,
        "redraws": simulation.redraws,
        **cell.summary(),
    }


def simulate_args(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Simulate what the command line asks for.

    Raises:
        InputError: an argument out of range, with its value.
    """
    with as_input_error():
        simulation = simulate(
            args.m_s,
            args.d,
            [str(gamma) for gamma in args.gamma],
            repeats=args.repeats,
            seed=args.seed,
            sigma=float(args.sigma),
            labels=args.labels,
            loss=args.loss,
            risk=args.risk,
            variance=args.variance,
            sampler=args.sampler,
        )
    return [cell_record(cell, simulation) for cell in simulation.cells]
