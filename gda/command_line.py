"""The command line: what each command takes, and how its words are read. Nothing heavy is imported here."""

from __future__ import annotations

import argparse
import os
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

from gda import coverage, deep, sweep
from gda.errors import InputError


class Parser(argparse.ArgumentParser):
    """An argument parser that answers bad input in one line."""

    def error(self, message: str) -> NoReturn:
        """Report the offending value and leave with exit code 2."""
        raise InputError(message)


def number(text: str) -> Decimal:
    """Read a decimal number, exactly as it is written.

    Raises:
        ArgumentTypeError: not a finite number of reasonable size.
    """
    try:
        value = Decimal(text) if len(text) <= 60 else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite() or abs(value.adjusted()) > 300:
        raise argparse.ArgumentTypeError(f"must be a finite number. Found {text[:60]!r}.")
    return value


def integer(text: str) -> int:
    """Read an integer.

    Raises:
        ArgumentTypeError: not an integer.
    """
    value = number(text)
    if value != value.to_integral_value():
        raise argparse.ArgumentTypeError(f"must be an integer. Found {text!r}.")
    return int(value)


def risk(text: str) -> str | int:
    """Read ``exact`` or a number of test points."""
    return text if text == "exact" else integer(text)


def _verify(commands: Any) -> None:
    parser = commands.add_parser("verify", help="check the paper's claims; write paper_checks.md and out/")
    parser.add_argument("--claim", action="extend", nargs="+", metavar="ID", help="only these claims (C1, C5, ...)")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="folder of the output (out)")
    parser.add_argument("--quick", action="store_true", help="few repeats, for a first look")
    parser.add_argument("--workers", type=integer, metavar="N", help="processes (all cores); results do not change")


def _explain(commands: Any) -> None:
    parser = commands.add_parser("explain", help="print a claim, its derivation, its evidence")
    parser.add_argument("claim", metavar="ID")


def _certify(commands: Any) -> None:
    parser = commands.add_parser("certify", help="prove the inequalities behind the claims over boxes of parameters")
    parser.add_argument("--claim", action="extend", nargs="+", metavar="ID", help="only what serves these (C1, C5...)")
    parser.add_argument("--workers", type=integer, metavar="N", help="processes (all cores); results do not change")
    parser.add_argument("--json", action="store_true")


def _prove(commands: Any) -> None:
    parser = commands.add_parser("prove", help="have the derivations checked by the proof kernel of Coq")
    parser.add_argument("--claim", action="extend", nargs="+", metavar="ID", help="only what these claims rest on")
    parser.add_argument("--all", action="store_true", help="compile every goal, not only those that are not on record")
    parser.add_argument("--jobs", type=integer, default=os.cpu_count() or 1, metavar="N", help="compilers at a time")
    parser.add_argument("--json", action="store_true")


def _bound(commands: Any) -> None:
    parser = commands.add_parser("bound", help="the bound on Gen, term by term")
    parser.add_argument("--setting", choices=("bgmm", "custom"), required=True)
    parser.add_argument("--m-s", type=integer, required=True, metavar="N", help="real examples")
    parser.add_argument("--m-g", type=integer, required=True, metavar="N", help="generated examples")
    parser.add_argument("--d", type=integer, metavar="N", help="dimension (bgmm)")
    parser.add_argument("--sigma", type=number, default=Decimal("0.6"), metavar="S", help="noise (bgmm; 0.6)")
    parser.add_argument("--delta", type=number, default=Decimal("0.05"), metavar="D", help="failure probability (0.05)")
    parser.add_argument("--beta", type=number, metavar="X", help="stability at m_S + m_G examples (custom)")
    parser.add_argument("--tv", type=number, metavar="X", help="D_TV(D, D_G(S)) (custom)")
    parser.add_argument("--dependence", type=number, default=Decimal(0), metavar="X", help="T(m_S, m_G) (custom; 0)")
    parser.add_argument("--loss-bound", type=number, metavar="X", help="M, upper end of the loss (custom)")
    parser.add_argument("--form", choices=("order", "explicit"), default="explicit")
    parser.add_argument(
        "--constants", choices=("published", "sharp", "best"), default="published", help="of the explicit form"
    )
    parser.add_argument(
        "--route",
        choices=("paper", "stability", "gaussian"),
        default="paper",
        help="the source's orders, the theorem amended, or by Gaussian structure (bgmm; paper)",
    )
    parser.add_argument(
        "--dependence-of-one", type=number, metavar="X", help="T(m_S, 1), of one generated example (custom; as T)"
    )
    parser.add_argument("--json", action="store_true")


