"""One task of an experiment on images: one generator, trained once, and the classifiers of all its cells.

A task is ``(data, m_S, generator, seed)``. The task without a generator trains the classifiers of gamma = 0, which all
generators share. All tasks of one ``(m_S, seed)`` see the same real examples; cells of one number share initial weights
and the seed of their batches. What a task returns depends on its fields alone; it runs on one thread on a CPU.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from deep.classifiers import resnet18, small_resnet
from deep.data import Images, Parts, cifar10, digits, join
from deep.device import derived_seed, select_device
from deep.fit import FitSettings, evaluate, fit
from deep.gate import make_gate
from deep.measure import JUDGE_SETTINGS, Judge, train_judge
from deep.results import EPOCHS, RECHECK, STEPS, GeneratorRun, Row
from deep.runtime import Runtime, runtime_for
from deep.spec import GENERATORS, NONE, Training
from deep.subsets import stratified_subset
from deep.suppliers import Draw, from_file, trained
from deep.training import FailedRunError
from deep.where import Where, here

SHOWN_OF_EACH_CLASS = 10
"""Samples of each class that are kept, for a picture."""
DIGITS = 6
"""Decimals of what is measured."""
_JUDGE_SEED = 0
_ONE_TASK = threading.Lock()  # PyTorch's global generator and its number of threads are the process's
_CIFAR_JUDGE = FitSettings(steps=6000, batch=128, augmentation="cifar")


# Data


@lru_cache(maxsize=2)
def load(data: str, folder: str) -> Parts:
    """Load the data of an experiment; the folder is that of CIFAR-10.

    Raises:
        ValueError: unknown data, or files that cannot be read.
    """
    if data == "digits":
        return digits()
    if not folder:
        raise ValueError(f"{data} needs the folder of its files")
    return cifar10(Path(folder))


@lru_cache(maxsize=2)
def digest_of(data: str, folder: str) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of all parts; errors as of `load`."""
    parts = load(data, folder)
    whole = "".join(part.digest() for part in (parts.pool, parts.judge, parts.test))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


@lru_cache(maxsize=2)
def _judge(data: str, folder: str, device: str) -> Judge:
    # The same for all tasks: a function of the data.
    parts, runtime = load(data, folder), runtime_for(select_device(device))
    if data == "digits":
        return train_judge(parts.judge, _JUDGE_SEED, runtime, JUDGE_SETTINGS)
    model = resnet18(parts.judge.shape[0], parts.judge.classes, derived_seed(_JUDGE_SEED, "judge"))
    return train_judge(parts.judge, _JUDGE_SEED, runtime, _CIFAR_JUDGE, model)


# A task


@dataclass(frozen=True)
class _Task:
    # What a cell's fields say, with what is here.
    fields: Mapping[str, Any]
    plan: Mapping[str, Any]
    parts: Parts
    real: Images
    where: Where
    runtime: Runtime

    @property
    def seed(self) -> int:
        return int(self.fields["seed"])

    @property
    def name(self) -> str:
        return str(self.fields["generator"])

    @property
    def training(self) -> Training:
        return Training(**self.plan["training"])

    def rng(self, purpose: str) -> np.random.Generator:
        return np.random.default_rng(derived_seed(self.seed, purpose))


def compute(fields: Mapping[str, Any]) -> dict[str, str]:
    """Compute a task.

    Args:
        fields: data, digest, m_S, generator, seed, device, and plan: JSON of all that the cells are made with.

    Returns:
        JSON of the rows, of the generator's run and of samples, by name.

    Raises:
        ValueError: other data than the task was made for, or a size, setting or file that cannot be used.
    """
    with _ONE_TASK, one_thread():
        where = here()
        parts = load(fields["data"], where.data)
        found = digest_of(fields["data"], where.data)
        if found != fields["digest"]:
            raise ValueError(f"these are other data: their digest must be {fields['digest']}. Found {found}.")
        rng = np.random.default_rng(derived_seed(fields["seed"], "real examples"))
        real = stratified_subset(parts.pool, fields["m_S"], rng)
        runtime = runtime_for(select_device(fields["device"]))
        task = _Task(fields, json.loads(fields["plan"]), parts, real, where, runtime)
        if task.plan.get("recheck"):
            return _written(recheck_rows(task), None, None)
        return _compute(task)


