"""A run that is killed and resumed is the run that was never stopped; a run that fails says so, saves nothing bad."""

import ast
import importlib.util
import json
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

import deep  # noqa: E402
from deep.checkpoint import module_tensors, read_checkpoint, restore, save_checkpoint, write_atomically  # noqa: E402
from deep.classifiers import small_resnet  # noqa: E402
from deep.data import digits  # noqa: E402
from deep.device import derived_seed, seeded_generator  # noqa: E402
from deep.fit import FitSettings, fit  # noqa: E402
from deep.runtime import Runtime, runtime_for  # noqa: E402
from deep.steps import Batches, averaged_copy, cosine, one_cycle, update_average  # noqa: E402
from deep.training import CHECKPOINT, CONFIG, FailedRunError, train  # noqa: E402

CPU = Runtime(torch.device("cpu"))
PROGRAM = Path(__file__).with_name("killed_run.py")
_spec = importlib.util.spec_from_file_location("killed_run", PROGRAM)
killed_run = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(killed_run)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The run that is never stopped."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, *killed_run.run(folder)


# Kill and resume


@pytest.mark.parametrize("where", ["between", "while writing"])
def test_a_run_that_was_killed_resumes_to_the_same_bytes(tmp_path, whole, where):
    folder, task, trained = whole
    environment = os.environ | {"PYTHONPATH": str(PROGRAM.parents[2])}
    ended = subprocess.run([sys.executable, str(PROGRAM), str(tmp_path), where], env=environment, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert read_checkpoint(tmp_path / CHECKPOINT)[1]["step"] == 4
    resumed, again = killed_run.run(tmp_path)
    assert again == trained
    assert (tmp_path / CHECKPOINT).read_bytes() == (folder / CHECKPOINT).read_bytes()
    assert (tmp_path / CONFIG).read_bytes() == (folder / CONFIG).read_bytes()
    for name, tensor in module_tensors(task).items():
        assert torch.equal(tensor, module_tensors(resumed)[name])


def test_the_checkpoint_holds_everything_that_changes(whole):
    tensors, facts = read_checkpoint(whole[0] / CHECKPOINT)
    start = module_tensors(killed_run.Everything())
    changed = [name for name, tensor in start.items() if not torch.equal(tensor, tensors[name])]
    assert sorted(changed) == sorted(start)  # not one was left behind
    kinds = {name.rpartition("/")[2] for name in tensors if name.startswith("optimiser/")}
    assert kinds == {"exp_avg", "exp_avg_sq", "step", "momentum_buffer"}
    assert {"random/generator", "random/cpu"} <= tensors.keys()
    assert facts["run"]["seed"] == 3


def test_a_finished_run_is_not_trained_again(whole):
    folder, task, trained = whole
    steps = []
    again, found = killed_run.run(folder, progress=steps.append)
    assert steps == []
    assert found == trained
    assert all(torch.equal(tensor, module_tensors(again)[name]) for name, tensor in module_tensors(task).items())


def test_with_and_without_a_folder_the_result_is_the_same(whole):
    task, trained = killed_run.run(None)
    assert trained == whole[2]
    assert all(torch.equal(tensor, module_tensors(task)[name]) for name, tensor in module_tensors(whole[1]).items())


def test_another_seed_is_another_result(whole):
    task, _ = killed_run.run(None, seed=4)
    assert not torch.equal(module_tensors(task)["module/other/weight"], module_tensors(whole[1])["module/other/weight"])


def test_global_random_numbers_neither_matter_nor_change(whole):
    torch.random.set_rng_state(seeded_generator(99).get_state())
    before = torch.random.get_rng_state()
    _, trained = killed_run.run(None)
    assert trained == whole[2]
    assert torch.equal(before, torch.random.get_rng_state())


def test_a_classifier_resumes_to_the_same_weights(tmp_path):
    train_on = digits().judge.select(torch.arange(60))
    settings = FitSettings(steps=6, batch=16, augmentation="digits")

    class StopError(Exception):
        pass

    def stop(progress):
        if progress.done == 3:
            raise StopError

    straight, resumed = small_resnet(1, 10, 0, width=4), small_resnet(1, 10, 0, width=4)
    fit(straight, train_on, settings, 0, CPU, save_every=2)
    with pytest.raises(StopError):
        fit(small_resnet(1, 10, 0, width=4), train_on, settings, 0, CPU, folder=tmp_path, save_every=2, progress=stop)
    fit(resumed, train_on, settings, 0, CPU, folder=tmp_path, save_every=2)
    for name, tensor in straight.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name])
    with pytest.raises(ValueError, match=r"holds another run: config\.initial weights"):  # other initial weights
        fit(small_resnet(1, 10, 1, width=4), train_on, settings, 0, CPU, folder=tmp_path, save_every=2)


