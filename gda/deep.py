"""The command `gda deep`: an experiment on images, into a store that outlives every interruption; and its report."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gda.errors import InputError, as_input_error
from gda.sweep import workers

if TYPE_CHECKING:
    from deep.spec import Spec
    from deep.tasks import Collected
    from deep.where import Where
    from numerics.store import Store
    from numerics.sweep import Report

Write = Callable[[str], None]
_DONE, _INTERRUPTED = 0, 130
_EXTRAS = {"torch": "deep", "safetensors": "deep", "sklearn": "deep", "matplotlib": "plot"}


def add_parser(commands: Any, integer: Callable[[str], int], number: Callable[[str], Any]) -> None:
    """Describe `gda deep` to the command line.

    Args:
        commands: what `add_subparsers` returned.
        integer, number: readers of words.
    """
    deep = commands.add_parser("deep", help="experiments on images: run, report")
    actions = deep.add_subparsers(dest="action", required=True, metavar="{run,report}", parser_class=type(deep))

    run = actions.add_parser("run", help="train what the store lacks; without options, the main run on digits")
    run.add_argument("--data", choices=("digits", "cifar10"), default="digits")
    run.add_argument("--dir", type=Path, metavar="D", help="folder of CIFAR-10's binary version")
    run.add_argument("--generator", nargs="+", metavar="G", help="cdcgan, stylegan2-ada, edm, npz:FILE (the first 3)")
    run.add_argument("--m-s", type=integer, nargs="+", metavar="N", help="real examples")
    run.add_argument("--gamma", type=number, nargs="+", metavar="G", help="m_G / m_S; 0 is always among them")
    run.add_argument("--standard-aug", choices=("on", "off", "both"), default="both", help="standard augmentation")
    run.add_argument("--seeds", type=integer, metavar="K", help="number of seeds")
    run.add_argument("--device", metavar="D", help="auto, cpu or cuda (cpu for digits, auto for CIFAR-10)")
    run.add_argument("--workers", type=workers, metavar="N", help="processes (all cores; 1 on cuda); same results")
    run.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler to compute on, as tcp://host:8786")
    run.add_argument("--checkpoints", type=Path, metavar="DIR", help="for training runs of hours; they resume there")
    run.add_argument("--store", type=Path, required=True, metavar="FILE", help="SQLite file of the results")
    run.add_argument("--quick", action="store_true", help="a first look that decides nothing: minutes on the digits")
    run.add_argument("--quiet", action="store_true", help="no progress, no summary")

    report = actions.add_parser("report", help="words and answers from a store; tables into a folder")
    report.add_argument("--store", type=Path, required=True, metavar="FILE")
    report.add_argument("--out", type=Path, metavar="DIR", help="write DIR/NAME.csv, .generators.csv and .json")
    report.add_argument("--figure", type=Path, metavar="PNG", help="write a picture of the comparisons")
    report.add_argument("--name", metavar="NAME", help="of these files (the data's)")
    report.add_argument("--json", action="store_true")


def run(args: argparse.Namespace, say: Write, tell: Write) -> int:
    """Run or report; return the exit code.

    Args:
        args: the parsed command line.
        say, tell: print a result; report progress.

    Raises:
        InputError: what cannot be used, or tasks that failed; one line.
    """
    with as_input_error():
        return {"run": _run, "report": _report}[args.action](args, say, tell)


# Run


def _run(args: argparse.Namespace, _say: Write, tell: Write) -> int:
    _need("torch", "safetensors", "matplotlib", *(["sklearn"] if args.data == "digits" else []))
    from deep.tasks import claim_store, collect, tasks
    from deep.where import places
    from gda.progress import Bar
    from numerics.store import Store

    if args.scheduler and args.workers:
        raise InputError("--workers and --scheduler exclude each other")
    if args.scheduler:
        from numerics.sweep_engines import check_address

        check_address(args.scheduler)
    spec, where = asked_for(args)
    cells = tasks(spec)
    tell(f"{len(cells)} tasks")
    bar = Bar(quiet=args.quiet, what="tasks")
    with places(where), Store(args.store) as store:
        claim_store(store, spec)
        try:
            report = _compute(args, cells, store, bar, 1 if spec.device == "cuda" else os.cpu_count() or 1)
        except KeyboardInterrupt:
            bar.clear()
            save_pictures(collect(spec, store), args.store)
            sys.stderr.write(f"gda: interrupted; what is done is in {str(args.store)!r}; the same command goes on\n")
            return _INTERRUPTED
        finally:
            bar.clear()
        pictures = save_pictures(collect(spec, store), args.store)
    return _summary(args, report, pictures)


def _need(*modules: str) -> None:
    for module in modules:
        if find_spec(module) is None:
            raise InputError(f"gda deep needs {module}: pip install 'gda-verifier[{_EXTRAS[module]}]'")


def _compute(
    args: argparse.Namespace, cells: Sequence[Any], store: Store, watch: Callable[..., None], cores: int
) -> Report:
    from gda.sweep import MOST_WORKERS
    from numerics.sweep_engines import sweep_in_processes, sweep_on_dask

    if args.scheduler:
        return sweep_on_dask(cells, store, args.scheduler, watch)
    return sweep_in_processes(cells, store, args.workers or min(cores, MOST_WORKERS), watch)


def _summary(args: argparse.Namespace, report: Report, pictures: int) -> int:
    if not args.quiet:
        there = f"{report.computed} computed, {report.total - report.computed - len(report.failures)} there already"
        grids = f"; {pictures} pictures in {str(pictures_folder(args.store))!r}" if pictures else ""
        sys.stderr.write(f"{report.total} tasks: {there}, in {str(args.store)!r}{grids}\n")
    if report.failures:
        first = report.failures[0]
        raise InputError(f"{len(report.failures)} of {report.total} tasks failed; the first: {first.error}")
    return _DONE


def asked_for(args: argparse.Namespace) -> tuple[Spec, Where]:
    """Return the experiment that a command line asks for, every setting filled in, and where its files lie.

    Raises:
        ValueError: a value that cannot be used; one line.
    """
    from deep.device import select_device
    from deep.experiment import digest_of
    from deep.spec import cifar_spec, main_spec, quick_spec
    from deep.suppliers import KINDS, full_settings
    from deep.where import Where

    if (args.data == "cifar10") != (args.dir is not None):
        found = f"{args.data} and {str(args.dir) if args.dir else 'no folder'}"
        raise InputError(f"--data cifar10 and --dir, the folder of its binary version, go together. Found {found}.")
    folder = str(args.dir.absolute()) if args.dir else ""
    spec = {"digits": main_spec, "cifar10": cifar_spec}[args.data](digest_of(args.data, folder))
    spec = quick_spec(spec) if args.quick else spec
    # Networks of the size that digits need are no faster on CUDA, and not the same to the bit.
    device = select_device(args.device or ("cpu" if args.data == "digits" else "auto"))
    if device.index is not None:
        raise InputError(f"--device is auto, cpu or cuda; CUDA_VISIBLE_DEVICES says which. Found {args.device!r}.")
    names, files = _generators(args.generator or spec.generators)
    settings = {name: full_settings(name, spec.settings[name]) for name in names if name in KINDS}
    if args.quick and args.seeds and args.seeds >= spec.rule.least_seeds:
        raise InputError(
            f"--quick decides nothing, so --seeds must be below {spec.rule.least_seeds}. Found {args.seeds}."
        )
    changes: dict[str, Any] = {"generators": names, "settings": settings, "device": device.type}
    if args.m_s:
        changes["m_S"] = tuple(sorted(args.m_s))
    if args.gamma:
        changes["gammas"] = tuple(sorted({0.0, *map(float, args.gamma)}))
    if args.standard_aug != "both":
        changes["standard"] = (args.standard_aug,)
    if args.seeds is not None:
        changes["seeds"] = args.seeds
    _check_sizes(changes.get("m_S", spec.m_S), args.data, folder)
    spec = _with_extras(spec, changes)
    _check_files(spec, files, folder)
    checkpoints = str(args.checkpoints.absolute()) if args.checkpoints else ""
    return spec, Where(folder, checkpoints, files)


def _generators(words: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    # Names as the specification has them, and the files that stand behind some.
    from deep.spec import check_generator
    from deep.suppliers import file_name

    names, files = [], {}
    for text in words:
        name = text
        if text.startswith("npz:"):
            path = Path(text.removeprefix("npz:")).absolute()
            name = file_name(path)
            files[name] = str(path)
        elif text.startswith("npz-"):
            raise InputError(f"a file of images is named as npz:FILE. Found {text[:60]!r}.")
        check_generator(name)
        names.append(name)
    return tuple(names), files


def _check_sizes(sizes: Sequence[int], data: str, folder: str) -> None:
    # Before anything is computed: a task would complain of it after the first training.
    from deep.experiment import load
    from deep.subsets import stratified_counts

    for m_S in sizes:
        stratified_counts(load(data, folder).pool.counts, m_S)


def _check_files(spec: Spec, files: Mapping[str, str], folder: str) -> None:
    # Before anything is computed, too: a store would be the experiment of a file that cannot be used.
    from deep.data import load_generated
    from deep.experiment import load
    from deep.gate import LARGEST_SAMPLE
    from deep.subsets import stratified_counts

    pool = load(spec.data, folder).pool
    seen = min(len(pool) // 2, LARGEST_SAMPLE)
    most = max(seen, *(m_G for m_S in spec.m_S for m_G in spec.amounts(m_S)))
    for path in map(Path, files.values()):
        images = load_generated(path, pool)
        if len(images) < most:
            raise InputError(f"{str(path)!r} must hold {most} images or more. Found {len(images)}.")
        if min(images.counts) < 1 or min(stratified_counts(images.counts, seen)) < 2:
            raise InputError(
                f"{str(path)!r}: every class needs two of the {seen} images that the gate looks at. "
                f"Found {min(images.counts)} of {len(images)} in class {images.counts.index(min(images.counts))}."
            )


def _with_extras(spec: Spec, changes: dict[str, Any]) -> Spec:
    # The check at fixed epochs and the short cell stay where their cells are still asked for.
    bare = replace(spec, epoch_check=(), recheck=0, **changes)
    m_S, name, gamma = spec.epoch_check or (0, "", 0)
    kept = m_S in bare.m_S and name in bare.generators and gamma in bare.gammas
    recheck = spec.recheck if "edm" in bare.settings else 0
    return replace(bare, epoch_check=spec.epoch_check if kept else (), recheck=recheck)


def pictures_folder(store: Path) -> Path:
    """Return where the pictures of a store's generators go: a folder beside it."""
    return store.with_name(f"{store.stem}.grids")


