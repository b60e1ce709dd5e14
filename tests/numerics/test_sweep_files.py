"""Out of a store and back: byte-identical in every format, and nothing else is let in."""

import csv
import json
import shutil
import sys
from importlib import import_module
from pathlib import Path

import netCDF4
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xarray

from numerics.store import Row, Store, StoreError
from numerics.sweep import Spec, run_sweep
from numerics.sweep_code import code_of
from numerics.sweep_export import export, import_rows, read_export
from numerics.sweep_quantities import find_quantity

FORMATS = ["csv", "parquet", "nc"]


@pytest.fixture(scope="module", autouse=True)
def toy():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        yield import_module("toy_quantity").TOY


@pytest.fixture(scope="module")
def computed(toy, tmp_path_factory):
    path = tmp_path_factory.mktemp("computed") / "cells.db"
    mixture = {"m_S": [10, 5, 100], "d": 2, "gamma": [0, 1], "repeats": 5}
    grids = {"quantity": ["simulate", "bound"]}, {"quantity": "optimal", "form": ["order", "explicit"]}
    with Store(path) as opened:
        run_sweep(Spec(mixture, grids), opened)
        run_sweep(Spec({"quantity": toy.name, "n": list(range(14))}), opened)
    return path


@pytest.fixture
def store(computed, tmp_path):
    with Store(Path(shutil.copy(computed, tmp_path))) as opened:
        yield opened


def copy(path, target):
    with Store(target) as other:
        import_rows(read_export(path), path, other)
        export(other, target.with_suffix(path.suffix))
        export(other, target.with_suffix(".csv"))
    return target.with_suffix(path.suffix)


@pytest.mark.parametrize("suffix", FORMATS)
def test_export_import_export_is_byte_identical(suffix, store, tmp_path):
    path, plain = tmp_path / f"one.{suffix}", tmp_path / "one.csv"
    assert export(store, path).rows == store.count() == 6 + 6 + 6 + 14
    export(store, plain)
    again = copy(path, tmp_path / "other.db")
    assert again.read_bytes() == path.read_bytes()
    assert again.with_suffix(".csv").read_bytes() == plain.read_bytes()


def test_the_csv_is_sorted_by_content_and_free_of_run_facts(store, tmp_path):
    export(store, tmp_path / "a.csv")
    rows = list(csv.DictReader((tmp_path / "a.csv").read_text().splitlines()))
    simulated = [(int(r["m_S"]), int(r["m_G"])) for r in rows if r["quantity"] == "simulate"]
    assert simulated == [(5, 0), (5, 5), (10, 0), (10, 10), (100, 0), (100, 100)]
    assert [r["quantity"] for r in rows] == sorted(r["quantity"] for r in rows)
    assert not {"seconds", "host", "finished", "run"} & set(rows[0])
    record = json.loads((tmp_path / "a.csv.provenance.json").read_text())
    assert len(record["cells"]) == len(rows)
    assert {"seconds", "host", "finished", "run"} <= set(record["cells"][0])
    assert {"python", "machine", "versions", "time"} <= set(record["runs"]["1"])


def test_an_export_of_a_spec_has_its_cells_only_and_says_what_is_missing(store, tmp_path):
    cells = Spec({"quantity": "toy", "n": [3, 5, 99]}).expand()
    found = export(store, tmp_path / "a.csv", cells)
    assert (found.rows, found.missing, found.other) == (2, 1, 0)
    with pytest.raises(ValueError, match="none of the cells"):
        export(store, tmp_path / "b.csv", cells[-1:])
    assert not (tmp_path / "b.csv").exists()


