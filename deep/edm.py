"""EDM: a diffusion model by denoising, after Karras, Aittala, Aila, Laine (NeurIPS 2022), in the paper's symbols.

Equations, Table 1 and Algorithm 1 are the paper's. ``y`` is a clean image, ``n`` its noise of standard deviation sigma,
``D(x; sigma)`` the denoiser, ``F`` the network inside it. Sampling is deterministic (Algorithm 1). Left out: the
stochastic sampler (Algorithm 2), augmentation of the training set, dropout.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Unpack

import torch
from torch import nn

from deep.data import Images
from deep.denoisers import MLP, UNet
from deep.device import derived_seed, seeded_construction
from deep.runtime import Runtime, runtime_for
from deep.sampler import Keeping, chunked, train_players, training_data
from deep.steps import Batches, averaged_copy, cosine, set_rate, update_average


@dataclass(frozen=True)
class EDMConfig:
    """All settings of a run; the defaults are for the 8 x 8 digits.

    Args:
        classes: number of classes.
        network: ``mlp`` for images of 8 x 8, ``unet`` for larger ones.
        width: of the MLP's layers, or channels of the U-Net's first level.
        depth: residual blocks of the MLP, or levels of the U-Net; each level after the first halves the image.
        steps, batch: of Adam.
        rate: initial learning rate; it falls to 0 by a cosine.
        ema_half_life: of the averaged weights, in training images.
        ema_ramp_up: the half-life is at most this share of the images seen so far.
        P_mean, P_std: ``ln sigma ~ N(P_mean, P_std^2)`` in training; images as small as the digits need more noise than
            the paper's.
        sigma_data: standard deviation of the data; 0.75 for digits in [-1, 1].
        sigma_min, sigma_max, rho, N: noise levels in sampling (5).

    Raises:
        ValueError: a setting out of range.
    """

    classes: int = 10
    network: str = "mlp"
    width: int = 256
    depth: int = 3
    steps: int = 4000
    batch: int = 64
    rate: float = 2e-3
    ema_half_life: float = 22_000.0
    ema_ramp_up: float = 0.05
    P_mean: float = -0.4
    P_std: float = 1.2
    sigma_data: float = 0.75
    sigma_min: float = 0.002
    sigma_max: float = 80.0
    rho: float = 7.0
    N: int = 18

    def __post_init__(self) -> None:
        if self.network not in ("mlp", "unet"):
            raise ValueError(f"network must be mlp or unet. Found {self.network!r}.")
        for name, least in {"classes": 1, "width": 1, "depth": 1, "steps": 1, "batch": 1, "N": 2}.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}. Found {getattr(self, name)}.")
        for name in ("rate", "ema_half_life", "ema_ramp_up", "P_std", "sigma_data", "sigma_min", "rho"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be positive and finite. Found {getattr(self, name)}.")
        if not self.sigma_min < self.sigma_max < math.inf:
            raise ValueError(f"sigma_max must be above sigma_min = {self.sigma_min}. Found {self.sigma_max}.")


PAPER = EDMConfig(network="unet", width=64, steps=100_000, batch=128, rate=1e-3, P_mean=-1.2, sigma_data=0.5)
"""For larger images: the paper's P_mean, P_std, sigma_data and noise levels of Table 1, with a smaller U-Net."""


# Preconditioning and loss weight: Table 1, column "Ours". Only arithmetic, so that symbols may go in as well.


def c_skip(sigma: torch.Tensor, sigma_data: float) -> torch.Tensor:
    """Return the factor of the noisy image in (7)."""
    return sigma_data**2 / (sigma**2 + sigma_data**2)


def c_out(sigma: torch.Tensor, sigma_data: float) -> torch.Tensor:
    """Return the factor of the network's output in (7): the target of F then has unit variance."""
    return sigma * sigma_data / (sigma**2 + sigma_data**2) ** 0.5


def c_in(sigma: torch.Tensor, sigma_data: float) -> torch.Tensor:
    """Return the factor of the network's input in (7), which then has unit variance."""
    return 1 / (sigma**2 + sigma_data**2) ** 0.5


def c_noise(sigma: torch.Tensor) -> torch.Tensor:
    """Return the network's noise level in (7)."""
    return sigma.log() / 4


def loss_weight(sigma: torch.Tensor, sigma_data: float) -> torch.Tensor:
    """Return ``lambda(sigma)``: ``lambda c_out^2 = 1``, each noise level counts alike at the start."""
    return (sigma**2 + sigma_data**2) / (sigma * sigma_data) ** 2


class Denoiser(nn.Module):
    """``D(x; sigma) = c_skip(sigma) x + c_out(sigma) F(c_in(sigma) x; c_noise(sigma))`` (7), for a class."""

    def __init__(self, F: nn.Module, sigma_data: float) -> None:
        """Wrap a network F, a function of images, noise levels and labels."""
        super().__init__()
        self.F, self.sigma_data = F, sigma_data

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        """Denoise images, shape (n, channels, height, width), of noise levels and labels, shape (n,)."""
        s = sigma[:, None, None, None]
        F_x = self.F(c_in(s, self.sigma_data) * x, c_noise(sigma), label)
        return c_skip(s, self.sigma_data) * x + c_out(s, self.sigma_data) * F_x.float()


# Training


def sigma_of(normal: torch.Tensor, P_mean: float, P_std: float) -> torch.Tensor:
    """Turn standard normal numbers into noise levels, ``ln sigma ~ N(P_mean, P_std^2)`` (Table 1)."""
    return (P_mean + P_std * normal).exp()


