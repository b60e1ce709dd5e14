"""Networks F of a denoiser, which the paper on EDM leaves free: a residual MLP, a U-Net. Both give 0 at the start.

Each maps images, shape (n, channels, height, width), noise levels ``c_noise`` and labels, shape (n,), to images. There
is no attention.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional


class Conditioning(nn.Module):
    """A noise level and a class as one vector: sines and cosines of c_noise, a vector of the class, two layers."""

    def __init__(self, classes: int, width: int) -> None:
        """Make the layers."""
        super().__init__()
        self.label = nn.Embedding(classes, width)
        self.first, self.second = nn.Linear(width, width), nn.Linear(width, width)
        half = width // 2
        self.register_buffer("frequency", 10_000 ** (-torch.arange(half) / half), persistent=False)

    def forward(self, noise: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Map noise levels and labels, shape (n,), to vectors, shape (n, width)."""
        angle = noise[:, None] * self.frequency
        waves = functional.pad(torch.cat([angle.cos(), angle.sin()], dim=1), (0, self.label.embedding_dim % 2))
        return functional.silu(self.second(functional.silu(self.first(waves + self.label(label)))))


def _zero(layer: nn.Module) -> nn.Module:
    # F = 0 at the start: then D = c_skip x, the best linear denoiser of data with sigma_data.
    for weight in layer.parameters():
        nn.init.zeros_(weight)
    return layer


class MLPBlock(nn.Module):
    """``h + W_2 silu(W_1 norm(h) scale(c) + shift(c))``."""

    def __init__(self, width: int) -> None:
        """Make the layers."""
        super().__init__()
        self.norm, self.first = nn.LayerNorm(width), nn.Linear(width, width)
        self.modulate, self.second = nn.Linear(width, 2 * width), _zero(nn.Linear(width, width))

    def forward(self, h: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        """Apply the block to vectors h under the condition c, both of shape (n, width)."""
        scale, shift = self.modulate(c).chunk(2, dim=1)
        return h + self.second(functional.silu(self.first(self.norm(h)) * (1 + scale) + shift))


class MLP(nn.Module):
    """A residual MLP on the pixels, for images as small as 8 x 8."""

    def __init__(self, shape: tuple[int, int, int], classes: int, width: int, depth: int) -> None:
        """Make the layers."""
        super().__init__()
        pixels = math.prod(shape)
        self.condition = Conditioning(classes, width)
        self.first = nn.Linear(pixels, width)
        self.blocks = nn.ModuleList([MLPBlock(width) for _ in range(depth)])
        self.norm, self.last = nn.LayerNorm(width), _zero(nn.Linear(width, pixels))

    def forward(self, x: torch.Tensor, noise: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Map images, noise levels and labels to images."""
        c, h = self.condition(noise, label), self.first(x.flatten(1))
        for block in self.blocks:
            h = block(h, c)
        return self.last(functional.silu(self.norm(h))).reshape(x.shape)


def _normed(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(channels, max(1, channels // 4)), channels)  # groups of four where it divides


class UNetBlock(nn.Module):
    """``(shortcut(h) + W_2 silu(norm(W_1 silu(norm(h))) (1 + scale(c)) + shift(c)))/sqrt(2)``, W convolutions."""

    def __init__(self, inputs: int, outputs: int, condition: int) -> None:
        """Make the layers; the shortcut is a convolution of 1 x 1 where the number of channels changes."""
        super().__init__()
        self.norm1, self.conv1 = _normed(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = _normed(outputs), _zero(nn.Conv2d(outputs, outputs, 3, padding=1))
        self.modulate = nn.Linear(condition, 2 * outputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, h: torch.Tensor, c: torch.Tensor) -> torch.Tensor:
        """Apply the block to images h under the condition c, shape (n, condition)."""
        scale, shift = self.modulate(c)[:, :, None, None].chunk(2, dim=1)
        inner = self.norm2(self.conv1(functional.silu(self.norm1(h)))) * (1 + scale) + shift
        return (self.shortcut(h) + self.conv2(functional.silu(inner))) / math.sqrt(2)


class UNet(nn.Module):
    """A small U-Net: w, 2w, ... channels on levels of half the size each, one block a level down, one up."""

    def __init__(self, shape: tuple[int, int, int], classes: int, width: int, depth: int) -> None:
        """Make the layers.

        Raises:
            ValueError: the image cannot be halved so often.
        """
        super().__init__()
        channels, height, side = shape
        if height % 2 ** (depth - 1) or side % 2 ** (depth - 1):
            raise ValueError(f"{depth} levels need sides that are multiples of {2 ** (depth - 1)}. Found {shape}.")
        widths, condition = [width * 2**level for level in range(depth)], 4 * width
        self.condition = Conditioning(classes, condition)
        self.first = nn.Conv2d(channels, width, 3, padding=1)
        before = [width, *widths[:-1]]
        self.down = nn.ModuleList([UNetBlock(a, b, condition) for a, b in zip(before, widths, strict=True)])
        self.middle = UNetBlock(widths[-1], widths[-1], condition)
        after = [*widths[1:], widths[-1]]
        self.up = nn.ModuleList([UNetBlock(a + b, b, condition) for a, b in zip(after, widths, strict=True)])
        self.norm, self.last = _normed(width), _zero(nn.Conv2d(width, channels, 3, padding=1))

    def forward(self, x: torch.Tensor, noise: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Map images, noise levels and labels to images."""
        c, h, kept = self.condition(noise, label), self.first(x), []
        for level, block in enumerate(self.down):
            h = block(functional.avg_pool2d(h, 2) if level else h, c)
            kept.append(h)
        h = self.middle(h, c)
        for level, block in reversed(list(enumerate(self.up))):
            h = block(torch.cat([h, kept[level]], dim=1), c)
            h = functional.interpolate(h, scale_factor=2) if level else h
        return self.last(functional.silu(self.norm(h)))
