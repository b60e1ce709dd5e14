"""What an experiment on images is asked for, and by which rule it is judged: written down before it runs.

A run is paired: at one ``(m_S, seed)`` every cell has the same real examples, the same initial weights and the same
seed of batches, with and without generated images. Imports no torch, so that results can be read without it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from numerics.sweep_fields import generated, shown

GENERATORS = ("cdcgan", "stylegan2-ada", "edm")
"""Trained on the same examples. Beside them: a file of images, as ``npz-`` and 16 digits of its SHA-256."""
NONE = "none"
"""The generator of cells without generated images."""
DATA = ("digits", "cifar10")
STANDARD = ("off", "on")
_FILE = re.compile(r"npz-[0-9a-f]{16}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{16}", re.ASCII)
MOST_SEEDS, MOST_CLASSIFIERS = 1000, 20


@dataclass(frozen=True)
class Rule:
    """The analysis, fixed before the run.

    Each comparison is that of a ``(m_S, generator, gamma, standard augmentation)`` with gamma = 0. Over seeds, the mean
    over classifiers at gamma = 0 minus that at gamma gets a two-sided t-interval at ``level``, corrected after
    Bonferroni for the number of comparisons of the spec; test error, test NLL and gap are a family each. By the
    interval of the test error's reduction, in percentage points: *helps*, it lies above +threshold; *hurts*, below 0;
    *hardly*, inside +-threshold and not below 0; else *open*. Fewer seeds than `least_seeds`, or no spread at all, are
    *open*, too. A seed whose generator fails the gate is left out and listed; where fewer than `least_passing` of the
    seeds are left, the generator has failed there and its comparisons are excluded. So is a pair left out where the
    training of one of its classifiers failed.

    Args:
        level: of all intervals of a family together.
        threshold: percentage points.
        least_seeds: for a word other than *open*.
        least_passing: share of seeds.
        small: m_S up to this counts as small.
        large: m_S from this on counts as large.
        room: percentage points of test error at gamma = 0; claims that some generator helps, or does not, with or
            without standard augmentation, are asked where there is at least this much to reduce.

    Raises:
        ValueError: a number out of range.
    """

    level: float = 0.95
    threshold: float = 1.0
    least_seeds: int = 8
    least_passing: float = 0.5
    small: int = 100
    large: int = 500
    room: float = 3.0

    def __post_init__(self) -> None:
        if not (0 < self.level < 1 and 0 < self.least_passing <= 1):
            raise ValueError(f"level is in (0, 1), least_passing in (0, 1]. Found {self.level}, {self.least_passing}.")
        if not (0 < self.threshold < 100 and 0 <= self.room < 100):
            raise ValueError(f"threshold and room are percentage points. Found {self.threshold}, {self.room}.")
        if self.least_seeds < 2 or not 0 < self.small < self.large:
            found = f"Found {self.least_seeds}, {self.small}, {self.large}."
            raise ValueError(f"least_seeds >= 2 and 0 < small < large are needed. {found}")


@dataclass(frozen=True)
class Training:
    """How classifiers are trained: as `deep.fit.FitSettings`, and how long.

    Args:
        model: ``small-resnet`` or ``resnet18``.
        width: of the small one's first stage.
        steps: of SGD, the same at every gamma; 0 if epochs are given.
        epochs: over real and generated examples together, so that steps grow with gamma; 0 if steps are given.
        batch: at most; never more than m_S, so that it is the same at every gamma.
        rate: largest learning rate.
        augmentation: the standard one, a name of `deep.augment.AUGMENTATIONS`.

    Raises:
        ValueError: an unknown model, or numbers out of range.
    """

    model: str = "small-resnet"
    width: int = 16
    steps: int = 600
    epochs: int = 0
    batch: int = 64
    rate: float = 0.1
    augmentation: str = "digits"

    def __post_init__(self) -> None:
        if self.model not in ("small-resnet", "resnet18"):
            raise ValueError(f"model must be small-resnet or resnet18. Found {self.model!r}.")
        if min(self.width, self.batch) < 1 or min(self.steps, self.epochs) < 0 or not 0 < self.rate < math.inf:
            raise ValueError(f"width, batch and rate must be positive. Found {self.width}, {self.batch}, {self.rate}.")
        if (self.steps > 0) == (self.epochs > 0):
            raise ValueError(f"either steps or epochs must be positive. Found {self.steps}, {self.epochs}.")

    def steps_at(self, m_S: int, m_G: int, *, growing: bool = False) -> int:
        """Return the steps with m_G generated examples; `growing` keeps the epochs of fixed steps instead."""
        if self.epochs:
            return math.ceil(self.epochs * (m_S + m_G) / min(self.batch, m_S))
        return math.ceil(self.steps * (m_S + m_G) / m_S) if growing else self.steps


@dataclass(frozen=True)
class Spec:
    """An experiment.

    Args:
        data: ``digits`` or ``cifar10``.
        digest: 16 hexadecimal digits of the data's SHA-256.
        m_S: sizes of the real samples.
        generators: names, see `GENERATORS`.
        gammas: ``m_G/m_S``, 0 and others; every ``gamma m_S`` is an integer.
        standard: whether with standard augmentation, ``off``, ``on`` or both.
        seeds: their number; 0, 1, ...
        classifiers: trained in each cell; their mean counts.
        training: of the classifiers.
        settings: all settings of each generator that is trained, by its name.
        device: ``cpu`` or ``cuda``, on which numbers differ in their last digits, and so further on.
        epoch_check: (m_S, generator, gamma) that is run again at fixed epochs; empty for none.
        recheck: steps of EDM in a short cell that is there to be computed anew elsewhere; 0 for none.
        rule: the analysis.

    Raises:
        ValueError: one line with the offending value.
    """

    data: str
    digest: str
    m_S: tuple[int, ...]
    generators: tuple[str, ...]
    gammas: tuple[float, ...]
    standard: tuple[str, ...] = STANDARD
    seeds: int = 20
    classifiers: int = 2
    training: Training = field(default_factory=Training)
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    device: str = "cpu"
    epoch_check: tuple[Any, ...] = ()
    recheck: int = 0
    rule: Rule = field(default_factory=Rule)

    def __post_init__(self) -> None:
        if self.data not in DATA:
            raise ValueError(f"data must be one of {', '.join(DATA)}. Found {shown(self.data)}.")
        if not _DIGEST.fullmatch(self.digest):
            raise ValueError(f"digest must be 16 hexadecimal digits. Found {shown(self.digest)}.")
        for name in self.generators:
            check_generator(name)
        for number in (*self.m_S, self.seeds, self.classifiers, self.recheck):
            if type(number) is not int:
                raise ValueError(f"m_S, seeds, classifiers and recheck must be integers. Found {shown(number)}.")
        for name in ("m_S", "generators", "gammas", "standard"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise ValueError(f"{name} needs values, each once. Found {shown(list(values))}.")
        if 0 not in self.gammas or len(self.gammas) < 2:
            raise ValueError(f"gammas need 0, which is compared with, and another. Found {shown(list(self.gammas))}.")
        if not set(self.standard) <= set(STANDARD):
            raise ValueError(f"standard augmentation is off or on. Found {shown(list(self.standard))}.")
        if min(self.m_S) < 1:
            raise ValueError(f"m_S must be at least 1. Found {min(self.m_S)}.")
        if not 2 <= self.seeds <= MOST_SEEDS or not 1 <= self.classifiers <= MOST_CLASSIFIERS:
            ranges = f"seeds must be 2 to {MOST_SEEDS}, classifiers 1 to {MOST_CLASSIFIERS}"
            raise ValueError(f"{ranges}. Found {self.seeds}, {self.classifiers}.")
        if self.device not in ("cpu", "cuda"):
            raise ValueError(f"device must be cpu or cuda. Found {shown(self.device)}.")
        self._check_extras()
        for m_S in self.m_S:
            self.amounts(m_S)

    def _check_extras(self) -> None:
        if self.epoch_check:
            here = ((m_S, name, gamma) for m_S in self.m_S for name in self.generators for gamma in self.positive)
            if self.epoch_check not in here or self.training.epochs:
                raise ValueError(f"a check of fixed epochs is of a cell at fixed steps. Found {self.epoch_check}.")
        if self.recheck < 0 or (self.recheck and "edm" not in self.settings):
            raise ValueError(f"a short cell of EDM needs its settings, and steps >= 0. Found {self.recheck}.")

    @property
    def positive(self) -> tuple[float, ...]:
        """Every gamma but 0."""
        return tuple(gamma for gamma in self.gammas if gamma)

    def amounts(self, m_S: int) -> tuple[int, ...]:
        """Return m_G of every gamma but 0."""
        return tuple(generated(gamma, m_S) for gamma in self.positive)

    @property
    def comparisons(self) -> int:
        """Number of comparisons that the correction counts."""
        each = len(self.m_S) * len(self.generators) * len(self.positive) + bool(self.epoch_check)
        return each * len(self.standard)

    def tasks(self) -> Iterator[tuple[int, str, int]]:
        """Return ``(m_S, generator, seed)`` of every task, those without generated images among them."""
        for m_S in self.m_S:
            for name in (NONE, *self.generators):
                for seed in range(self.seeds):
                    yield m_S, name, seed

    def to_json(self) -> str:
        """Write as JSON, one line a field."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, allow_nan=False) + "\n"


