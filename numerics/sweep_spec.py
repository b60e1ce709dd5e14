"""What a sweep is asked for: grids and cells, read from TOML or given as data, checked before anything is computed."""

from __future__ import annotations

import itertools
import json
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numerics.sweep_fields import generated, shown
from numerics.sweep_quantities import Quantity, canonical, find_quantity, resolve

MOST_CELLS = 200_000
"""Largest number of cells of a sweep."""
MOST_BYTES = 10**6
"""Largest size of a specification's file."""
_ALTERNATIVES = {"gamma", "m_G"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a sweep; what it returns depends on its content alone.

    Args:
        quantity: what is computed.
        content: the canonical JSON of the quantity and every field.
    """

    quantity: str
    content: str

    @property
    def fields(self) -> dict[str, Any]:
        """Every field by name."""
        return fields_of(self.content)

    def __str__(self) -> str:
        return " ".join([self.quantity, *(f"{name}={value}" for name, value in self.fields.items())])


def fields_of(content: str) -> dict[str, Any]:
    """Return the fields of a cell by name from its content."""
    fields: dict[str, Any] = json.loads(content)
    del fields["quantity"]
    return fields


def quantity_of(content: str) -> str:
    """Return the quantity of a cell from its content."""
    return str(json.loads(content)["quantity"])


@dataclass(frozen=True)
class Spec:
    """A sweep: the product of the lists of each grid, and single cells.

    A key's value is a single value or a list of values. `quantity` is a key like the others; m_G may be said as gamma.

    Args:
        common: values that hold in every grid and cell that does not say otherwise.
        grids: the cells of one are the product of its lists. A sweep without grids and cells is one grid of `common`.
        cells: these take single values.
    """

    common: Mapping[str, Any] = field(default_factory=dict)
    grids: tuple[Mapping[str, Any], ...] = ()
    cells: tuple[Mapping[str, Any], ...] = ()

    def expand(self) -> tuple[Cell, ...]:
        """Return the cells, each once, in the order in which they are asked for.

        Raises:
            ValueError: an unknown key or quantity, a value out of range, gamma m_S not an integer, an empty list, more
                than `MOST_CELLS` cells; one line with the offending value.
        """
        blocks = list(self._blocks())
        _refuse_unknown(self.common, {name for block in blocks for name in block.known}, "the sweep")
        size = sum(block.size for block in blocks)
        if size > MOST_CELLS:
            raise ValueError(f"a sweep may have at most {MOST_CELLS} cells. Found {size}.")
        return tuple(dict.fromkeys(cell for block in blocks for cell in block.expand()))

    def _blocks(self) -> Iterator[_Block]:
        grids = [(f"grid {number}", grid) for number, grid in enumerate(self.grids, 1)]
        cells = [(f"cell {number}", cell) for number, cell in enumerate(self.cells, 1)]
        for where, own in cells:
            for key, value in own.items():
                if isinstance(value, (list, tuple)):
                    raise ValueError(f"{where}: a cell takes single values. Found {key} = {shown(value)}.")
        for where, own in grids + cells or [("the sweep", {})]:
            yield _Block.of(where, self.common, own)


@dataclass(frozen=True)
class _Block:
    # A grid: where it stands, its quantities and their keys, and its lists.
    where: str
    quantities: tuple[Quantity, ...]
    known: frozenset[str]
    lists: Mapping[str, tuple[Any, ...]]

    @staticmethod
    def of(where: str, common: Mapping[str, Any], own: Mapping[str, Any]) -> _Block:
        if set(own) >= _ALTERNATIVES or set(common) >= _ALTERNATIVES:
            raise ValueError(f"{where}: gamma and m_G say the same; only one of them is possible")
        hidden = _ALTERNATIVES if _ALTERNATIVES & set(own) else set()
        merged = {key: value for key, value in common.items() if key not in hidden} | dict(own)
        lists = {key: _values(where, key, value) for key, value in merged.items()}
        if "quantity" not in lists:
            raise ValueError(f"{where}: the key 'quantity' is missing")
        quantities = tuple(find_quantity(name) for name in lists.pop("quantity"))
        known = {"quantity"}.union(*map(_keys, quantities))
        _refuse_unknown(own, known, where)
        return _Block(where, quantities, frozenset(known), lists)

    def _axes(self, quantity: Quantity) -> dict[str, tuple[Any, ...]]:
        return {key: self.lists[key] for key in _keys(quantity) if key in self.lists}

    @property
    def size(self) -> int:
        return sum(math.prod(map(len, self._axes(quantity).values())) for quantity in self.quantities)

    def expand(self) -> Iterator[Cell]:
        for quantity in self.quantities:
            axes = self._axes(quantity)
            for point in itertools.product(*axes.values()):
                try:
                    yield cell_of(quantity, dict(zip(axes, point, strict=True)))
                except ValueError as error:
                    raise ValueError(f"{self.where}: {error}") from None


def cell_of(quantity: Quantity, given: Mapping[str, Any]) -> Cell:
    """Make a cell.

    Args:
        quantity: what is computed.
        given: single values by key; a field with a default may be left out, and gamma stands for m_G.

    Raises:
        ValueError: a field is missing or out of range; one line that names it and its value.
    """
    given = dict(given)
    fields: dict[str, Any] = {}
    for item in quantity.fields:
        if item.name == "m_G" and "gamma" in given:
            given["m_G"] = generated(given.pop("gamma"), fields["m_S"])
        value = given.pop(item.name, item.default_after(fields))
        if value is None:
            raise ValueError(f"{quantity.name} needs {item.name}{' or gamma' if item.name == 'm_G' else ''}")
        fields[item.name] = item.read(item.name, value)
    if given:
        raise ValueError(f"{quantity.name} has no field {shown(min(given))}")
    if quantity.check:
        resolve(quantity.check)(fields)
    return Cell(quantity.name, canonical({"quantity": quantity.name, **fields}))


def _keys(quantity: Quantity) -> list[str]:
    names = [item.name for item in quantity.fields]
    return [key for name in names for key in (("gamma", "m_G") if name == "m_G" else (name,))]


def _values(where: str, key: str, value: Any) -> tuple[Any, ...]:
    values = tuple(value) if isinstance(value, (list, tuple)) else (value,)
    if not values:
        raise ValueError(f"{where}: {key} must have at least one value. Found none.")
    return values


def _refuse_unknown(given: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in given:
        if key not in known:
            raise ValueError(f"{where}: unknown key {shown(key)}. Known here: {', '.join(sorted(known))}.")


def parse_spec(text: str) -> Spec:
    """Read a sweep from TOML: keys, ``[[grid]]`` and ``[[cell]]`` tables.

    Raises:
        ValueError: it is no TOML, or a table stands where none may; one line.
    """
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    grids, cells = (_tables(document, name) for name in ("grid", "cell"))
    return Spec(document, grids, cells)


def _tables(document: dict[str, Any], name: str) -> tuple[Mapping[str, Any], ...]:
    found = document.pop(name, [])
    tables: Sequence[Any] = [found] if isinstance(found, dict) else found
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ValueError(f"{name} must be a table, as in [[{name}]]. Found {shown(found)}.")
    return tuple(tables)


def read_spec(path: Path) -> Spec:
    """Read a sweep from a file of TOML.

    Raises:
        ValueError: the file cannot be read, is too large, or is no specification; one line with its name.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it has more than {MOST_BYTES} bytes")
        return parse_spec(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot read {str(path)!r}: {error.strerror}") from None
    except ValueError as error:
        raise ValueError(f"cannot use {str(path)!r}: {error}") from None
