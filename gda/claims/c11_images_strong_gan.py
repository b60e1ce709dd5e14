"""Claim C11: images with standard augmentation, StyleGAN2-ADA. Read off the committed experiment."""

from __future__ import annotations

from gda.context import Context
from gda.evidence import Claim, Evidence
from gda.images import image_evidence


def gather(context: Context) -> Evidence:
    """Read the answers off the committed experiment."""
    return image_evidence("C11", ["stylegan2-ada"], "on", context)


CLAIM = Claim(
    id="C11",
    statement=(
        "Images with standard augmentation (m_S 'large'): even a strong GAN (StyleGAN2-ADA) hardly helps, and "
        "hurts at 50k and 100k on CIFAR-10."
    ),
    wanted="experiment",
    gather=gather,
)