def save_pictures(collected: Collected, store: Path) -> int:
    """Write a picture of each generator's samples beside the store; return their number.

    Raises:
        ValueError: they cannot be written.
    """
    from deep.experiment import pictured
    from deep.grids import save_grid

    folder = pictures_folder(store)
    for (m_S, name, seed), text in sorted(collected.samples.items()):
        path = folder / f"{collected.results.spec.data}-{m_S}-{name}-{seed}.png"
        images = pictured(text)
        if images is not None:
            folder.mkdir(parents=True, exist_ok=True)
            save_grid(path, images)
    return len(collected.samples)


# Report


def _report(args: argparse.Namespace, say: Write, _tell: Write) -> int:
    from deep.results import write_results
    from deep.tasks import collect, stored_spec
    from gda.image_figure import draw_comparisons
    from gda.image_report import plain, provenance, record
    from numerics.store import Store

    with Store(args.store, create=False) as store:
        spec = stored_spec(store)
        if spec is None:
            raise InputError(f"{str(args.store)!r} holds no experiment on images")
        found = collect(spec, store)
        origin = provenance(found, store)
    missing = found.results.missing()
    if args.out and missing:
        raise InputError(f"the experiment in {str(args.store)!r} is not complete: {missing} results are missing")
    if args.out and len(found.codes) > 1:
        codes = ", ".join(found.codes)
        raise InputError(f"the results in {str(args.store)!r} are of several versions of the code: {codes}")
    say(json.dumps(record(found), indent=2) if args.json else plain(found))
    if args.figure:
        _need("matplotlib")
        draw_comparisons(found.results)(args.figure)
        sys.stderr.write(f"wrote {args.figure}\n")
    if args.out:
        name = args.name or spec.data
        paths = [*write_results(found.results, args.out, name), args.out / f"{name}.provenance.json"]
        paths[-1].write_text(json.dumps(origin, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        sys.stderr.write(f"wrote {', '.join(map(str, paths))}\n")
    return _DONE