# Runs that fail


class Failing(killed_run.Everything):
    """Goes wrong at one step: in the loss, or in a weight only."""

    def __init__(self, bad_step, spoil):
        super().__init__()
        self.bad_step, self.spoil = bad_step, spoil

    def step(self, step, generator):
        losses = dict(super().step(step, generator))
        if step == self.bad_step:
            if self.spoil == "weight":
                self.modules["average"][0].weight.data[0, 0] = torch.inf
            else:
                losses["loss"] = losses["loss"] * float(self.spoil)
        return losses


@pytest.mark.parametrize("spoil", ["nan", "inf"])
def test_a_loss_that_is_not_finite_stops_the_run_at_its_step(tmp_path, spoil):
    with pytest.raises(FailedRunError, match=r"a loss is not finite at step 6. Found loss.$"):
        train(Failing(6, spoil), steps=12, seed=3, runtime=CPU, folder=tmp_path, save_every=4)
    tensors, facts = read_checkpoint(tmp_path / CHECKPOINT)
    assert facts["step"] == 4
    assert all(torch.isfinite(tensor.double()).all() for tensor in tensors.values())


def test_a_weight_that_is_not_finite_is_never_saved(tmp_path):
    with pytest.raises(FailedRunError, match=r"not finite after step 7. Found it in 'module/average/0.weight'"):
        train(Failing(5, "weight"), steps=12, seed=3, runtime=CPU, folder=tmp_path, save_every=4)
    assert read_checkpoint(tmp_path / CHECKPOINT)[1]["step"] == 4


# Folders


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"seed": 4}, "seed is 3 there. Found 4"),
        ({"steps": 13}, "steps is 12 there. Found 13"),
        ({"runtime": Runtime(torch.device("cpu"), mixed=True)}, "runtime.mixed is False there. Found True"),
        ({"config": {}}, "config is None there. Found {}"),
        ({"config": {"width": 7}}, "config.width is 6 there. Found 7"),
    ],
)
def test_a_folder_of_another_run_is_refused_and_left_alone(whole, options, found):
    before = (whole[0] / CHECKPOINT).read_bytes(), (whole[0] / CONFIG).read_bytes()
    with pytest.raises(ValueError, match="holds another run") as refusal:
        killed_run.run(whole[0], **options)
    assert found in str(refusal.value)
    assert before == ((whole[0] / CHECKPOINT).read_bytes(), (whole[0] / CONFIG).read_bytes())


def test_a_folder_is_claimed_before_its_first_checkpoint(tmp_path):
    with pytest.raises(FailedRunError):
        train(Failing(1, "nan"), steps=12, seed=3, runtime=CPU, folder=tmp_path, save_every=4)
    assert not (tmp_path / CHECKPOINT).exists()
    with pytest.raises(ValueError, match="holds another run: seed is 3 there"):
        train(killed_run.Everything(), steps=12, seed=4, runtime=CPU, folder=tmp_path, save_every=4)


