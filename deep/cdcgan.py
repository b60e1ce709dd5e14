"""cDCGAN: a deep convolutional GAN with classes, in the papers' symbols.

Goodfellow et al. (2014): the game (1) and the generator's loss of section 3. Mirza, Osindero (2014): both players see
the class, (2). Radford, Metz, Chintala (2016): strided convolutions, batch norm in both players but for G's output and
D's input, ReLU and tanh in G, leaky ReLU in D, their initial weights and Adam. Miyato, Koyama (2018): D sees the class
by a projection, (3). Samples are of G's averaged weights. ``z`` is noise, ``x`` an image, ``y`` its class.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Unpack

import torch
from torch import nn
from torch.nn import functional

from deep.data import Images
from deep.device import derived_seed, seeded_construction
from deep.runtime import Runtime, runtime_for
from deep.sampler import Keeping, chunked, train_players, training_data
from deep.steps import Batches, averaged_copy, update_average

INITIAL_SD, LEAK = 0.02, 0.2
"""Standard deviation of the initial weights; slope of the leaky ReLU (Radford et al., section 4)."""


@dataclass(frozen=True)
class CDCGANConfig:
    """All settings of a run; the defaults are for the 8 x 8 digits.

    Args:
        classes: number of classes.
        width: channels next to the image; they double whenever it is halved.
        halvings: strided convolutions in D, and in G.
        latent: entries of z, uniform (Radford et al., section 3) in [-1, 1] (their code).
        steps, batch: of either player's Adam, one step each in turn.
        rate, beta_1, beta_2: of Adam.
        ema: what is left of the old average of G's weights after a step.

    Raises:
        ValueError: a setting out of range.
    """

    classes: int = 10
    width: int = 32
    halvings: int = 2
    latent: int = 64
    steps: int = 2000
    batch: int = 64
    rate: float = 2e-4
    beta_1: float = 0.5
    beta_2: float = 0.999
    ema: float = 0.99

    def __post_init__(self) -> None:
        for name, least in {"classes": 1, "width": 1, "halvings": 1, "latent": 1, "steps": 1, "batch": 2}.items():
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}. Found {getattr(self, name)}.")
        if not 0 < self.rate < math.inf:
            raise ValueError(f"rate must be positive and finite. Found {self.rate}.")
        for name in ("beta_1", "beta_2", "ema"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in [0, 1). Found {getattr(self, name)}.")


def _initialise(module: nn.Module) -> None:
    # Radford et al., section 4: all weights from N(0, 0.02^2); the scales of batch norms around 1.
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding):
            nn.init.normal_(part.weight, 0.0, INITIAL_SD)
        elif isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.weight, 1.0, INITIAL_SD)


class Generator(nn.Module):
    """``G(z, y)``: a layer from z and the class to the smallest image, transposed convolutions that double it, tanh.

    Other than in Radford et al., the last layer before tanh is a convolution of 3 x 3 at full size: on images of 8 x 8
    a transposed one would leave a single doubling between batch norms.
    """

    def __init__(self, shape: tuple[int, int, int], config: CDCGANConfig) -> None:
        """Make the layers.

        Raises:
            ValueError: the image cannot be halved so often.
        """
        super().__init__()
        channels, height, width = shape
        factor = 2**config.halvings
        if height % factor or width % factor:
            raise ValueError(f"{config.halvings} halvings need sides that are multiples of {factor}. Found {shape}.")
        widths = [config.width * 2**level for level in reversed(range(config.halvings))]
        self.classes, self.smallest = config.classes, (2 * widths[0], height // factor, width // factor)
        self.first = nn.Linear(config.latent + config.classes, math.prod(self.smallest), bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(self.smallest[0]), nn.ReLU()]
        before = self.smallest[0]
        for after in widths:
            layers += [nn.ConvTranspose2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
            before = after
        self.layers = nn.Sequential(*layers, nn.Conv2d(before, channels, 3, padding=1), nn.Tanh())
        _initialise(self)

    def forward(self, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Map noise, shape (n, latent), and classes, shape (n,), to images in [-1, 1]."""
        one_hot = functional.one_hot(y, self.classes).to(z.dtype)
        return self.layers(self.first(torch.cat([z, one_hot], dim=1)).reshape(-1, *self.smallest))


