"""Claim C10: nothing is computed for it yet."""

from gda.evidence import Claim

CLAIM = Claim(
    id="C10",
    statement=("Images without standard augmentation (m_S 'small'): even an old GAN (cDCGAN) helps clearly."),
    wanted="experiment",
)
