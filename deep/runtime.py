"""How modules run on their device: layout, precision and compilation."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Runtime:
    """Where and how modules run.

    Args:
        device: where.
        mixed: whether products are in bfloat16 under `autocast`; weights and losses stay float32.
        channels_last: whether images and kernels are laid out with channels last.
        compiled: whether modules are compiled.
    """

    device: torch.device
    mixed: bool = False
    channels_last: bool = False
    compiled: bool = False

    def prepare(self, module: nn.Module) -> nn.Module:
        """Move a module to the device, in its layout, compiled if asked for; in place."""
        module.to(self.device)
        if self.channels_last:
            module.to(memory_format=torch.channels_last)
        if self.compiled:
            module.compile()
        return module

    def layout(self, x: torch.Tensor) -> torch.Tensor:
        """Lay images out as the modules' kernels are."""
        return x.contiguous(memory_format=torch.channels_last) if self.channels_last else x

    def autocast(self) -> AbstractContextManager[Any]:
        """Return the context in which a step computes its losses."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16) if self.mixed else nullcontext()


def runtime_for(device: torch.device) -> Runtime:
    """Choose channels-last, which is faster on a CPU, too; on CUDA mixed precision and compilation as well."""
    on = device.type == "cuda"
    return Runtime(device, mixed=on, channels_last=True, compiled=on)
