"""Cells as a table: typed columns, rows in the order of their content; and back, with every value checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numerics.store import Row, Store
from numerics.sweep_code import DIGITS, code_of
from numerics.sweep_fields import Kind, Value, shown
from numerics.sweep_quantities import find_quantity, quantities
from numerics.sweep_spec import MOST_CELLS, Cell, cell_of, fields_of, quantity_of

_CODE = re.compile(rf"[0-9a-f]{{{DIGITS}}}")


@dataclass(frozen=True)
class Table:
    """Cells in columns.

    Args:
        kinds: kind of each column by name, in order; only columns that some row needs.
        rows: values in the order of the columns; None where the row's quantity has no such column.
    """

    kinds: Mapping[str, Kind]
    rows: tuple[tuple[Any, ...], ...]

    def column(self, name: str) -> list[Any]:
        """Return a column."""
        index = list(self.kinds).index(name)
        return [row[index] for row in self.rows]


@dataclass(frozen=True)
class Selection:
    """What an export takes from a store.

    Args:
        rows: the rows, in the order of their content.
        missing: cells of the specification that the store does not have.
        other: rows that were left out, as their code or their quantity is not this program's.
    """

    rows: tuple[Row, ...]
    missing: int
    other: int


def select(store: Store, cells: Sequence[Cell] | None = None, *, every_code: bool = False) -> Selection:
    """Choose the rows of a store to export.

    Args:
        store: where they are.
        cells: only these; None for all.
        every_code: also values that other code of this project has computed.

    Raises:
        StoreError: the store cannot be read.
        ValueError: a row is damaged.
    """
    wanted = None if cells is None else {cell.content for cell in cells}
    codes = {name: code_of(quantity.compute) for name, quantity in quantities().items()}
    found, other = [], 0
    for row in store.rows():
        if wanted is not None and row.content not in wanted:
            continue
        name, fields = _content(row)
        if codes.get(name) == row.code or (every_code and name in codes):
            order = tuple(fields[item.name] for item in find_quantity(name).fields)
            found.append(((name, order, row.code), row))
        else:
            other += 1
    found.sort(key=lambda pair: pair[0])
    missing = 0 if wanted is None else len(wanted - {row.content for _, row in found})
    return Selection(tuple(row for _, row in found), missing, other)


def _content(row: Row) -> tuple[str, dict[str, Any]]:
    # What a stored row is about; its fields were checked when it was written, unless its quantity is unknown here.
    try:
        name, fields = quantity_of(row.content), fields_of(row.content)
        if name in quantities():
            kinds = {item.name: Value(item.name, item.kind) for item in find_quantity(name).fields}
            if set(kinds) != set(fields):
                raise ValueError
            for key, value in fields.items():
                kinds[key].check(value)
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ValueError(f"a damaged row in the store: {shown(row.content)}") from None
    return name, fields


def all_kinds(names: Iterable[str]) -> dict[str, Kind]:
    """Return the columns that some quantities need, with their kinds, in order: what they are, fields, values."""
    chosen = set(names)
    known = [quantity for quantity in quantities().values() if quantity.name in chosen]
    kinds: dict[str, Kind] = {"quantity": "str", "code": "str"}
    for quantity in known:
        kinds.update({item.name: item.kind for item in quantity.fields})
    for quantity in known:
        kinds.update({value.name: value.kind for value in quantity.values})
    return kinds


def to_table(rows: Sequence[Row]) -> Table:
    """Put rows of a store into columns.

    Raises:
        ValueError: a row is damaged.
    """
    records = []
    for row in rows:
        name, fields = _content(row)
        records.append({"quantity": name, "code": row.code, **fields, **find_quantity(name).decode(row.value)})
    kinds = all_kinds(record["quantity"] for record in records)
    return Table(kinds, tuple(tuple(record.get(column) for column in kinds) for record in records))


def check_columns(names: Sequence[str]) -> dict[str, Kind]:
    """Return the kinds of a foreign table's columns.

    Raises:
        ValueError: an unknown column, or one that is there twice.
    """
    known = all_kinds(quantities())
    for index, name in enumerate(names):
        if name not in known:
            raise ValueError(f"unknown column {shown(name)}")
        if name in names[:index]:
            raise ValueError(f"the column {name!r} is there twice")
    for name in ("quantity", "code"):
        if name not in names:
            raise ValueError(f"the column {name!r} is missing")
    return {name: known[name] for name in names}


def check_size(rows: int) -> None:
    """Refuse a foreign table of too many rows.

    Raises:
        ValueError: with their number.
    """
    if rows > MOST_CELLS:
        raise ValueError(f"a table may have at most {MOST_CELLS} rows. Found {rows}.")


def to_rows(table: Table) -> list[Row]:
    """Turn a foreign table into rows of a store; whatever is in it is checked.

    Raises:
        ValueError: a wrong type, a field out of range, a value where none belongs, a cell that is there twice; with the
            number of the row, counted from 1.
    """
    names = list(table.kinds)
    seen: dict[tuple[str, str], int] = {}
    rows = []
    for number, values in enumerate(table.rows, 1):
        try:
            row = _row(dict(zip(names, values, strict=True)))
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
        if (row.code, row.content) in seen:
            raise ValueError(f"row {number}: the same cell as in row {seen[row.code, row.content]}")
        seen[row.code, row.content] = number
        rows.append(row)
    return rows


def _row(record: dict[str, Any]) -> Row:
    quantity, code = find_quantity(record.pop("quantity")), record.pop("code")
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        raise ValueError(f"code must be {DIGITS} hexadecimal digits. Found {shown(code)}.")
    fields = {item.name: record.pop(item.name, None) for item in quantity.fields}
    for name, value in fields.items():
        if value is None:
            raise ValueError(f"{name} is missing")
    cell = cell_of(quantity, fields)
    if cell.fields != fields:
        raise ValueError(f"a field is not as an export writes it: {shown(fields)}")
    found = {}
    for value in quantity.values:
        if value.name not in record:
            raise ValueError(f"{value.name} is missing")
        found[value.name] = record.pop(value.name)
    for name, value in record.items():
        if value is not None:
            raise ValueError(f"{quantity.name} has no {name}. Found {shown(value)}.")
    return Row(code, cell.content, quantity.encode(found))
