"""Claim C2: nothing is computed for it yet."""

from gda.evidence import Claim

CLAIM = Claim(
    id="C2",
    statement=(
        "The most efficient amount of augmentation m*_G is defined by balancing the divergence with the "
        "generalization error of the mixed distribution."
    ),
    wanted="order solved for any learner and generator; finite-sample optimum",
)
