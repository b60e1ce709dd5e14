"""The command `gda sweep`: many cells, in parallel, into a store that outlives every interruption; and out of it."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gda.errors import InputError, as_input_error

if TYPE_CHECKING:
    from numerics.store import Store
    from numerics.sweep import Report
    from numerics.sweep_spec import Cell

Write = Callable[[str], None]
MOST_WORKERS = 512
_DONE, _INTERRUPTED = 0, 130
_ACTIONS = ("run", "export", "import")


def workers(text: str) -> int:
    """Read a number of workers.

    Raises:
        ArgumentTypeError: no integer from 1 to `MOST_WORKERS`.
    """
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"must be an integer from 1 to {MOST_WORKERS}. Found {text[:60]!r}.")
    return int(text)


def add_parser(commands: Any) -> None:
    """Describe `gda sweep` to the command line.

    Args:
        commands: what `add_subparsers` returned.
    """
    sweep = commands.add_parser(
        "sweep",
        help="many cells, in parallel, into a store; export and import",
        description="`gda sweep SPEC --store FILE` stands for `gda sweep run SPEC --store FILE`.",
    )
    actions = sweep.add_subparsers(
        dest="action", required=True, metavar="{run,export,import}", parser_class=type(sweep)
    )

    run = actions.add_parser("run", help="compute the cells that the store lacks")
    run.add_argument("spec", type=Path, metavar="SPEC", help="TOML: what to compute")
    _add_store(run)
    run.add_argument("--workers", type=workers, metavar="N", help="processes (all cores); results do not change")
    run.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler to compute on, as tcp://host:8786")
    run.add_argument("--quiet", action="store_true", help="no progress, no summary")

    export = actions.add_parser("export", help="write the cells of a store to a file")
    export.add_argument("spec", type=Path, nargs="?", metavar="SPEC", help="only the cells of this TOML")
    _add_store(export)
    export.add_argument("--out", type=Path, required=True, metavar="FILE", help=".csv, .parquet or .nc")
    export.add_argument("--every-code", action="store_true", help="also values that other code has computed")

    back = actions.add_parser("import", help="read an export into a store")
    back.add_argument("file", type=Path, metavar="FILE", help=".csv, .parquet or .nc, as an export writes it")
    _add_store(back)

    plain = sweep.parse_known_args

    def parse_known_args(args: Sequence[str] | None = None, namespace: Any = None) -> Any:
        words = list(args or ())
        named = bool(words) and (words[0] in _ACTIONS or words[0] in ("-h", "--help"))
        return plain(words if named else ["run", *words], namespace)

    sweep.parse_known_args = parse_known_args


def _add_store(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--store", type=Path, required=True, metavar="FILE", help="SQLite file of the cells")


def run(args: argparse.Namespace, say: Write, tell: Write) -> int:
    """Run, export or import; return the exit code.

    Args:
        args: the parsed command line.
        say, tell: print a result; report progress.

    Raises:
        InputError: a specification, a store or a file that cannot be used, or cells that failed; one line.
    """
    with as_input_error():
        return {"run": _run, "export": _export, "import": _import}[args.action](args, say, tell)


def _run(args: argparse.Namespace, _say: Write, tell: Write) -> int:
    from gda.progress import Bar
    from numerics.store import Store
    from numerics.sweep_engines import check_address
    from numerics.sweep_spec import read_spec

    if args.scheduler and args.workers:
        raise InputError("--workers and --scheduler exclude each other")
    if args.scheduler:
        check_address(args.scheduler)
    cells = read_spec(args.spec).expand()
    tell(f"{len(cells)} cells")
    bar = Bar(quiet=args.quiet)
    with Store(args.store) as store:
        try:
            report = _compute(args, cells, store, bar)
        except KeyboardInterrupt:
            bar.clear()
            sys.stderr.write(f"gda: interrupted; what is done is in {str(args.store)!r}; the same command goes on\n")
            return _INTERRUPTED
        finally:
            bar.clear()
    if not args.quiet:
        there = f"{report.computed} computed, {report.total - report.computed - len(report.failures)} there already"
        sys.stderr.write(f"{report.total} cells: {there}, in {str(args.store)!r}\n")
    if report.failures:
        first = report.failures[0]
        raise InputError(f"{len(report.failures)} of {report.total} cells failed; first {first.content}: {first.error}")
    return _DONE


def _compute(args: argparse.Namespace, cells: Sequence[Cell], store: Store, watch: Callable[..., None]) -> Report:
    import os

    from numerics.sweep_engines import sweep_in_processes, sweep_on_dask

    if args.scheduler:
        return sweep_on_dask(cells, store, args.scheduler, watch)
    return sweep_in_processes(cells, store, args.workers or min(os.cpu_count() or 1, MOST_WORKERS), watch)


def _export(args: argparse.Namespace, say: Write, _tell: Write) -> int:
    from numerics.store import Store
    from numerics.sweep_export import export
    from numerics.sweep_spec import read_spec

    _know_images()
    cells = None if args.spec is None else read_spec(args.spec).expand()
    with Store(args.store, create=False) as store:
        found = export(store, args.out, cells, every_code=args.every_code)
    missing = f"; {found.missing} of the specification are not in the store" if found.missing else ""
    other = f"; {found.other} of other code left out" if found.other else ""
    say(f"wrote {found.rows} cells to {args.out}{missing}{other}")
    return _DONE


def _know_images() -> None:
    # The cells of `gda deep` are a sweep's, too; they are known once this module is imported, which needs no torch.
    importlib.import_module("deep.tasks")


def _import(args: argparse.Namespace, say: Write, _tell: Write) -> int:
    from numerics.store import Store
    from numerics.sweep_export import import_rows, read_export

    _know_images()
    rows = read_export(args.file)  # before a store is made
    with Store(args.store) as store:
        new = import_rows(rows, args.file, store)
    say(f"{new} new cells in {args.store}")
    return _DONE
