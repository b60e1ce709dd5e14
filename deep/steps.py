"""Parts of a training step: which examples it sees, its learning rate, averaged weights."""

from __future__ import annotations

import copy
import math

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class Batches:
    """Which examples a step sees: one permutation of all of them after the other, cut into batches.

    A function of the seed and the step, so that there is nothing to save. Batches larger than the data are cut to it.
    """

    def __init__(self, count: int, size: int, seed: int) -> None:
        """Prepare batches.

        Args:
            count: number of examples.
            size: of a batch.
            seed: of the permutations.

        Raises:
            ValueError: no example, or a size below 1.
        """
        if count < 1 or size < 1:
            raise ValueError(f"examples and batches must be at least 1. Found {count}, {size}.")
        self.count, self.size, self.seed = count, min(size, count), seed
        self._kept: tuple[int, np.ndarray] = (-1, np.empty(0, dtype=np.int64))

    def index(self, step: int) -> torch.Tensor:
        """Return the index of a step's examples, int64, on the CPU."""
        first = step * self.size
        parts, left = [], self.size
        while left:
            epoch, start = divmod(first, self.count)
            part = self._permutation(epoch)[start : start + left]
            parts.append(part)
            first, left = first + len(part), left - len(part)
        return torch.from_numpy(np.concatenate(parts))

    def _permutation(self, epoch: int) -> np.ndarray:
        if self._kept[0] != epoch:
            self._kept = (epoch, np.random.default_rng([self.seed, epoch]).permutation(self.count))
        return self._kept[1]


# Learning rates and averages


def one_cycle(step: int, steps: int, warm_up: float = 0.3) -> float:
    """Return a step's share of the peak rate: by cosines from 1/25 up to 1 and down to 0."""
    top = warm_up * steps
    if step < top:
        return 1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step / top)) / 2
    return (1 + math.cos(math.pi * (step - top) / (steps - top))) / 2


def cosine(step: int, steps: int) -> float:
    """Return a step's share of the initial rate: by a cosine from 1 down to 0."""
    return (1 + math.cos(math.pi * step / steps)) / 2


def inverse(step: int) -> float:
    """Return a step's share of the initial rate, ``1/t`` for t = 1, 2, ...: what stability of SGD asks for."""
    return 1 / (step + 1)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of all groups."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def averaged_copy(module: nn.Module) -> nn.Module:
    """Return a copy that takes no gradients, for `update_average`."""
    return copy.deepcopy(module).requires_grad_(False).eval()


@torch.no_grad()
def update_average(average: nn.Module, module: nn.Module, decay: float) -> None:
    """Move averaged weights towards a module's: ``decay`` of the old, the rest of the new; buffers are copied."""
    get_ema_multi_avg_fn(decay)(list(average.parameters()), list(module.parameters()), None)
    for kept, new in zip(average.buffers(), module.buffers(), strict=True):
        kept.copy_(new)