def check_generator(name: str) -> None:
    """Refuse what is no generator's name.

    Raises:
        ValueError: with the name.
    """
    if not isinstance(name, str) or (name not in GENERATORS and not _FILE.fullmatch(name)):
        raise ValueError(f"generator must be one of {', '.join(GENERATORS)}, or npz:FILE. Found {shown(name)}.")


def spec_from_json(text: str) -> Spec:
    """Read what `Spec.to_json` writes.

    Raises:
        ValueError: no such JSON, or a value out of range.
    """
    try:
        raw = json.loads(text)
        whole = _known(Spec, raw)
        whole |= {"training": Training(**_known(Training, raw["training"])), "rule": Rule(**_known(Rule, raw["rule"]))}
        tuples = ("m_S", "generators", "gammas", "standard", "epoch_check")
        return Spec(**whole | {name: tuple(whole[name]) for name in tuples})
    except (TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"no specification of an experiment: {' '.join(str(error).split())[:200]}") from None


def _known(kind: Any, raw: Any) -> dict[str, Any]:
    names = {item.name for item in fields(kind)}
    if not isinstance(raw, dict) or set(raw) != names:
        odd = sorted(set(raw) ^ names) if isinstance(raw, dict) else raw
        raise ValueError(f"no specification of an experiment: {kind.__name__} has other fields. Found {shown(odd)}.")
    return dict(raw)


