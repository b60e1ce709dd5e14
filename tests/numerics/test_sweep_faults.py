"""Whatever happens to a sweep, completing it gives the bytes of an undisturbed run; and what went wrong is one line."""

import contextlib
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import pytest

from numerics.store import SCHEMA, Row, Store, StoreError
from numerics.sweep import Spec, run_sweep
from numerics.sweep_export import export
from numerics.sweep_spec import read_spec

HERE = Path(__file__).parent
GDA = [sys.executable, "-c", "import sys, toy_quantity; from gda.cli import main; sys.exit(main())"]
TOYS = 'quantity = "toy"\nn = [{}]\n'

# A cluster of two processes; it ends with its input.
CLUSTER = """
import sys
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, *(nanny.pid for nanny in cluster.workers.values()), flush=True)
        sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    return import_module("toy_quantity").TOY


def environment(**more):
    return {**os.environ, "PYTHONPATH": str(HERE), "TOY_PAUSE": "0", **more}


def start(folder, *arguments, pause=0.0, prepare=None, **more):
    def before():
        # A shell's background job ignores Ctrl-C, and so would everything that it starts.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if prepare:
            prepare()

    return subprocess.Popen(
        [*GDA, *map(str, arguments)],
        cwd=folder,
        env=environment(TOY_PAUSE=str(pause), **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=before,
    )


def finish(process, code=0):
    try:
        out, err = process.communicate(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == code, err
    assert "Traceback" not in err
    return out, err


def write_toys(folder, count):
    (folder / "spec.toml").write_text(TOYS.format(", ".join(map(str, range(count)))))
    return "sweep", "spec.toml", "--store", "cells.db"


def undisturbed(folder, count):
    with Store(folder / "undisturbed.db") as store:
        run_sweep(Spec({"quantity": "toy", "n": list(range(count))}), store)
        export(store, folder / "undisturbed.csv")
    return (folder / "undisturbed.csv").read_bytes()


def exported(folder, name="cells.db"):
    with Store(folder / name, create=False) as store:
        export(store, folder / "exported.csv")
    return (folder / "exported.csv").read_bytes()


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def rows_in(path):
    if not path.exists():
        return 0
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as db:
        try:
            return db.execute("SELECT count(*) FROM cells").fetchone()[0]
        except sqlite3.OperationalError:  # no table yet
            return 0


# Killed


def test_killed_twenty_times_and_then_completed(tmp_path):
    count, chance, kills = 2000, random.Random(5), 0
    run = write_toys(tmp_path, count)
    for number in range(20):
        workers, before = 1 + number % 2, rows_in(tmp_path / "cells.db")
        process = start(tmp_path, *run, "--workers", workers, pause=0.006)
        if number % 4 < 2:
            time.sleep(chance.uniform(0.05, 0.6 * workers))
        else:  # so that there is progress on a slow machine, too
            wait_for(lambda before=before: rows_in(tmp_path / "cells.db") > before)
            time.sleep(chance.uniform(0, 0.3))
        kills += process.poll() is None
        process.kill()  # the driver alone: its workers have to find out
        process.communicate(timeout=60)  # their ends of the pipes close when they are gone
    assert kills == 20
    done = rows_in(tmp_path / "cells.db")
    assert 0 < done < count
    _, err = finish(start(tmp_path, *run, "--workers", 2))
    assert f"{count - done} computed, {done} there already" in err
    assert exported(tmp_path) == undisturbed(tmp_path, count)


@pytest.mark.parametrize("workers", [1, 2])
def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(workers, tmp_path):
    run = write_toys(tmp_path, 200)
    process = start(tmp_path, *run, "--workers", workers, pause=0.05)
    wait_for(lambda: rows_in(tmp_path / "cells.db"))
    os.killpg(process.pid, signal.SIGINT)
    started = time.monotonic()
    out, err = finish(process, 130)
    assert time.monotonic() - started < 20
    assert out == ""
    assert err == "gda: interrupted; what is done is in 'cells.db'; the same command goes on\n"
    done = rows_in(tmp_path / "cells.db")
    assert 0 < done < 200
    _, err = finish(start(tmp_path, *run))
    assert err == f"200 cells: {200 - done} computed, {done} there already, in 'cells.db'\n"
    assert exported(tmp_path) == undisturbed(tmp_path, 200)


def test_a_process_that_is_killed_over_a_cell_is_replaced(tmp_path):
    run = write_toys(tmp_path, 100)
    finish(start(tmp_path, *run, "--workers", 2, TOY_DEATH=str(tmp_path / "died")))
    assert (tmp_path / "died").exists()
    assert exported(tmp_path) == undisturbed(tmp_path, 100)


def test_a_cell_that_kills_every_process_is_told_in_one_line(tmp_path):
    run = write_toys(tmp_path, 14)
    _, err = finish(start(tmp_path, *run, "--workers", 2, TOY_DEATH="always"), 2)
    assert err == "gda: the workers broke down again and again (out of memory?)\n"
    finish(start(tmp_path, *run))
    assert exported(tmp_path) == undisturbed(tmp_path, 14)


# Serial, processes, Dask

REAL = """
quantity = ["simulate", "bound", "order-form"]
m_S = 10
d = [1, 3]
repeats = 20
[[grid]]
gamma = [0, 0.5, 2]
[[grid]]
quantity = "simulate"
gamma = 1
labels = "iid"
[[cell]]
quantity = "optimal"
m_S = 50
d = 5
"""


def test_serial_processes_and_dask_give_identical_bytes_even_if_a_worker_is_killed(tmp_path):
    (tmp_path / "real.toml").write_text(REAL)
    run = write_toys(tmp_path, 300)
    cluster = subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        cwd=tmp_path,
        env=environment(TOY_PAUSE="0.01"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        with Store(tmp_path / "serial.db") as store:
            run_sweep(read_spec(tmp_path / "real.toml"), store)
        address, worker, _ = cluster.stdout.readline().split()
        finish(start(tmp_path, "sweep", "real.toml", "--store", "dask.db", "--scheduler", address))
        assert exported(tmp_path, "dask.db") == exported(tmp_path, "serial.db")

        process = start(tmp_path, *run, "--scheduler", address)
        wait_for(lambda: rows_in(tmp_path / "cells.db"))
        os.kill(int(worker), signal.SIGKILL)
        finish(process)
        assert exported(tmp_path) == undisturbed(tmp_path, 300)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(cluster.pid, signal.SIGKILL)
        cluster.communicate(timeout=10)


def test_two_processes_share_a_store(tmp_path):
    run = write_toys(tmp_path, 150)
    both = [start(tmp_path, *run, "--workers", 1, pause=0.005) for _ in range(2)]
    for process in both:
        finish(process)
    assert rows_in(tmp_path / "cells.db") == 150
    assert exported(tmp_path) == undisturbed(tmp_path, 150)


def test_many_threads_make_and_fill_a_store_at_the_same_time(tmp_path):
    def fill(number):
        with Store(tmp_path / "cells.db") as store:
            run = store.begin({"number": number})
            return sum(store.add([Row("0" * 16, f"{n}", "{}")], run) for n in range(20))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(fill, range(8))) == 20
    assert rows_in(tmp_path / "cells.db") == 20


# Stores that cannot be used


def refused(path, reason, **options):
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError, match=reason) as caught:
        Store(path, **options)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "cells.db"
    with Store(path) as store:
        run_sweep(Spec({"quantity": "toy", "n": list(range(100))}), store)
    return path


def test_a_locked_store(path):
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with Store(path, timeout=0.1) as store:
            with pytest.raises(StoreError, match=r"cells\.db.*locked"):
                run_sweep(Spec({"quantity": "toy", "n": 1000}), store)
            assert run_sweep(Spec({"quantity": "toy", "n": 10}), store).present == 1  # reading goes on
        other.execute("ROLLBACK")
        with Store(path) as store:
            assert run_sweep(Spec({"quantity": "toy", "n": 1000}), store).computed == 1


def test_no_sqlite_file(path):
    path.write_bytes(b"quantity,code\n" * 100)
    refused(path, "not an SQLite file")


def test_a_database_of_something_else(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE cells (x)")
    refused(tmp_path / "other.db", "something else")


@pytest.mark.parametrize("where", ["schema", "pages", "end"])
def test_a_damaged_store(where, path):
    data = bytearray(path.read_bytes())
    if where == "end":
        path.write_bytes(data[: len(data) // 2])
    else:
        data[(200 if where == "schema" else 4096 * 2) : (4000 if where == "schema" else 4096 * 4)] = b"\x5a" * (
            3800 if where == "schema" else 4096 * 2
        )
        path.write_bytes(data)
    refused(path, "damaged|not an SQLite")


@pytest.mark.parametrize(("version", "age"), [(SCHEMA - 1, "older"), (SCHEMA + 1, "newer")])
def test_a_store_of_another_version(version, age, path):
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute(f"PRAGMA user_version = {version}")
    refused(path, f"{age} version, {version}")


def test_a_store_without_its_tables(path):
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("DROP TABLE cells")
    refused(path, "damaged")


def test_a_place_where_no_file_can_be(tmp_path):
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file" / "cells.db", "cannot be opened")
    refused(tmp_path / "none" / "cells.db", "cannot be opened")
    refused(tmp_path, "cannot be opened")
    refused(tmp_path / "none.db", "there is no store", create=False)
    assert not (tmp_path / "none.db").exists()


# Root writes anywhere, and so has to become somebody else once everything is imported.
READ_ONLY = """
import os, sys, toy_quantity, numerics.store, numerics.sweep_engines, numerics.sweep_export, gda.progress
from gda.cli import main
numerics.sweep.facts()
if os.geteuid() == 0:
    os.setuid(65534)
