"""An experiment on images as a sweep: its tasks are cells of `numerics.sweep`, its results are rows of a store.

So it is resumed after any interruption, and runs on this machine's processes or a Dask cluster. Imports no torch.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from deep.results import GeneratorRun, Results, Row, epoch_amount, recheck_cell
from deep.spec import NONE, Spec, spec_from_json
from numerics.store import Row as Stored
from numerics.store import Store
from numerics.sweep import facts
from numerics.sweep_code import code_of
from numerics.sweep_fields import M_S, SEED, Field, Value, integer, shown, word
from numerics.sweep_quantities import Quantity, canonical, register
from numerics.sweep_spec import Cell, cell_of

_WORK = {NONE: 1.0, "cdcgan": 4.0, "edm": 4.0, "stylegan2-ada": 5.0}
"""Relative effort of a task, measured on the digits; of a file of images: 3."""
RECHECK_STEPS = 200
"""Of SGD, in the short cell."""
_MOST_PLAN = 10_000
SPEC = "experiment"
"""What a run's facts call the specification."""


def _plan(name: str, value: Any) -> str:
    """Read a plan: the canonical JSON of an object."""
    try:
        if isinstance(value, str) and len(value) < _MOST_PLAN and canonical(json.loads(value)) == value:
            return value
    except (ValueError, RecursionError):
        pass
    raise ValueError(f"{name} must be canonical JSON. Found {shown(value)}.")


def _effort(fields: Mapping[str, Any]) -> float:
    return 1000 * _WORK.get(fields["generator"], 3.0)


IMAGES = Quantity(
    "images",
    "deep.experiment:compute",
    (
        Field("data", "str", word),
        Field("digest", "str", word),
        M_S,
        Field("generator", "str", word),
        SEED,
        Field("device", "str", word),
        Field("plan", "str", _plan),
        Field("part", "int", integer(0), 0),
    ),
    (Value("rows", "str"), Value("run", "str"), Value("samples", "str")),
    work=_effort,
)
"""A task; `part` is 0 for the grid, 1 for the short cell. Rows, run and samples are JSON."""
register(IMAGES)


def tasks(spec: Spec) -> tuple[Cell, ...]:
    """Return the tasks of an experiment, in its order, those of the short cell last."""
    found = [_cell(spec, m_S, name, seed, _grid_plan(spec, m_S, name)) for m_S, name, seed in spec.tasks()]
    if spec.recheck:
        found += [recheck_task(spec, seed) for seed in range(spec.seeds)]
    return tuple(found)


def recheck_task(spec: Spec, seed: int) -> Cell:
    """Return the short cell of a seed, one of the experiment's or a further one."""
    m_S, m_G = recheck_cell(spec)
    settings = dict(spec.settings["edm"]) | {"steps": spec.recheck}
    training = asdict(spec.training) | {"steps": RECHECK_STEPS, "epochs": 0}
    plan = {"recheck": True, "amounts": [m_G], "epochs": [], "training": training, "settings": settings}
    return _cell(spec, m_S, "edm", seed, plan, part=1)


def _grid_plan(spec: Spec, m_S: int, name: str) -> dict[str, Any]:
    plan = {
        "standard": list(spec.standard),
        "classifiers": spec.classifiers,
        "training": asdict(spec.training),
    }
    if name == NONE:
        return plan  # so that gamma = 0 is the same task whatever it is compared with
    epochs = [epoch_amount(spec)] if spec.epoch_check[:2] == (m_S, name) else []
    return plan | {
        "amounts": list(spec.amounts(m_S)),
        "epochs": epochs,
        "settings": dict(spec.settings.get(name, {})),
    }


def _cell(spec: Spec, m_S: int, name: str, seed: int, plan: Mapping[str, Any], part: int = 0) -> Cell:
    fields = {"data": spec.data, "digest": spec.digest, "m_S": m_S, "generator": name, "seed": seed}
    return cell_of(IMAGES, fields | {"device": spec.device, "plan": canonical(plan), "part": part})


