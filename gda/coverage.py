"""The command `gda coverage`: how often a bound fails, and how far it is from the truth, where the truth is known."""

from __future__ import annotations

import argparse
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from gda.errors import InputError, as_input_error

if TYPE_CHECKING:
    from numerics.finite import FiniteSetting
    from numerics.finite_coverage import Coverage, Ends

_MOST_LETTERS = 12
_MOST_BITS = 640  # of a denominator that is written out
_OF_THE_MIXTURE = {"d": "--d", "route": "--route", "repeats": "--repeats", "seed": "--seed"}
_OF_THE_FINITE = {"p": "--p", "letters": "--letters", "loss": "--loss"}


def probability(text: str) -> Fraction:
    """Read a probability as it is written: 0.1 or 1/3.

    Raises:
        ArgumentTypeError: not a number in (0, 1).
    """
    parts = text.split("/")
    try:
        written = len(text) <= 40 and len(parts) <= 2 and all(part.isascii() for part in parts)
        numbers = [Decimal(part) for part in parts] if written else []
        fine = bool(numbers) and all(x.is_finite() and abs(x.adjusted()) <= 20 for x in numbers)
        value = Fraction(numbers[0]) / Fraction(numbers[1] if len(numbers) == 2 else 1) if fine else None
    except (ArithmeticError, ValueError):
        value = None
    if value is None or not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"must be a number in (0, 1), as 0.1 or 1/3. Found {text[:60]!r}.")
    return value


def add_parser(commands: Any, integer: Any, number: Any) -> None:
    """Describe `gda coverage` to the command line.

    Args:
        commands: what `add_subparsers` returned.
        integer, number: how integers and decimals are read.
    """
    parser = commands.add_parser("coverage", help="how often the bound fails, and how far it is from the truth")
    parser.add_argument("--setting", choices=("bgmm", "finite"), required=True)
    parser.add_argument("--m-s", type=integer, required=True, metavar="N", help="real examples")
    parser.add_argument("--m-g", type=integer, required=True, metavar="N", help="generated examples")
    parser.add_argument("--delta", type=number, default=Decimal("0.05"), metavar="D", help="failure probability (0.05)")
    parser.add_argument("--constants", choices=("published", "sharp", "best"), default="published")
    parser.add_argument("--p", type=probability, metavar="P", help="probability of a one, of two letters (finite)")
    parser.add_argument(
        "--letters", type=probability, nargs="+", metavar="P", help="probability of each letter, as 1/2 (finite)"
    )
    parser.add_argument("--loss", choices=("absolute", "squared"), help="absolute, unless said (finite)")
    parser.add_argument("--d", type=integer, metavar="N", help="dimension (bgmm)")
    parser.add_argument("--route", choices=("stability", "gaussian"), help="which theorem (bgmm; stability)")
    parser.add_argument("--repeats", type=integer, metavar="N", help="simulated repeats (bgmm; 10000)")
    parser.add_argument("--seed", type=integer, metavar="N", help="seed of the simulation (bgmm; 0)")
    parser.add_argument("--json", action="store_true")


def coverage_args(args: argparse.Namespace) -> dict[str, Any]:
    """Compute what the command line asks for.

    Raises:
        InputError: a missing option, one of the other setting, or a value outside its domain.
    """
    strange = _OF_THE_MIXTURE if args.setting == "finite" else _OF_THE_FINITE
    for name, option in strange.items():
        if getattr(args, name) is not None:
            raise InputError(f"{option} does not belong to --setting {args.setting}. Found {getattr(args, name)}.")
    return _mixture(args) if args.setting == "bgmm" else _finite(args)


def _mixture(args: argparse.Namespace) -> dict[str, Any]:
    from gda.mixture_coverage import mixture_coverage

    return mixture_coverage(args)


def _finite(args: argparse.Namespace) -> dict[str, Any]:
    from numerics.finite_coverage import coverage
    from theory.tight_bound import bound_by

    if not 0 < args.delta < 1:
        raise InputError(f"--delta must be in (0, 1). Found {args.delta}.")
    with as_input_error():
        setting = _setting(args)
        found = coverage(setting, bound_by(args.constants), Fraction(args.delta))
    return finite_record(setting, args.constants, args.delta, found)


def _setting(args: argparse.Namespace) -> FiniteSetting:
    from numerics.finite import FiniteSetting

    if (args.p is None) == (args.letters is None):
        raise InputError("--setting finite needs either --p or --letters")
    law = tuple(args.letters) if args.letters else (1 - args.p, args.p)
    if not 2 <= len(law) <= _MOST_LETTERS:
        raise InputError(f"--letters must be 2 to {_MOST_LETTERS} probabilities. Found {len(law)}.")
    if sum(law) != 1:
        raise InputError(f"--letters must add up to 1. Found {sum(law)}.")
    return FiniteSetting(law, args.m_s, args.m_g, args.loss or "absolute")


def finite_record(setting: FiniteSetting, constants: str, delta: Decimal | Fraction, found: Coverage) -> dict[str, Any]:
    """Describe the coverage of a bound in a cell: ends of enclosures, the larger one also by itself."""
    failure = found.failure.upper
    short = isinstance(failure, Fraction) and failure.denominator.bit_length() <= _MOST_BITS
    return {
        "setting": "finite",
        "law": [str(p) for p in setting.law],
        "loss": setting.loss,
        "m_S": setting.m_S,
        "m_G": setting.m_G,
        "constants": constants,
        "delta": float(delta),
        "exact": found.exact,
        "failure_probability": _up(failure),
        "failure_probability_ends": _ends(found.failure),
        "failure_fraction": str(failure) if short else None,
        "covers": bool(failure <= Fraction(delta)),
        "loss_width": float(found.width),
        "gen_quantile": _ends(found.truth),
        "bound_median": _up(found.median.upper),
        "bound_quantile": _up(found.quoted.upper),
        "vacuous": bool(found.median.upper >= found.width),
        "ratio": found.ratio if found.truth.lower else None,
    }


def _ends(value: Ends) -> list[float]:
    return [-_up(-value.lower), _up(value.upper)]


def _up(value: Fraction | float) -> float:
    from math import inf, nextafter

    nearest = float(value)
    return nearest if Fraction(nearest) >= value else nextafter(nearest, inf)


def plain(answer: dict[str, Any]) -> str:
    """Write an answer as aligned text; that of the mixture as its own module does."""
    if answer["setting"] != "finite":
        from gda.mixture_coverage import plain as plain_mixture

        return plain_mixture(answer)
    low, high = answer["gen_quantile"]
    level = f"{1 - answer['delta']:.6g} quantile"
    how = "exact" if answer["exact"] else "at most"
    lines = [
        ("law", f"{', '.join(answer['law'])}; {answer['loss']} loss; m_S = {answer['m_S']}, m_G = {answer['m_G']}"),
        (f"Gen, {level}", f"{high:.6g}" if f"{low:.6g}" == f"{high:.6g}" else f"{low:.6g} to {high:.6g}"),
        (f"bound, {level}", f"{answer['bound_quantile']:.6g} ({answer['constants']} constants)"),
        ("bound, median", f"{answer['bound_median']:.6g}"),
        ("ratio", "none, Gen is 0" if answer["ratio"] is None else f"{answer['ratio']:.4g}"),
        ("M", f"{answer['loss_width']:.6g}" + (", which the bound is not below" if answer["vacuous"] else "")),
        ("P(Gen > bound)", f"{answer['failure_probability']:.3g} ({how})"),
        ("delta", f"{answer['delta']:.6g}" + ("" if answer["covers"] else ": NOT COVERED")),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {text}" for name, text in lines)
