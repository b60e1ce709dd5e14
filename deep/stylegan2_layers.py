"""Layers of StyleGAN2: modulated and demodulated convolutions (equations 1 to 3), noise, minibatch standard deviation.

Source: Karras et al., Analyzing and Improving the Image Quality of StyleGAN (CVPR 2020), "SG2" below; what is older,
Karras et al., Progressive Growing of GANs (ICLR 2018), "PG". All images are square.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

EPSILON = 1e-8
_TAPS = (1, 3, 3, 1)  # the low-pass filter of SG2, app. B


# Layers of both networks


def activate(x: torch.Tensor) -> torch.Tensor:
    """Apply a leaky ReLU that keeps the variance (SG2, app. B)."""
    return functional.leaky_relu(x, 0.2) * math.sqrt(2)


def normalise(x: torch.Tensor) -> torch.Tensor:
    """Scale each row to a mean square of 1 (PG, section 4.2)."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + EPSILON)


class EqualLinear(nn.Module):
    """A linear map with an equalised learning rate: weights of unit variance, scaled when used (PG, section 4.1).

    Args:
        inputs, outputs: sizes.
        bias: its initial value.
        multiplier: of the learning rate.
    """

    def __init__(self, inputs: int, outputs: int, bias: float = 0.0, multiplier: float = 1.0) -> None:
        """Make a layer, with weights from PyTorch's global generator."""
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / multiplier)
        self.bias = nn.Parameter(torch.full((outputs,), bias / multiplier))
        self.scale, self.multiplier = multiplier / math.sqrt(inputs), multiplier

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs) to (n, outputs)."""
        return functional.linear(x, self.weight * self.scale, self.bias * self.multiplier)


class EqualConv(nn.Module):
    """A convolution with an equalised learning rate and a leaky ReLU.

    Args:
        inputs, outputs, kernel: sizes; the kernel is odd.
        side: of the input, where the convolution halves it; 0 where it does not.
        activated: whether there are a bias and a leaky ReLU.
    """

    filter: torch.Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, side: int = 0, activated: bool = True) -> None:
        """Make a layer, with weights from PyTorch's global generator."""
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if activated else None
        self.scale = 1 / math.sqrt(inputs * kernel**2)
        self.halves, self.padding = side > 0, 0 if side else kernel // 2
        self.stride = 2 if side and kernel > 1 else 1
        if side:
            self.register_buffer("filter", halving_matrix(side, kernel), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h, w), or half the side."""
        if self.halves:
            x = resample(x, self.filter)
        y = functional.conv2d(x, self.weight * self.scale, self.bias, self.stride, self.padding)
        return y if self.bias is None else activate(y)


def resample(x: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
    """Map every channel's pixels by a matrix, shape (new pixels, old pixels); images are square."""
    y = x.flatten(2) @ matrix.T
    side = math.isqrt(len(matrix))
    return y.reshape(*x.shape[:2], side, side)


def halving_matrix(side: int, kernel: int) -> torch.Tensor:
    """Return the filter before a convolution that halves the side, of a kernel that then needs no padding.

    The low-pass, with zeros outside. A kernel of 3 goes on with stride 2; for one of 1 every second position is left
    out here, so that its stride is 1.

    Returns:
        Shape (new pixels, old pixels), for `resample`.
    """
    length = side - 2 + kernel
    line = torch.zeros(length, side)
    before = (length - side + len(_TAPS)) // 2  # zeros in front
    for row in range(length):
        for tap, weight in enumerate(_TAPS):
            if 0 <= row + tap - before < side:
                line[row, row + tap - before] = weight / sum(_TAPS)
    line = line if kernel > 1 else line[::2]
    return torch.kron(line, line)


def doubling_matrix(side: int) -> torch.Tensor:
    """Return the filter that doubles a side: zeros between the pixels, then twice the low-pass in each direction.

    Returns:
        Shape (new pixels, old pixels), for `resample`.
    """
    line = torch.zeros(2 * side, side)
    for row in range(2 * side):
        for tap, weight in enumerate(_TAPS):
            pixel, between = divmod(row + tap - 2, 2)
            if not between and 0 <= pixel < side:
                line[row, pixel] = 2 * weight / sum(_TAPS)
    return torch.kron(line, line)


# Layers of the generator


