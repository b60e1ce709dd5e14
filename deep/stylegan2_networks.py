"""The two networks of StyleGAN2, slim and conditional on a class.

Source: Karras et al., Analyzing and Improving the Image Quality of StyleGAN (CVPR 2020), "SG2" below; conditioning as
in Karras et al., Training Generative Adversarial Networks with Limited Data (NeurIPS 2020), "ADA".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from deep.stylegan2_layers import (
    EqualConv,
    EqualLinear,
    Residual,
    StyledConvolution,
    ToPixels,
    activate,
    doubling_matrix,
    minibatch_deviation,
    normalise,
    resample,
)

BOTTOM = 4
"""Side of the smallest image in both networks."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of both networks.

    Args:
        shape: channels, height, width of the images.
        classes: number of classes.
        width: features at every resolution.
        latent: size of z.
        style: size of w.
        layers: of the mapping networks.
        multiplier: of the mapping networks' learning rate.
        group: examples that `deep.stylegan2_layers.minibatch_deviation` compares.

    Raises:
        ValueError: a size below 1, or an image that is not square or whose side is not 4, 8, 16, ...
    """

    shape: tuple[int, int, int]
    classes: int = 10
    width: int = 32
    latent: int = 32
    style: int = 64
    layers: int = 2
    multiplier: float = 0.1
    group: int = 4

    def __post_init__(self) -> None:
        for name in ("classes", "width", "latent", "style", "layers", "group"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1. Found {getattr(self, name)}.")
        _, height, width = self.shape
        if height != width or height != BOTTOM << self.stages:
            raise ValueError(f"images must be square, with a side of 4, 8, 16, ... pixels. Found {height} x {width}.")

    @property
    def stages(self) -> int:
        """How often an image's side is twice 4."""
        return max(0, (self.shape[1] // BOTTOM).bit_length() - 1)

    @property
    def noise(self) -> tuple[int, ...]:
        """Pixels of the noise in each of the generator's styled convolutions."""
        return (BOTTOM**2, *((BOTTOM << stage) ** 2 for stage in range(1, self.stages + 1) for _ in range(2)))


class Mapping(nn.Module):
    """The mapping network f: latents and classes to styles ``w`` (SG2, section 2; classes as in ADA).

    Args:
        latent: size of z; 0 for a discriminator's mapping of classes alone.
        classes, style: number of classes, size of w.
        layers, multiplier: how many, and their learning rate's factor.
    """

    def __init__(self, latent: int, classes: int, style: int, layers: int, multiplier: float) -> None:
        """Make the layers, with weights from PyTorch's global generator."""
        super().__init__()
        self.classes = classes
        self.embedding = EqualLinear(classes, style)
        sizes = [latent + style] + [style] * (layers - 1)
        self.layers = nn.ModuleList(EqualLinear(size, style, multiplier=multiplier) for size in sizes)

    def forward(self, z: torch.Tensor | None, label: torch.Tensor) -> torch.Tensor:
        """Map z, shape (n, latent), and classes, shape (n,), to styles, shape (n, style)."""
        one_hot = functional.one_hot(label, self.classes).to(self.embedding.weight.dtype)
        x = normalise(self.embedding(one_hot))
        if z is not None:
            x = torch.cat([normalise(z), x], dim=1)
        for layer in self.layers:
            x = activate(layer(x))
        return x


class Generator(nn.Module):
    """Mapping network and synthesis network with skip connections (SG2, figure 7 (b))."""

    def __init__(self, sizes: Sizes) -> None:
        """Make the layers, with weights from PyTorch's global generator."""
        super().__init__()
        self.sizes = sizes
        width, style, channels = sizes.width, sizes.style, sizes.shape[0]
        self.mapping = Mapping(sizes.latent, sizes.classes, style, sizes.layers, sizes.multiplier)
        self.constant = nn.Parameter(torch.randn(width, BOTTOM, BOTTOM))
        blocks, pixels = [StyledConvolution(width, width, style)], [ToPixels(width, channels, style)]
        for stage in range(sizes.stages):
            side = BOTTOM << stage
            blocks += [StyledConvolution(width, width, style, side), StyledConvolution(width, width, style)]
            pixels.append(ToPixels(width, channels, style))
            self.register_buffer(f"filter{stage}", doubling_matrix(side), persistent=False)
        self.blocks, self.pixels = nn.ModuleList(blocks), nn.ModuleList(pixels)

    @property
    def inputs(self) -> int:
        """Size of one image's latents: z and the noise of every layer, all standard normal."""
        return self.sizes.latent + sum(self.sizes.noise)

    def styles(self, latents: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Map latents, shape (n, inputs), and classes, shape (n,), to styles w, shape (n, style)."""
        return self.mapping(latents[:, : self.sizes.latent], label)

    def synthesise(self, w: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
        """Map styles and the latents' noise to images, around [-1, 1] but not cut to it."""
        noise = latents[:, self.sizes.latent :].split(self.sizes.noise, dim=1)
        x = self.blocks[0](self.constant.expand(len(w), -1, -1, -1), w, noise[0])
        image = self.pixels[0](x, w)
        for stage in range(self.sizes.stages):
            for layer in (2 * stage + 1, 2 * stage + 2):
                x = self.blocks[layer](x, w, noise[layer])
            image = resample(image, getattr(self, f"filter{stage}")) + self.pixels[stage + 1](x, w)
        return image

    def forward(self, latents: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Map latents, shape (n, inputs), and classes, shape (n,), to images."""
        return self.synthesise(self.styles(latents, label), latents)


class Discriminator(nn.Module):
    """Residual discriminator (SG2, figure 7 (c)); its logit is its features' projection on the class's style (ADA).

    The style is normalised, which bounds the logit's weight on the class; the source's code takes it as it is.
    """

    def __init__(self, sizes: Sizes) -> None:
        """Make the layers, with weights from PyTorch's global generator."""
        super().__init__()
        self.group = sizes.group
        self.mapping = Mapping(0, sizes.classes, sizes.style, sizes.layers, sizes.multiplier)
        self.pixels = EqualConv(sizes.shape[0], sizes.width, 1)
        self.blocks = nn.Sequential(*(Residual(sizes.width, BOTTOM << k) for k in range(sizes.stages, 0, -1)))
        self.last = EqualConv(sizes.width + 1, sizes.width, 3)
        self.dense = EqualLinear(sizes.width * BOTTOM**2, sizes.width)
        self.head = EqualLinear(sizes.width, sizes.style)

    def forward(self, x: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Map images and their classes to logits, shape (n,); above 0 means real."""
        features = self.last(minibatch_deviation(self.blocks(self.pixels(x)), self.group))
        direction = normalise(self.mapping(None, label))
        inner = (self.head(activate(self.dense(features.flatten(1)))) * direction).sum(dim=1)
        return inner / math.sqrt(direction.shape[1])
