"""Seconds of a step of every network on the digits, and, on CUDA, of an epoch of ResNet-18 at CIFAR-10's shapes.

The baseline of each is a plain loop in float32 with the usual layout, as one would first write it. Without CUDA the
second is left out, and said to be. No GPU was at hand so far: its ratio, which should be 3 or more, has
not been measured.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import torch
from timing import in_turn
from torch import nn
from torch.nn import functional

from deep.augment import find_augmentation
from deep.cdcgan import CDCGANConfig, CDCGANTask
from deep.classifiers import resnet18, small_resnet
from deep.data import Images, digits
from deep.device import seeded_generator
from deep.edm import EDMConfig, EDMTask
from deep.fit import ClassifierTask, FitSettings
from deep.runtime import Runtime, runtime_for
from deep.stylegan2_ada import StyleGanConfig, StyleGanTask
from deep.training import Task

CPU = torch.device("cpu")
STEPS = 32
EPOCH, BATCH = 50_000, 512
"""Images of CIFAR-10's training set; batch of the published setting."""


def plain_steps(
    model: nn.Module, x: torch.Tensor, label: torch.Tensor, batch: int, augmentation: str
) -> Callable[[int], None]:
    """Return what does some steps of SGD in the plainest way."""
    device = x.device
    model = model.to(device).train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    augment, generator = find_augmentation(augmentation), seeded_generator(0, device)

    def run(steps: int) -> None:
        for _ in range(steps):
            index = torch.randint(len(x), (batch,), generator=generator, device=device)
            loss = functional.cross_entropy(model(augment(x[index], generator)), label[index])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()

    return run


def task_steps(task: Task, device: torch.device) -> Callable[[int], None]:
    """Return what does some steps of a task."""
    generator, done = seeded_generator(0, device), 0

    def run(steps: int) -> None:
        nonlocal done
        for step in range(done, done + steps):
            task.step(step, generator)
        done += steps

    return run


def digit_steps(rounds: int) -> dict[str, float]:
    """Milliseconds of one core for a step on 1000 digits, batch 64: the classifier's baseline, ours, each generator."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        pool, runtime = digits().pool, runtime_for(CPU)
        settings = FitSettings(10_000, 64, 0.1, augmentation="digits")
        runs: Mapping[str, Callable[[int], None]] = {
            "plain": plain_steps(small_resnet(1, 10, 0, 16), pool.pixels(), pool.label, 64, "digits"),
            "classifier": task_steps(ClassifierTask(small_resnet(1, 10, 0, 16), pool, settings, 0, runtime), CPU),
            "cdcgan": task_steps(CDCGANTask(pool, CDCGANConfig(), 0, runtime), CPU),
            "edm": task_steps(EDMTask(pool, EDMConfig(), 0, runtime), CPU),
            "stylegan2-ada": task_steps(StyleGanTask(pool, StyleGanConfig(), 0, Runtime(CPU)), CPU),
        }
        seconds = in_turn({name: lambda run=run: run(STEPS) for name, run in runs.items()}, rounds + 1)
    finally:
        torch.set_num_threads(before)
    found = {f"{name}_ms": 1000 * value / STEPS for name, value in seconds.items()}
    return found | {"ratio": seconds["plain"] / seconds["classifier"]}


def resnet_epoch(device: torch.device, images: int = EPOCH, batch: int = BATCH, rounds: int = 3) -> dict[str, float]:
    """Seconds of an epoch of ResNet-18 on random images of 32 x 32, by the plain loop and by ours.

    Args:
        device: where.
        images: of the epoch.
        batch: examples of a step.
        rounds: epochs that are timed, of which the fastest counts; one comes before them.
    """
    generator = seeded_generator(0)
    x = torch.randint(256, (images, 3, 32, 32), generator=generator, dtype=torch.uint8)
    data = Images(x, torch.arange(images) % 10, 10)
    there, steps = data.to(device), images // batch
    settings = FitSettings(10_000, batch, 0.2, augmentation="cifar")
    ours = ClassifierTask(resnet18(3, 10, 0), data, settings, 0, runtime_for(device))
    runs = {
        "plain": plain_steps(resnet18(3, 10, 0), there.pixels(), there.label, batch, "cifar"),
        "ours": task_steps(ours, device),
    }
    seconds = dict.fromkeys(runs, float("inf"))
    for number in range(rounds + 1):
        for name, run in runs.items():
            _wait(device)
            started = time.perf_counter()
            run(steps)
            _wait(device)
            if number:
                seconds[name] = min(seconds[name], time.perf_counter() - started)
    return {f"{name}_s": value for name, value in seconds.items()} | {"ratio": seconds["plain"] / seconds["ours"]}


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def images(rounds: int) -> dict[str, dict[str, float]]:
    """Measure both; the second only on CUDA."""
    found = {"digit_steps": digit_steps(rounds)}
    if torch.cuda.is_available():
        found["resnet_epoch"] = resnet_epoch(torch.device("cuda"), rounds=rounds)
    else:
        print("resnet_epoch     left out: no CUDA device")
    return found
