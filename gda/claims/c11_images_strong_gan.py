"""Claim C11: nothing is computed for it yet."""

from gda.evidence import Claim

CLAIM = Claim(
    id="C11",
    statement=(
        "Images with standard augmentation (m_S 'large'): even a strong GAN (StyleGAN2-ADA) hardly helps, and "
        "hurts at 50k and 100k on CIFAR-10."
    ),
    wanted="experiment",
)
