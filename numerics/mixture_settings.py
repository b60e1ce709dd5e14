"""What a simulation of the Gaussian mixture is asked for, checked where it comes in."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from numerics.domains import check_domain
from theory import symbols

LABELS = ("balanced", "iid")
LOSSES = ("nll", "zero_one")
VARIANCES = ("pooled", "per-class")
SAMPLERS = ("literal", "sufficient")
_LARGEST_SIGMA = 1e100
_MOST_NUMBERS = 10**14
_MOST_POINTS = 10**15  # a float counts them exactly
_SMALLEST_S = {("balanced", "pooled"): 3, ("balanced", "per-class"): 4, ("iid", "pooled"): 4, ("iid", "per-class"): 4}


@dataclass(frozen=True)
class Settings:
    """One simulation; the fields are the arguments of `numerics.mixture.simulate`, in canonical form."""

    m_S: int
    d: int
    gammas: tuple[Fraction, ...]
    repeats: int
    seed: int
    sigma: float
    labels: str
    loss: str
    risk: str | int
    variance: str
    mu: tuple[float, ...]
    sampler: str

    def generated(self, gamma: Fraction) -> int:
        """Return m_G = gamma m_S."""
        return int(gamma * self.m_S)


def checked(
    m_S: Any,
    d: Any,
    gammas: Iterable[Any],
    *,
    repeats: Any,
    seed: Any,
    sigma: Any,
    labels: str,
    loss: str,
    risk: Any,
    variance: str,
    mu: Sequence[float] | None,
    sampler: str | None = None,
) -> Settings:
    """Check the arguments of a simulation and bring them into canonical form.

    Raises:
        ValueError: An argument is out of range; one line that names it and its value.
    """
    for name, value, known in (("labels", labels, LABELS), ("loss", loss, LOSSES), ("variance", variance, VARIANCES)):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}. Found {value!r}.")
    m_S, d = integer("m_S", m_S, 1), integer("d", d, 1)
    if isinstance(gammas, (str, int, float, Fraction)):
        raise ValueError(f"gammas must be a sequence of numbers. Found {gammas!r}.")
    fractions = tuple(read_gamma(gamma, m_S) for gamma in gammas)
    if not fractions:
        raise ValueError("gammas must hold at least one value. Found none.")
    _check_size(m_S, labels, variance, augmented=any(fractions))
    settings = Settings(
        m_S=m_S,
        d=d,
        gammas=fractions,
        repeats=integer("repeats", repeats, 2),  # a standard error needs two
        seed=integer("seed", seed, 0),
        sigma=_sigma(sigma),
        labels=labels,
        loss=loss,
        risk=risk if risk == "exact" else integer("risk, if not 'exact',", risk, 1),
        variance=variance,
        mu=_direction(mu, d),
        sampler=_sampler(sampler, loss),
    )
    _check_work(settings)
    return settings


def _sampler(value: str | None, loss: str) -> str:
    if value is None:
        return "sufficient" if loss == "nll" else "literal"
    if value not in SAMPLERS:
        raise ValueError(f"sampler must be one of {', '.join(SAMPLERS)}. Found {value!r}.")
    if value == "sufficient" and loss != "nll":
        raise ValueError(f"sampler must be literal for loss {loss}, as it needs every example. Found {value!r}.")
    return value


def _check_work(settings: Settings) -> None:
    # Weeks are surely not meant.
    largest = settings.m_S + max(map(settings.generated, settings.gammas))
    if settings.sampler == "literal":
        name, numbers = "m_S + m_G", settings.m_S + sum(map(settings.generated, settings.gammas))
    else:
        name, numbers = "number of gammas", len(settings.gammas)
        for what, count in (("m_S + m_G", largest), ("risk", 0 if settings.risk == "exact" else int(settings.risk))):
            if count > _MOST_POINTS:
                raise ValueError(f"{what} must be at most {_MOST_POINTS:.0e}. Found {count}.")
    drawn = settings.repeats * settings.d * numbers
    if drawn > _MOST_NUMBERS:
        raise ValueError(f"repeats * d * ({name}) must be at most {_MOST_NUMBERS:.0e}. Found {drawn}.")


def integer(name: str, value: Any, lower: int) -> int:
    """Read an integer.

    Args:
        name: What it is, for the message.
        value: Any number.
        lower: The least that is accepted.

    Raises:
        ValueError: The value is no integer >= `lower`.
    """
    try:
        number = int(value)
        fits = not isinstance(value, (bool, str)) and number == value and number >= lower
    except (TypeError, ValueError, OverflowError):
        fits = False
    if not fits:
        raise ValueError(f"{name} must be an integer >= {lower}. Found {value}.")
    return number


def one_cell(m_S: Any, d: Any, gamma: Any, labels: str, loss: str, sigma: Any = 1.0, mu: Any = None) -> Settings:
    """Check the arguments of one cell of which nothing is simulated: those of the exact laws.

    Without a `mu` none is made, so that d may be as large as one likes.

    Raises:
        ValueError: An argument is out of range; one line that names it and its value.
    """
    dimension = integer("d", d, 1)
    found = checked(
        m_S,
        dimension if mu is not None else 1,
        [gamma],
        repeats=2,
        seed=0,
        sigma=sigma,
        labels=labels,
        loss=loss,
        risk="exact",
        variance="pooled",
        mu=mu,
    )
    if found.m_S < 4:
        raise ValueError(f"the law needs m_S >= 4. Found {m_S}.")
    return found if mu is not None else replace(found, d=dimension, mu=())


def read_gamma(value: Any, m_S: int) -> Fraction:
    """Read gamma exactly.

    Raises:
        ValueError: no number >= 0, or gamma m_S is no integer.
    """
    # A float stands for the decimal it prints as: 0.1 * 10 is to be 1.
    try:
        gamma = value if isinstance(value, Fraction) else Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"gamma must be a number >= 0. Found {value}.") from None
    check_domain(symbols.gamma, gamma)
    if (gamma * m_S).denominator != 1:
        raise ValueError(f"gamma * m_S must be an integer. Found gamma = {value} with m_S = {m_S}.")
    return gamma


def _check_size(m_S: int, labels: str, variance: str, *, augmented: bool) -> None:
    # Balanced labels at gamma = 0 fit no generator and put no condition on S: any size is well-defined. The
    # condition on i.i.d. labels holds at every gamma, so that the same S serves them all.
    smallest = _SMALLEST_S[labels, variance] if augmented or labels == "iid" else 1
    if m_S < smallest:
        raise ValueError(f"m_S must be >= {smallest} with {labels} labels and {variance} variance. Found {m_S}.")


def _sigma(value: Any) -> float:
    try:
        sigma = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"sigma must be a number > 0. Found {value}.") from None
    check_domain(symbols.sigma, sigma)
    if not 1 / _LARGEST_SIGMA <= sigma <= _LARGEST_SIGMA:  # beyond, squared distances leave the range of floats
        raise ValueError(f"sigma must be between {1 / _LARGEST_SIGMA:g} and {_LARGEST_SIGMA:g}. Found {value}.")
    return sigma


def _direction(mu: Sequence[float] | None, d: int) -> tuple[float, ...]:
    direction = (1 / math.sqrt(d),) * d if mu is None else tuple(map(float, mu))
    if len(direction) != d or not math.isclose(math.hypot(*direction), 1, rel_tol=1e-9):
        raise ValueError(f"mu must be a unit vector of length d = {d}. Found {list(direction)}.")
    return direction
