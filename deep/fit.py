"""Training and testing of classifiers: `fit` by SGD, `evaluate` by error and negative log-likelihood."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from deep.augment import find_augmentation
from deep.classifiers import BoundedNetwork
from deep.data import Images
from deep.device import derived_seed
from deep.runtime import Runtime
from deep.steps import Batches, inverse, one_cycle, set_rate
from deep.training import Trained, train
from numerics.sweep import Progress


@dataclass(frozen=True)
class FitSettings:
    """How a classifier is trained: by SGD.

    The SGD that `theory.sgd_stability` speaks of is plain: no momentum, no weight decay, rates ``inverse``.

    Args:
        steps: of SGD; fixed, whatever the number of examples.
        batch: examples in a step.
        rate: largest learning rate.
        schedule: of the rate, ``one cycle`` or ``inverse``, see `deep.steps`.
        momentum: of Nesterov's method; 0 for plain SGD.
        weight_decay: on matrices and kernels only, not on biases and batch norms.
        augmentation: a name of `deep.augment.AUGMENTATIONS`.

    Raises:
        ValueError: an unknown schedule.
    """

    steps: int = 600
    batch: int = 64
    rate: float = 0.1
    schedule: str = "one cycle"
    momentum: float = 0.9
    weight_decay: float = 5e-4
    augmentation: str = "none"

    def __post_init__(self) -> None:
        if self.schedule not in ("one cycle", "inverse"):
            raise ValueError(f"schedule must be 'one cycle' or 'inverse'. Found {self.schedule!r}.")

    def rate_at(self, step: int) -> float:
        """Return a step's learning rate."""
        return self.rate * (inverse(step) if self.schedule == "inverse" else one_cycle(step, self.steps))


def classification_loss(logits: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy: of classes for logits of shape (n, classes), of one logit for shape (n, 1)."""
    if logits.shape[1] == 1:
        return functional.binary_cross_entropy_with_logits(logits[:, 0].float(), label.float())
    return functional.cross_entropy(logits.float(), label)


class ClassifierTask:
    """A classifier in training; see `deep.training.Task`."""

    def __init__(self, model: nn.Module, images: Images, settings: FitSettings, seed: int, runtime: Runtime) -> None:
        """Prepare model and images on the runtime's device."""
        self.model = runtime.prepare(model)
        self.images, self.settings, self.runtime = images.to(runtime.device), settings, runtime
        self.augment = find_augmentation(settings.augmentation)
        self.batches = Batches(len(images), settings.batch, derived_seed(seed, "batches"))
        decayed = [weight for weight in model.parameters() if weight.ndim > 1]
        others = [weight for weight in model.parameters() if weight.ndim <= 1]
        groups: list[dict[str, Any]] = [{"params": decayed, "weight_decay": settings.weight_decay}]
        self.optimiser = torch.optim.SGD(
            groups + [{"params": others}] * bool(others),
            lr=settings.rate,
            momentum=settings.momentum,
            nesterov=settings.momentum > 0,
        )
        self.modules: Mapping[str, nn.Module] = {"model": model}
        self.optimisers: Mapping[str, torch.optim.Optimizer] = {"model": self.optimiser}
        self.state: Mapping[str, torch.Tensor] = {}

    def step(self, step: int, generator: torch.Generator) -> Mapping[str, torch.Tensor]:
        """Do one step of SGD; a bounded network is projected after it."""
        index = self.batches.index(step).to(self.runtime.device)
        x = self.runtime.layout(self.augment(self.images.pixels(index), generator))
        set_rate(self.optimiser, self.settings.rate_at(step))
        self.model.train()
        with self.runtime.autocast():
            loss = classification_loss(self.model(x), self.images.label[index])
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        if isinstance(self.model, BoundedNetwork):
            self.model.project()
        return {"loss": loss.detach()}


def weights_digest(model: nn.Module) -> str:
    """Return the SHA-256 of a module's weights and buffers, in hexadecimal."""
    found = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        found.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def fit(
    model: nn.Module,
    images: Images,
    settings: FitSettings,
    seed: int,
    runtime: Runtime,
    *,
    folder: Path | None = None,
    save_every: int = 500,
    progress: Callable[[Progress], None] | None = None,
) -> Trained:
    """Train a classifier in place.

    Args:
        model: its output has shape (n, classes), or (n, 1) for two classes.
        images: the training data.
        settings: see there.
        seed: of batches and augmentation; the initial weights are the model's.
        runtime: where.
        folder: of checkpoints; none are written if None.
        save_every: steps between them.
        progress: told after every step.

    Raises:
        FailedRunError: see `deep.training.train`.
        ValueError: likewise, or an unknown augmentation.
    """
    task = ClassifierTask(model, images, settings, seed, runtime)
    config: dict[str, Any] = {"settings": asdict(settings)}
    if folder:
        config |= {"initial weights": weights_digest(model), "data": images.digest()}
    return train(
        task,
        steps=settings.steps,
        seed=seed,
        runtime=runtime,
        config=config,
        folder=folder,
        save_every=save_every,
        progress=progress,
    )


@dataclass(frozen=True)
class Evaluation:
    """A classifier on data.

    Args:
        error: share of wrong classes.
        nll: mean negative log-likelihood of the labels, in nats.
        class_errors: the error on each class; nan for a class without examples.
    """

    error: float
    nll: float
    class_errors: tuple[float, ...]


@torch.no_grad()
def apply(
    function: nn.Module | Callable[[torch.Tensor], torch.Tensor], images: Images, runtime: Runtime
) -> torch.Tensor:
    """Map images through a module or one of its methods, a thousand at a time, in float32; float64, on the CPU."""
    found = []
    for first in range(0, len(images), 1000):
        x = images.pixels(slice(first, first + 1000)).to(runtime.device)
        found.append(function(runtime.layout(x)).double().cpu())
    return torch.cat(found)


def evaluate(model: nn.Module, images: Images, runtime: Runtime) -> Evaluation:
    """Test a classifier, with its batch norms in their mode for testing; it is left in that mode."""
    logits, label = apply(model.eval(), images, runtime), images.label.cpu()
    if logits.shape[1] == 1:
        logits = torch.cat([torch.zeros_like(logits), logits], dim=1)  # the same probabilities, as two classes
    wrong = (logits.argmax(dim=1) != label).double()
    each = tuple(float(wrong[label == k].mean()) for k in range(images.classes))
    return Evaluation(float(wrong.mean()), float(functional.cross_entropy(logits, label)), each)
