"""Checkpoints: weights, optimisers, random states and further tensors of a run in one safetensors file, never a pickle.

A checkpoint is written beside its place, flushed to the disk and moved there: whenever the program is killed, there is
the old one or the new one, whole. What is no tensor is one JSON text in the file's header.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

FORMAT = 1
"""Version of the layout below."""
_HEADER = "gda"  # one entry only: safetensors does not keep several in a fixed order


class Trainable(Protocol):
    """All that changes while a task is trained.

    Args:
        modules: every module with weights or buffers, averaged copies (EMA) among them, by name.
        optimisers: by name; their hyperparameters are no state, but a function of the step.
        state: further tensors, changed in place only.
    """

    modules: Mapping[str, nn.Module]
    optimisers: Mapping[str, torch.optim.Optimizer]
    state: Mapping[str, torch.Tensor]


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that is there either whole or not at all; one that was there stays until then.

    Raises:
        ValueError: the folder or the disk does not take it.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
        _flush_folder(path.parent)
    except OSError as error:
        raise ValueError(f"cannot write {str(path)!r}: {error.strerror or error}") from None


def _flush_folder(folder: Path) -> None:
    # The move itself has to reach the disk, too; not every system lets a folder be opened for that.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def module_tensors(task: Trainable) -> dict[str, torch.Tensor]:
    """Return the tensors of modules and further state, by their names in the checkpoint; not copies."""
    found = {f"module/{name}/{k}": v for name, m in task.modules.items() for k, v in m.state_dict().items()}
    return found | {f"state/{name}": tensor for name, tensor in task.state.items()}


def _optimiser_tensors(task: Trainable) -> dict[str, torch.Tensor]:
    found = {}
    for name, optimiser in task.optimisers.items():
        for index, entries in optimiser.state_dict()["state"].items():
            for key, value in entries.items():
                if isinstance(value, torch.Tensor):
                    found[f"optimiser/{name}/{index}/{key}"] = value
                elif value is not None:
                    raise TypeError(f"an optimiser's state must be tensors. Found {key} = {value!r} in {name!r}.")
    return found


def random_states(generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Return the states of a run's generator and of PyTorch's global ones, which dropout draws from."""
    found = {"random/generator": generator.get_state(), "random/cpu": torch.random.get_rng_state()}
    if generator.device.type == "cuda":
        found["random/cuda"] = torch.cuda.get_rng_state(generator.device)
    return found


def save_checkpoint(path: Path, task: Trainable, generator: torch.Generator, facts: Mapping[str, Any]) -> None:
    """Write a checkpoint.

    Args:
        path: the file; replaced if it is there.
        task: what is trained.
        generator: of the run.
        facts: what is no tensor: the step, the run's config; JSON.

    Raises:
        ValueError: the file cannot be written.
        TypeError: an optimiser keeps what is no tensor.
    """
    tensors = module_tensors(task) | _optimiser_tensors(task) | random_states(generator)
    header = json.dumps({"format": FORMAT, **facts}, sort_keys=True)
    copies = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    write_atomically(path, save(copies, {_HEADER: header}))


def read_checkpoint(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read a checkpoint's tensors and facts.

    Raises:
        ValueError: the file is damaged, no checkpoint, or of another version.
    """
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})[_HEADER])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
        version = facts["format"]
    except (SafetensorError, OSError, KeyError, TypeError, json.JSONDecodeError):
        raise ValueError(f"cannot use {str(path)!r}: it is no checkpoint, or damaged") from None
    if version != FORMAT:
        raise ValueError(f"cannot use {str(path)!r}: it must have format {FORMAT}. Found {version!r}.")
    return tensors, facts


def restore(task: Trainable, generator: torch.Generator, tensors: Mapping[str, torch.Tensor]) -> None:
    """Put a checkpoint's tensors into a task, its optimisers and the random states.

    Raises:
        ValueError: the task has other tensors than the checkpoint; nothing is changed then.
    """
    own = module_tensors(task)
    kept = {name: tensor for name, tensor in tensors.items() if name.split("/")[0] in ("module", "state")}
    differing = {name for name in own.keys() | kept.keys() if _form(own.get(name)) != _form(kept.get(name))}
    lacking = random_states(generator).keys() - tensors.keys()
    if differing or lacking:
        raise ValueError(
            f"the checkpoint belongs to another model. Found a difference in {min(differing | lacking)!r}."
        )
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(kept[name])
    for name, optimiser in task.optimisers.items():
        _restore_optimiser(name, optimiser, tensors)
    generator.set_state(tensors["random/generator"])
    torch.random.set_rng_state(tensors["random/cpu"])
    if generator.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["random/cuda"], generator.device)


def _form(tensor: torch.Tensor | None) -> object:
    return None if tensor is None else (tensor.shape, tensor.dtype)


def _laid_out_as(weight: torch.Tensor, tensor: torch.Tensor) -> torch.Tensor:
    # Fused optimisers go through weights and averages in the order of memory: channels-last weights need averages
    # that are laid out so.
    if tensor.shape != weight.shape:
        return tensor
    return torch.empty_like(weight, dtype=tensor.dtype, device=tensor.device).copy_(tensor)


def _restore_optimiser(name: str, optimiser: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    entries: dict[int, dict[str, torch.Tensor]] = {}
    for path, tensor in tensors.items():
        kind, _, rest = path.partition("/")
        if kind == "optimiser" and rest.startswith(f"{name}/"):
            index, key = rest[len(name) + 1 :].split("/", 1)
            entries.setdefault(int(index), {})[key] = tensor
    weights: list[torch.Tensor] = [weight for group in optimiser.param_groups for weight in group["params"]]
    if entries and max(entries) >= len(weights):
        raise ValueError(f"the checkpoint belongs to another model. Found weight {max(entries)} of {name!r}.")
    state = {
        number: {key: _laid_out_as(weights[number], tensor) for key, tensor in entry.items()}
        for number, entry in entries.items()
    }
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