# The store's side


def claim_store(store: Store, spec: Spec) -> None:
    """Write the specification, the analysis within, to a store before anything is computed.

    It is written once more before another version of PyTorch computes some of it.

    Raises:
        StoreError: the store cannot be used.
        ValueError: it holds another experiment; the line says what differs.
    """
    kept = stored_spec(store)
    if kept is not None and kept != spec:
        there, asked = json.loads(kept.to_json()), json.loads(spec.to_json())
        name = min(name for name in asked if asked[name] != there[name])
        raise ValueError(
            f"{str(store.path)!r} holds another experiment: {name} is {shown(there[name])} there. "
            f"Found {shown(asked[name])}. Use another store."
        )
    torch, code = _torch_version(), code_of(IMAGES.compute)
    known = {about.get("torch") for about in store.runs().values() if SPEC in about}
    if kept is None or (torch not in known and not all(store.has(code, cell.content) for cell in tasks(spec))):
        store.begin(facts(what="experiment", torch=torch, **{SPEC: json.loads(spec.to_json())}))


def _torch_version() -> str:
    try:
        return version("torch")
    except PackageNotFoundError:
        return "none"


def stored_spec(store: Store) -> Spec | None:
    """Return the specification of the experiment in a store; None if it holds none.

    Raises:
        ValueError: it is damaged.
    """
    for about in store.runs().values():
        if SPEC in about:
            return spec_from_json(json.dumps(about[SPEC]))
    return None


@dataclass(frozen=True)
class Collected:
    """What a store holds of an experiment.

    Args:
        results: the tables.
        other: tasks whose results are of other code of this project; there is one such result for each.
        codes: the code that the results are of, by its hash (`numerics.sweep_code`), with the number of tasks.
        runs: the numbers of the store's runs that the results came in by, with the number of tasks.
        samples: JSON of samples by (m_S, generator, seed), see `deep.experiment.pictured`.
    """

    results: Results
    other: int
    codes: Mapping[str, int]
    runs: Mapping[int, int]
    samples: Mapping[tuple[int, str, int], str]


def collect(spec: Spec, store: Store) -> Collected:
    """Read an experiment's results from a store; those of this program's code come first.

    Raises:
        ValueError: a damaged row, or results of several other codes for one task.
    """
    wanted = {cell.content: cell for cell in tasks(spec)}
    code = code_of(IMAGES.compute)
    found: dict[str, list[Stored]] = defaultdict(list)
    for stored in store.rows():
        if stored.content in wanted:
            found[stored.content].append(stored)
    chosen = {}
    for content, several in found.items():
        ours = [stored for stored in several if stored.code == code] or several
        if len(ours) > 1:
            raise ValueError(f"{str(store.path)!r} has results of several codes, none of them this program's")
        chosen[content] = ours[0]
    rows: list[Row] = []
    runs: list[GeneratorRun] = []
    samples = {}
    for content, stored in chosen.items():
        fields = wanted[content].fields
        try:
            values = IMAGES.decode(stored.value)
            rows += read_rows(values)
            run = json.loads(values["run"])
            runs += [GeneratorRun(**run)] if run is not None else []
        except (TypeError, ValueError) as error:
            raise ValueError(f"a damaged row in {str(store.path)!r}: {' '.join(str(error).split())[:200]}") from None
        if values["samples"] != "null":
            samples[fields["m_S"], fields["generator"], fields["seed"]] = values["samples"]
    codes = Counter(stored.code for stored in chosen.values())
    by_run = Counter(stored.run for stored in chosen.values())
    results = Results(spec, tuple(rows), tuple(runs))
    return Collected(results, codes.total() - codes[code], dict(codes), dict(by_run), samples)


def read_rows(value: Mapping[str, str]) -> Iterator[Row]:
    """Return the rows that a task has returned."""
    return (Row(**record) for record in json.loads(value["rows"]))
