"""One loop that trains every model: seeded, resumable to the bit, stopped by a loss that is not finite.

A model is trained by writing a `Task`: an object with ``modules``, ``optimisers`` and ``state`` (all that changes, see
`deep.checkpoint.Trainable`) and a method ``step(step, generator)`` that does one step and returns its losses::

    class MyTask:
        def __init__(self, images, settings, seed, runtime):
            self.batches = Batches(len(images), settings.batch, derived_seed(seed, "batches"))
            model = runtime.prepare(my_model(seed))              # device, and on CUDA channels-last, compiled
            self.modules = {"model": model, "average": averaged_copy(model)}
            self.optimisers = {"model": torch.optim.Adam(model.parameters(), betas=(0.9, 0.99))}
            self.state = {}                                      # ADA's p, say: changed in place only
        def step(self, step, generator):
            x = self.images.pixels(self.batches.index(step).to(self.runtime.device))
            set_rate(self.optimisers["model"], 1e-3 * cosine(step, self.settings.steps))
            with self.runtime.autocast():
                loss = ...                                       # noise: torch.randn(..., generator=generator)
            ...                                                  # zero_grad, backward, optimiser.step
            update_average(self.modules["average"], self.modules["model"], 0.998)
            return {"loss": loss.detach()}

    train(MyTask(...), steps=2000, seed=seed, runtime=runtime, config={...}, folder=Path("out/run"), save_every=500)

What makes a resumed run equal one that was never stopped: which examples a step sees, and the learning rate, are
functions of the step (`deep.steps`: `Batches`, `one_cycle`, `cosine`); noise comes from the generator, which the
checkpoint keeps; all else that changes is in ``modules``, ``optimisers`` and ``state``. Equal to the bit on a CPU,
for one version of PyTorch and one number of threads; on CUDA as far as its kernels are deterministic.
"""

from __future__ import annotations

import json
import math
import platform
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch

from deep.checkpoint import Trainable, module_tensors, read_checkpoint, restore, save_checkpoint, write_atomically
from deep.device import derived_seed, seeded_generator
from deep.runtime import Runtime
from numerics.sweep import Progress

CHECKPOINT, CONFIG = "checkpoint.safetensors", "config.json"
"""Files of a run in its folder."""
_CUDA_CHECK_EVERY = 50  # steps between two looks at the losses there; each look waits for the device


class FailedRunError(RuntimeError):
    """A run that came to nothing: a loss or a weight that is not finite. Told in one line with the step."""


class Task(Trainable, Protocol):
    """What the loop trains."""

    def step(self, step: int, generator: torch.Generator) -> Mapping[str, torch.Tensor]:
        """Do one step and return its losses, scalars by name, at least one.

        Args:
            step: 0, 1, ...
            generator: the only source of randomness, on the run's device.
        """


@dataclass(frozen=True)
class Trained:
    """A run that is done.

    Args:
        steps: steps of the run, those before it was resumed included.
        history: rows of a step and, by name, each loss's mean since the row before.
    """

    steps: int
    history: tuple[tuple[int, Mapping[str, float]], ...]


@dataclass
class _Losses:
    # Sums of the losses since the last row, and the first step with one that is not finite, all on the device.
    first_bad: torch.Tensor
    sums: dict[str, torch.Tensor] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, step: int, losses: Mapping[str, torch.Tensor]) -> None:
        values = {name: loss.detach().double() for name, loss in losses.items()}
        finite = torch.isfinite(torch.stack(list(values.values()))).all()
        self.first_bad = torch.where((self.first_bad < 0) & ~finite, step, self.first_bad)
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0) + value
            self.counts[name] = self.counts.get(name, 0) + 1

    def check(self) -> None:
        step = int(self.first_bad)
        if step >= 0:
            bad = sorted(name for name, total in self.sums.items() if not math.isfinite(float(total)))
            raise FailedRunError(f"the run stops: a loss is not finite at step {step}. Found {', '.join(bad)}.")

    def row(self) -> dict[str, float]:
        means = {name: float(total) / self.counts[name] for name, total in self.sums.items()}
        self.sums, self.counts = {}, {}
        return means


