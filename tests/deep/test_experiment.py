"""The experiment on images with stubs for generators: what a task trains on, what it returns, stopped runs."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch

from deep import suppliers
from deep.analysis import compare, recheck_differences
from deep.data import cifar10, save_generated
from deep.device import derived_seed
from deep.experiment import compute, digest_of, load, pictured
from deep.fit import Evaluation
from deep.results import EPOCHS, RECHECK, STEPS, Row
from deep.sampler import chunked
from deep.spec import Spec, Training, cifar_spec
from deep.subsets import stratified_subset
from deep.suppliers import KINDS, Kind, config_of, file_name, full_settings
from deep.tasks import IMAGES, claim_store, collect, recheck_task, stored_spec, tasks
from deep.training import FailedRunError
from deep.where import Where, here, places
from numerics.store import Row as Stored
from numerics.store import Store
from numerics.sweep import run_sweep
from numerics.sweep_code import code_of
from numerics.sweep_engines import sweep_in_processes

TRAINED = []  # what each stub was trained on
FOLDERS = []  # where each stub may keep its checkpoints


class Resampler:
    """Real images of the asked class; a collapsed one repeats a single image of it."""

    shape, classes = (1, 8, 8), 10

    def __init__(self, collapsed):
        self.pool, self.collapsed = load("digits", "").pool, collapsed

    def sample(self, label, seed):
        rng, found = np.random.default_rng(seed), []
        for k in label.tolist():
            members = np.flatnonzero(self.pool.label.numpy() == k)
            found.append(int(members[0] if self.collapsed else rng.choice(members)))
        return (self.pool.pixels(torch.tensor(found)) + 1) / 2


def stub(name, collapsed=False, fails=False):
    def train(images, label, config, seed, _device, folder):
        TRAINED.append((name, images, label, config, seed))
        FOLDERS.append(folder)
        if fails:
            raise FailedRunError("the run stops: a loss is not finite at step 7. Found D.")
        return Resampler(collapsed)

    return train


@pytest.fixture(autouse=True)
def stubs(monkeypatch):
    TRAINED.clear()
    FOLDERS.clear()
    monkeypatch.setattr("deep.tasks.RECHECK_STEPS", 5)
    made = {"edm": stub("edm"), "cdcgan": stub("cdcgan", collapsed=True), "stylegan2-ada": stub("sg", fails=True)}
    monkeypatch.setattr(suppliers, "KINDS", {name: Kind(KINDS[name].config, train) for name, train in made.items()})


def spec(**changes):
    plain = {
        "data": "digits",
        "digest": digest_of("digits", ""),
        "m_S": (50,),
        "generators": ("cdcgan", "stylegan2-ada", "edm"),
        "gammas": (0, 1, 2),
        "seeds": 2,
        "training": Training(steps=6, width=4),
        "settings": {name: {} for name in ("cdcgan", "stylegan2-ada", "edm")},
        "epoch_check": (50, "edm", 2),
        "recheck": 3,
    }
    return Spec(**plain | changes)


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "images.db") as opened:
        yield opened


def test_an_experiment_from_specification_to_words(store):
    asked = spec()
    claim_store(store, asked)
    report = run_sweep(tasks(asked), store)
    assert (report.failures, report.computed) == ((), 2 * 4 + 2)
    found = collect(asked, store)
    results = found.results
    assert (results.missing(), found.other) == (0, 0)
    by = {(run.generator, run.seed): run for run in results.runs}
    assert all(by["edm", seed].passed for seed in (0, 1))
    assert all("diversity must be above" in by["cdcgan", seed].reason for seed in (0, 1))
    assert all("not finite at step 7" in by["stylegan2-ada", seed].reason for seed in (0, 1))
    assert np.isnan(by["stylegan2-ada", 0].accuracy)
    assert {row.generator for row in results.rows} == {"none", "edm"}
    excluded = {one.generator for one in compare(results) if one.excluded}
    assert excluded == {"cdcgan", "stylegan2-ada"}
    steps = {(row.protocol, row.m_G): row.steps for row in results.rows}
    same = {(STEPS, m_G): 6 for m_G in (0, 50, 100)}
    assert steps == same | {(EPOCHS, 100): 18, (RECHECK, 0): 5, (RECHECK, 50): 5}
    assert list(recheck_differences(results)) == [0, 1]
    # Each generator is trained once for each seed, and once more, shortly, for the short cell.
    assert sorted(name for name, *_ in TRAINED) == ["cdcgan"] * 2 + ["edm"] * 4 + ["sg"] * 2
    assert sorted(config.steps for name, _, _, config, _ in TRAINED if name == "edm") == [3, 3, 4000, 4000]
    assert set(found.samples) == {(50, name, seed) for name in ("edm", "cdcgan") for seed in (0, 1)}
    pictures = pictured(found.samples[50, "edm", 0])
    assert pictures.counts == [10] * 10
    assert pictures.shape == (1, 8, 8)


def test_generators_see_the_real_examples_of_their_task_and_no_others(store):
    run_sweep(tasks(spec(generators=("edm",), recheck=0, seeds=2, gammas=(0, 1), epoch_check=())), store)
    assert len(TRAINED) == 2
    for seed, (_, images, label, _, own) in enumerate(sorted(TRAINED, key=lambda entry: entry[4] != SEEDS[0])):
        rng = np.random.default_rng(derived_seed(seed, "real examples"))
        real = stratified_subset(load("digits", "").pool, 50, rng)
        assert own == SEEDS[seed]
        assert torch.equal(images * 2 - 1, real.pixels())
        assert torch.equal(label, real.label)


SEEDS = [derived_seed(seed, "generator edm") for seed in (0, 1)]


def one(generator, seed=0, **changes):
    """Compute one task and return its rows by (m_G, standard, protocol, classifier)."""
    asked = spec(**changes)
    (cell,) = (cell for cell in tasks(asked) if (cell.fields["generator"], cell.fields["seed"], cell.fields["part"])
               == (generator, seed, 0))  # fmt: skip
    rows = [Row(**record) for record in json.loads(compute(cell.fields)["rows"])]
    return {(row.m_G, row.standard, row.protocol, row.classifier): row for row in rows}


def test_a_task_is_a_function_of_its_fields_and_of_every_one_of_them():
    before = torch.get_num_threads()
    plain = one("none")
    assert one("none") == plain
    assert one("none", gammas=(0, 4), epoch_check=(), generators=("edm",)) == plain
    for changes in ({"seed": 1}, {"m_S": (60,), "epoch_check": ()}, {"training": Training(steps=7, width=4)}):
        assert {row.test_nll for row in one("none", **changes).values()}.isdisjoint(
            row.test_nll for row in plain.values()
        )
    assert torch.get_num_threads() == before
    nlls = [row.test_nll for row in plain.values()]
    assert len(set(nlls)) == len(nlls) == 4  # two classifiers, with and without augmentation, all different


def test_classifiers_are_paired():
    # A step at rate almost 0 leaves the initial weights: with and without generated images they are the same.
    still = Training(steps=1, width=4, rate=1e-30)
    without, with_images = one("none", training=still), one("edm", training=still)
    for standard in ("off", "on"):
        for number in (0, 1):
            first, second = without[0, standard, STEPS, number], with_images[100, standard, STEPS, number]
            assert first.steps == second.steps
    # Batch norms have seen other images, so the weights themselves are compared.
    seen = []

    def watch(model, *_args, **_more):
        seen.append(torch.cat([weight.detach().flatten() for weight in model.parameters()]))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("deep.experiment.fit", watch)
        one("none")
        one("edm")
    distinct = {tuple(weights.tolist()) for weights in seen}
    assert len(seen) == 4 + 12
    assert len(distinct) == 2


def test_tasks_in_threads_of_one_process_do_not_disturb_each_other():
    # PyTorch's global generator is the process's.
    cells = [cell for cell in tasks(spec(epoch_check=())) if cell.fields["generator"] == "none"] * 2
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda cell: compute(cell.fields), cells))
    assert found == [compute(cell.fields) for cell in cells]


def test_runs_have_folders_of_their_own(tmp_path):
    asked = spec(generators=("edm",), epoch_check=(), gammas=(0, 1))
    with places(Where(checkpoints=str(tmp_path))):
        for cell in tasks(asked):
            compute(cell.fields)
    assert len(FOLDERS) == len(set(FOLDERS)) == 4
    assert all(folder.parent == tmp_path for folder in FOLDERS)


class Broken(Resampler):
    """Its images are not finite."""

    def sample(self, label, _seed):
        return chunked(label, self.classes, (4,), 0, lambda z, _: z.new_full((len(z), *self.shape), np.inf))


def test_a_generator_whose_images_are_not_finite_has_failed(store, monkeypatch):
    def train(*_args):
        return Broken(collapsed=False)

    monkeypatch.setattr(suppliers, "KINDS", {"edm": Kind(KINDS["edm"].config, train)})
    asked = spec(generators=("edm",), epoch_check=(), gammas=(0, 1))
    assert run_sweep(tasks(asked), store).failures == ()
    results = collect(asked, store).results
    assert [run.reason for run in results.runs] == ["a generated image is not finite"] * 2
    assert results.missing() == 0
    assert {row.generator for row in results.rows if np.isnan(row.test_error)} == {"edm"}
    assert recheck_differences(results) == {}


def test_a_figure_that_cannot_be_computed_fails_a_generator(monkeypatch):
    def fails(*_args):
        raise torch.linalg.LinAlgError("no convergence\nat all")

    monkeypatch.setattr("deep.measure.frechet_distance", fails)
    (cell,) = (cell for cell in tasks(spec(epoch_check=())) if cell.fields["generator"] == "edm"
               and (cell.fields["seed"], cell.fields["part"]) == (0, 0))  # fmt: skip
    assert json.loads(compute(cell.fields)["run"])["reason"] == "no convergence at all"


def test_errors_are_on_the_test_part_and_on_all_that_was_trained_on(monkeypatch):
    seen = []

    def watch(_model, images, _runtime):
        seen.append((len(images), images.shape))
        return Evaluation(len(seen) / 100, 1.0, ())

    monkeypatch.setattr("deep.experiment.evaluate", watch)
    rows = one("edm")
    assert [count for count, _ in seen] == [497, 100] * 4 + [497, 150] * 8
    assert sorted(row.test_error for row in rows.values()) == [n / 100 for n in range(1, 24, 2)]


class PowerCutError(Exception):
    """Someone pulls the plug."""


def test_a_run_that_was_stopped_goes_on_where_it_was(store, tmp_path, monkeypatch):
    monkeypatch.setattr("numerics.sweep_plan.MOST_IN_A_BATCH", 1)  # else what is stored depends on the machine's speed
    asked = spec(generators=("edm",), recheck=0)
    claim_store(store, asked)

    def stop(progress):
        if progress.done:  # of one task; another is under way, and kept
            raise PowerCutError

    with pytest.raises(PowerCutError):
        run_sweep(tasks(asked), store, watch=stop)
    assert store.count() == 2
    assert collect(asked, store).results.missing() > 0
    claim_store(store, asked)
    report = run_sweep(tasks(asked), store)
    assert (report.present, report.computed) == (2, 2)
    with Store(tmp_path / "whole.db") as whole:
        run_sweep(reversed(tasks(asked)), whole)
        assert {row.content: row.value for row in whole.rows()} == {row.content: row.value for row in store.rows()}


def test_processes_give_the_same_numbers_with_images_from_a_file(store, tmp_path):
    path = tmp_path / "images.npz"
    pool = load("digits", "").pool
    float_images = replace(pool, image=pool.pixels(), top=255)
    save_generated(path, float_images)
    name = file_name(path)
    asked = spec(generators=(name,), recheck=0, epoch_check=(), settings={}, gammas=(0, 1))
    first = [cell for cell in tasks(asked) if (cell.fields["generator"], cell.fields["seed"]) == (name, 0)]
    with places(Where(files={name: str(path)})):
        report = sweep_in_processes(first, store, 2, lambda _: None)
        assert (report.failures, report.computed) == ((), 1)
        for stored in store.rows():
            assert IMAGES.encode(compute(json.loads(stored.content))) == stored.value
    assert here() == Where()
    assert len(collect(asked, store).results.rows) == 2 * 2
    with pytest.raises(ValueError, match=f"GDA_DEEP_WHERE must say where the file of {name} lies"):
        compute(first[0].fields)
    path.write_bytes(path.read_bytes() + b" ")
    with places(Where(files={name: str(path)})), pytest.raises(ValueError, match="has changed"):
        compute(next(cell for cell in tasks(asked) if cell.fields["generator"] == name).fields)


def test_another_experiment_and_other_data_are_refused(store):
    asked = spec()
    assert stored_spec(store) is None
    claim_store(store, asked)
    claim_store(store, asked)
    assert stored_spec(store) == asked
    with pytest.raises(ValueError, match=r"seeds is 2 there\. Found 3"):
        claim_store(store, spec(seeds=3))
    with pytest.raises(ValueError, match="rule is"):
        claim_store(store, spec(rule=replace(asked.rule, threshold=0.5)))
    other = tasks(spec(digest="0" * 16))[0]
    with pytest.raises(ValueError, match=r"other data.*0{16}\. Found"):
        compute(other.fields)


def test_a_damaged_row_is_told_in_one_line(store):
    asked = spec(recheck=0, epoch_check=())
    cell = tasks(asked)[0]
    for rows in ("{", "[1]", '[{"m_S": 50}]', "null"):
        value = IMAGES.encode({"rows": rows, "run": "null", "samples": "null"})
        path = store.path.with_name(f"{len(rows)}.db")
        with Store(path) as damaged:
            damaged.add([Stored(code_of(IMAGES.compute), cell.content, value)], damaged.begin({}))
            with pytest.raises(ValueError, match=r"a damaged row in .*\.db"):
                collect(asked, damaged)


def test_results_of_other_code_are_counted_and_give_way(store):
    asked = spec(generators=("edm",), recheck=0, epoch_check=())
    cell = tasks(asked)[0]
    ours = compute(cell.fields)
    theirs = ours | {"rows": ours["rows"].replace('"steps": 6', '"steps": 7')}
    run = store.begin({})
    store.add([Stored("0" * 16, cell.content, IMAGES.encode(theirs))], run)
    found = collect(asked, store)
    assert (found.other, {row.steps for row in found.results.rows}) == (1, {7})
    store.add([Stored("f" * 16, cell.content, IMAGES.encode(theirs))], run)
    with pytest.raises(ValueError, match="several codes"):
        collect(asked, store)
    store.add([Stored(code_of(IMAGES.compute), cell.content, IMAGES.encode(ours))], run)
    found = collect(asked, store)
    assert (found.other, {row.steps for row in found.results.rows}) == (0, {6})


def test_the_environment_is_checked(monkeypatch):
    monkeypatch.setenv("GDA_DEEP_WHERE", "[1]")
    with pytest.raises(ValueError, match=r"GDA_DEEP_WHERE.*\[1\]"):
        here()


def test_the_short_cell_can_be_computed_for_a_further_seed():
    asked = spec()
    rows = [Row(**record) for record in json.loads(compute(recheck_task(asked, 7).fields)["rows"])]
    assert [(row.generator, row.seed, row.m_G, row.protocol) for row in rows] == [
        ("none", 7, 0, RECHECK),
        ("edm", 7, 50, RECHECK),
    ]


def test_cifar10_runs_by_the_same_task(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    for name in (*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin"):
        records = rng.integers(0, 256, (40, 3073), dtype=np.uint8)
        records[:, 0] = np.arange(40) % 10
        records.tofile(tmp_path / name)
    monkeypatch.setattr("deep.experiment.cifar10", lambda folder: cifar10(folder, 40))
    whole = cifar_spec(digest_of("cifar10", str(tmp_path)))
    assert (whole.training.batch, whole.training.rate, whole.training.epochs) == (512, 0.2, 100)
    assert max(whole.amounts(50_000)) == 10**6
    assert [whole.training.steps_at(50_000, m_G) for m_G in (0, 50_000)] == [9766, 19532]
    for name, settings in whole.settings.items():
        found = full_settings(name, settings)
        for key, value in settings.items():
            assert found[key] == ({**found[key], **value} if isinstance(value, dict) else value)
    asked = replace(whole, m_S=(20,), classifiers=1, training=replace(whole.training, epochs=1, batch=10))
    with places(Where(data=str(tmp_path))):
        (row, other) = json.loads(compute(tasks(asked)[0].fields)["rows"])
    assert (row["steps"], row["standard"], other["standard"]) == (2, "off", "on")
    with pytest.raises(ValueError, match="cifar10 needs the folder"):
        compute(tasks(asked)[0].fields)


def test_settings_are_written_in_full_and_checked():
    for name in KINDS:
        whole = full_settings(name, {"steps": 5})
        assert whole["steps"] == 5
        assert config_of(name, json.loads(json.dumps(whole))) == KINDS[name].config(steps=5)
    with pytest.raises(ValueError, match="edm has no setting 'stepz'"):
        config_of("edm", {"stepz": 5})
    with pytest.raises(ValueError, match="Found 0"):
        config_of("cdcgan", {"steps": 0})
    with pytest.raises(ValueError, match="stylegan2-ada"):
        config_of("stylegan2-ada", {"ada": {"speed": 1}})
