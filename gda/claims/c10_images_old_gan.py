"""Claim C10: images without standard augmentation, cDCGAN. Read off the committed experiment."""

from __future__ import annotations

from gda.context import Context
from gda.evidence import Claim, Evidence
from gda.images import image_evidence


def gather(context: Context) -> Evidence:
    """Read the answers off the committed experiment."""
    return image_evidence("C10", ["cdcgan"], "off", context)


CLAIM = Claim(
    id="C10",
    statement=("Images without standard augmentation (m_S 'small'): even an old GAN (cDCGAN) helps clearly."),
    wanted="experiment",
    gather=gather,
)
