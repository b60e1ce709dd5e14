"""StyleGAN2 with adaptive discriminator augmentation: training with lazy regularisation, and sampling.

Equations 1 to 3 are in `deep.stylegan2_layers`, equation 4 in `deep.stylegan2_losses`, the networks in
`deep.stylegan2_networks`, the augmentation in `deep.ada`. Slim: one width at all resolutions, one style for all layers
(no mixing). Every batch consists of groups of one class, so that the minibatch standard deviation measures how a class
varies, not how classes differ.

Source: Karras et al., Analyzing and Improving the Image Quality of StyleGAN (CVPR 2020), "SG2" below; Karras et al.,
Training Generative Adversarial Networks with Limited Data (NeurIPS 2020), "ADA".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Unpack

import numpy as np
import torch
from torch import nn

from deep.ada import AdaSettings, Controller, augment
from deep.data import Images
from deep.device import derived_seed, seeded_construction, seeded_generator
from deep.runtime import Runtime, runtime_for
from deep.sampler import Keeping, chunked, train_players, training_data
from deep.steps import Batches, averaged_copy, update_average
from deep.stylegan2_losses import (
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    lazy_adam,
    path_lengths,
    path_penalty,
)
from deep.stylegan2_networks import Discriminator, Generator, Sizes


@dataclass(frozen=True)
class StyleGanConfig:
    """All settings of a run; the defaults are for the 8 x 8 digits.

    In trials p stayed near 0 with 200 digits or more, r_t being below its target: the augmentation is armed, but hardly
    used. With 50 digits r_t met its target, and p was a few hundredths.

    Args:
        classes, width, latent, style, layers, multiplier, group: see `deep.stylegan2_networks.Sizes`.
        steps, batch: of Adam; groups fill the batch.
        rate, beta2: of Adam, whose first beta is 0. The source's rate is 2e-3, for larger networks and longer runs.
        r1: gamma, the weight of R1.
        r1_every: steps between two regularisations of the discriminator.
        path: weight of path-length regularisation; 0 for none. The source's, with lengths as in (4), is
            ln 2/(ln r - ln 2) at r x r pixels: 0.5 at 8 x 8 (its code has 2, for lengths averaged over layers).
        path_every: steps between two.
        path_decay: of the moving average a of path lengths.
        ema_half_life: of the averaged generator, in training images.
        ema_ramp_up: the half-life is at most this share of the images seen so far.
        truncation: psi; 1 for none.
        ada: see there.

    Raises:
        ValueError: a setting out of range.
    """

    classes: int = 10
    width: int = 32
    latent: int = 32
    style: int = 64
    layers: int = 2
    multiplier: float = 0.1
    group: int = 4
    steps: int = 2500
    batch: int = 32
    rate: float = 8e-3
    beta2: float = 0.99
    r1: float = 0.3
    r1_every: int = 16
    path: float = 0.5
    path_every: int = 8
    path_decay: float = 0.01
    ema_half_life: float = 10_000.0
    ema_ramp_up: float = 0.05
    truncation: float = 1.0
    ada: AdaSettings = field(default_factory=AdaSettings)

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "group", "r1_every", "path_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1. Found {getattr(self, name)}.")
        if self.batch % self.group:
            raise ValueError(f"a batch must consist of groups of {self.group}. Found {self.batch}.")
        for name in ("rate", "ema_half_life", "ema_ramp_up"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be positive and finite. Found {getattr(self, name)}.")
        for name in ("beta2", "path_decay", "truncation"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be in [0, 1]. Found {getattr(self, name)}.")
        for name in ("r1", "path"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be at least 0 and finite. Found {getattr(self, name)}.")

    def sizes(self, shape: tuple[int, int, int]) -> Sizes:
        """Return the networks' sizes for images of a shape."""
        return Sizes(shape, self.classes, self.width, self.latent, self.style, self.layers, self.multiplier, self.group)


# Training