def denoising_loss(
    D: Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor],
    y: torch.Tensor,
    label: torch.Tensor,
    sigma: torch.Tensor,
    normal: torch.Tensor,
    sigma_data: float,
) -> torch.Tensor:
    """Return ``lambda(sigma) ||D(y + n; sigma) - y||^2`` (2, 8), the mean over images and pixels.

    Args:
        D: the denoiser.
        y: clean images, shape (n, channels, height, width).
        label: shape (n,).
        sigma: shape (n,).
        normal: standard normal numbers of y's shape; ``n = sigma normal``.
        sigma_data: of the data.
    """
    s = sigma[:, None, None, None]
    return (loss_weight(s, sigma_data) * (D(y + s * normal, sigma, label) - y) ** 2).mean()


def ema_decay(step: int, batch: int, config: EDMConfig) -> float:
    """Return what is left of the old average after a step of `batch` images; a half after a half-life."""
    half_life = min(config.ema_half_life, config.ema_ramp_up * (step + 1) * batch)
    return 0.5 ** (batch / half_life)


class EDMTask:
    """A denoiser in training; see `deep.training.Task`."""

    def __init__(self, images: Images, config: EDMConfig, seed: int, runtime: Runtime) -> None:
        """Prepare the denoiser, its average and the images on the runtime's device."""
        self.images, self.config, self.runtime = images.to(runtime.device), config, runtime
        self.batches = Batches(len(images), config.batch, derived_seed(seed, "batches"))
        with seeded_construction(derived_seed(seed, "denoiser")):
            make = MLP if config.network == "mlp" else UNet
            network = make(images.shape, config.classes, config.width, config.depth)
        self.D = runtime.prepare(Denoiser(network, config.sigma_data))
        self.average = averaged_copy(self.D)
        self.optimiser = torch.optim.Adam(self.D.parameters(), lr=config.rate, fused=True)
        self.modules: Mapping[str, nn.Module] = {"D": self.D, "average": self.average}
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {"D": self.optimiser}
        self.state: Mapping[str, torch.Tensor] = {}

    def step(self, step: int, generator: torch.Generator) -> Mapping[str, torch.Tensor]:
        """Do one step of Adam, and move the average."""
        index = self.batches.index(step).to(self.runtime.device)
        y, label = self.images.pixels(index), self.images.label[index]
        draws = {"generator": generator, "device": y.device}
        sigma = sigma_of(torch.randn(len(y), **draws), self.config.P_mean, self.config.P_std)
        with self.runtime.autocast():
            normal = torch.randn(y.shape, **draws)
            loss = denoising_loss(self._laid_out, y, label, sigma, normal, self.config.sigma_data)
        set_rate(self.optimiser, self.config.rate * cosine(step, self.config.steps))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        update_average(self.average, self.D, ema_decay(step, self.batches.size, self.config))
        return {"loss": loss.detach()}

    def _laid_out(self, x: torch.Tensor, sigma: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return self.D(self.runtime.layout(x), sigma, label)


# Sampling


def noise_levels(N: int, sigma_min: float, sigma_max: float, rho: float) -> list[float]:
    """Return ``sigma_0 = sigma_max > ... > sigma_(N-1) = sigma_min > sigma_N = 0`` (5)."""
    high, low = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return [*((high + i / (N - 1) * (low - high)) ** rho for i in range(N)), 0.0]


def heun(D: Callable[[torch.Tensor, float], torch.Tensor], x: torch.Tensor, t: list[float]) -> torch.Tensor:
    """Solve ``dx/dt = (x - D(x; t))/t`` by Heun's method, Algorithm 1 with sigma(t) = t and s(t) = 1.

    Args:
        D: the denoiser at one noise level.
        x: noise of standard deviation t_0.
        t: decreasing noise levels. The step to 0 is Euler's, as the slope at 0 is not defined.
    """
    for t_i, t_next in pairwise(t):
        d_i = (x - D(x, t_i)) / t_i
        x_next = x + (t_next - t_i) * d_i
        if t_next != 0:
            d_next = (x_next - D(x_next, t_next)) / t_next
            x_next = x + (t_next - t_i) * (d_i / 2 + d_next / 2)
        x = x_next
    return x


@dataclass(frozen=True, eq=False)
class EDMSampler:
    """A trained denoiser as a `deep.sampler.Sampler`."""

    D: nn.Module
    shape: tuple[int, int, int]
    config: EDMConfig
    runtime: Runtime

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.config.classes

    def sample(self, label: torch.Tensor, seed: int) -> torch.Tensor:
        """Generate one image for each label; see `deep.sampler.Sampler.sample`."""
        config = self.config
        t = noise_levels(config.N, config.sigma_min, config.sigma_max, config.rho)

        def draw(normal: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
            label = part.to(self.runtime.device)

            def denoise(x: torch.Tensor, level: float) -> torch.Tensor:
                return self.D(x, torch.full((len(x),), level, device=x.device), label)

            return heun(denoise, self.runtime.layout(normal.to(label.device) * t[0]), t)

        return chunked(label, self.classes, self.shape, seed, draw)


def train(
    images: torch.Tensor,
    label: torch.Tensor,
    config: EDMConfig,
    seed: int,
    device: torch.device,
    folder: Path | None = None,
    **how: Unpack[Keeping],
) -> EDMSampler:
    """Train a diffusion model; arguments, checkpoints and errors are those of every generator, see `deep.sampler`."""
    data, runtime = training_data(images, label, config.classes), runtime_for(device)
    task = EDMTask(data, config, seed, runtime)
    train_players(task, "edm", seed, folder, **how)
    return EDMSampler(task.average, data.shape, config, runtime)