def train(
    task: Task,
    *,
    steps: int,
    seed: int,
    runtime: Runtime,
    config: Mapping[str, Any] | None = None,
    folder: Path | None = None,
    save_every: int = 500,
    progress: Callable[[Progress], None] | None = None,
) -> Trained:
    """Train a task, from its last checkpoint if its folder holds one.

    Args:
        task: what is trained; its tensors are on the runtime's device.
        steps: of the whole run.
        seed: of the noise.
        runtime: where.
        config: all that distinguishes the run (settings, the data's digest): JSON; saved in the folder.
        folder: of config and checkpoint; nothing is written if None.
        save_every: steps between checkpoints, and between rows of the history.
        progress: told after every step.

    Returns:
        The history; the task holds the result.

    Raises:
        FailedRunError: a loss, or a weight at a checkpoint, is not finite. The checkpoint before it stays.
        ValueError: steps out of range, a folder with another run or a damaged checkpoint, or one that cannot be
            written to.
    """
    if steps < 1 or save_every < 1:
        raise ValueError(f"steps and save_every must be at least 1. Found {steps}, {save_every}.")
    how = {"device": runtime.device.type, "mixed": runtime.mixed, "channels_last": runtime.channels_last}
    how["compiled"] = runtime.compiled
    run = {"config": config or {}, "seed": seed, "steps": steps, "save_every": save_every, "runtime": how}
    run = json.loads(json.dumps(run, allow_nan=False))
    generator = seeded_generator(derived_seed(seed, "training"), runtime.device)
    with _own_global_generators(seed, runtime.device):
        done, history = _resume(task, generator, folder, run) if folder else (0, [])
        began, started = time.monotonic(), done
        losses = _Losses(torch.tensor(-1, device=runtime.device))
        for step in range(done, steps):
            losses.add(step, task.step(step, generator))
            done = step + 1
            saves = done % save_every == 0 or done == steps
            if saves or runtime.device.type == "cpu" or done % _CUDA_CHECK_EVERY == 0:
                losses.check()
            if saves:
                history.append((done, losses.row()))
                _check_weights(task, step)
                if folder:
                    facts = {"step": done, "history": history, "run": run}
                    save_checkpoint(folder / CHECKPOINT, task, generator, facts)
            if progress:
                progress(_progress(steps, started, done, time.monotonic() - began))
    return Trained(steps, tuple((step, row) for step, row in history))


def _progress(steps: int, started: int, done: int, seconds: float) -> Progress:
    return Progress(steps, started, done - started, seconds, seconds / (done - started) * (steps - done))


@contextmanager
def _own_global_generators(seed: int, device: torch.device) -> Iterator[None]:
    # Dropout draws from PyTorch's global generators: they are the run's own inside, and put back after.
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        own = derived_seed(seed, "global generators")
        torch.random.set_rng_state(seeded_generator(own).get_state())
        if devices:
            torch.cuda.set_rng_state(seeded_generator(own, device).get_state(), device)
        yield


def _check_weights(task: Task, step: int) -> None:
    for name, tensor in module_tensors(task).items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise FailedRunError(f"the run stops: a weight is not finite after step {step}. Found it in {name!r}.")


def _resume(
    task: Task, generator: torch.Generator, folder: Path, run: dict[str, Any]
) -> tuple[int, list[tuple[int, dict[str, float]]]]:
    """Claim the folder for this run and load its checkpoint, if there is one: the steps done, and the history."""
    path, config = folder / CHECKPOINT, folder / CONFIG
    try:
        folder.mkdir(parents=True, exist_ok=True)
        kept = json.loads(config.read_bytes())["run"] if config.exists() else None
    except OSError as error:
        raise ValueError(f"cannot use the folder {str(folder)!r}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        kept = False
    if kept is not None and not isinstance(kept, dict):
        raise ValueError(f"cannot use {str(config)!r}: it is no run's config, or damaged")
    if kept is None and path.exists():
        raise ValueError(f"{str(folder)!r} holds a checkpoint without its {CONFIG}")
    if kept is None:
        facts = {"torch": torch.__version__, "threads": torch.get_num_threads(), "machine": platform.machine()}
        write_atomically(config, json.dumps({"run": run, "facts": facts}, indent=1, sort_keys=True).encode())
    _check_same_run(folder, run if kept is None else kept, run)
    if not path.exists():
        return 0, []
    tensors, saved = read_checkpoint(path)
    try:
        step, kept = int(saved["step"]), dict(saved["run"])
        history = [(int(done), dict(row)) for done, row in saved["history"]]
    except (KeyError, TypeError, ValueError):
        raise ValueError(f"cannot use {str(path)!r}: it is no run's checkpoint") from None
    _check_same_run(folder, kept, run)
    if not 0 < step <= run["steps"]:
        raise ValueError(f"{str(path)!r} must be of a step up to {run['steps']}. Found {step}.")
    restore(task, generator, tensors)
    return step, history


def _check_same_run(folder: Path, kept: Mapping[str, Any], run: Mapping[str, Any]) -> None:
    there, asked = _settings(kept), _settings(run)
    for name in sorted(there.keys() | asked.keys()):
        if there.get(name) != asked.get(name):
            raise ValueError(
                f"{str(folder)!r} holds another run: {name} is {there.get(name)!r} there. Found {asked.get(name)!r}."
            )


def _settings(value: Any, path: str = "") -> dict[str, Any]:
    """Name every setting by its path, so that a complaint names the one that differs and no more."""
    if not isinstance(value, dict) or not value:
        return {path: value}
    inner = (_settings(part, f"{path}.{name}" if path else name) for name, part in value.items())
    return {name: part for parts in inner for name, part in parts.items()}
