"""Claim C9: nothing is computed for it yet."""

from gda.evidence import Claim

CLAIM = Claim(
    id="C9",
    statement=(
        "GAN: with m_S small, the dimension and the like dominate; augmentation brings a constant-factor "
        "gain, valuable under overfitting."
    ),
    wanted="orders; experiment",
)
