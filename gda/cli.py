"""The command `gda`. Heavy imports wait until a command needs them, so that `--help` answers at once."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NoReturn

from gda import coverage, sweep
from gda.errors import InputError, UndecidedError

OK, BROKEN, BAD_INPUT, UNDECIDED, INTERRUPTED = 0, 1, 2, 3, 130


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


def build_parser() -> Parser:
    """Describe the command line."""
    parser = Parser(prog="gda", description="Check the stability theory of generative data augmentation.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    verify = commands.add_parser("verify", help="check the paper's claims; write paper_checks.md and out/")
    verify.add_argument("--claim", action="extend", nargs="+", metavar="ID", help="only these claims (C1, C5, ...)")
    verify.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="folder of the output (out)")
    verify.add_argument("--quick", action="store_true", help="few repeats, for a first look")
    verify.add_argument("--workers", type=integer, metavar="N", help="processes (all cores); results do not change")

    explain = commands.add_parser("explain", help="print a claim, its derivation, its evidence")
    explain.add_argument("claim", metavar="ID")

    certify = commands.add_parser("certify", help="prove the inequalities behind the claims over boxes of parameters")
    certify.add_argument("--claim", action="extend", nargs="+", metavar="ID", help="only what serves these (C1, C5...)")
    certify.add_argument("--workers", type=integer, metavar="N", help="processes (all cores); results do not change")
    certify.add_argument("--json", action="store_true")

    prove = commands.add_parser("prove", help="have the derivations checked by the proof kernel of Coq")
    prove.add_argument("--claim", action="extend", nargs="+", metavar="ID", help="only what these claims rest on")
    prove.add_argument("--all", action="store_true", help="compile every goal, not only those that are not on record")
    prove.add_argument("--jobs", type=integer, default=os.cpu_count() or 1, metavar="N", help="compilers at a time")
    prove.add_argument("--json", action="store_true")

    bound = commands.add_parser("bound", help="the bound on Gen, term by term")
    bound.add_argument("--setting", choices=("bgmm", "custom"), required=True)
    bound.add_argument("--m-s", type=integer, required=True, metavar="N", help="real examples")
    bound.add_argument("--m-g", type=integer, required=True, metavar="N", help="generated examples")
    bound.add_argument("--d", type=integer, metavar="N", help="dimension (bgmm)")
    bound.add_argument("--sigma", type=number, default=Decimal("0.6"), metavar="S", help="noise (bgmm; 0.6)")
    bound.add_argument("--delta", type=number, default=Decimal("0.05"), metavar="D", help="failure probability (0.05)")
    bound.add_argument("--beta", type=number, metavar="X", help="stability at m_S + m_G examples (custom)")
    bound.add_argument("--tv", type=number, metavar="X", help="D_TV(D, D_G(S)) (custom)")
    bound.add_argument("--dependence", type=number, default=Decimal(0), metavar="X", help="T(m_S, m_G) (custom; 0)")
    bound.add_argument("--loss-bound", type=number, metavar="X", help="M, upper end of the loss (custom)")
    bound.add_argument("--form", choices=("order", "explicit"), default="explicit")
    bound.add_argument(
        "--constants", choices=("published", "sharp", "best"), default="published", help="of the explicit form"
    )
    bound.add_argument(
        "--route",
        choices=("paper", "stability", "gaussian"),
        default="paper",
        help="the source's orders, the theorem amended, or by Gaussian structure (bgmm; paper)",
    )
    bound.add_argument(
        "--dependence-of-one", type=number, metavar="X", help="T(m_S, 1), of one generated example (custom; as T)"
    )
    bound.add_argument("--json", action="store_true")

    optimal = commands.add_parser("optimal", help="the integer m_G at which the bound is least")
    optimal.add_argument("--setting", choices=("bgmm",), required=True)
    optimal.add_argument("--m-s", type=integer, required=True, metavar="N", help="real examples")
    optimal.add_argument("--d", type=integer, required=True, metavar="N", help="dimension")
    optimal.add_argument(
        "--delta", type=number, default=Decimal("0.05"), metavar="D", help="failure probability (0.05)"
    )
    optimal.add_argument("--form", choices=("order", "explicit"), default="explicit")
    optimal.add_argument("--json", action="store_true")

    order = commands.add_parser("order", help="the most efficient m_G and the rate, for your own learner and generator")
    order.add_argument("--beta", metavar="E", help="stability of the learner trained on m examples, as in 1/m")
    order.add_argument("--tv", metavar="E", help="D_TV(D, D_G(S)), as in (log(m)/m)**(1/4)")
    order.add_argument("--dependence", default="0", metavar="E", help="T(m_S, m_G) in m and m_G; at most 1 (0)")
    order.add_argument("--loss-bound", default="1", metavar="E", help="M, upper end of the loss (1)")
    order.add_argument("--assume", action="append", metavar="R", help="declares a symbol: t>0, d in N; may be repeated")
    order.add_argument("--reading", choices=("default", "unrestricted"), default="default")
    order.add_argument("--learner", metavar="NAME", help="a learner by name, with --generator")
    order.add_argument("--generator", metavar="NAME", help="a generator by name, with --learner")
    order.add_argument("--json", action="store_true")

    table = commands.add_parser("table", help="every learner with every generator: m*_G, rates, verdict")
    table.add_argument("--json", action="store_true")
    table.add_argument("--latex", action="store_true")

    lemmas = commands.add_parser("lemmas", help="the cited lemmas put to the test: a search for violations")
    lemmas.add_argument("--lemma", action="extend", nargs="+", default=[], metavar="KEY", help="only these (L1, X2)")
    lemmas.add_argument("--seed", type=integer, default=0, metavar="S", help="of the random cases (0)")
    lemmas.add_argument("--json", action="store_true")

    law = commands.add_parser("law", help="the exact law of the Gaussian mixture's gap, NLL loss")
    law.add_argument("--m-s", type=integer, required=True, metavar="N", help="real examples, at least 4")
    law.add_argument("--d", type=integer, required=True, metavar="N", help="dimension")
    law.add_argument("--gamma", type=number, nargs="+", required=True, metavar="G", help="m_G / m_S, one or more")
    law.add_argument("--labels", choices=("balanced", "iid"), default="balanced")
    law.add_argument("--sigma", type=number, default=Decimal("0.6"), metavar="S", help="for the 0-1 error only (0.6)")
    levels = [Decimal(level) for level in ("0.05", "0.5", "0.95")]
    law.add_argument("--quantiles", type=number, nargs="*", default=levels, metavar="P", help="levels (0.05 0.5 0.95)")
    law.add_argument("--json", action="store_true")

    simulate = commands.add_parser("simulate", help="Monte Carlo of the Gaussian mixture")
    simulate.add_argument("--m-s", type=integer, required=True, metavar="N", help="real examples")
    simulate.add_argument("--d", type=integer, required=True, metavar="N", help="dimension")
    simulate.add_argument("--gamma", type=number, nargs="+", required=True, metavar="G", help="m_G / m_S, one or more")
    simulate.add_argument("--repeats", type=integer, default=1000, metavar="R")
    simulate.add_argument("--seed", type=integer, default=0, metavar="S")
    simulate.add_argument("--sigma", type=number, default=Decimal("0.6"), metavar="S")
    simulate.add_argument("--labels", choices=("balanced", "iid"), default="balanced")
    simulate.add_argument("--loss", choices=("nll", "zero_one"), default="nll")
    simulate.add_argument("--risk", type=risk, default="exact", metavar="exact|N", help="closed form, or N test points")
    simulate.add_argument("--variance", choices=("pooled", "per-class"), default="pooled")
    simulate.add_argument(
        "--sampler", choices=("literal", "sufficient"), help="every example, or sufficient statistics"
    )
    simulate.add_argument("--json", action="store_true")
    coverage.add_parser(commands, integer, number)
    sweep.add_parser(commands)
    return parser


def say(text: str) -> None:
    """Print a result."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """Print progress, to the error stream, where someone watches."""
    if sys.stderr.isatty():
        sys.stderr.write(text + "\n")


def run_bound(args: argparse.Namespace) -> int:
    """Print the bound at a point."""
    from gda.bound import bound_at

    answer = bound_at(args)
    if args.json:
        say(json.dumps(answer, indent=2))
        return OK
    width = max(map(len, answer["terms"]))
    for name, value in answer["terms"].items():
        say(f"{name:<{width}}  {value:.6g}")
    say(f"{'total':<{width}}  {answer['total']:.6g}")
    say(f"status: {answer['status']}")
    return OK


def run_simulate(args: argparse.Namespace) -> int:
    """Print the simulated cells."""
    from gda.simulation import simulate_args

    records = simulate_args(args)
    if args.json:
        say(json.dumps({"cells": records}, indent=2))
        return OK
    say(f"{'gamma':>8} {'m_G':>8} {'mean gap':>12} {'mean |gap|':>12} {'+-':>9} {'test risk':>12} {'train risk':>12}")
    for r in records:
        say(
            f"{r['gamma']:>8g} {r['m_G']:>8d} {r['mean_gap']:>12.5g} {r['mean_abs_gap']:>12.5g}"
            f" {r['sem_abs_gap']:>9.2g} {r['mean_test_risk']:>12.6g} {r['mean_train_risk']:>12.6g}"
        )
    return OK


def run_law(args: argparse.Namespace) -> int:
    """Print cells of the exact law."""
    from gda.law import law_args, table

    records = law_args(args)
    say(json.dumps({"cells": records}, indent=2) if args.json else table(records))
    return OK


def run_coverage(args: argparse.Namespace) -> int:
    """Print how often a bound fails, and how far it is from the truth; 1 if it fails too often."""
    answer = coverage.coverage_args(args)
    say(json.dumps(answer, indent=2) if args.json else coverage.plain(answer))
    return OK if answer["covers"] else BROKEN


def run_optimal(args: argparse.Namespace) -> int:
    """Print the integer m_G at which the bound is least."""
    from gda.optimal import optimal_args, plain

    answer, found = optimal_args(args)
    say(json.dumps(answer, indent=2) if args.json else plain(answer, found))
    return OK


def run_order(args: argparse.Namespace) -> int:
    """Print the most efficient m_G and the rates."""
    from gda.order import order_args, render_cases

    answer = order_args(args)
    say(json.dumps(answer, indent=2) if args.json else render_cases(answer))
    return OK


def run_table(args: argparse.Namespace) -> int:
    """Print the table of learners and generators."""
    from gda.table import entries, latex, plain, records

    if args.json and args.latex:
        raise InputError("--json and --latex exclude each other")
    found = entries()
    say(json.dumps(records(found), indent=2) if args.json else latex(found) if args.latex else plain(found))
    return OK


def run_lemmas(args: argparse.Namespace) -> int:
    """Print what a search for violations of the lemmas found; 1 if that is not what is known of them."""
    from gda.lemma_table import as_expected, findings, plain, records

    found = findings(tuple(args.lemma), args.seed)
    say(json.dumps({"lemmas": records(found)}, indent=2) if args.json else plain(found))
    return OK if as_expected(found) else BROKEN


def run_verify(args: argparse.Namespace) -> int:
    """Check claims and write the report."""
    from gda.verify import verify

    return verify(args.claim, args.out, quick=args.quick, workers=args.workers, say=say, tell=tell)


def run_prove(args: argparse.Namespace) -> int:
    """Have the proof kernel check what it has not yet checked."""
    from gda.prove import run

    return run(args.claim, everything=args.all, jobs=args.jobs, as_json=args.json, say=say, tell=tell)


def run_explain(args: argparse.Namespace) -> int:
    """Print one claim with all that is behind it."""
    from gda.verify import explain

    say(explain(args.claim, tell))
    return OK


def run_certify(args: argparse.Namespace) -> int:
    """Print what is proved, refuted, undecided."""
    from gda.certify import certify, record, table

    run = certify(args.claim, args.workers)
    say(json.dumps([record(one) for one in run.settled], indent=2) if args.json else table(run.settled))
    return OK if run.good else BROKEN


COMMANDS: dict[str, Any] = {
    "verify": run_verify,
    "prove": run_prove,
    "explain": run_explain,
    "certify": run_certify,
    "bound": run_bound,
    "coverage": run_coverage,
    "optimal": run_optimal,
    "order": run_order,
    "table": run_table,
    "lemmas": run_lemmas,
    "law": run_law,
    "simulate": run_simulate,
    "sweep": lambda args: sweep.run(args, say, tell),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 ran, 1 broken derivation, 2 bad input, 3 undecided."""
    try:
        args = build_parser().parse_args(argv)
        return int(COMMANDS[args.command](args))
    except InputError as error:
        sys.stderr.write(f"gda: {' '.join(str(error).split())}\n")
        return BAD_INPUT
    except UndecidedError as error:
        sys.stderr.write(f"gda: undecided: {' '.join(str(error).split())}\n")
        return UNDECIDED
    except BrokenPipeError:
        # The reader of our output has gone (`gda ... | head`): nothing is wrong, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:
        sys.stderr.write(f"gda: cannot use {error.filename!r}: {error.strerror}\n")
        return BAD_INPUT
    except KeyboardInterrupt:
        sys.stderr.write("gda: interrupted\n")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