@contextmanager
def one_thread() -> Iterator[None]:
    """Run on one thread: sums do not depend on the machine's cores, and workers do not fight for them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _compute(task: _Task) -> dict[str, str]:
    if task.name == NONE:
        return _written(_rows(task, 0, None, STEPS), None, None)
    judge = _judge(task.fields["data"], task.where.data, task.fields["device"])
    gate = make_gate(task.parts, task.real, judge, task.rng("gate"))
    amounts = task.plan["amounts"]
    try:
        images = _supplier(task)(max(*amounts, *task.plan["epochs"], gate.size))
        quality = gate.measure(images.select(torch.arange(gate.size)), task.rng("measure"))
    except (FailedRunError, torch.linalg.LinAlgError) as error:
        reason = " ".join(str(error).split()) or "a figure of the gate cannot be computed"
        return _written([], _run(task, reason, [math.nan] * 5), None)
    failures = gate.failures(quality)
    run = _run(task, " ".join(failures), list(asdict(quality).values()))
    rows: list[Row] = []
    if not failures:
        for protocol, sizes in ((STEPS, amounts), (EPOCHS, task.plan["epochs"])):
            for m_G in sizes:
                rows += _rows(task, m_G, images, protocol)
    return _written(rows, run, images)


def _supplier(task: _Task) -> Draw:
    if task.name not in GENERATORS:
        return from_file(task.name, task.parts.test, task.seed, task.where)
    short = ["short"] if task.plan.get("recheck") else []
    folder = task.where.checkpoint(task.fields["data"], task.fields["m_S"], task.name, task.seed, *short)
    return trained(task.name, task.real, task.plan["settings"], task.seed, task.runtime.device, folder)


def _run(task: _Task, reason: str, quality: list[float]) -> GeneratorRun:
    figures = [round(value, DIGITS) for value in quality]
    return GeneratorRun(task.fields["m_S"], task.name, task.seed, not reason, reason, *figures)


def _rows(task: _Task, m_G: int, images: Images | None, protocol: str) -> list[Row]:
    train = join(task.real, images.select(torch.arange(m_G))) if images and m_G else task.real
    return [
        _row(task, train, standard, protocol, number)
        for standard in task.plan["standard"]
        for number in range(task.plan["classifiers"])
    ]


def _row(task: _Task, train: Images, standard: str, protocol: str, number: int) -> Row:
    m_S, training = task.fields["m_S"], task.training
    m_G = len(train) - m_S
    steps = training.steps_at(m_S, m_G, growing=protocol == EPOCHS)
    augmentation = training.augmentation if standard == "on" else "none"
    settings = FitSettings(steps, min(training.batch, m_S), training.rate, augmentation=augmentation)
    seed = derived_seed(task.seed, f"classifier {number}")
    cell = (m_S, NONE if m_G == 0 else task.name, task.seed, m_G, standard, protocol, number)
    found = _trained_figures(task, train, settings, seed, task.where.checkpoint(task.fields["data"], *cell))
    return Row(*cell, steps, *(round(value, DIGITS) for value in found))


def _trained_figures(task: _Task, train: Images, settings: FitSettings, seed: int, folder: Path | None) -> list[float]:
    model = _classifier(task.training, task.real, seed)
    try:
        fit(model, train, settings, seed, task.runtime, folder=folder)
    except FailedRunError:
        return [math.nan] * 4
    test, own = evaluate(model, task.parts.test, task.runtime), evaluate(model, train, task.runtime)
    return [test.error, test.nll, own.error, own.nll]


def _classifier(training: Training, like: Images, seed: int) -> nn.Module:
    channels = like.shape[0]
    weights = derived_seed(seed, "weights")
    if training.model == "resnet18":
        return resnet18(channels, like.classes, weights)
    return small_resnet(channels, like.classes, weights, training.width)


def recheck_rows(task: _Task) -> list[Row]:
    """Compute the short cell and its partner: EDM of few steps, one classifier each, no gate; nan where it fails."""
    plan = dict(task.plan) | {"standard": ["off"], "classifiers": 1}
    short = _Task(task.fields, plan, task.parts, task.real, task.where, task.runtime)
    (m_G,) = task.plan["amounts"]
    (without,) = _rows(short, 0, None, RECHECK)
    try:
        return [without, *_rows(short, m_G, _supplier(short)(m_G), RECHECK)]
    except FailedRunError:
        nan = math.nan
        lost = replace(without, test_error=nan, test_nll=nan, train_error=nan, train_nll=nan)
        return [without, replace(lost, generator=task.name, m_G=m_G)]


# What a task returns, as text, since a store's values are


def _written(rows: list[Row], run: GeneratorRun | None, images: Images | None) -> dict[str, str]:
    return {
        "rows": json.dumps([asdict(row) for row in rows]),
        "run": json.dumps(asdict(run) if run else None),
        "samples": json.dumps(_samples(images) if images is not None else None),
    }


def _samples(images: Images) -> dict[str, Any]:
    # The first of each class, in 256 levels: for a picture only.
    members = [torch.nonzero(images.label == k)[:SHOWN_OF_EACH_CLASS, 0] for k in range(images.classes)]
    index = torch.cat(members).sort().values
    levels = ((images.pixels(index) + 1) * 127.5).round().to(torch.uint8)
    pixels = base64.b64encode(levels.cpu().contiguous().numpy().tobytes()).decode()
    return {"shape": list(levels.shape), "label": images.label[index].tolist(), "pixels": pixels}


def pictured(text: str) -> Images | None:
    """Read samples back that a task has returned; None if it has none."""
    found = json.loads(text)
    if found is None:
        return None
    levels = np.frombuffer(base64.b64decode(found["pixels"]), dtype=np.uint8).reshape(found["shape"]).copy()
    label = torch.tensor(found["label"])
    return Images(torch.from_numpy(levels), label, int(label.max()) + 1)