def _optimal(commands: Any) -> None:
    parser = commands.add_parser("optimal", help="the integer m_G at which the bound is least")
    parser.add_argument("--setting", choices=("bgmm",), required=True)
    parser.add_argument("--m-s", type=integer, required=True, metavar="N", help="real examples")
    parser.add_argument("--d", type=integer, required=True, metavar="N", help="dimension")
    parser.add_argument("--delta", type=number, default=Decimal("0.05"), metavar="D", help="failure probability (0.05)")
    parser.add_argument("--form", choices=("order", "explicit"), default="explicit")
    parser.add_argument("--json", action="store_true")


def _order(commands: Any) -> None:
    parser = commands.add_parser(
        "order", help="the most efficient m_G and the rate, for your own learner and generator"
    )
    parser.add_argument("--beta", metavar="E", help="stability of the learner trained on m examples, as in 1/m")
    parser.add_argument("--tv", metavar="E", help="D_TV(D, D_G(S)), as in (log(m)/m)**(1/4)")
    parser.add_argument("--dependence", default="0", metavar="E", help="T(m_S, m_G) in m and m_G; at most 1 (0)")
    parser.add_argument("--loss-bound", default="1", metavar="E", help="M, upper end of the loss (1)")
    parser.add_argument(
        "--assume", action="append", metavar="R", help="declares a symbol: t>0, d in N; may be repeated"
    )
    parser.add_argument("--reading", choices=("default", "unrestricted"), default="default")
    parser.add_argument("--learner", metavar="NAME", help="a learner by name, with --generator")
    parser.add_argument("--generator", metavar="NAME", help="a generator by name, with --learner")
    parser.add_argument("--json", action="store_true")


def _table(commands: Any) -> None:
    parser = commands.add_parser("table", help="every learner with every generator: m*_G, rates, verdict")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--latex", action="store_true")


def _lemmas(commands: Any) -> None:
    parser = commands.add_parser("lemmas", help="the cited lemmas put to the test: a search for violations")
    parser.add_argument("--lemma", action="extend", nargs="+", default=[], metavar="KEY", help="only these (L1, X2)")
    parser.add_argument("--seed", type=integer, default=0, metavar="S", help="of the random cases (0)")
    parser.add_argument("--json", action="store_true")


def _law(commands: Any) -> None:
    parser = commands.add_parser("law", help="the exact law of the Gaussian mixture's gap, NLL loss")
    parser.add_argument("--m-s", type=integer, required=True, metavar="N", help="real examples, at least 4")
    parser.add_argument("--d", type=integer, required=True, metavar="N", help="dimension")
    parser.add_argument("--gamma", type=number, nargs="+", required=True, metavar="G", help="m_G / m_S, one or more")
    parser.add_argument("--labels", choices=("balanced", "iid"), default="balanced")
    parser.add_argument(
        "--sigma", type=number, default=Decimal("0.6"), metavar="S", help="for the 0-1 error only (0.6)"
    )
    levels = [Decimal(level) for level in ("0.05", "0.5", "0.95")]
    parser.add_argument(
        "--quantiles", type=number, nargs="*", default=levels, metavar="P", help="levels (0.05 0.5 0.95)"
    )
    parser.add_argument("--json", action="store_true")


def _simulate(commands: Any) -> None:
    parser = commands.add_parser("simulate", help="Monte Carlo of the Gaussian mixture")
    parser.add_argument("--m-s", type=integer, required=True, metavar="N", help="real examples")
    parser.add_argument("--d", type=integer, required=True, metavar="N", help="dimension")
    parser.add_argument("--gamma", type=number, nargs="+", required=True, metavar="G", help="m_G / m_S, one or more")
    parser.add_argument("--repeats", type=integer, default=1000, metavar="R")
    parser.add_argument("--seed", type=integer, default=0, metavar="S")
    parser.add_argument("--sigma", type=number, default=Decimal("0.6"), metavar="S")
    parser.add_argument("--labels", choices=("balanced", "iid"), default="balanced")
    parser.add_argument("--loss", choices=("nll", "zero_one"), default="nll")
    parser.add_argument("--risk", type=risk, default="exact", metavar="exact|N", help="closed form, or N test points")
    parser.add_argument("--variance", choices=("pooled", "per-class"), default="pooled")
    parser.add_argument("--sampler", choices=("literal", "sufficient"), help="every example, or sufficient statistics")
    parser.add_argument("--json", action="store_true")


_COMMANDS = (_verify, _explain, _certify, _prove, _bound, _optimal, _order, _table, _lemmas, _law, _simulate)


def build_parser() -> Parser:
    """Describe the command line."""
    parser = Parser(prog="gda", description="Check the stability theory of generative data augmentation.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    for describe in _COMMANDS:
        describe(commands)
    coverage.add_parser(commands, integer, number)
    sweep.add_parser(commands)
    deep.add_parser(commands, integer, number)
    return parser