class Discriminator(nn.Module):
    """``f(x, y) = y^T V phi(x) + psi(phi(x))`` (Miyato, Koyama, 3), with ``D = sigmoid(f)``; psi is affine."""

    def __init__(self, shape: tuple[int, int, int], config: CDCGANConfig) -> None:
        """Make the layers; the image is one that the generator can make."""
        super().__init__()
        channels, height, width = shape
        widths = [config.width * 2**level for level in range(config.halvings)]
        layers: list[nn.Module] = [nn.Conv2d(channels, widths[0], 4, 2, 1), nn.LeakyReLU(LEAK)]
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 4, 2, 1, bias=False), nn.BatchNorm2d(after), nn.LeakyReLU(LEAK)]
        self.phi = nn.Sequential(*layers, nn.Flatten())
        features = widths[-1] * (height >> config.halvings) * (width >> config.halvings)
        self.V, self.psi = nn.Embedding(config.classes, features), nn.Linear(features, 1)
        _initialise(self)

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Map images and classes to logits, shape (n,)."""
        phi = self.phi(x)
        return (self.V(y) * phi).sum(dim=1) + self.psi(phi)[:, 0]


# The game


def uniform(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    """Draw z, uniform in [-1, 1], on the generator's device."""
    return torch.rand(shape, generator=generator, device=generator.device) * 2 - 1


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return ``-E log D(x, y) - E log(1 - D(G(z, y), y))``, D's side of the game, from logits.

    Source: Goodfellow et al. (2014), (1), with the class as in Mirza, Osindero (2014), (2).
    """
    return functional.softplus(-real.float()).mean() + functional.softplus(fake.float()).mean()


def generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """Return ``-E log D(G(z, y), y)`` from logits: what G minimises in place of its side of the game.

    Source: Goodfellow et al. (2014), section 3.
    """
    return functional.softplus(-fake.float()).mean()


class CDCGANTask:
    """Both players in training; see `deep.training.Task`."""

    def __init__(self, images: Images, config: CDCGANConfig, seed: int, runtime: Runtime) -> None:
        """Prepare both players, G's average and the images on the runtime's device."""
        self.images, self.config, self.runtime = images.to(runtime.device), config, runtime
        self.batches = Batches(len(images), config.batch, derived_seed(seed, "batches"))
        with seeded_construction(derived_seed(seed, "generator")):
            self.G = runtime.prepare(Generator(images.shape, config))
        with seeded_construction(derived_seed(seed, "discriminator")):
            self.D = runtime.prepare(Discriminator(images.shape, config))
        self.average = averaged_copy(self.G)
        betas = (config.beta_1, config.beta_2)
        self.of_G = torch.optim.Adam(self.G.parameters(), lr=config.rate, betas=betas, fused=True)
        self.of_D = torch.optim.Adam(self.D.parameters(), lr=config.rate, betas=betas, fused=True)
        self.modules: Mapping[str, nn.Module] = {"G": self.G, "D": self.D, "average": self.average}
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {"G": self.of_G, "D": self.of_D}
        self.state: Mapping[str, torch.Tensor] = {}

    def step(self, step: int, generator: torch.Generator) -> Mapping[str, torch.Tensor]:
        """Do one step of D and one of G, and move G's average. Generated images bear the real ones' classes."""
        index = self.batches.index(step).to(self.runtime.device)
        x, y = self.runtime.layout(self.images.pixels(index)), self.images.label[index]
        with self.runtime.autocast():
            with torch.no_grad():
                fake = self.G(uniform((len(y), self.config.latent), generator), y)
            loss_D = discriminator_loss(self.D(x, y), self.D(fake, y))
        _descend(self.of_D, loss_D)
        self.D.requires_grad_(False)
        with self.runtime.autocast():
            loss_G = generator_loss(self.D(self.G(uniform((len(y), self.config.latent), generator), y), y))
        _descend(self.of_G, loss_G)
        self.D.requires_grad_(True)
        update_average(self.average, self.G, self.config.ema)
        return {"D": loss_D.detach(), "G": loss_G.detach()}


def _descend(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


# The trained generator


@dataclass(frozen=True, eq=False)
class CDCGANSampler:
    """A trained generator as a `deep.sampler.Sampler`; its batch norms are in their mode for testing."""

    G: nn.Module
    shape: tuple[int, int, int]
    config: CDCGANConfig
    runtime: Runtime

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.config.classes

    def sample(self, label: torch.Tensor, seed: int) -> torch.Tensor:
        """Generate one image for each label; see `deep.sampler.Sampler.sample`."""
        device = self.runtime.device

        def draw(z: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
            return self.G(z.to(device), part.to(device))

        return chunked(label, self.classes, (self.config.latent,), seed, draw, uniform)


def train(
    images: torch.Tensor,
    label: torch.Tensor,
    config: CDCGANConfig,
    seed: int,
    device: torch.device,
    folder: Path | None = None,
    **how: Unpack[Keeping],
) -> CDCGANSampler:
    """Train a conditional DCGAN; arguments, checkpoints and errors are those of every generator, see `deep.sampler`."""
    data, runtime = training_data(images, label, config.classes), runtime_for(device)
    task = CDCGANTask(data, config, seed, runtime)
    train_players(task, "cdcgan", seed, folder, **how)
    return CDCGANSampler(task.average, data.shape, config, runtime)
