"""Claim C3: nothing is computed for it yet."""

from gda.evidence import Claim

CLAIM = Claim(
    id="C3",
    statement=(
        "Augmentation gives a faster rate when the divergence is o(max(log(m) beta_m, 1/sqrt(m))); sufficient "
        "conditions for helping and for not helping."
    ),
    wanted="orders, property tests over parameter regions",
)