def modulated_weights(weight: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    """Return the weights of every example, ``w'_ijk = s_i w_ijk``: SG2, equation 1.

    Args:
        weight: w, shape (outputs j, inputs i, height, width), k being the position in the kernel.
        style: s, shape (n, inputs).
    """
    return weight[None] * style[:, None, :, None, None]


def deviations(weight: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    """Return ``sigma_j = sqrt(sum_ik w'_ijk^2 + eps)``, shape (n, outputs), without making w': SG2, equation 2.

    The output's standard deviation if the inputs are independent with variance 1; epsilon is of equation 3.
    """
    return (style.square() @ weight.square().sum(dim=(2, 3)).T + EPSILON).sqrt()


def demodulated_weights(weight: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
    """Return ``w''_ijk = w'_ijk / sqrt(sum_ik w'_ijk^2 + eps)``: SG2, equation 3; every w''_j has norm 1."""
    return modulated_weights(weight, style) / deviations(weight, style)[:, :, None, None, None]


def modulated_convolution(
    x: torch.Tensor, weight: torch.Tensor, style: torch.Tensor, demodulate: bool = True
) -> torch.Tensor:
    """Convolve every example with its own `demodulated_weights`, or `modulated_weights`.

    Modulation scales the inputs and demodulation the outputs, so that one convolution serves all examples.

    Args:
        x: shape (n, inputs, h, w).
        weight, style: see `modulated_weights`.
        demodulate: not in the layers that make pixels (SG2, app. B).
    """
    y = functional.conv2d(x * style[:, :, None, None], weight, padding=weight.shape[2] // 2)
    return y / deviations(weight, style)[:, :, None, None] if demodulate else y


class StyledConvolution(nn.Module):
    """A block of SG2, figure 2 (d): doubled side if asked, modulated convolution, noise, bias, leaky ReLU.

    The doubled image is filtered and cut to its side before the convolution; the source's code filters after it.
    """

    filter: torch.Tensor

    def __init__(self, inputs: int, outputs: int, style: int, side: int = 0) -> None:
        """Make a layer; the side is the input's where the block doubles it, else 0."""
        super().__init__()
        self.affine = EqualLinear(style, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.strength = nn.Parameter(torch.zeros(()))
        self.doubles = side > 0
        if side:
            self.register_buffer("filter", doubling_matrix(side), persistent=False)

    def forward(self, x: torch.Tensor, w: torch.Tensor, noise: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, h, w) to (n, outputs, h, w), or twice the side; the noise has a number for each pixel."""
        if self.doubles:
            x = resample(x, self.filter)
        y = modulated_convolution(x, self.weight, self.affine(w))
        return activate(y + noise.reshape(len(y), 1, *y.shape[2:]) * self.strength + self.bias[:, None, None])


class ToPixels(nn.Module):
    """From features to an image's channels: a modulated convolution of one pixel, not demodulated (SG2, app. B)."""

    def __init__(self, inputs: int, channels: int, style: int) -> None:
        """Make a layer, with weights from PyTorch's global generator."""
        super().__init__()
        self.affine = EqualLinear(style, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(channels, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.scale = 1 / math.sqrt(inputs)

    def forward(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, h, w) to (n, channels, h, w)."""
        y = modulated_convolution(x, self.weight * self.scale, self.affine(w), demodulate=False)
        return y + self.bias[:, None, None]


# Layers of the discriminator


def minibatch_deviation(x: torch.Tensor, group: int) -> torch.Tensor:
    """Append a channel: how much the examples of a group differ, the same number for all of them (PG, section 3).

    The standard deviation over the group, averaged over channels and pixels.

    Args:
        x: shape (n, channels, h, w).
        group: examples in a group, neighbours in the batch.

    Raises:
        ValueError: groups do not fill the batch.
    """
    count, channels, height, width = x.shape
    if count % group:
        raise ValueError(f"a batch must consist of groups of {group}. Found {count} examples.")
    groups = x.reshape(count // group, group, channels, height, width)
    variance = (groups - groups.mean(dim=1, keepdim=True)).square().mean(dim=1)
    deviation = (variance + EPSILON).sqrt().mean(dim=(1, 2, 3))
    shown = deviation.repeat_interleave(group)[:, None, None, None].expand(count, 1, height, width)
    return torch.cat([x, shown], dim=1)


class Residual(nn.Module):
    """A residual block that halves the side (SG2, figure 7 (c))."""

    def __init__(self, width: int, side: int) -> None:
        """Make the layers for inputs of a side."""
        super().__init__()
        self.first = EqualConv(width, width, 3)
        self.second = EqualConv(width, width, 3, side)
        self.skip = EqualConv(width, width, 1, side, activated=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, width, h, w) to (n, width, h/2, w/2), with the variance of one of the two branches."""
        return (self.second(self.first(x)) + self.skip(x)) / math.sqrt(2)