def ema_decay(step: int, config: StyleGanConfig) -> float:
    """Return what is left of the old average after a step: a half of it after a half-life's images."""
    half_life = min(config.ema_half_life, config.ema_ramp_up * (step + 1) * config.batch)
    return 0.5 ** (config.batch / half_life)


class GroupedBatches:
    """Which examples a step sees: groups of one class; a function of the seed and the step, like `Batches`.

    Each group's first example comes from `Batches`, so classes are as frequent as in the data; the others are drawn
    from its class, without repetition where there are enough.
    """

    def __init__(self, label: torch.Tensor, batch: int, group: int, seed: int) -> None:
        """Prepare batches of some number of examples, in groups of some number."""
        self.label, self.group, self.number, self.seed = label.cpu().numpy(), group, batch // group, seed
        self.firsts = Batches(len(label), 1, derived_seed(seed, "firsts"))
        self.members = {int(k): np.flatnonzero(self.label == k) for k in np.unique(self.label)}

    def index(self, step: int) -> torch.Tensor:
        """Return the index of a step's examples, int64, on the CPU; groups are neighbours."""
        rng, found = np.random.default_rng([self.seed, step]), []
        for place in range(self.number):
            first = int(self.firsts.index(step * self.number + place))
            others = self.members[int(self.label[first])]
            others = others[others != first] if len(others) > 1 else others
            found += [first, *rng.choice(others, self.group - 1, replace=len(others) < self.group - 1)]
        return torch.tensor(found)


