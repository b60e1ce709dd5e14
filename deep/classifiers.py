"""Classifiers of images: ResNet-18 as for CIFAR, a small ResNet for 8 x 8 to 16 x 16, and the theorem's own.

The bounded network is that of `theory.network`: ``logit(x) = W_L phi(W_(L-1) ... phi(W_1 x))`` without biases, with
``||W_l||_2 <= B_l``. A convolution of t_l positions is a sum of t_l slices, each a shift of the image (norm at most 1)
times a matrix; every slice is kept at norm at most ``B_l/t_l``, so the convolution's is at most ``B_l``. Norm balls of
slices are convex and clipping singular values is the nearest point, so SGD is *projected* as its theorem asks; scaling
a whole kernel down would be no projection.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import sympy as sp
import torch
from torch import nn
from torch.nn import functional

from deep.device import seeded_construction
from theory.network import Network, network_of

# Residual networks


class ResidualBlock(nn.Module):
    """Two convolutions with batch norm and a shortcut: ``relu(BN(W_2 relu(BN(W_1 x))) + shortcut(x))``."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Make a block; where the shape changes the shortcut is a convolution of 1 x 1 with batch norm."""
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the block."""
        inner = functional.relu(self.norm1(self.conv1(x)))
        return functional.relu(self.norm2(self.conv2(inner)) + self.shortcut(x))


class ResNet(nn.Module):
    """A residual network for small images: stem of 3 x 3, stages that halve the image, a mean, a matrix.

    Args:
        channels, classes: of the images.
        widths: channels of each stage; the first keeps the resolution.
        blocks: residual blocks in each stage.
    """

    def __init__(self, channels: int, classes: int, widths: Sequence[int], blocks: int) -> None:
        """Make the layers, with weights from PyTorch's global generator; see `seeded_construction`."""
        super().__init__()
        self.stem = nn.Conv2d(channels, widths[0], 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(widths[0])
        stages: list[nn.Module] = []
        before = widths[0]
        for number, width in enumerate(widths):
            for block in range(blocks):
                stages.append(ResidualBlock(before, width, 2 if number and not block else 1))
                before = width
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(before, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """Map images, shape (n, channels, h, w), to the inputs of the last layer, shape (n, widths[-1])."""
        return self.stages(functional.relu(self.norm(self.stem(x)))).mean(dim=(2, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images to logits, shape (n, classes)."""
        return self.head(self.features(x))


def resnet18(channels: int, classes: int, seed: int) -> ResNet:
    """Make ResNet-18 as for CIFAR: widths 64 to 512, two blocks a stage, a first convolution of 3 x 3 and no pooling.

    Source: He, Zhang, Ren, Sun (2016), with the stem that is usual for images of 32 x 32.
    """
    with seeded_construction(seed):
        return ResNet(channels, classes, (64, 128, 256, 512), blocks=2)


def small_resnet(channels: int, classes: int, seed: int, width: int = 16) -> ResNet:
    """Make a ResNet for images of 8 x 8 to 16 x 16: three stages of one block, widths w, 2w, 4w."""
    with seeded_construction(seed):
        return ResNet(channels, classes, (width, 2 * width, 4 * width), blocks=1)


# The theorem's network

_SVD_ERROR = 1e-13  # relative to the largest singular value, generously


@torch.no_grad()
def project_slices(weight: torch.Tensor, bound: float) -> None:
    """Move each slice of a weight, in place, to the nearest matrix of operator norm at most `bound`/t.

    Args:
        weight: a matrix (outputs, inputs), t = 1, or a kernel (outputs, inputs, height, width), t = height width.
        bound: ``B_l``, positive.
    """
    slices = weight.double().reshape(*weight.shape[:2], -1).permute(2, 0, 1)
    limit = bound / len(slices)
    # Rounding to the weight's type may add u ||W||_F <= u sqrt(rank) limit to the norm, u half an epsilon. Clipping
    # twice that below the limit pays for it; `_SVD_ERROR` pays for the singular values, which are float64.
    slack = math.sqrt(min(weight.shape[:2])) * torch.finfo(weight.dtype).eps + 4 * _SVD_ERROR
    left, values, right = torch.linalg.svd(slices, full_matrices=False)
    outside = values[:, 0] > limit * (1 - _SVD_ERROR)
    clipped = (left * values.clamp(max=limit * (1 - slack))[:, None, :]) @ right
    nearest = torch.where(outside[:, None, None], clipped, slices)  # what is inside stays as it is, to the bit
    weight.copy_(nearest.permute(1, 2, 0).reshape(weight.shape))


class BoundedNetwork(nn.Module):
    """The L-layer classifier of the theorem on GANs, for two classes; its output is one logit, shape (n, 1).

    Args:
        shape: channels, height, width of the images.
        widths: outputs of all layers but the last, which has one; none for a linear classifier.
        norms: ``B_1, ..., B_L``.
        kernel: 0 for an MLP; else the (odd) side of the convolutions' kernels, all layers but the last.
        smooth: phi is tanh, which has a Lipschitz derivative as SGD's stability asks; else ReLU.

    Raises:
        ValueError: another number of norms than layers, a norm or width that is not positive, or an even kernel.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        widths: Sequence[int],
        norms: Sequence[float],
        *,
        kernel: int = 0,
        smooth: bool = True,
    ) -> None:
        """Make the layers, with weights from PyTorch's global generator; see `bounded_network`."""
        super().__init__()
        if len(norms) != len(widths) + 1 or min((*norms, *widths)) <= 0 or not all(map(math.isfinite, norms)):
            raise ValueError(
                f"each of {len(widths) + 1} layers needs a positive norm and width. Found {norms}, {widths}."
            )
        if kernel < 0 or (kernel and kernel % 2 == 0):
            raise ValueError(f"kernel must be 0 or odd. Found {kernel}.")
        self.shape, self.norms, self.kernel, self.smooth = shape, tuple(norms), kernel, smooth
        channels, height, width = shape
        sizes = (channels if kernel else math.prod(shape), *widths)
        tail = (kernel, kernel) if kernel else ()
        inner = [torch.empty(after, before, *tail) for before, after in pairwise(sizes)]
        last = torch.empty(1, sizes[-1] * (height * width if kernel else 1))
        self.weights = nn.ParameterList([nn.Parameter(weight) for weight in (*inner, last)])
        for weight in self.weights:
            nn.init.xavier_uniform_(weight)
        self.project()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images to logits, shape (n, 1); a logit above 0 says class 1."""
        activation = torch.tanh if self.smooth else torch.relu
        hidden = x if self.kernel else x.flatten(1)
        for weight in list(self.weights)[:-1]:
            if self.kernel:
                hidden = activation(functional.conv2d(hidden, weight, padding=self.kernel // 2))
            else:
                hidden = activation(functional.linear(hidden, weight))
        return functional.linear(hidden.flatten(1), self.weights[-1])

    def project(self) -> None:
        """Enforce ``||W_l||_2 <= B_l`` in every layer; to be called after every step of SGD."""
        for weight, bound in zip(self.weights, self.norms, strict=True):
            project_slices(weight, bound)

    def constants(self) -> Network:
        """Return the network as the theory sees it, with loss bound M and Lipschitz constant K; inputs in [-1, 1]^d."""
        slices = [math.prod(weight.shape[2:]) for weight in self.weights]
        norms = [sp.Rational(norm) for norm in self.norms]
        return network_of(norms, slices, sp.sqrt(math.prod(self.shape)))


def bounded_network(
    shape: tuple[int, int, int],
    widths: Sequence[int],
    norms: Sequence[float],
    seed: int,
    *,
    kernel: int = 0,
    smooth: bool = True,
) -> BoundedNetwork:
    """Make a `BoundedNetwork` whose initial weights depend on a seed alone; arguments and errors as there."""
    with seeded_construction(seed):
        return BoundedNetwork(shape, widths, norms, kernel=kernel, smooth=smooth)
