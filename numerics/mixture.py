"""The Monte Carlo of the Gaussian mixture: draw S, fit the generator, draw S_G, fit theta_hat, take the gap.

The settings are checked in `mixture_settings`. The literal sampler draws every example (`mixture_samples`,
`mixture_run`); the other draws sufficient statistics of the same law (`mixture_draws`, `mixture_sufficient`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from numerics import mixture_run, mixture_sufficient
from numerics.mixture_samples import Array, real_counts
from numerics.mixture_settings import Settings, checked


@dataclass(frozen=True, eq=False)
class Cell:
    """One gamma of a simulation, repeat by repeat.

    Attributes:
        gamma: m_G / m_S, exactly.
        m_G: Size of S_G.
        test_risk: Test risk of theta_hat, shape (repeats,), in units of the loss.
        train_risk: Mean loss on S and S_G, of the same shape and unit.
    """

    gamma: Fraction
    m_G: int
    test_risk: Array
    train_risk: Array

    @property
    def gap(self) -> Array:
        """Test risk less train risk of each repeat."""
        return self.test_risk - self.train_risk

    @property
    def abs_gap(self) -> Array:
        """Absolute gap of each repeat: the generalization error of the theorem."""
        return np.abs(self.gap)

    def summary(self) -> dict[str, float]:
        """Return mean_* and sem_* (standard error of the mean) of gap, abs_gap, test_risk and train_risk."""
        found = {}
        for name in ("gap", "abs_gap", "test_risk", "train_risk"):
            values = getattr(self, name)
            found[f"mean_{name}"] = float(values.mean())
            found[f"sem_{name}"] = float(values.std(ddof=1) / np.sqrt(values.size))
        return found


@dataclass(frozen=True, eq=False)
class Simulation:
    """The cells of a simulation, in the order in which their gammas were asked for.

    Attributes:
        settings: What was asked for, in canonical form.
        cells: One for each gamma; they share S (and test points), so they are dependent.
        redraws: How many label draws of S were rejected, over all repeats; 0 for balanced labels.
    """

    settings: Settings
    cells: tuple[Cell, ...]
    redraws: int


def simulate(
    m_S: int,
    d: int,
    gammas: Iterable[int | float | Fraction | str],
    *,
    repeats: int = 1000,
    seed: int = 0,
    sigma: float = 0.6,
    labels: str = "balanced",
    loss: str = "nll",
    risk: str | int = "exact",
    variance: str = "pooled",
    mu: Sequence[float] | None = None,
    sampler: str | None = None,
    chunk: int | None = None,
) -> Simulation:
    """Simulate the gap of the learner on augmented data.

    Each repeat draws S, fits the generator to it, and for each gamma draws S_G, fits theta_hat to both, and takes
    test risk and train risk. S depends on (m_S, d, labels, seed) alone and S_G on these and gamma, so a cell is the
    same whatever other gammas are asked for; sigma, loss, risk, variance and mu change no random number, but that the
    sufficient statistics of S_G are of another kind for each variance. Test points have a stream of their own and are
    shared by the cells.

    Args:
        m_S: Size of S, an integer >= 1. Where a generator is fitted it needs 3 with balanced labels and the pooled
            variance, else 4. With balanced labels and no gamma but 0 no generator is fitted, and any size is
            well-defined; i.i.d. labels need 4 at every gamma, as S is the same at each.
        d: Dimension, an integer >= 1.
        gammas: Numbers >= 0 with gamma m_S an integer; a float stands for the decimal that it prints as.
        repeats: Number of repeats, an integer >= 2. Fewer repeats are the first of more.
        seed: Seed of every stream, an integer >= 0.
        sigma: Standard deviation of each coordinate given the label, > 0.
        labels: "balanced": exactly half of S, and of S_G, in each class, class +1 with the extra one of an odd sample.
            "iid": fair coins; S on the condition of two examples in each class.
        loss: "nll": |x - y theta|^2 / (2 sigma^2). "zero_one": 1 where y theta.x <= 0.
        risk: "exact": the closed form of the test risk. An integer: the mean over so many fresh test points.
        variance: "pooled": within-class variance over both classes, denominator m_S - 2. "per-class": a variance for
            each class, denominator n_y - 1.
        mu: Mean of y x, a unit vector of length d. Default: (1, ..., 1) / sqrt(d).
        sampler: "literal": every example is drawn. "sufficient": only numbers on which the NLL risks depend, O(d) of
            them whatever m_S and m_G; the same law, other random numbers. Default: "sufficient", but "literal" for the
            0-1 loss, whose train risk depends on every example.
        chunk: Repeats held at a time; results do not depend on it. Default: for speed.
            A sample of more than 4 million normals is not held at all, but drawn anew for each pass over it.

    Returns:
        The per-repeat risks and gaps of each gamma.

    Raises:
        ValueError: An argument is out of range; one line that names it and its value.

    Source: the binary Gaussian mixture of Zheng, Wu, Li (2023), reconstructed; their protocol is balanced labels,
        sigma 0.6, 1000 repeats, 10 000 test points and the mean of the classes' variances, with balanced labels the
        pooled one.
    """
    settings = checked(
        m_S,
        d,
        gammas,
        repeats=repeats,
        seed=seed,
        sigma=sigma,
        labels=labels,
        loss=loss,
        risk=risk,
        variance=variance,
        mu=mu,
        sampler=sampler,
    )
    counts, redraws = real_counts(settings)
    if settings.sampler == "literal":
        test, train = mixture_run.run(settings, counts, mixture_run.repeats_at_a_time(settings, chunk))
    else:
        test, train = mixture_sufficient.run(settings, counts, chunk)
    cells = (Cell(gamma, settings.generated(gamma), test[i], train[i]) for i, gamma in enumerate(settings.gammas))
    return Simulation(settings, tuple(cells), redraws)
