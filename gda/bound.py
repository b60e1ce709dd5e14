"""The command `gda bound`: a bound on Gen at a point, for the Gaussian mixture or for a user's own numbers."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from gda.errors import InputError, as_input_error
from numerics.bound import evaluate_bound
from numerics.compile import compile_expression
from numerics.domains import check_domain
from theory.gaussian_mixture import constants
from theory.gaussian_mixture_bound import mixture_bound
from theory.lemmas import MARKOV, MCDIARMID, TV_DUALITY
from theory.stability import order_form
from theory.symbols import sigma
from theory.tight_bound import Constants, bound_by

_GROUND = (MARKOV.key, "L0-Hoelder", MCDIARMID.key, TV_DUALITY.key)
AXIOMS: Mapping[Constants, tuple[str, ...]] = {
    "published": _GROUND,
    "sharp": (*_GROUND, "L12"),
    "best": (*_GROUND, "L11", "L12", "V1", "V2"),
}
"""What a bound rests on in the end, by its constants: what `theory.foundations` finds, which takes seconds."""

OWN_NUMBERS = {"beta": "beta", "tv": "D_TV", "loss_bound": "M"}
"""Options that the custom setting needs, and the symbols they stand for."""


def bound_at(args: argparse.Namespace) -> dict[str, Any]:
    """Compute `total`, `terms`, `inputs` and `status`.

    Raises:
        InputError: a missing option, or a value outside its domain.
    """
    sizes: dict[str, Decimal | int] = {"m_S": args.m_s, "m_G": args.m_g, "delta": args.delta}
    with as_input_error():
        return _mixture(args, sizes) if args.setting == "bgmm" else _custom(args, sizes)


def require_real_size(m_S: int, m_G: int) -> None:
    """Refuse an S that is too small for the generator's variance, where there is a generator.

    Raises:
        InputError: m_S below 3, with its value.
    """
    if m_G > 0 and m_S < 3:
        raise InputError(f"m_S must be >= 3 where a generator is fitted: its variance divides by m_S - 2. Found {m_S}.")


def _mixture(args: argparse.Namespace, sizes: Mapping[str, Any]) -> dict[str, Any]:
    given = [f"--{name.replace('_', '-')}" for name in OWN_NUMBERS if getattr(args, name) is not None]
    if given or args.dependence:
        raise InputError(f"{(given or ['--dependence'])[0]} belongs to --setting custom; bgmm computes it")
    if args.d is None:
        raise InputError("--setting bgmm needs --d")
    if args.route != "paper":
        return _theorem(args)
    if args.constants != "published":
        raise InputError(f"--constants belongs to --setting custom or --route stability. Found {args.constants}.")
    check_domain(sigma, args.sigma)
    require_real_size(args.m_s, args.m_g)
    bound = mixture_bound(args.form)
    point = {**sizes, "d": args.d}
    value = evaluate_bound(bound, point)
    found = constants()
    letters = {name: _at(getattr(found, name), point) for name in ("M", "beta", "D_TV", "T")}
    inputs = {**_floats(point), "sigma": float(args.sigma), **letters}
    return _answer(value, inputs, bound.caveat)


def _theorem(args: argparse.Namespace) -> dict[str, Any]:
    """Evaluate a theorem that holds for the mixture as it stands: amended, or by its Gaussian structure."""
    from numerics.mixture_theorem import theorem_at

    if args.form != "explicit":
        raise InputError(f"--route {args.route} has an explicit form only. Found --form {args.form}.")
    if args.route == "gaussian" and args.constants != "published":
        raise InputError(f"--constants belongs to --route stability. Found {args.constants}.")
    found = theorem_at(args.route, args.m_s, args.m_g, args.d, args.delta, args.constants)
    axioms = (*AXIOMS[args.constants], "L7") if args.route == "stability" else ("L0",)
    status = f"holds with probability at least 1 - delta, any sigma, balanced labels; rests on {', '.join(axioms)}"
    if found.trivial is not None and not found.says_something:
        status += f"; says no more than Gen <= {found.trivial:.6g}, which holds then too"
    inputs = {"m_S": args.m_s, "m_G": args.m_g, "d": args.d, "delta": float(args.delta)}
    return {**_answer(found, inputs, status), "trivial": found.trivial}


def _custom(args: argparse.Namespace, sizes: Mapping[str, Any]) -> dict[str, Any]:
    missing = [f"--{name.replace('_', '-')}" for name in OWN_NUMBERS if getattr(args, name) is None]
    if missing:
        raise InputError(f"--setting custom needs {', '.join(missing)}")
    if args.d is not None:
        raise InputError(f"--d belongs to --setting bgmm. Found {args.d}.")
    if args.route != "paper":
        raise InputError(f"--route belongs to --setting bgmm. Found {args.route}.")
    if args.form == "order" and args.constants != "published":
        raise InputError(f"--constants belongs to --form explicit. Found {args.constants}.")
    bound = bound_by(args.constants) if args.form == "explicit" else order_form()
    own = {symbol: getattr(args, name) for name, symbol in OWN_NUMBERS.items()}
    # One generated example depends on S no more than many do.
    single = args.dependence if args.dependence_of_one is None else args.dependence_of_one
    needed = {symbol.name for symbol in bound.total.free_symbols}
    if "T_1" not in needed and args.dependence_of_one is not None:
        raise InputError(f"--dependence-of-one needs --constants sharp or best. Found {args.dependence_of_one}.")
    point = {**sizes, **own, "T": args.dependence, **({"T_1": single} if "T_1" in needed else {})}
    axioms = ", ".join(AXIOMS[args.constants])
    status = bound.caveat or f"holds with probability at least 1 - delta if the inputs do; rests on lemmas {axioms}"
    return _answer(evaluate_bound(bound, point), _floats(point), status)


def _at(expression: Any, point: Mapping[str, Any]) -> float:
    compiled = compile_expression(expression)
    return float(compiled(**{symbol.name: float(point[symbol.name]) for symbol in compiled.arguments}))


def _floats(point: Mapping[str, Any]) -> dict[str, float | int]:
    return {name: value if isinstance(value, int) else float(value) for name, value in point.items()}


def _answer(value: Any, inputs: Mapping[str, Any], status: str) -> dict[str, Any]:
    return {"total": value.total, "terms": dict(value.terms), "inputs": dict(inputs), "status": status}
