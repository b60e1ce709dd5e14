"""The quantities that a sweep computes. Each is one entry; what computes it is imported when a cell needs it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from numerics.sweep_fields import (
    DELTA,
    FORM,
    LABELS,
    LOSS,
    M_G,
    M_S,
    REPEATS,
    RISK,
    SAMPLER,
    SEED,
    SIGMA,
    VARIANCE,
    D,
    Field,
    Value,
    shown,
)


def _unit_work(_cell: Mapping[str, Any]) -> float:
    return 1.0


@dataclass(frozen=True)
class Quantity:
    """A quantity of a cell.

    Args:
        name: how a specification asks for it.
        compute: "module:function"; from a cell's fields by name to its values by name. The function is imported where
            the cell is computed, and the source of its module, with all that it imports of this project, is what the
            stored values belong to.
        fields: what a cell of it consists of. A quantity with the field m_G takes gamma in its place.
        values: what it returns.
        check: "module:function"; raises a ValueError for fields that go ill together. Empty for no check.
        work: the relative effort of a cell, to make tasks of a fair size and to tell the time left.
    """

    name: str
    compute: str
    fields: tuple[Field, ...]
    values: tuple[Value, ...]
    check: str = ""
    work: Callable[[Mapping[str, Any]], float] = _unit_work

    def encode(self, found: Mapping[str, Any]) -> str:
        """Write values as canonical JSON, without loss.

        Raises:
            ValueError: a value is missing, unknown, or of the wrong kind.
        """
        if set(found) != {value.name for value in self.values}:
            raise ValueError(f"{self.name} has the values {[v.name for v in self.values]}. Found {sorted(found)}.")
        checked = {value.name: value.check(found[value.name]) for value in self.values}
        plain = {k: repr(v) if isinstance(v, float) and not math.isfinite(v) else v for k, v in checked.items()}
        return canonical(plain)

    def decode(self, text: str) -> dict[str, Any]:
        """Read values back.

        Raises:
            ValueError: the text is no such values.
        """
        raw = json.loads(text)
        if not isinstance(raw, dict) or set(raw) != {value.name for value in self.values}:
            raise ValueError(f"these are no values of {self.name}: {shown(text)}")
        kinds = {value.name: value.kind for value in self.values}
        nonfinite = ("nan", "inf", "-inf")
        found = {k: float(v) if kinds[k] == "float" and v in nonfinite else v for k, v in raw.items()}
        return {value.name: value.check(found[value.name]) for value in self.values}


def canonical(content: Mapping[str, Any]) -> str:
    """Write a mapping as the one JSON text that stands for it."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def resolve(reference: str) -> Callable[..., Any]:
    """Import what "module:function" names."""
    module, _, function = reference.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found


_REGISTRY: dict[str, Quantity] = {}


def register(quantity: Quantity) -> None:
    """Make a quantity known, to this process; workers import what computes it by name.

    Raises:
        ValueError: the name is taken, or a column would have two meanings.
    """
    if _REGISTRY.get(quantity.name, quantity) != quantity:
        raise ValueError(f"there is a quantity {quantity.name!r} already")
    roles = {"quantity": ("str", True), "code": ("str", True)}
    for other in (*_REGISTRY.values(), quantity):
        columns = [(f.name, f.kind, True) for f in other.fields] + [(v.name, v.kind, False) for v in other.values]
        for name, kind, is_field in columns:
            if roles.setdefault(name, (kind, is_field)) != (kind, is_field):
                raise ValueError(f"the column {name!r} of {quantity.name!r} would have two meanings")
    _REGISTRY[quantity.name] = quantity


def quantities() -> Mapping[str, Quantity]:
    """Return the known quantities by name."""
    return dict(_REGISTRY)


def find_quantity(name: Any) -> Quantity:
    """Return a quantity by its name.

    Raises:
        ValueError: there is none.
    """
    if not isinstance(name, str) or name not in _REGISTRY:
        raise ValueError(f"quantity must be one of {', '.join(_REGISTRY)}. Found {shown(name)}.")
    return _REGISTRY[name]


def _drawn(cell: Mapping[str, Any]) -> float:
    # In normals drawn, about; a cell is never for nothing.
    points = 0 if cell["risk"] == "exact" else int(cell["risk"])
    examples = cell["m_S"] + cell["m_G"] + points if cell["sampler"] == "literal" else 6
    return 2e4 + float(cell["repeats"] * cell["d"] * examples)


_SUMMARY = tuple(f"{kind}_{name}" for name in ("gap", "abs_gap", "test_risk", "train_risk") for kind in ("mean", "sem"))
_LAW = (
    "mean_gap",
    "sd_gap",
    "mean_abs_gap",
    "error_estimate",
    "mean_test_risk",
    "sd_test_risk",
    "expected_zero_one",
    "expected_zero_one_error",
)
_TERMS = ("divergence", "sampling_S", "sampling_S_G", "stability_S", "stability_S_G", "coupling", "dependence", "total")

for _quantity in (
    Quantity(
        "simulate",
        "numerics.sweep_simulate:compute",
        (M_S, D, M_G, REPEATS, SEED, SIGMA, LABELS, LOSS, RISK, VARIANCE, SAMPLER),
        (Value("gamma"), *map(Value, _SUMMARY), Value("redraws", "int")),
        "numerics.sweep_simulate:check",
        _drawn,
    ),
    Quantity(
        "law",
        "numerics.sweep_law:compute",
        (M_S, D, M_G, LABELS, SIGMA),
        (Value("gamma"), *map(Value, _LAW)),
        "numerics.sweep_law:check",
        lambda cell: 1e6 if cell["labels"] == "balanced" else 1e8,
    ),
    Quantity(
        "bound",
        "numerics.sweep_bound:explicit",
        (M_S, D, M_G, DELTA, SIGMA),
        (Value("gamma"), *map(Value, _TERMS)),
        "numerics.sweep_bound:check",
    ),
    Quantity(
        "order-form",
        "numerics.sweep_bound:order",
        (M_S, D, M_G, DELTA, SIGMA),
        (Value("gamma"), *map(Value, _TERMS)),
        "numerics.sweep_bound:check",
    ),
    Quantity(
        "optimal",
        "numerics.sweep_optimal:compute",
        (M_S, D, DELTA, FORM),
        (Value("m_g", "int", optional=True), Value("bound"), Value("bound_without"), Value("proved", "bool")),
        "numerics.sweep_optimal:check",
    ),
):
    register(_quantity)
