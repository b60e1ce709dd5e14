"""Claim C8: nothing is computed for it yet."""

from gda.evidence import Claim

CLAIM = Claim(
    id="C8",
    statement=("GAN: with m_S large, augmentation hardly helps, and can hurt."),
    wanted="orders; experiment",
)
