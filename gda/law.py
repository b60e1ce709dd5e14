"""The command `gda law`: cells of the exact law of the mixture's gap."""

from __future__ import annotations

import argparse
import math
from typing import Any

from gda.errors import as_input_error
from gda.simulation import plain
from numerics.law import law_of_gap
from numerics.mixture_settings import read_gamma
from numerics.zero_one import expected_test_error


def law_args(args: argparse.Namespace) -> list[dict[str, Any]]:
    """Compute the cells that the command line asks for, one for each gamma.

    Raises:
        InputError: an argument out of range, with its value.
    """
    with as_input_error():
        return [law_record(args, str(gamma)) for gamma in args.gamma]


def law_record(args: argparse.Namespace, gamma: str) -> dict[str, Any]:
    """Describe one cell; `error_estimate` is that of `mean_abs_gap`; errors are absolute."""
    law = law_of_gap(args.m_s, args.d, gamma, args.labels)
    absolute = law.mean_abs_gap
    test_error = expected_test_error(args.m_s, args.d, gamma, args.labels, noise=float(args.sigma))
    quantiles = {str(level): law.quantile(float(level)) for level in args.quantiles}
    return {
        "m_S": law.m_S,
        "d": law.d,
        "gamma": plain(read_gamma(gamma, law.m_S)),
        "m_G": law.m_G,
        "labels": law.labels,
        "sigma": float(args.sigma),
        "mean_gap": law.mean_gap,
        "sd_gap": law.sd_gap,
        "mean_abs_gap": absolute.value,
        "error_estimate": absolute.error,
        "mean_test_risk": law.mean_test_risk,
        "sd_test_risk": law.sd_test_risk,
        "expected_zero_one": test_error.value,
        "expected_zero_one_error": test_error.error,
        "quantiles": {level: value.value for level, value in quantiles.items()},
        "quantile_errors": {level: value.error for level, value in quantiles.items()},
    }


def known(value: float, error: float, most: int) -> str:
    """Write a number with as many digits as its error leaves, `most` at most; "?" where it leaves none."""
    if not math.isfinite(error) or not math.isfinite(value):
        return "?"
    size = math.floor(math.log10(abs(value))) if value else 0
    digits = most if error == 0 else min(most, size - math.ceil(math.log10(2 * error)) + 1)
    if digits < 1:
        return "?" if abs(value) > 10 * error or error > 1e-3 else "0"
    return f"{value:.{digits}g}"


def decade(error: float) -> str:
    """Write an error, rounded up to a power of ten."""
    return f"1e{math.ceil(math.log10(error)):+03d}" if error > 0 else "0"


def table(records: list[dict[str, Any]]) -> str:
    """Write the cells as aligned text."""
    levels = list(records[0]["quantiles"])
    heads = ["gamma", "m_G", "mean gap", "sd", "mean |gap|", "+-", "test risk", "sd", "0-1 error"]
    lines = [[*heads, *(f"q {level}" for level in levels)]]
    for r in records:
        numbers = (r["mean_gap"], r["sd_gap"])
        lines.append(
            [
                f"{r['gamma']:g}",
                str(r["m_G"]),
                *(f"{x:.9g}" for x in numbers),
                known(r["mean_abs_gap"], r["error_estimate"], 10),
                decade(r["error_estimate"]),
                f"{r['mean_test_risk']:.9g}",
                f"{r['sd_test_risk']:.6g}",
                known(r["expected_zero_one"], r["expected_zero_one_error"], 8),
                *(known(r["quantiles"][level], r["quantile_errors"][level], 7) for level in levels),
            ]
        )
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(f"{cell:>{w}}" for cell, w in zip(line, widths, strict=True)) for line in lines)