class StyleGanTask:
    """Generator and discriminator in training; see `deep.training.Task`."""

    def __init__(self, images: Images, config: StyleGanConfig, seed: int, runtime: Runtime) -> None:
        """Prepare networks, the averaged generator and the images on the runtime's device."""
        self.images, self.config, self.runtime = images.to(runtime.device), config, runtime
        self.batches = GroupedBatches(images.label, config.batch, config.group, derived_seed(seed, "batches"))
        sizes = config.sizes(images.shape)
        with seeded_construction(derived_seed(seed, "networks")):
            self.G, self.D = Generator(sizes), Discriminator(sizes)
        runtime.prepare(self.G)
        runtime.prepare(self.D)
        self.average = averaged_copy(self.G)
        self.controller = Controller(config.ada, runtime.device)
        self.path_average = torch.zeros((), device=runtime.device)
        path_every, r1_every = config.path_every if config.path else None, config.r1_every if config.r1 else None
        self.G_adam = lazy_adam(self.G.parameters(), config.rate, config.beta2, path_every)
        self.D_adam = lazy_adam(self.D.parameters(), config.rate, config.beta2, r1_every)
        self.modules: Mapping[str, nn.Module] = {"G": self.G, "D": self.D, "average": self.average}
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {"G": self.G_adam, "D": self.D_adam}
        self.state: Mapping[str, torch.Tensor] = {"path average": self.path_average, **self.controller.state}

    def step(self, step: int, generator: torch.Generator) -> Mapping[str, torch.Tensor]:
        """Do one step of both networks, lazy regularisation where it is due, and move average and p."""
        index = self.batches.index(step).to(self.runtime.device)
        x, label = self.runtime.layout(self.images.pixels(index)), self.images.label[index]
        losses = {"G": self._generator_step(label, generator)}
        if self.config.path and step % self.config.path_every == 0:
            losses["path"] = self._path_step(label[::2], generator)
        losses["D"] = self._discriminator_step(x, label, generator)
        if self.config.r1 and step % self.config.r1_every == 0:
            losses["R1"] = self._r1_step(x, label, generator)
        update_average(self.average, self.G, ema_decay(step, self.config))
        if (step + 1) % self.config.ada.every == 0:
            losses["r_t"] = self.controller.adjust()
        return losses | {"p": self.controller.state["ada p"].clone()}

    def _draw(self, count: int, generator: torch.Generator) -> torch.Tensor:
        return torch.randn((count, self.G.inputs), generator=generator, device=self.runtime.device)

    def _see(self, x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        # The discriminator sees augmented images only, real or generated, in all its losses (ADA, figure 2 (b)).
        return augment(x, self.controller.p, self.config.ada, generator)

    def _generator_step(self, label: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        self.D.requires_grad_(False)
        fake = self.G(self._draw(len(label), generator), label)
        loss = generator_loss(self.D(self._see(fake, generator), label))
        self.D.requires_grad_(True)
        return _descend(self.G_adam, loss)

    def _path_step(self, label: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        latents = self._draw(len(label), generator)
        noise = torch.randn((len(label), *self.images.shape), generator=generator, device=label.device)
        w = self.G.styles(latents, label)
        lengths = path_lengths(lambda w: self.G.synthesise(w, latents), w, noise)
        penalty = path_penalty(lengths, self.path_average, self.config.path_decay)
        return _descend(self.G_adam, penalty * self.config.path * self.config.path_every) / self.config.path_every

    def _discriminator_step(self, x: torch.Tensor, label: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        with torch.no_grad():
            fake = self.G(self._draw(len(label), generator), label)
        seen = self._see(torch.cat([x, fake]), generator)  # one pass; groups do not mix real and generated images
        real_logits, fake_logits = self.D(seen, label.repeat(2)).chunk(2)
        self.controller.observe(real_logits)
        return _descend(self.D_adam, discriminator_loss(real_logits, fake_logits))

    def _r1_step(self, x: torch.Tensor, label: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        penalty = gradient_penalty(lambda x: self.D(self._see(x, generator), label), x)
        return _descend(self.D_adam, penalty * self.config.r1 * self.config.r1_every) / self.config.r1_every


def _descend(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> torch.Tensor:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss.detach()


# Sampling


@dataclass(frozen=True, eq=False)
class StyleGanSampler:
    """A trained generator as a `deep.sampler.Sampler`."""

    G: Generator
    config: StyleGanConfig
    runtime: Runtime

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.G.sizes.shape

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.config.classes

    def sample(self, label: torch.Tensor, seed: int) -> torch.Tensor:
        """Generate one image for each label; see `deep.sampler.Sampler.sample`."""
        centres = class_styles(self.G, self.runtime.device) if self.config.truncation < 1 else None

        def draw(latent: torch.Tensor, part: torch.Tensor) -> torch.Tensor:
            latents, c = latent.to(self.runtime.device), part.to(self.runtime.device)
            w = self.G.styles(latents, c)
            return self.G.synthesise(w if centres is None else truncate(w, centres[c], self.config.truncation), latents)

        return chunked(label, self.classes, (self.G.inputs,), seed, draw)


def truncate(w: torch.Tensor, centre: torch.Tensor, psi: float) -> torch.Tensor:
    """Return ``w_mean + psi (w - w_mean)``: the truncation trick of Karras et al. (CVPR 2019), app. B."""
    return centre + psi * (w - centre)


@torch.no_grad()
def class_styles(G: Generator, device: torch.device, draws: int = 1000) -> torch.Tensor:
    """Return each class's mean style over fixed latents, shape (classes, style); the source has one for all classes."""
    z = torch.randn(draws, G.inputs, generator=seeded_generator(0)).to(device)
    return torch.stack([G.styles(z, torch.full((draws,), k, device=device)).mean(0) for k in range(G.sizes.classes)])


def train(
    images: torch.Tensor,
    label: torch.Tensor,
    config: StyleGanConfig,
    seed: int,
    device: torch.device,
    folder: Path | None = None,
    **how: Unpack[Keeping],
) -> StyleGanSampler:
    """Train StyleGAN2 with ADA; arguments, checkpoints and errors are those of every generator, see `deep.sampler`.

    Images are squares with a side of 4, 8, 16, ...
    """
    data = training_data(images, label, config.classes)
    # Compiled graphs have no second derivative, and the penalties' would be coarse in bfloat16.
    # Channels last is no faster here on a CPU.
    runtime = replace(runtime_for(device), mixed=False, compiled=False, channels_last=device.type == "cuda")
    task = StyleGanTask(data, config, seed, runtime)
    train_players(task, "stylegan2-ada", seed, folder, **how)
    return StyleGanSampler(task.average, config, runtime)
