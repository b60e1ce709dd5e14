"""The command `gda`. Heavy imports wait until a command needs them, so that `--help` answers at once."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from gda import coverage, deep, sweep
from gda.command_line import build_parser
from gda.errors import InputError, UndecidedError

OK, BROKEN, BAD_INPUT, UNDECIDED, INTERRUPTED = 0, 1, 2, 3, 130


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
    """Print how often a bound fails, and how far it is from the truth; 1 if it fails too often for certain."""
    answer = coverage.coverage_args(args)
    say(json.dumps(answer, indent=2) if args.json else coverage.plain(answer))
    return BROKEN if answer["covers"] is False else OK


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
    "deep": lambda args: deep.run(args, say, tell),
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
