"""Sweeps: what is asked for, what is computed, what the store remembers."""

import json
import math
import re
import subprocess
import sys
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from numerics import sweep_code
from numerics.bound import evaluate_bound
from numerics.mixture import simulate
from numerics.store import Row, Store
from numerics.sweep import Spec, SweepError, run_sweep
from numerics.sweep_code import closure, code_of
from numerics.sweep_plan import TASK_SECONDS, Plan
from numerics.sweep_quantities import find_quantity, quantities, register
from numerics.sweep_spec import MOST_BYTES, parse_spec, read_spec
from numerics.sweep_work import Batch, Result, compute_batch
from theory.gaussian_mixture_bound import mixture_bound


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return import_module("toy_quantity").TOY


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "cells.db") as opened:
        yield opened


def toys(count, **more):
    return Spec({"quantity": "toy", "n": list(range(count)), **more})


def values(store):
    return {row.content: find_quantity("toy").decode(row.value) for row in store.rows()}


# What is asked for

PANELS = """
quantity = ["simulate", "bound"]
gamma = [0, 1, 0.5]
seed = 3
sigma = 0.7
[[grid]]
m_S = [20, 50]
d = 1
[[grid]]
m_S = 10
d = [1, 2]
m_G = [3, 10]
repeats = 7
[[cell]]
quantity = "optimal"
m_S = 50
d = 5
"""


def test_a_spec_is_the_product_of_its_lists_and_its_cells():
    cells = parse_spec(PANELS).expand()
    assert len(cells) == 2 * (2 * 3) + 2 * (2 * 2) + 1
    assert [cell.quantity for cell in cells[:7]] == ["simulate"] * 6 + ["bound"]
    first = {"m_S": 20, "d": 1, "m_G": 0, "repeats": 1000, "seed": 3, "sigma": 0.7, "labels": "balanced", "loss": "nll"}
    assert cells[0].fields == {**first, "risk": "exact", "variance": "pooled", "sampler": "sufficient"}
    assert [cell.fields["m_G"] for cell in cells[:6]] == [0, 20, 10, 0, 50, 25]
    assert cells[6].fields == {"m_S": 20, "d": 1, "m_G": 0, "delta": 0.05, "sigma": 0.7}
    assert cells[12].fields["m_G"] == 3  # what a grid says hides what the sweep says
    assert cells[-1].fields == {"m_S": 50, "d": 5, "delta": 0.05, "form": "explicit"}


def test_the_same_cell_said_in_different_ways_is_one_cell():
    ways = [{"gamma": 2}, {"gamma": 2.0}, {"gamma": "2"}, {"gamma": "4/2"}, {"m_G": 20, "sigma": 0.6, "repeats": 1000}]
    spec = Spec({"quantity": "simulate", "m_S": 10, "d": 3}, cells=tuple(ways))
    assert len(spec.expand()) == 1
    assert Spec({"quantity": "simulate", "m_S": 3, "d": 3, "gamma": "1/3"}).expand()[0].fields["m_G"] == 1


