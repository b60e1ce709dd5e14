"""The command `gda deep`, with images from a file and small classifiers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gda import cli, deep, images
from gda.command_line import build_parser
from numerics.store import Store

pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

import torch

from deep import experiment
from deep import spec as specs
from deep.data import load_generated, save_generated
from deep.experiment import load
from deep.results import read_results
from deep.spec import Training


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Work in a folder of its own, with short training and real images as a generator's."""
    monkeypatch.chdir(tmp_path)
    whole = specs.main_spec
    training = Training(steps=4, width=4)
    for module in (specs, images):
        monkeypatch.setattr(module, "main_spec", lambda digest: replace(whole(digest), training=training))
    pool = load("digits", "").pool
    save_generated(tmp_path / "real.npz", replace(pool, image=pool.pixels(), top=255))
    assert len(load_generated(tmp_path / "real.npz", pool)) == 1000
    return tmp_path


def run(capsys, *arguments):
    code = cli.main(["deep", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


SMALL = ("--generator", "npz:real.npz", "--m-s", "50", "--gamma", "1", "--standard-aug", "off", "--seeds", "2")
HERE = ("--store", "a.db", "--workers", "1", "--device", "cpu")


def fails_at_seed_1(fields, compute=experiment.compute):
    if fields["seed"] == 1:
        raise ValueError("no value here")
    return compute(fields)


def test_run_report_and_files(capsys, folder):
    code, out, err = run(capsys, "run", *SMALL, *HERE)
    assert (code, out) == (0, "")
    assert err == "4 tasks: 4 computed, 0 there already, in 'a.db'; 2 pictures in 'a.grids'\n"
    pictures = sorted(path.name for path in (folder / "a.grids").iterdir())
    assert len(pictures) == 2
    assert all(name.startswith("digits-50-npz-") and name.endswith(".png") for name in pictures)
    assert run(capsys, "run", *SMALL, *HERE)[2].startswith("4 tasks: 0 computed, 4 there already")
    assert run(capsys, "run", *SMALL, *HERE, "--quiet") == (0, "", "")

    code, out, err = run(capsys, "report", "--store", "a.db", "--out", "tables")
    assert code == 0
    assert "CIFAR-10 itself was not run" in out
    assert "C12: EDM, standard augmentation" in out
    assert out.count("undecided (") == 8
    results = read_results(folder / "tables", "digits")
    assert (results.missing(), len(results.rows), results.spec.gammas) == (0, 8, (0, 1))
    assert err.count("tables/digits") == 4
    origin = json.loads((folder / "tables" / "digits.provenance.json").read_text())
    assert list(origin["code"].values()) == [4]
    assert len(origin["torch"]) == len(origin["python"]) == len(origin["numpy"]) == 1
    assert set(origin) == {"command", "code", "imported", "python", "torch", "numpy"}
    assert origin["imported"] == 0
    assert origin["command"].startswith("gda deep run --generator npz-")
    # What is in the files is what is in the store: no path of this machine, and the settings in full.
    assert str(folder) not in "".join(path.read_text() for path in (folder / "tables").iterdir())

    assert "real images" in out
    assert sum("2 of 2" in line for line in out.splitlines()) == 1
    code, _, err = run(capsys, "report", "--store", "a.db", "--figure", "it.png")
    assert (code, err) == (0, "wrote it.png\n")
    assert (folder / "it.png").read_bytes().startswith(b"\x89PNG")
    code, _, err = run(capsys, "report", "--store", "a.db", "--figure", "none/it.png")
    assert (code, err) == (2, "gda: cannot write 'none/it.png': No such file or directory\n")

    answer = json.loads(run(capsys, "report", "--store", "a.db", "--json")[1])
    (one,) = answer["comparisons"]
    assert (one["word"], one["seeds"], one["gamma"], one["excluded"]) == ("open", 2, 1.0, False)
    assert answer["missing"] == 0


def test_an_interrupted_run_keeps_what_is_done_and_shows_it(capsys, folder, monkeypatch):
    calls = []

    def interrupted(fields):
        calls.append(fields["generator"])
        if len(calls) == 2:
            raise KeyboardInterrupt
        return found(fields)

    found = experiment.compute
    with monkeypatch.context() as patch:
        patch.setattr("numerics.sweep_plan.MOST_IN_A_BATCH", 1)
        patch.setattr(experiment, "compute", interrupted)
        code, out, err = run(capsys, "run", *SMALL, *HERE)
    assert (code, out) == (130, "")
    assert err.endswith("gda: interrupted; what is done is in 'a.db'; the same command goes on\n")
    assert len(list((folder / "a.grids").iterdir())) == 1
    assert run(capsys, "run", *SMALL, *HERE)[2].startswith("4 tasks: 3 computed, 1 there already")


def test_a_cluster_of_two_threads_gives_the_same(capsys):
    distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    assert run(capsys, "run", *SMALL, *HERE)[0] == 0
    here = {"processes": False, "protocol": "tcp", "host": "127.0.0.1", "dashboard_address": None}
    with distributed.LocalCluster(n_workers=1, threads_per_worker=2, **here) as made:
        there = ("--store", "b.db", "--scheduler", made.scheduler_address, "--device", "cpu")
        assert run(capsys, "run", *SMALL, *there)[0] == 0
    tables = [run(capsys, "report", "--store", f"{name}.db", "--json")[1] for name in "ab"]
    assert tables[0] == tables[1]
    assert json.loads(tables[1])["missing"] == 0


def test_an_export_goes_on_elsewhere(capsys):
    assert run(capsys, "run", *SMALL, *HERE)[0] == 0
    assert cli.main(["sweep", "export", "--store", "a.db", "--out", "a.csv"]) == 0
    assert cli.main(["sweep", "import", "--store", "b.db", "a.csv"]) == 0
    capsys.readouterr()
    code, _, err = run(capsys, "run", *SMALL, "--store", "b.db", "--workers", "1", "--device", "cpu")
    assert (code, err) == (0, "4 tasks: 0 computed, 4 there already, in 'b.db'; 2 pictures in 'b.grids'\n")
    tables = [run(capsys, "report", "--store", f"{name}.db", "--json")[1] for name in "ab"]
    assert tables[0] == tables[1]
    # Of what was imported the versions are not known here, and not said.
    assert run(capsys, "report", "--store", "b.db", "--out", "tables")[0] == 0
    origin = json.loads(Path("tables/digits.provenance.json").read_text())
    assert (origin["imported"], list(origin["code"].values())) == (4, [4])
    assert origin["torch"] == origin["python"] == origin["numpy"] == []


def test_another_version_of_pytorch_that_computes_leaves_its_name(capsys, monkeypatch):
    works = experiment.compute
    for version, compute, code in (("1.0", fails_at_seed_1, 2), ("2.0", works, 0), ("3.0", works, 0)):
        with monkeypatch.context() as patch:
            patch.setattr("deep.tasks._torch_version", lambda version=version: version)
            patch.setattr(experiment, "compute", compute)
            assert run(capsys, "run", *SMALL, *HERE)[0] == code
    with Store(Path("a.db")) as store:
        found = [about["torch"] for about in store.runs().values() if "experiment" in about]
    assert found == ["1.0", "2.0"]
    assert run(capsys, "report", "--store", "a.db", "--out", "tables")[0] == 0
    assert json.loads(Path("tables/digits.provenance.json").read_text())["torch"] == ["1.0", "2.0"]


def test_pictures_are_of_what_is_in_the_store(capsys, folder):
    assert run(capsys, "run", *SMALL, *HERE)[0] == 0
    pictures = sorted((folder / "a.grids").iterdir())
    whole = [path.read_bytes() for path in pictures]
    pictures[0].write_bytes(whole[0][:100])  # cut short by a kill, or of an experiment that was here before
    assert run(capsys, "run", *SMALL, *HERE)[0] == 0
    assert [path.read_bytes() for path in sorted((folder / "a.grids").iterdir())] == whole


def test_one_store_has_one_experiment(capsys):
    assert run(capsys, "run", *SMALL, *HERE)[0] == 0
    code, out, err = run(capsys, "run", *SMALL[:-1], "3", *HERE)
    assert (code, out) == (2, "")
    assert err == "gda: 'a.db' holds another experiment: seeds is 2 there. Found 3. Use another store.\n"


def test_results_of_several_versions_are_not_written(capsys):
    assert run(capsys, "run", *SMALL[:-1], "3", *HERE)[0] == 0
    with Store(Path("a.db")) as store:
        rows = sorted(store.rows(), key=lambda row: row.content)
        with Store(Path("b.db")) as other:
            facts = next(about for about in store.runs().values() if "experiment" in about)
            number = other.begin(facts)
            other.add([rows[0], *(replace(row, code="0" * 16) for row in rows[1:])], number)
    code, out, _ = run(capsys, "report", "--store", "b.db")
    assert code == 0
    assert "5 tasks were computed by other code" in out
    code, _, err = run(capsys, "report", "--store", "b.db", "--out", "tables")
    assert code == 2
    assert err.startswith("gda: the results in 'b.db' are of several versions of the code: ")
    assert err.count("\n") == 1


def test_an_experiment_that_is_not_complete_is_told_and_not_written(capsys, monkeypatch):
    monkeypatch.setattr(experiment, "compute", fails_at_seed_1)
    code, _, err = run(capsys, "run", *SMALL, *HERE)
    assert code == 2
    assert err.endswith("gda: 2 of 4 tasks failed; the first: no value here\n")
    code, out, _ = run(capsys, "report", "--store", "a.db")
    assert code == 0
    assert "not complete: 5 results are missing" in out
    assert out.count("nothing is read off yet") == 8
    code, _, err = run(capsys, "report", "--store", "a.db", "--out", "tables")
    assert (code, err) == (2, "gda: the experiment in 'a.db' is not complete: 5 results are missing\n")


BAD = {
    "no store": (["run"], "--store"),
    "no action": ([], "{run,report}"),
    "unknown data": (["run", *HERE, "--data", "mnist"], "'mnist'"),
    "cifar without folder": (["run", *HERE, "--data", "cifar10"], "no folder"),
    "folder without cifar": (["run", *HERE, "--dir", "x"], "digits and x"),
    "no cifar there": (["run", *HERE, "--data", "cifar10", "--dir", "none"], "none/data_batch_1.bin"),
    "unknown generator": (["run", *HERE, "--generator", "gan"], "'gan'"),
    "generator twice": (["run", *HERE, "--generator", "edm", "edm"], "'edm', 'edm'"),
    "no file": (["run", *HERE, "--generator", "npz:none.npz"], "none.npz"),
    "damaged file": (["run", *HERE, "--generator", "npz:damaged.npz"], "damaged.npz': it is no .npz file"),
    "pickled file": (["run", *HERE, "--generator", "npz:objects.npz"], "objects.npz"),
    "no label": (["run", *HERE, "--generator", "npz:nolabel.npz"], "Found ['image']"),
    "wrong shape": (["run", *HERE, "--generator", "npz:shape.npz"], "Found (600, 8, 8, 1)"),
    "label out of range": (["run", *HERE, "--generator", "npz:range.npz"], "Found 10"),
    "label of no integers": (["run", *HERE, "--generator", "npz:floats.npz"], "Found float64"),
    "class without images": (["run", *HERE, "--m-s", "50", "--gamma", "1", "--generator", "npz:lacks.npz"], "class 9"),
    "rare class": (["run", *HERE, "--m-s", "50", "--gamma", "1", "--generator", "npz:rare.npz"], "Found 1 of 600"),
    "too few for the gate": (["run", *HERE, "--m-s", "50", "--gamma", "1", "--generator", "npz:few.npz"], "hold 500"),
    "too few for gamma": (["run", *HERE, "--m-s", "200", "--gamma", "4", "--generator", "npz:enough.npz"], "hold 800"),
    "cuda that is not there": (["run", *HERE[:-1], "cuda"], "cuda"),
    "cifar cut short": (["run", *HERE, "--data", "cifar10", "--dir", "short"], "data_batch_1.bin' must have 30730000"),
    "cifar's labels": (["run", *HERE, "--data", "cifar10", "--dir", "labels"], "Found 10 in example 3"),
    "cifar pickled": (["run", *HERE, "--data", "cifar10", "--dir", "pickled"], "use the binary version"),
    "digits of a file": (["run", *HERE, "--generator", "npz-0123456789abcdef"], "'npz-0123456789abcdef'"),
    "too few": (["run", *HERE, "--m-s", "9"], "Found 9"),
    "too many": (["run", *HERE, "--m-s", "1001"], "Found 1001"),
    "no integer": (["run", *HERE, "--m-s", "1.5"], "'1.5'"),
    "gamma m_S no integer": (["run", *HERE, "--m-s", "55", "--gamma", "0.5"], "0.5"),
    "gamma negative": (["run", *HERE, "--gamma", "-1"], "-1"),
    "gamma 0 alone": (["run", *HERE, "--gamma", "0"], "[0.0]"),
    "gamma no number": (["run", *HERE, "--gamma", "nan"], "'nan'"),
    "quick that would decide": (["run", *HERE, "--quick", "--seeds", "8"], "Found 8"),
    "one seed": (["run", *HERE, "--seeds", "1"], "Found 1"),
    "unknown device": (["run", *HERE[:-1], "tpu"], "'tpu'"),
    "which device": (["run", *HERE[:-1], "cpu:0"], "'cpu:0'"),
    "no workers": (["run", *HERE, "--workers", "0"], "'0'"),
    "two engines": (["run", *HERE, "--scheduler", "tcp://a:1"], "--scheduler"),
    "bad address": (["run", "--store", "a.db", "--scheduler", "nowhere"], "'nowhere'"),
    "store of nothing": (["report", "--store", "none.db"], "'none.db'"),
    "store of something else": (["report", "--store", "other.db"], "'other.db'"),
    "store a text": (["run", *SMALL, "--store", "text", "--workers", "1"], "'text'"),
}


def bad_files(folder, arguments):
    image, label = np.zeros((600, 1, 8, 8), np.uint8), np.arange(600) % 10
    arrays = {
        "objects": {"image": np.array([None]), "label": label},
        "nolabel": {"image": image},
        "shape": {"image": image.reshape(600, 8, 8, 1), "label": label},
        "range": {"image": image, "label": label + 1},
        "floats": {"image": image, "label": label + 0.5},
        "lacks": {"image": image, "label": label % 9},
        "rare": {"image": image, "label": np.where(np.arange(600) == 599, 9, label % 9)},
        "few": {"image": image[:499], "label": label[:499]},
        "enough": {"image": image, "label": label},
    }
    for name, found in arrays.items():
        if f"npz:{name}.npz" in arguments:
            np.savez(folder / f"{name}.npz", **found)
    (folder / "damaged.npz").write_bytes(b"PK")
    for name in {"short", "labels", "pickled"} & set(arguments):
        (folder / name).mkdir()
        whole = np.zeros((10_000, 3073), np.uint8)
        whole[3, 0] = 10
        content = {"short": whole.tobytes()[:-1], "labels": whole.tobytes(), "pickled": b""}[name]
        (folder / name / f"data_batch_1{'' if name == 'pickled' else '.bin'}").write_bytes(content)


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_with_the_value_and_exit_code_2(case, capsys, folder):
    Store(folder / "other.db").close()
    (folder / "text").write_text("no store")
    arguments, value = BAD[case]
    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("there is CUDA here")
    bad_files(folder, arguments)
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("gda: ")
    assert err.count("\n") == 1
    assert value in err
    assert not (folder / "a.db").exists()


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--m-s 50 100 --seeds 8",
        "--generator edm cdcgan --gamma 0 0.5 2 --m-s 50 1000 --standard-aug on",
        "--seeds 21 --standard-aug off",
        "--quick --m-s 50 200 --seeds 4",
    ],
)
def test_a_specification_gives_the_command_that_it_is_made_by(words):
    def asked(line):
        return deep.asked_for(build_parser().parse_args(line.split()))[0]

    made = asked(f"deep run {words} --store digits.db --device cpu")
    line = images.command_of(made)
    assert line.startswith("gda deep run")
    assert set(line.split()) == {"gda", "deep", "run", "--store", "digits.db", *words.split()}
    assert asked(line.removeprefix("gda ")) == made