# Ready-made experiments


def main_spec(digest: str) -> Spec:
    """Return the main run: three generators on the digits, 20 seeds. The generators' settings are their defaults."""
    return Spec(
        data="digits",
        digest=digest,
        m_S=(50, 100, 200, 500, 1000),
        generators=GENERATORS,
        gammas=(0, 1, 4, 10),
        settings={name: {} for name in GENERATORS},
        epoch_check=(200, "edm", 4),
        recheck=1000,
    )


def cifar_spec(digest: str) -> Spec:
    """Return the source's setting on CIFAR-10: ResNet-18, batch 512, rate 0.2, 100 epochs, m_G up to a million.

    The generators' settings are this project's, for images of 32 x 32; the source's are larger.
    """
    return Spec(
        data="cifar10",
        digest=digest,
        m_S=(50_000,),
        generators=GENERATORS,
        gammas=(0, 1, 2, 4, 10, 20),
        seeds=8,
        training=Training("resnet18", steps=0, epochs=100, batch=512, rate=0.2, augmentation="cifar"),
        settings={
            "cdcgan": {"width": 64, "halvings": 3, "latent": 100, "steps": 100_000, "ema": 0.999},
            "stylegan2-ada": {"width": 128, "latent": 512, "style": 512, "multiplier": 0.01, "steps": 200_000,
                              "batch": 64, "rate": 2.5e-3, "r1": 0.01, "path": 0.0,
                              "ada": {"images": 500_000, "pixels": 4}},
            "edm": {"network": "unet", "width": 128, "depth": 4, "rate": 1e-3, "batch": 512, "steps": 100_000,
                    "ema_half_life": 500_000.0, "sigma_data": 0.5, "P_mean": -1.2},
        },
        rule=Rule(small=5_000, large=50_000),
    )  # fmt: skip


def quick_spec(spec: Spec) -> Spec:
    """Shorten an experiment to a first look that decides nothing: one m_S, two seeds, few steps, one generator."""
    settings = {name: dict(found) | {"steps": 1500} for name, found in spec.settings.items()}
    training = replace(spec.training, steps=200, epochs=0)
    kept = {"m_S": (200,), "generators": ("edm",), "gammas": (0, 4), "seeds": 2, "epoch_check": (), "recheck": 0}
    return replace(spec, training=training, settings=settings, **kept)  # type: ignore[arg-type]
