"""Claim C12: images with standard augmentation, EDM. Read off the committed experiment; one cell is trained anew."""

from __future__ import annotations

from gda.context import Context
from gda.evidence import Claim, Evidence
from gda.images import image_evidence


def gather(context: Context) -> Evidence:
    """Read the answers off the committed experiment, and train its short cell anew in a full run."""
    return image_evidence("C12", ["edm"], "on", context)


CLAIM = Claim(
    id="C12",
    statement=("Images with standard augmentation: a diffusion model (EDM) still helps."),
    wanted="experiment",
    gather=gather,
)