sys.exit(main())
"""


def test_a_folder_that_is_read_only():
    def command(*arguments):
        words = [sys.executable, "-c", READ_ONLY, "sweep", *arguments]
        done = subprocess.run(words, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_toys(folder, 3)
        with Store(folder / "cells.db") as store:
            run_sweep(Spec({"quantity": "toy", "n": [1, 2]}), store)
        (folder / "out").mkdir(mode=0o777)
        (folder / "out").chmod(0o777)
        folder.chmod(0o555)
        try:
            for path, reason in (("new.db", "it cannot be opened"), ("cells.db", "it cannot be written to")):
                code, out, err = command("spec.toml", "--store", path, "--workers", "1")
                assert (code, out, err.count("\n")) == (2, "", 1)
                assert err.startswith(f"gda: cannot use '{path}': {reason}")
            export = ("export", "--store", "cells.db", "--out")
            assert command(*export, "cells.csv") == (2, "", "gda: cannot use 'cells.csv': Permission denied\n")
            assert command(*export, "out/cells.csv") == (0, "wrote 2 cells to out/cells.csv\n", "")
        finally:
            folder.chmod(0o755)


def test_a_file_that_is_read_only(path):
    with Store(path) as store:
        store._db.execute("PRAGMA query_only = ON")  # what SQLite answers for a file that it may not write to
        with pytest.raises(StoreError, match="cannot be written to"):
            store.begin({})


def test_a_full_disk_loses_nothing(path):
    with Store(path) as store:
        before = list(store.rows())
        store._db.execute(f"PRAGMA max_page_count = {store._number('page_count') + 2}")
        with pytest.raises(StoreError, match=r"cells\.db.*full"):
            run_sweep(Spec({"quantity": "toy", "n": list(range(1000))}), store)
        after = list(store.rows())
        assert set(before) <= set(after)
    with Store(path) as store:
        assert set(after) <= set(store.rows())
        assert run_sweep(Spec({"quantity": "toy", "n": list(range(400))}), store).present >= 100


def test_a_disk_that_is_full_for_the_command(tmp_path):
    def quota():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    run = write_toys(tmp_path, 400)
    _, err = finish(start(tmp_path, *run, "--workers", 1, prepare=quota), 2)
    assert err.startswith("gda: cannot use 'cells.db': ")
    assert "disk" in err
    assert err.count("\n") == 1
    done = rows_in(tmp_path / "cells.db")
    assert 0 < done < 400
    _, err = finish(start(tmp_path, *run, "--workers", 1))
    assert f"{400 - done} computed, {done} there already" in err
    assert exported(tmp_path) == undisturbed(tmp_path, 400)