def test_values_of_other_code_are_left_out_unless_asked_for(store, tmp_path):
    (row, *_) = (row for row in store.rows() if '"toy"' in row.content)
    store.add([Row("0" * 16, row.content, row.value)], 1)
    store.add([Row("0" * 16, '{"n":1,"quantity":"unheard"}', "{}")], 1)
    everything = store.count()
    assert export(store, tmp_path / "a.csv").other == 2
    found = export(store, tmp_path / "b.csv", every_code=True)
    assert (found.rows, found.other) == (everything - 1, 1)
    with Store(tmp_path / "other.db") as other:
        assert import_rows(read_export(tmp_path / "b.csv"), tmp_path / "b.csv", other) == everything - 1
        export(other, tmp_path / "c.csv", every_code=True)
    assert (tmp_path / "c.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_an_import_computes_nothing_again_and_contradicts_nothing(store, tmp_path):
    path = tmp_path / "a.csv"
    export(store, path)
    with Store(tmp_path / "other.db") as other:
        rows = read_export(path)
        assert import_rows(rows, path, other) == len(rows)
        assert import_rows(rows, path, other) == 0
        assert run_sweep(Spec({"quantity": "toy", "n": [0, 1]}), other).computed == 0
        path.write_text(path.read_text().replace("true", "false"))
        before = other.count()
        with pytest.raises(StoreError, match="another value"):
            import_rows(read_export(path), path, other)
        assert other.count() == before


def test_a_large_integer_goes_into_csv_only(store, tmp_path):
    cells = Spec({"quantity": "toy", "n": 10**10}).expand()
    run_sweep(cells, store)
    assert export(store, tmp_path / "a.csv", cells).rows == 1
    assert read_export(tmp_path / "a.csv")[0].value == next(r.value for r in store.rows() if str(10**10) in r.content)
    for suffix in ("parquet", "nc"):
        with pytest.raises(ValueError, match="100000000000000000000"):
            export(store, tmp_path / f"a.{suffix}", cells)
        assert not (tmp_path / f"a.{suffix}").exists()
    assert not list(tmp_path.glob(".a.*"))


@pytest.mark.parametrize("module", ["pyarrow", "xarray", "netCDF4"])
def test_a_missing_library_is_told_in_one_line(module, store, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    suffix = "parquet" if module == "pyarrow" else "nc"
    (tmp_path / f"b.{suffix}").write_text("")
    for action in (lambda: export(store, tmp_path / f"a.{suffix}"), lambda: read_export(tmp_path / f"b.{suffix}")):
        with pytest.raises(ValueError, match=rf"{module}: pip install 'gda-verifier\[export\]'"):
            action()


def test_a_row_that_was_tampered_with_is_refused(tmp_path):
    code = code_of(find_quantity("toy").compute)
    for content, value in (
        ('{"n":77,"quantity":"toy","x":0.5}', '{"even":true}'),
        ('{"n":"x","quantity":"toy","x":0.5}', "{}"),
        ('{"n":78,"quantity":"toy"}', "{}"),
        ("[]", "{}"),
        ("[" * 10000, "{}"),
    ):
        with Store(tmp_path / "other.db") as other:
            other.add([Row(code, content, value)], 1)
            with pytest.raises(ValueError, match=r"no values of toy|damaged row"):
                export(other, tmp_path / "a.csv")
        (tmp_path / "other.db").unlink()


# What is not let in

HEAD = "quantity,code,n,x,y,n_squared,even"
GOOD = f"toy,{'0' * 16},1,0.5,0.25,1,false"
BAD = {
    "empty": ("", "'quantity' is missing"),
    "no text": ("\xff\xfe", "utf-8"),
    "unknown column": (f"{HEAD},extra\n{GOOD},1", "'extra'"),
    "a column twice": (f"{HEAD},n\n{GOOD},1", "'n' is there twice"),
    "no code": ("quantity\ntoy", "'code' is missing"),
    "unknown quantity": (f"{HEAD}\n{GOOD.replace('toy', 'gap')}", "'gap'"),
    "code no hash": (f"{HEAD}\n{GOOD.replace('0' * 16, 'abc')}", "'abc'"),
    "key missing": (f"{HEAD}\n{GOOD.replace('1,0.5', ',0.5')}", "n is missing"),
    "key nan": (f"{HEAD}\n{GOOD.replace('0.5', 'nan')}", "x must be a number. Found nan"),
    "key infinite": (f"{HEAD}\n{GOOD.replace('0.5', 'inf')}", "inf"),
    "key no integer": (f"{HEAD}\n{GOOD.replace(',1,0.5', ',1.0,0.5')}", "'1.0'"),
    "key negative": (f"{HEAD}\n{GOOD.replace(',1,0.5', ',-1,0.5')}", "-1"),
    "key huge": (f"{HEAD}\n{GOOD.replace(',1,0.5', f',{10**30},0.5')}", str(10**30)),
    "key of 5000 digits": (f"{HEAD}\n" + GOOD.replace(",1,0.5", "," + "9" * 5000 + ",0.5"), "'9999"),
    "key with a sign": (f"{HEAD}\n{GOOD.replace(',1,0.5', ',+1,0.5')}", "'+1'"),
    "key in other digits": (f"{HEAD}\n{GOOD.replace(',1,0.5', ',١,0.5')}", "'١'"),
    "float in other words": (f"{HEAD}\n{GOOD.replace('0.25', '0.250')}", "'0.250'"),
    "value no float": (f"{HEAD}\n{GOOD.replace('0.25', 'high')}", "'high'"),
    "value missing": (f"{HEAD}\n{GOOD.replace('0.25', '')}", "y must be of type float"),
    "value column missing": ("quantity,code,n,x\n" + GOOD.rsplit(",", 3)[0], "y is missing"),
    "truth in other words": (f"{HEAD}\n{GOOD.replace('false', 'False')}", "'False'"),
    "a cell twice": (f"{HEAD}\n{GOOD}\n{GOOD}", "row 2: the same cell as in row 1"),
    "too few columns": (f"{HEAD}\n{GOOD},", "row 1: 7 columns"),
    "no rows needed": (f"{HEAD}\n\n", "row 1: 7 columns"),
    "foreign value": (f"{HEAD},sigma\n{GOOD},0.6", "toy has no sigma"),
    "open quote": (f'{HEAD}\n"', "CSV"),
    "field too long": (f"{HEAD}\n{'a' * 200000}", "CSV"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_csv_that_is_no_export_is_refused(case, tmp_path):
    text, value = BAD[case]
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="latin-1" if case == "no text" else "utf-8")
    with pytest.raises(ValueError, match=r"bad\.csv") as caught:
        read_export(path)
    assert value in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400
    (tmp_path / "good.csv").write_text(f"{HEAD}\n{GOOD}\n")
    assert len(read_export(tmp_path / "good.csv")) == 1


def test_parquet_of_other_types_is_refused(tmp_path):
    path = tmp_path / "bad.parquet"
    good = {
        "quantity": ["toy"],
        "code": ["0" * 16],
        "n": [1],
        "x": [0.5],
        "y": [0.25],
        "n_squared": [1],
        "even": [True],
    }
    pq.write_table(pa.table(good), path)
    assert len(read_export(path)) == 1
    for name, value, told in (
        ("n", [1.0], "n must be of type int64"),
        ("even", [1], "even must be of type bool"),
        ("x", [float("nan")], "nan"),
        ("code", [[1]], "code must be of type string"),
        ("extra", [1], "'extra'"),
        ("n", pa.array([None], pa.int64()), "n is missing"),
    ):
        pq.write_table(pa.table({**good, name: value}), path)
        with pytest.raises(ValueError, match=r"bad\.parquet") as caught:
            read_export(path)
        assert told in str(caught.value)


def test_netcdf_of_other_types_is_refused(tmp_path):
    path = tmp_path / "bad.nc"

    def write(**columns):
        arrays = {
            "quantity": np.array(["toy"], object),
            "code": np.array(["0" * 16], object),
            "n": np.array([1]),
            "x": np.array([0.5]),
            "y": np.array([0.25]),
            "n_squared": np.array([1]),
            "even": np.array([1], np.int8),
        }
        xarray.Dataset({name: (("cell",), values) for name, values in {**arrays, **columns}.items()}).to_netcdf(path)

    write()
    assert len(read_export(path)) == 1
    for columns, told in (
        ({"n": np.array([1.0])}, "n must hold values of type int"),
        ({"n": np.array([-(2**63)])}, "n is missing"),
        ({"even": np.array([2], np.int8)}, "even must be 0, 1 or -1"),
        ({"x": np.array([np.nan])}, "nan"),
        ({"extra": np.array([1.0])}, "'extra'"),
    ):
        write(**columns)
        with pytest.raises(ValueError, match=r"bad\.nc") as caught:
            read_export(path)
        assert told in str(caught.value)
    with netCDF4.Dataset(path, "w") as data:
        data.createDimension("other", 1)
        for name in ("quantity", "code"):
            data.createVariable(name, str, ("other",))[0] = "toy"
    with pytest.raises(ValueError, match="along 'cell'"):
        read_export(path)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("damage", ["garbage", "truncated", "empty", "absent"])
def test_a_damaged_file_is_one_line(suffix, damage, store, tmp_path):
    path = tmp_path / f"bad.{suffix}"
    if damage != "absent":
        export(store, path)
        whole = path.read_bytes()
        path.write_bytes(
            {"garbage": bytes(range(256)) * 9, "truncated": whole[: len(whole) // 2], "empty": b""}[damage]
        )
    with pytest.raises(ValueError, match=rf"bad\.{suffix}") as caught:
        read_export(path)
    assert len(str(caught.value)) < 400


def test_only_known_endings(store, tmp_path):
    for name in ("a.xlsx", "a", "a.csv.gz"):
        with pytest.raises(ValueError, match=name):
            export(store, tmp_path / name)
        with pytest.raises(ValueError, match=name):
            read_export(tmp_path / name)
