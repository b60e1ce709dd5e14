"""Claim C12: nothing is computed for it yet."""

from gda.evidence import Claim

CLAIM = Claim(
    id="C12",
    statement=("Images with standard augmentation: a diffusion model (EDM) still helps."),
    wanted="experiment",
)
