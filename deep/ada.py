"""Adaptive discriminator augmentation: what the discriminator sees is augmented with a probability that follows it.

The heuristic of overfitting is ``r_t = E[sign(D_train)]``, equation 1 of the source: 0 for a discriminator that cannot
tell real images from generated ones, 1 for one that is sure of every real image. The probability p rises while r_t is
above its target and falls while it is below.

No augmentation leaks into generated images as long as the distribution of augmented images determines that of images.
Here each parameter (shift, angle, logarithm of a scale, brightness, logarithm of a contrast) is, with probability p, a
draw whose characteristic function is real and nowhere negative: triangular or normal. With probability 1 - p nothing
happens, so the characteristic function is at least 1 - p > 0 everywhere, and convolution with it can be undone for
every p < 1. That is exact for these parameters on a group; interpolation and what leaves the image are on top of it.

Source: Karras et al., Training Generative Adversarial Networks with Limited Data (NeurIPS 2020), sections 2 and 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from deep.augment import BACKGROUND


@dataclass(frozen=True)
class AdaSettings:
    """How p follows the discriminator, and how large augmentations are; the defaults are for the 8 x 8 digits.

    Args:
        target: of ``r_t``.
        every: steps between two changes of p.
        images: real images seen while p goes from 0 to 1; the source has 500 000 in runs of 25 million.
        limit: of p; the source finds that leaks are unlikely below 0.8.
        pixels: a shift is triangular on whole pixels up to this.
        degrees: an angle is triangular up to this, in either direction.
        octaves: standard deviation of a scale's logarithm to base 2.
        brightness: standard deviation of what is added, in units of [-1, 1].
        contrast: standard deviation of a contrast's logarithm to base 2.
    """

    target: float = 0.6
    every: int = 4
    images: int = 50_000
    limit: float = 0.8
    pixels: int = 1
    degrees: float = 20.0
    octaves: float = 0.2
    brightness: float = 0.2
    contrast: float = 0.5

    def __post_init__(self) -> None:
        if not (-1 <= self.target <= 1 and 0 <= self.limit <= 1):
            raise ValueError(f"target must be in [-1, 1], limit in [0, 1]. Found {self.target}, {self.limit}.")
        if self.every < 1 or self.images < 1:
            raise ValueError(f"every and images must be at least 1. Found {self.every}, {self.images}.")
        for name in ("pixels", "degrees", "octaves", "brightness", "contrast"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be at least 0 and finite. Found {getattr(self, name)}.")


# The controller


class Controller:
    """The probability p, driven by logits of real images.

    Args:
        settings: see there.
        device: of the tensors.

    Attributes:
        state: p, and signs' sum and number since p was changed; float64 tensors that change in place, for checkpoints.
    """

    def __init__(self, settings: AdaSettings, device: torch.device) -> None:
        """Start with p = 0."""
        self.settings = settings
        names = ("ada p", "ada signs", "ada count")
        self.state = {name: torch.zeros((), dtype=torch.float64, device=device) for name in names}

    @property
    def p(self) -> float:
        """The probability of each augmentation."""
        return float(self.state["ada p"])

    @torch.no_grad()
    def observe(self, logits: torch.Tensor) -> None:
        """Take a batch of the discriminator's logits of real training images, shape (n,), as it saw them."""
        self.state["ada signs"] += logits.sign().sum()
        self.state["ada count"] += len(logits)

    @torch.no_grad()
    def adjust(self) -> torch.Tensor:
        """Move p one step, ``p += sign(r_t - target) (logits seen)/images``, kept in [0, limit]; forget the logits.

        Returns:
            ``r_t``, the mean sign of the logits since the last step of p; 0 if there were none.
        """
        signs, count = self.state["ada signs"], self.state["ada count"]
        r_t = signs / count.clamp(min=1)
        change = (r_t - self.settings.target).sign() * count / self.settings.images
        self.state["ada p"].add_(change).clamp_(0.0, self.settings.limit)
        signs.zero_()
        count.zero_()
        return r_t


# The augmentations


def augment(x: torch.Tensor, p: float, settings: AdaSettings, generator: torch.Generator) -> torch.Tensor:
    """Augment each image: shift, rotation, scale, brightness and contrast, each with probability p on its own.

    Twice differentiable in x, so that R1 works through it. Nothing is cut to [-1, 1]: that would leak.

    Args:
        x: in [-1, 1], shape (n, channels, height, width); what comes in from outside is background.
        p: in [0, 1]; at 0 the images are returned as they are and nothing is drawn.
        settings: sizes.
        generator: of x's device.
    """
    if p <= 0:
        return x
    count, device = len(x), x.device

    def chosen(value: torch.Tensor) -> torch.Tensor:
        take = torch.rand(count, generator=generator, device=device) < p
        return torch.where(take.reshape(-1, *([1] * (value.ndim - 1))), value, torch.zeros_like(value))

    def normal(size: float) -> torch.Tensor:
        return chosen(torch.randn(count, generator=generator, device=device) * size)

    shift = chosen(triangular_pixels(count, settings.pixels, generator))
    angle = chosen(_triangular(count, generator) * math.radians(settings.degrees))
    moved = move(x - BACKGROUND, shift, angle, torch.exp2(normal(settings.octaves))) + BACKGROUND
    brighter = moved + normal(settings.brightness)[:, None, None, None]
    return brighter * torch.exp2(normal(settings.contrast))[:, None, None, None]


def _triangular(count: int, generator: torch.Generator) -> torch.Tensor:
    # The difference of two uniforms on [0, 1]: its characteristic function is a square.
    pair = torch.rand((2, count), generator=generator, device=generator.device)
    return pair[0] - pair[1]


def triangular_pixels(count: int, reach: int, generator: torch.Generator) -> torch.Tensor:
    """Draw shifts, shape (n, 2): differences of two uniforms on 0, ..., reach, likewise with a square as transform."""
    ends = torch.randint(0, reach + 1, (2, count, 2), generator=generator, device=generator.device)
    return (ends[0] - ends[1]).float()


def move(x: torch.Tensor, shift: torch.Tensor, angle: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Scale and rotate each image about its centre, then shift it; bilinear, with zeros outside; linear in x.

    Args:
        x: shape (n, channels, height, width).
        shift: pixels down and right, shape (n, 2).
        angle: radians, clockwise as seen, shape (n,).
        scale: factors, positive, shape (n,).
    """
    count, channels, height, width = x.shape
    middle = torch.tensor([(height - 1) / 2, (width - 1) / 2], device=x.device)
    grid = torch.meshgrid(torch.arange(height, device=x.device), torch.arange(width, device=x.device), indexing="ij")
    target = torch.stack(grid).flatten(1).T - middle - shift[:, None, :]  # from the centre, shape (n, pixels, 2)
    cosine, sine = (angle.cos() / scale)[:, None], (angle.sin() / scale)[:, None]
    down = cosine * target[..., 0] - sine * target[..., 1] + middle[0]
    right = sine * target[..., 0] + cosine * target[..., 1] + middle[1]
    # Gathering and weighing the four neighbours has a second derivative, which PyTorch's grid_sample has not.
    pixels, moved = x.flatten(2), torch.zeros_like(x.flatten(2))
    for row in (down.floor(), down.floor() + 1):
        for column in (right.floor(), right.floor() + 1):
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            weight = (1 - (down - row).abs()) * (1 - (right - column).abs()) * inside
            index = (row.clamp(0, height - 1) * width + column.clamp(0, width - 1)).long()
            moved = moved + weight[:, None] * pixels.gather(2, index[:, None].expand(-1, channels, -1))
    return moved.reshape(count, channels, height, width)
