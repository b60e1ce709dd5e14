"""The three formats of an export: CSV by the standard library, Parquet by pyarrow, NetCDF by xarray.

All are lossless and hold no fact of the run. None is an empty field of CSV, a null of Parquet; in NetCDF it is nan,
`NO_INTEGER`, `NO_BOOLEAN` or an empty text.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from numerics.sweep_fields import Kind, shown
from numerics.sweep_quantities import quantities
from numerics.sweep_table import Table, all_kinds, check_columns, check_size

NO_INTEGER, NO_BOOLEAN = -(2**63), -1
"""What stands for None in NetCDF; both are the variables' fill value."""
_INTEGER = re.compile(r"0|-?[1-9]\d{0,999}", re.ASCII)
_DIMENSION = "cell"


def _need(module: str, suffix: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError:
        raise ValueError(f"{suffix} needs {module}: pip install 'gda-verifier[export]'") from None


# CSV


def _to_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _from_text(kind: Kind, name: str, text: str) -> Any:
    value: Any = text
    try:
        if text == "":
            return None
        if kind == "int":
            value = int(text) if _INTEGER.fullmatch(text) else None
        elif kind == "float":
            value = float(text) if repr(float(text)) == text else None
        elif kind == "bool":
            value = {"true": True, "false": False}.get(text)
    except ValueError:
        value = None
    if value is None:
        raise ValueError(f"{name} must be of type {kind}, as an export writes it. Found {shown(text)}.")
    return value


def write_csv(table: Table, path: Path) -> None:
    """Write CSV: UTF-8, one line a cell, floats as Python prints them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.kinds)
        writer.writerows([_to_text(value) for value in row] for row in table.rows)


def read_csv(path: Path) -> Table:
    """Read CSV.

    Raises:
        ValueError: it is no export; with the number of the row.
    """
    text = path.read_bytes().decode("utf-8")
    try:
        header, *lines = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
    except csv.Error as error:
        raise ValueError(f"no CSV: {error}") from None
    kinds = check_columns(header)
    check_size(len(lines))
    rows = []
    for number, line in enumerate(lines, 1):
        if len(line) != len(kinds):
            raise ValueError(f"row {number}: {len(kinds)} columns are needed. Found {len(line)}.")
        try:
            rows.append(tuple(_from_text(k, name, cell) for (name, k), cell in zip(kinds.items(), line, strict=True)))
        except ValueError as error:
            raise ValueError(f"row {number}: {error}") from None
    return Table(kinds, tuple(rows))


# Parquet


def _arrow_types(arrow: Any) -> dict[Kind, Any]:
    return {"int": arrow.int64(), "float": arrow.float64(), "bool": arrow.bool_(), "str": arrow.string()}


def _check_integers(table: Table) -> None:
    for name in (name for name, kind in table.kinds.items() if kind == "int"):
        for value in table.column(name):
            if value is not None and not NO_INTEGER < value < 2**63:
                raise ValueError(f"{name} is too large for this format, not for CSV. Found {shown(value)}.")


def write_parquet(table: Table, path: Path) -> None:
    """Write Parquet.

    Raises:
        ValueError: pyarrow is not installed, or an integer has more than 64 bits.
    """
    arrow, parquet = _need("pyarrow", ".parquet"), _need("pyarrow.parquet", ".parquet")
    _check_integers(table)
    types = _arrow_types(arrow)
    columns = {name: arrow.array(table.column(name), types[kind]) for name, kind in table.kinds.items()}
    parquet.write_table(arrow.table(columns), path)


def read_parquet(path: Path) -> Table:
    """Read Parquet.

    Raises:
        ValueError: it is no export, or pyarrow is not installed.
    """
    arrow, parquet = _need("pyarrow", ".parquet"), _need("pyarrow.parquet", ".parquet")
    types = _arrow_types(arrow)
    try:
        with parquet.ParquetFile(path) as file:
            schema = file.schema_arrow
            kinds = check_columns(schema.names)
            check_size(file.metadata.num_rows)
            for name, kind in kinds.items():
                if schema.field(name).type != types[kind]:
                    raise ValueError(f"{name} must be of type {types[kind]}. Found {schema.field(name).type}.")
            columns = [column.to_pylist() for column in file.read().columns]
    except (arrow.ArrowException, OSError) as error:
        raise ValueError(f"no Parquet file that can be read: {shown(str(error))}") from None
    return Table(kinds, tuple(zip(*columns, strict=True)))


# NetCDF


def write_netcdf(table: Table, path: Path) -> None:
    """Write NetCDF-4 with one dimension, `cell`.

    Raises:
        ValueError: xarray or netCDF4 is not installed, or an integer has more than 64 bits.
    """
    import numpy as np

    _need("netCDF4", ".nc")
    xarray = _need("xarray", ".nc")
    _check_integers(table)
    none: dict[Kind, Any] = {"int": NO_INTEGER, "float": float("nan"), "bool": NO_BOOLEAN, "str": ""}
    types: dict[Kind, Any] = {"int": np.int64, "float": np.float64, "bool": np.int8, "str": object}
    variables = {}
    for name, kind in table.kinds.items():
        values = [none[kind] if value is None else value for value in table.column(name)]
        fill = {"_FillValue": np.array(none[kind], types[kind])[()]} if kind in ("int", "bool") else {}
        variables[name] = ((_DIMENSION,), np.array(values, types[kind]), fill)
    encoding = {name: {"_FillValue": None} for name, kind in table.kinds.items() if kind == "float"}
    xarray.Dataset(variables).to_netcdf(path, engine="netcdf4", encoding=encoding)


def read_netcdf(path: Path) -> Table:
    """Read NetCDF-4.

    Raises:
        ValueError: it is no export, or xarray or netCDF4 is not installed.
    """
    _need("netCDF4", ".nc")
    xarray = _need("xarray", ".nc")
    try:
        with xarray.open_dataset(path, engine="netcdf4", mask_and_scale=False, decode_times=False) as data:
            kinds = check_columns([str(name) for name in data.variables])
            check_size(data.sizes.get(_DIMENSION, 0))
            columns = {name: _netcdf_column(data[name], name, kind) for name, kind in kinds.items()}
    except ValueError:
        raise
    except Exception as error:  # whatever a reader of untrusted bytes may raise
        raise ValueError(f"no NetCDF file that can be read: {shown(str(error))}") from None
    for name in (name for name, kind in kinds.items() if kind == "float"):
        columns[name] = [
            None if value != value and not _has(quantity, name) else value
            for value, quantity in zip(columns[name], columns["quantity"], strict=True)
        ]
    return Table(kinds, tuple(zip(*columns.values(), strict=True)))


def _has(quantity: Any, column: str) -> bool:
    return quantity in quantities() and column in all_kinds([quantity])


def _netcdf_column(variable: Any, name: str, kind: Kind) -> list[Any]:
    kinds: dict[Kind, tuple[str, ...]] = {
        "int": ("int64",),
        "float": ("float64",),
        "bool": ("int8",),
        "str": ("O", "U"),
    }
    if variable.dims != (_DIMENSION,) or not {str(variable.dtype), variable.dtype.kind}.intersection(kinds[kind]):
        raise ValueError(f"{name} must hold values of type {kind} along {_DIMENSION!r}. Found {variable.dtype}.")
    values: list[Any] = variable.values.tolist()
    if kind == "float":
        return values
    none = {"int": NO_INTEGER, "bool": NO_BOOLEAN, "str": ""}[kind]
    if kind == "bool" and not set(values) <= {NO_BOOLEAN, 0, 1}:
        raise ValueError(f"{name} must be 0, 1 or {NO_BOOLEAN}. Found {sorted(set(values))[:9]}.")
    return [None if value == none else bool(value) if kind == "bool" else value for value in values]


WRITERS: dict[str, Callable[[Table, Path], None]] = {".csv": write_csv, ".parquet": write_parquet, ".nc": write_netcdf}
READERS: dict[str, Callable[[Path], Table]] = {".csv": read_csv, ".parquet": read_parquet, ".nc": read_netcdf}
