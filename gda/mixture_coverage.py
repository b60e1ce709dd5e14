"""`gda coverage --setting bgmm`: how often the mixture's theorems fail, by simulation; how far they are from truth."""

from __future__ import annotations

import argparse
from fractions import Fraction
from typing import Any

from gda.errors import InputError, as_input_error
from numerics.estimate import binomial_interval
from numerics.law import law_of_gap
from numerics.mixture import simulate
from numerics.mixture_theorem import Route, failures, quantile_of_error, theorem_at

REPEATS = 10_000
"""Repeats, unless said."""


def mixture_coverage(args: argparse.Namespace) -> dict[str, Any]:
    """Simulate Gen, through sufficient statistics, and count how often it is above the theorem's bound.

    Returns:
        `delta`, `failures`, `trials`, `upper_95` (the one-sided 95 % limit of Clopper and Pearson), `covers` (None
        where the simulation does not decide), the bound, the trivial one, the exact law's quantile of Gen and the
        bound's ratio to it.

    Raises:
        InputError: a missing option, or a value outside its domain.
    """
    if args.d is None:
        raise InputError("--setting bgmm needs --d")
    if not 0 < args.delta < 1:
        raise InputError(f"--delta must be in (0, 1). Found {args.delta}.")
    route: Route = args.route or "stability"
    repeats = REPEATS if args.repeats is None else args.repeats
    with as_input_error():
        found = theorem_at(route, args.m_s, args.m_g, args.d, args.delta, args.constants)
        gamma = Fraction(args.m_g, args.m_s)
        seed = 0 if args.seed is None else args.seed
        run = simulate(args.m_s, args.d, [gamma], repeats=repeats, seed=seed, sampler="sufficient")
        truth = quantile_of_error(law_of_gap(args.m_s, args.d, gamma), 1 - float(args.delta))
    failed, trials = failures(run.cells[0].abs_gap, found.total)
    interval = binomial_interval(failed, trials, 0.9)  # either end is a one-sided limit at 95 %
    return {
        "setting": "bgmm",
        "route": route,
        "constants": args.constants if route == "stability" else None,
        "m_S": args.m_s,
        "m_G": args.m_g,
        "d": args.d,
        "delta": float(args.delta),
        "seed": seed,
        "failures": failed,
        "trials": trials,
        "upper_95": interval.high,
        "covers": interval.within(0, float(args.delta)),
        "bound": found.total,
        "trivial": found.trivial,
        "vacuous": not found.says_something,
        "gen_quantile": truth,
        "ratio": found.total / truth,
    }


def plain(answer: dict[str, Any]) -> str:
    """Write an answer as aligned text."""
    how = f"stability, {answer['constants']} constants" if answer["route"] == "stability" else "Gaussian structure"
    words = {True: "", None: ": not shown to be covered", False: ": NOT COVERED"}
    trivial = "none" if answer["trivial"] is None else f"{answer['trivial']:.6g}"
    lines = [
        ("mixture", f"d = {answer['d']}, m_S = {answer['m_S']}, m_G = {answer['m_G']}, balanced labels"),
        (f"Gen, {1 - answer['delta']:.6g} quantile", f"{answer['gen_quantile']:.6g} (exact law)"),
        ("bound", f"{answer['bound']:.6g} ({how})"),
        ("ratio", f"{answer['ratio']:.4g}"),
        ("M", trivial + (", which the bound is not below" if answer["vacuous"] else "")),
        ("Gen above the bound", f"{answer['failures']} of {answer['trials']} times (seed {answer['seed']})"),
        ("probability", f"at most {answer['upper_95']:.3g} (95 %)"),
        ("delta", f"{answer['delta']:.6g}" + words[answer["covers"]]),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in lines)
