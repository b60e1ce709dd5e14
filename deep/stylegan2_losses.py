"""Losses of StyleGAN2, R1 and path-length regularisation, and Adam for regularisation that is done only now and then.

Source: Karras et al., Analyzing and Improving the Image Quality of StyleGAN (CVPR 2020), "SG2" below.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import nn
from torch.nn import functional

# The game, with the non-saturating loss of the generator (SG2, app. B)


def generator_loss(fake: torch.Tensor) -> torch.Tensor:
    """Return ``E[-log sigmoid(D(G(z)))]`` from the logits of generated images."""
    return functional.softplus(-fake).mean()


def discriminator_loss(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Return ``E[-log sigmoid(D(x))] + E[-log(1 - sigmoid(D(G(z))))]`` from logits."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


# Regularisation


def gradient_penalty(D: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """Return ``E ||grad_x D(x)||^2 / 2``, to be weighted with gamma: R1 of Mescheder et al. (ICML 2018), (9).

    Args:
        D: from images to logits, shape (n,).
        x: real images.
    """
    x = x.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3)).mean() / 2


def path_lengths(G: Callable[[torch.Tensor], torch.Tensor], w: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
    """Return ``||J_w^T y||_2`` for every style, shape (n,): inside SG2, equation 4.

    By ``J_w^T y = grad_w (G(w) . y)``.

    Args:
        G: from styles to images.
        w: styles, shape (n, style), part of a graph.
        noise: standard normal, of the images' shape; y is this over the square root of the number of pixels.
    """
    image = G(w)
    y = noise / math.sqrt(image.shape[2] * image.shape[3])
    (gradient,) = torch.autograd.grad((image * y).sum(), w, create_graph=True)
    return (gradient.square().sum(dim=1) + 1e-12).sqrt()


def path_penalty(lengths: torch.Tensor, average: torch.Tensor, decay: float) -> torch.Tensor:
    """Return ``E (||J_w^T y||_2 - a)^2``, SG2, equation 4, after moving a, in place, towards the mean length."""
    with torch.no_grad():
        average.lerp_(lengths.detach().mean(), decay)
    return (lengths - average).square().mean()


def lazy_factor(every: int | None) -> float:
    """Return ``c = k/(k + 1)`` for a regularisation once in k steps, 1 for none: SG2, section 3.1 and app. B."""
    return 1.0 if every is None else every / (every + 1)


def lazy_adam(parameters: Iterable[nn.Parameter], rate: float, beta2: float, every: int | None) -> torch.optim.Adam:
    """Return Adam for k + 1 updates in k steps: its rate is ``c rate``, its betas 0 and ``beta2^c``."""
    c = lazy_factor(every)
    return torch.optim.Adam(parameters, lr=c * rate, betas=(0.0, beta2**c), eps=1e-8, fused=True)
