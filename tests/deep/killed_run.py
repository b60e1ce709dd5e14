"""A small run with everything that a checkpoint has to keep; as a program, it kills itself on the way."""

import os
import signal
import sys
from pathlib import Path

import torch
from torch import nn

from deep.device import derived_seed, seeded_construction
from deep.runtime import Runtime
from deep.steps import Batches, averaged_copy, cosine, set_rate, update_average
from deep.training import train

STEPS, SAVE_EVERY = 12, 4


class Everything:
    """Dropout, batch norm, two optimisers, an average, a tensor of its own, noise."""

    def __init__(self, seed=0, width=6):
        with seeded_construction(seed):
            model = nn.Sequential(nn.Linear(5, width), nn.BatchNorm1d(width), nn.Dropout(0.3), nn.Linear(width, 1))
            other = nn.Linear(5, 5, bias=False)
            self.x = torch.randn(20, 5)
        self.batches = Batches(20, 6, derived_seed(seed, "batches"))
        self.modules = {"model": model, "other": other, "average": averaged_copy(model)}
        self.optimisers = {
            "model": torch.optim.Adam(model.parameters(), lr=1e-2, betas=(0.0, 0.9)),
            "other": torch.optim.SGD(other.parameters(), lr=1e-2, momentum=0.9),
        }
        self.state = {"p": torch.zeros(())}

    def step(self, step, generator):
        x = self.x[self.batches.index(step)]
        set_rate(self.optimisers["model"], 1e-2 * cosine(step, STEPS))
        out = self.modules["model"](self.modules["other"](x) + 0.1 * torch.randn(x.shape, generator=generator))
        loss = (out - x.sum(dim=1, keepdim=True)).square().mean() + self.state["p"] * out.mean()
        for optimiser in self.optimisers.values():
            optimiser.zero_grad()
        loss.backward()
        for optimiser in self.optimisers.values():
            optimiser.step()
        update_average(self.modules["average"], self.modules["model"], 0.9)
        self.state["p"].add_(0.01 * torch.rand((), generator=generator))
        return {"loss": loss.detach(), "out": out.detach().mean()}


def run(folder, **options):
    """Train from wherever the folder is; return the task and what `train` returns."""
    task = Everything()
    usual = {"steps": STEPS, "seed": 3, "save_every": SAVE_EVERY, "config": {"width": 6}}
    options = usual | {"runtime": Runtime(torch.device("cpu"))} | options
    return task, train(task, folder=folder, **options)


def die():
    """End as by `kill -9`: nothing is flushed, no handler runs."""
    os.kill(os.getpid(), signal.SIGKILL)


def main(folder, where):
    """Run, and die between two checkpoints or while the second is written."""
    torch.set_num_threads(1)
    if where == "while writing":
        replace, written = Path.replace, []

        def dying(self, target):
            if "checkpoint" in self.name:
                written.append(self)
                if len(written) == 2:
                    die()
            return replace(self, target)

        Path.replace = dying
    run(folder, progress=lambda progress: die() if where == "between" and progress.done == 7 else None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
