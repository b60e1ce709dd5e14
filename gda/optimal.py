"""The command `gda optimal`: the integer m_G at which the mixture's bound is least."""

from __future__ import annotations

import argparse
from typing import Any

from gda.bound import require_real_size
from gda.errors import as_input_error
from numerics.compile import compile_expression
from numerics.optimum import Optimum, most_efficient_number
from theory.gaussian_mixture import constants
from theory.gaussian_mixture_bound import mixture_bound


def optimal_args(args: argparse.Namespace) -> tuple[dict[str, Any], Optimum]:
    """Minimise the bound; `m_g` is None where it falls to its limit as m_G grows.

    A bound above `loss_bound`, the upper end M of the loss, says nothing.

    Raises:
        InputError: a value outside its domain.
    """
    with as_input_error():
        require_real_size(args.m_s, 1)
        bound = mixture_bound(args.form)
        found = most_efficient_number(bound, {"m_S": args.m_s, "d": args.d, "delta": args.delta})
    answer = {
        "m_g": found.m_G,
        "bound": found.bound,
        "bound_without": found.bound_without,
        "limit": found.limit,
        "proved": found.proved,
        "loss_bound": float(compile_expression(constants().M)(m_S=args.m_s, d=args.d)),
        "inputs": {"m_S": args.m_s, "d": args.d, "delta": float(args.delta), "form": args.form},
        "status": bound.caveat,
    }
    return answer, found


def plain(answer: dict[str, Any], found: Optimum) -> str:
    """Write the answer as text, with what it is worth."""
    lines = [str(found)]
    above = [
        name
        for name, key in (("that at m_G", "bound"), ("that without", "bound_without"))
        if answer[key] >= answer["loss_bound"]
    ]
    if above:
        lines.append(f"the loss is at most M = {answer['loss_bound']:.6g}: {' and '.join(above)} says nothing")
    return "\n".join([*lines, f"status: {answer['status']}"])