BAD = {
    "no toml": ("m_S = ", "Invalid value"),
    "nested": ("a = " + "[" * 5000, "nested too deeply"),
    "no quantity": ("m_S = 3", "quantity"),
    "unknown quantity": ('quantity = "gap"', "'gap'"),
    "quantity no text": ("quantity = 3", "3"),
    "unknown key": ('quantity = "bound"\nm_S = 3\nd = 1\ngama = 1', "'gama'"),
    "unknown key in a grid": ('quantity = "bound"\n[[grid]]\nm_S = 3\nd = 1\ngamma = 1\nrepeats = 5', "'repeats'"),
    "unknown key in a cell": ('quantity = "bound"\n[[cell]]\nseeds = 5', "'seeds'"),
    "missing key": ('quantity = "bound"\nm_S = 3\ngamma = 1', "needs d"),
    "no gamma": ('quantity = "bound"\nm_S = 3\nd = 1', "m_G or gamma"),
    "gamma and m_G": ('quantity = "bound"\nm_S = 3\nd = 1\nm_G = 1\ngamma = 1', "gamma and m_G"),
    "gamma m_S no integer": ('quantity = "simulate"\nm_S = [4, 10]\nd = 1\ngamma = 0.25', "0.25 with m_S = 10"),
    "gamma negative": ('quantity = "simulate"\nm_S = 10\nd = 1\ngamma = -1', "-1"),
    "gamma nan": ('quantity = "simulate"\nm_S = 10\nd = 1\ngamma = nan', "nan"),
    "gamma divides by zero": ('quantity = "simulate"\nm_S = 10\nd = 1\ngamma = "1/0"', "1/0"),
    "gamma too large": ('quantity = "simulate"\nm_S = 10\nd = 1\ngamma = 1e18', "10000000000000000000"),
    "gamma no number": ('quantity = "simulate"\nm_S = 10\nd = 1\ngamma = "__import__"', "__import__"),
    "empty list": ('quantity = "simulate"\nm_S = []\nd = 1\ngamma = 1', "m_S must have at least one value"),
    "empty list of quantities": ("quantity = []", "quantity must have at least one value"),
    "m_S zero": ('quantity = "simulate"\nm_S = 0\nd = 1\ngamma = 1', "0"),
    "m_S no integer": ('quantity = "simulate"\nm_S = 2.5\nd = 1\ngamma = 1', "2.5"),
    "m_S a truth": ('quantity = "simulate"\nm_S = true\nd = 1\ngamma = 1', "True"),
    "m_S a date": ('quantity = "simulate"\nm_S = 2020-01-01\nd = 1\ngamma = 1', "datetime.date"),
    "m_S a table": ('quantity = "simulate"\nm_S = {a = 1}\nd = 1\ngamma = 1', "{'a': 1}"),
    "m_S in two levels": ('quantity = "simulate"\nm_S = [[10]]\nd = 1\ngamma = 1', "[10]"),
    "m_S huge": (f'quantity = "simulate"\nm_S = {10**25}\nd = 1\ngamma = 1', str(10**25)),
    "m_S beyond printing": (f'quantity = "simulate"\nm_S = 0x{"f" * 9000}\nd = 1\ngamma = 1', "36000 bits"),
    "too small for a variance": ('quantity = "bound"\nm_S = 2\nd = 1\ngamma = 1', "2"),
    "too small to simulate": ('quantity = "simulate"\nm_S = 2\nd = 1\ngamma = 1', "2"),
    "too small for an optimum": ('quantity = "optimal"\nm_S = 2\nd = 1', "2"),
    "unknown form": ('quantity = "optimal"\nm_S = 20\nd = 1\nform = "loose"', "loose"),
    "unknown labels": ('quantity = "simulate"\nm_S = 10\nd = 1\ngamma = 1\nlabels = "skewed"', "skewed"),
    "risk zero": ('quantity = "simulate"\nm_S = 10\nd = 1\ngamma = 1\nrisk = 0', "0"),
    "unknown sampler": ('quantity = "simulate"\nm_S = 10\nd = 1\ngamma = 1\nsampler = "quick"', "quick"),
    "sampler that does not fit": (
        'quantity = "simulate"\nm_S = 10\nd = 1\ngamma = 1\nloss = "zero_one"\nsampler = "sufficient"',
        "sufficient",
    ),
    "one repeat": ('quantity = "simulate"\nm_S = 10\nd = 1\ngamma = 1\nrepeats = 1', "1"),
    "dimension absurd": ('quantity = "simulate"\nm_S = 10\nd = 10000001\ngamma = 1', "10000001"),
    "too much to draw": (
        'quantity = "simulate"\nm_S = 10\nd = 1\ngamma = 1e14\nsampler = "literal"',
        "1000000000000010000",
    ),
    "sigma zero": ('quantity = "bound"\nm_S = 10\nd = 1\ngamma = 1\nsigma = 0', "0"),
    "sigma infinite": ('quantity = "bound"\nm_S = 10\nd = 1\ngamma = 1\nsigma = inf', "inf"),
    "delta one": ('quantity = "bound"\nm_S = 10\nd = 1\ngamma = 1\ndelta = 1', "1"),
    "list in a cell": ('quantity = "bound"\n[[cell]]\nm_S = [3, 4]\nd = 1\ngamma = 1', "[3, 4]"),
    "grid no table": ('quantity = "bound"\ngrid = 3', "3"),
    "grids no tables": ('quantity = "bound"\ngrid = [3]', "[3]"),
    "too many cells": (
        f'quantity = "bound"\nm_S = [{"3," * 1001}]\nd = [{"1," * 1000}]\ngamma = 1',
        str(1001 * 1000),
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_spec_is_refused_with_the_offending_value(case):
    text, value = BAD[case]
    with pytest.raises(ValueError, match=re.escape(value)) as caught:
        parse_spec(text).expand()
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 300


def test_a_file_that_cannot_be_read_is_refused_with_its_name(tmp_path):
    (tmp_path / "long.toml").write_text("#" * (MOST_BYTES + 1))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("long.toml", "binary.toml", "none.toml", "."):
        with pytest.raises(ValueError, match="cannot") as caught:
            read_spec(tmp_path / name)
        assert name in str(caught.value) or str(tmp_path) in str(caught.value)


def test_the_sampler_is_that_of_a_simulation():
    for loss in ("nll", "zero_one"):
        (cell,) = Spec({"quantity": "simulate", "m_S": 10, "d": 1, "m_G": 0, "loss": loss}).expand()
        assert cell.fields["sampler"] == simulate(10, 1, [0], repeats=2, loss=loss).settings.sampler


# What is computed


def test_the_values_are_those_of_the_functions(store):
    spec = parse_spec("""
        quantity = ["simulate", "bound", "order-form"]
        gamma = 2
        repeats = 20
        delta = 0.1
        [[grid]]
        m_S = 10
        d = 3
        risk = 30
        variance = "per-class"
        [[cell]]
        quantity = "optimal"
        m_S = 50
        d = 5
    """)
    report = run_sweep(spec, store)
    assert (report.total, report.present, report.computed, report.failures) == (4, 0, 4, ())
    found = {
        name: quantity.decode(row.value)
        for row in store.rows()
        for name, quantity in quantities().items()
        if json.loads(row.content)["quantity"] == name
    }
    (cell,) = simulate(10, 3, [2], repeats=20, risk=30, variance="per-class").cells
    assert found["simulate"] == {"gamma": 2.0, **cell.summary(), "redraws": 0}
    for name, form in (("bound", "explicit"), ("order-form", "order")):
        value = evaluate_bound(mixture_bound(form), {"m_S": 10, "m_G": 20, "d": 3, "delta": "0.1"})
        assert found[name] == {"gamma": 2.0, **value.terms, "total": value.total}
    assert found["optimal"]["m_g"] is None  # the bound falls to its limit
    assert found["optimal"]["proved"] is True
    assert found["optimal"]["bound"] < found["optimal"]["bound_without"]


def test_a_rerun_computes_what_is_missing_only(store):
    assert run_sweep(toys(10), store).computed == 10
    report = run_sweep(toys(15), store)
    assert (report.total, report.present, report.computed) == (15, 10, 5)
    before = list(store.rows())
    assert run_sweep(toys(15), store).computed == 0
    assert list(store.rows()) == before
    assert len(store.runs()) == 2


def test_floats_are_kept_without_loss(store):
    run_sweep(toys(20), store)
    found = sorted((json.loads(content)["n"], value["y"]) for content, value in values(store).items())
    for n, y in found[:7]:
        want = import_module("toy_quantity").SPECIAL[n]
        assert repr(y) == repr(want)
    assert math.copysign(1, found[3][1]) == -1


def test_a_cell_that_fails_does_not_keep_the_others_back(store):
    asked = Spec({"quantity": "toy", "n": [*range(50), 10**6, 10**6 + 1]})
    report = run_sweep(asked, store)
    assert report.computed == 50
    assert [(json.loads(f.content)["n"], f.error) for f in report.failures] == [
        (10**6, "n = 1000000 has no value"),
        (10**6 + 1, "KeyError: 'n'"),
    ]
    again = run_sweep(asked, store)
    assert (again.present, again.computed, len(again.failures)) == (50, 0, 2)


def test_other_code_computes_anew_and_the_old_values_stay(store, monkeypatch):
    run_sweep(toys(3), store)
    monkeypatch.setattr("numerics.sweep.code_of", lambda _: "0" * 16)
    monkeypatch.setattr("numerics.sweep_work.code_of", lambda _: "0" * 16)
    assert run_sweep(toys(3), store).computed == 3
    assert store.count() == 6


def test_the_code_is_that_of_all_that_is_imported_and_of_nothing_else(tmp_path, monkeypatch):
    package = tmp_path / "somewhere"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "first.py").write_text("import json\nfrom somewhere import second\n\ndef f(): pass\n")
    (package / "second.py").write_text("def g():\n    from . import third\n    import somewhere.fourth\n")
    (package / "third.py").write_text("from .fourth import x\n")
    (package / "fourth.py").write_text("x = 1\n")
    (package / "other.py").write_text("import somewhere.first\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    expected = {"somewhere", *(f"somewhere.{name}" for name in ("first", "second", "third", "fourth"))}
    assert set(closure("somewhere.first")) == expected
    code = code_of.__wrapped__
    before = code("somewhere.first:f")
    assert before == code("somewhere.first:f")
    (package / "other.py").write_text("import somewhere.first, os\n")
    assert code("somewhere.first:f") == before
    (package / "fourth.py").write_text("x = 2\n")
    assert code("somewhere.first:f") != before
    with pytest.raises(ModuleNotFoundError, match=r"somewhere\.none"):
        code("somewhere.none:f")


def test_the_code_of_a_simulation_is_not_that_of_what_runs_it():
    names = closure("numerics.sweep_simulate")
    assert {"numerics.mixture_run", "numerics.compile", "theory.mixture_risk"} <= set(names)
    assert not {"numerics.sweep", "numerics.store", "numerics.sweep_quantities", "numerics.optimum"} & set(names)
    assert len(code_of("numerics.sweep_simulate:compute")) == sweep_code.DIGITS


def test_a_quantity_is_registered_once_and_a_column_has_one_meaning(toy):
    register(toy)
    with pytest.raises(ValueError, match="already"):
        register(replace(toy, compute="json:dumps"))
    for change in ({"fields": find_quantity("bound").fields + toy.values}, {"values": find_quantity("bound").fields}):
        with pytest.raises(ValueError, match="two meanings"):
            register(replace(toy, name="other", **change))
    assert "other" not in quantities()


def test_what_runs_a_sweep_imports_nothing_heavy():
    code = "import sys, numerics.sweep_engines, numerics.sweep_export\n"
    code += "sys.exit(' '.join(m for m in sys.argv[1:] if m in sys.modules))"
    heavy = ["dask", "distributed", "numpy", "sympy", "pandas", "pyarrow", "xarray"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], check=False, capture_output=True, text=True)
    assert done.stderr.strip() == ""


# What runs it


def test_any_executor_gives_the_same(store, tmp_path):
    run_sweep(toys(50), store)
    with Store(tmp_path / "other.db") as other, ThreadPoolExecutor(3) as pool:
        run_sweep(toys(50), other, pool, slots=lambda: 3)
        assert repr(values(other)) == repr(values(store))


class Unreliable(Executor):
    """Runs a task only if `ask` says so; else its answer stands for the future."""

    def __init__(self, ask):
        self.ask, self.calls = ask, 0

    def submit(self, fn, /, *args):
        self.calls += 1
        future = self.ask(self.calls)
        if future is None:
            future = Future()
            future.set_result(fn(*args))
        return future


def lost():
    future = Future()
    future.set_exception(ConnectionError("gone"))
    return future


def cancelled():
    future = Future()
    future.cancel()
    future.set_running_or_notify_cancel()
    return future


@pytest.mark.parametrize("make", [lost, cancelled])
def test_a_task_whose_worker_is_lost_is_handed_out_again(make, store):
    executor = Unreliable(lambda call: make() if call % 3 == 1 else None)
    assert run_sweep(toys(30), store, executor).computed == 30
    with pytest.raises(SweepError, match=r"no worker could compute.*\"n\":30.*5 attempts"):
        run_sweep(toys(31), store, Unreliable(lambda _: make()))


def test_a_task_that_hangs_is_handed_out_again_and_never_cancelled(store, monkeypatch):
    monkeypatch.setattr("numerics.sweep.POLL_SECONDS", 0.02)
    hanging = []

    def ask(call):
        if call > 3:
            return None
        hanging.append(Future())
        return hanging[-1]

    assert run_sweep(toys(30), store, Unreliable(ask), slots=lambda: 2, patience=0.05).computed == 30
    assert not any(future.cancelled() for future in hanging)


def test_a_worker_of_other_code_is_refused(store):
    future = Future()
    future.set_result(Batch("0" * 16, "elsewhere", ()))
    with pytest.raises(SweepError, match="elsewhere"):
        run_sweep(toys(3), store, Unreliable(lambda _: future))
    assert store.count() == 0


def test_a_worker_that_answers_nonsense_is_a_failure(toy, store):
    def ask(_):
        future = Future()
        batch = compute_batch(toy.compute, [cell.content for cell in toys(1).expand()])
        future.set_result(replace(batch, results=(replace(batch.results[0], value={"y": "high"}),)))
        return future

    report = run_sweep(toys(1), store, Unreliable(ask))
    assert report.computed == 0
    assert "['y']" in report.failures[0].error


def test_cells_that_another_process_has_written_are_not_computed_again(toy, store):
    code = code_of(toy.compute)
    (cell,) = Spec({"quantity": "toy", "n": 0}).expand()

    class Slow(Executor):
        def submit(self, fn, /, *args):
            future = Future()
            store.add([Row(code, cell.content, "{}")], 0)
            future.set_result(fn(*args))
            return future

    assert run_sweep(toys(3), store, Slow()).computed <= 3
    assert store.count() == 3


def test_tiny_cells_go_in_batches_and_long_ones_alone():
    cells = toys(2000).expand()
    plan = Plan(cells)
    sizes = []
    for seconds in [1e-3] * 3 + [10.0] * 5:
        job = plan.next()
        sizes.append(len(job.contents))
        plan.done(job, Batch("", "", tuple(Result(c, {}, "", seconds, "") for c in job.contents)))
    assert sizes[0] == 1
    assert sizes[2] == pytest.approx(TASK_SECONDS / 1e-3, abs=2)
    assert sizes[-1] == 1
    assert plan.seconds_left(2) > 2000
    assert Plan(cells).seconds_left(1) is None


def test_the_longest_cells_come_first():
    spec = Spec({"quantity": "simulate", "m_S": [10, 100], "d": [1, 2], "gamma": [0, 5], "sampler": "literal"})
    plan = Plan(spec.expand())
    job = plan.next()
    assert json.loads(job.contents[0])["m_G"] == 500
    assert json.loads(job.contents[0])["d"] == 2


def test_the_progress_is_told(store):
    seen = []
    run_sweep(toys(5), store)
    run_sweep(toys(20), store, watch=seen.append)
    assert (seen[0].total, seen[0].present, seen[0].done) == (20, 5, 0)
    assert [p.done for p in seen] == sorted(p.done for p in seen)
    assert seen[-1].done <= 15