def test_the_config_lies_beside_the_checkpoint(whole):
    kept = json.loads((whole[0] / CONFIG).read_bytes())
    plain = {"device": "cpu", "mixed": False, "channels_last": False, "compiled": False}
    assert kept["run"] == {"config": {"width": 6}, "seed": 3, "steps": 12, "save_every": 4, "runtime": plain}
    assert kept["facts"]["torch"] == torch.__version__


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_damaged_files_are_refused_in_one_line_and_not_run(tmp_path):
    killed_run.run(tmp_path)
    whole_file = (tmp_path / CHECKPOINT).read_bytes()
    hostile = pickle.dumps(Payload(tmp_path / "executed"))
    for content in (b"", b"x" * 100, whole_file[:-8], whole_file[: len(whole_file) // 2], hostile):
        (tmp_path / CHECKPOINT).write_bytes(content)
        with pytest.raises(ValueError, match="no checkpoint, or damaged") as refusal:
            killed_run.run(tmp_path)
        assert "\n" not in str(refusal.value)
    assert not (tmp_path / "executed").exists()
    (tmp_path / CHECKPOINT).write_bytes(whole_file)
    for content in (b"", b"[]", b'{"run": ', b'{"run": 5}', b"{}"):
        (tmp_path / CONFIG).write_bytes(content)
        with pytest.raises(ValueError, match="no run's config, or damaged"):
            killed_run.run(tmp_path)
    (tmp_path / CONFIG).unlink()
    with pytest.raises(ValueError, match="a checkpoint without its"):
        killed_run.run(tmp_path)


@pytest.mark.parametrize("facts", [{}, {"run": 5}, {"step": "x"}, {"step": 0}, {"step": 13}, {"history": 3}])
def test_a_checkpoint_with_other_facts_is_refused(tmp_path, facts):
    task, _ = killed_run.run(tmp_path)
    _, saved = read_checkpoint(tmp_path / CHECKPOINT)
    save_checkpoint(tmp_path / CHECKPOINT, task, seeded_generator(0), saved | facts if facts else {})
    with pytest.raises(ValueError, match=r"no run's checkpoint|must be of a step up to 12") as refusal:
        killed_run.run(tmp_path)
    assert "\n" not in str(refusal.value)


def test_a_checkpoint_of_another_model_changes_nothing(whole):
    tensors, _ = read_checkpoint(whole[0] / CHECKPOINT)
    other = killed_run.Everything(width=7)
    before = {name: tensor.clone() for name, tensor in module_tensors(other).items()}
    generator = seeded_generator(0)
    with pytest.raises(ValueError, match=r"belongs to another model. Found a difference in 'module/"):
        restore(other, generator, tensors)
    assert all(torch.equal(tensor, before[name]) for name, tensor in module_tensors(other).items())


def test_a_checkpoint_of_more_weights_is_refused(whole):
    tensors, _ = read_checkpoint(whole[0] / CHECKPOINT)
    more = tensors | {"optimiser/model/99/step": torch.zeros(())}
    with pytest.raises(ValueError, match=r"belongs to another model. Found weight 99 of 'model'\."):
        restore(killed_run.Everything(), seeded_generator(0), more)


def test_a_folder_that_cannot_be_written_to_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot use the folder"):
        killed_run.run(tmp_path / "file")
    with pytest.raises(ValueError, match="cannot write"):
        write_atomically(tmp_path / "absent" / "x", b"")


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "x"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(ValueError, match="x': No space left on device"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("options", [{"steps": 0}, {"save_every": 0}, {"seed": -1}, {"config": {"x": float("nan")}}])
def test_impossible_runs_are_refused(options):
    with pytest.raises(ValueError, match=r"Found|not JSON compliant"):
        killed_run.run(None, **options)


def test_nothing_in_deep_pickles():
    for path in Path(deep.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not imported & {"pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal"}, path
        calls = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not calls & {"torch.load", "torch.save", "eval", "exec"}, path


# Parts of a step


@pytest.mark.parametrize(("count", "size"), [(10, 3), (7, 7), (5, 9), (1, 1)])
def test_every_epoch_sees_each_example_once(count, size):
    batches = Batches(count, size, seed=2)
    steps = count * 4
    stream = torch.cat([batches.index(step) for step in range(steps)])
    assert len(stream) == steps * min(size, count)
    epochs = stream[: len(stream) // count * count].reshape(-1, count)
    assert all(torch.equal(epoch.sort().values, torch.arange(count)) for epoch in epochs)
    if count > 1:
        assert len({tuple(epoch.tolist()) for epoch in epochs}) > 1


def test_a_batch_is_a_function_of_seed_and_step():
    forwards, backwards = Batches(10, 3, seed=2), Batches(10, 3, seed=2)
    there = [forwards.index(step) for step in range(9)]
    back = [backwards.index(step) for step in reversed(range(9))][::-1]
    assert all(torch.equal(one, other) for one, other in zip(there, back, strict=True))
    assert any(not torch.equal(one, Batches(10, 3, seed=3).index(step)) for step, one in enumerate(there))


@pytest.mark.parametrize(("count", "size"), [(0, 1), (1, 0)])
def test_empty_batches_are_refused(count, size):
    with pytest.raises(ValueError, match="Found"):
        Batches(count, size, 0)


def test_rates_rise_and_fall_as_they_say():
    assert (one_cycle(0, 100), one_cycle(30, 100)) == pytest.approx((1 / 25, 1))
    assert one_cycle(65, 100) == pytest.approx(0.5)
    assert (cosine(0, 100), cosine(50, 100)) == pytest.approx((1, 0.5))
    rates = [one_cycle(step, 100) for step in range(100)]
    assert rates[:31] == sorted(rates[:31])
    assert rates[30:] == sorted(rates[30:], reverse=True)
    assert min(rates) > 0


def test_an_average_moves_by_one_minus_decay():
    model = torch.nn.BatchNorm1d(3)
    average = averaged_copy(model)
    model.weight.data += torch.tensor([1.0, 2.0, 3.0])
    model.running_mean += 5
    update_average(average, model, 0.75)
    torch.testing.assert_close(average.weight, torch.tensor([1.25, 1.5, 1.75]))
    assert torch.equal(average.running_mean, model.running_mean)
    assert not average.weight.requires_grad


def test_streams_of_one_seed_have_seeds_of_their_own():
    seeds = {derived_seed(seed, purpose) for seed in (0, 1, 10) for purpose in ("batches", "0/batches", "judge")}
    assert len(seeds) == 9
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_progress_counts_the_steps_of_this_run_and_those_before(tmp_path):
    seen = []
    with pytest.raises(FailedRunError):
        train(Failing(6, "nan"), steps=12, seed=3, runtime=CPU, folder=tmp_path, save_every=4, progress=seen.append)
    train(killed_run.Everything(), steps=12, seed=3, runtime=CPU, folder=tmp_path, save_every=4, progress=seen.append)
    assert [(p.total, p.present, p.done) for p in seen[:6]] == [(12, 0, done) for done in range(1, 7)]
    assert [(p.total, p.present, p.done) for p in seen[6:]] == [(12, 4, done) for done in range(1, 9)]


# How modules run


def test_a_cpu_runs_with_channels_last_and_cuda_with_all_three():
    assert runtime_for(torch.device("cpu")) == Runtime(torch.device("cpu"), channels_last=True)
    assert runtime_for(torch.device("cuda")) == Runtime(torch.device("cuda"), True, True, True)


def test_mixed_precision_rounds_products_and_leaves_weights():
    mixed = Runtime(torch.device("cpu"), mixed=True)
    layer = mixed.prepare(torch.nn.Linear(3, 2))
    with mixed.autocast():
        assert layer(torch.ones(1, 3)).dtype == torch.bfloat16
    with CPU.autocast():
        assert layer(torch.ones(1, 3)).dtype == torch.float32
    assert layer.weight.dtype == torch.float32


@pytest.mark.filterwarnings("ignore:.*script_method:DeprecationWarning")  # PyTorch's own, on its first compilation
def test_layout_and_compilation_keep_names_and_values():
    plain, prepared = small_resnet(1, 10, 0, width=4), small_resnet(1, 10, 0, width=4)
    last = Runtime(torch.device("cpu"), channels_last=True)
    last.prepare(prepared)
    x = torch.randn(4, 1, 8, 8, generator=seeded_generator(0))
    laid_out = last.layout(torch.cat([x, x], dim=1))
    assert laid_out.is_contiguous(memory_format=torch.channels_last)
    assert prepared.stages[0].conv1.weight.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(prepared(last.layout(x)), plain(x), atol=1e-4, rtol=1e-4)
    names = list(plain.state_dict())
    compiled = Runtime(torch.device("cpu"), compiled=True).prepare(plain)
    assert list(compiled.state_dict()) == list(averaged_copy(compiled).state_dict()) == names
