"""EDM: its formulas by symbols, Heun's order on an equation with a known solution, training that resumes to the bit."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import sympy as sp
from scipy import stats

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

from deep.data import digits  # noqa: E402
from deep.denoisers import MLP, UNet  # noqa: E402
from deep.device import seeded_construction, seeded_generator  # noqa: E402
from deep.edm import (  # noqa: E402
    PAPER,
    Denoiser,
    EDMConfig,
    EDMTask,
    c_in,
    c_noise,
    c_out,
    c_skip,
    denoising_loss,
    ema_decay,
    heun,
    loss_weight,
    noise_levels,
    sigma_of,
    train,
)
from deep.runtime import Runtime  # noqa: E402
from deep.sampler import balanced_labels, generate, training_data  # noqa: E402
from deep.training import CHECKPOINT  # noqa: E402
from deep.training import train as run  # noqa: E402

CPU = torch.device("cpu")
SMALL = EDMConfig(width=64, depth=2, steps=30, batch=16, N=6)
LONGER = EDMConfig(width=128, depth=1, steps=300, batch=64, rate=5e-3)
SIGMA, DATA = sp.symbols("sigma sigma_data", positive=True)


def noise(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=seeded_generator(seed), dtype=dtype)


def some_digits(count=100):
    pool = digits().pool
    return (pool.pixels()[:count] + 1) / 2, pool.label[:count]


# Preconditioning, in symbols: y and n are independent with variances sigma_data^2 and sigma^2


def is_zero(expression):
    return sp.simplify(sp.nsimplify(expression)) == 0


def test_the_network_s_input_has_unit_variance():
    assert is_zero(c_in(SIGMA, DATA) ** 2 * (DATA**2 + SIGMA**2) - 1)


def target_variance(skip):
    # The target of F in (8) is (y - c_skip (y + n))/c_out.
    return ((1 - skip) ** 2 * DATA**2 + skip**2 * SIGMA**2) / c_out(SIGMA, DATA) ** 2


def test_the_network_s_target_has_unit_variance():
    assert is_zero(target_variance(c_skip(SIGMA, DATA)) - 1)


def test_c_skip_is_the_choice_that_amplifies_the_network_s_errors_least():
    # c_out^2 is the variance of y - c_skip (y + n); over c_skip it is least at the formula, and only there.
    skip = sp.Symbol("skip", real=True)
    variance = (1 - skip) ** 2 * DATA**2 + skip**2 * SIGMA**2
    (best,) = sp.solve(sp.diff(variance, skip), skip)
    assert is_zero(best - c_skip(SIGMA, DATA))
    assert sp.diff(variance, skip, 2).is_positive


def test_the_weight_makes_all_noise_levels_count_alike():
    assert is_zero(loss_weight(SIGMA, DATA) * c_out(SIGMA, DATA) ** 2 - 1)


def test_limits_of_little_and_much_noise():
    skip, out = (sp.nsimplify(f(SIGMA, DATA)) for f in (c_skip, c_out))
    assert (sp.limit(skip, SIGMA, 0), sp.limit(out, SIGMA, 0)) == (1, 0)
    assert (sp.limit(skip, SIGMA, sp.oo), sp.limit(out, SIGMA, sp.oo)) == (0, DATA)


def test_noise_levels_reach_the_network_as_a_quarter_of_their_logarithm():
    assert c_noise(torch.tensor([1.0, math.e**4])).tolist() == pytest.approx([0.0, 1.0])


def test_the_denoiser_is_equation_7():
    def network(x, level, label):
        return x**2 + level[:, None, None, None] + label[:, None, None, None]

    D = Denoiser(Wrapped(network), sigma_data=0.75)
    x, sigma, label = noise(3, 1, 4, 4), torch.tensor([0.1, 1.0, 20.0]), torch.tensor([0, 5, 9])
    found = D(x, sigma, label)
    for k in range(3):
        s = sigma[k].item()
        total = s**2 + 0.75**2
        inner = (x[k] / math.sqrt(total)) ** 2 + math.log(s) / 4 + label[k]
        expected = 0.75**2 / total * x[k] + s * 0.75 / math.sqrt(total) * inner
        torch.testing.assert_close(found[k], expected, rtol=1e-5, atol=1e-5)


class Wrapped(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, *arguments):
        return self.function(*arguments)


# The loss


def test_the_weighted_loss_is_the_network_s_plain_one():
    # (8): lambda ||D - y||^2 = ||F - (y - c_skip (y + n))/c_out||^2 as lambda c_out^2 = 1.
    F = Wrapped(lambda x, level, label: torch.sin(x) + level[:, None, None, None] * label[:, None, None, None])
    D = Denoiser(F, 0.75)
    y, normal, label = noise(8, 1, 4, 4), noise(8, 1, 4, 4, seed=1), torch.arange(8)
    sigma = torch.logspace(-2, 1, 8)
    s = sigma[:, None, None, None]
    x = y + s * normal
    target = (y - c_skip(s, 0.75) * x) / c_out(s, 0.75)
    plain = ((F(c_in(s, 0.75) * x, c_noise(sigma), label) - target) ** 2).mean()
    assert denoising_loss(D, y, label, sigma, normal, 0.75).item() == pytest.approx(plain.item(), rel=1e-4)


@pytest.mark.parametrize("sigma", [0.01, 0.3, 5.0])
def test_at_the_start_the_loss_is_one_at_every_noise_level(sigma):
    # F = 0 at the start, and the target has unit variance: n loss is chi-squared with n degrees of freedom.
    count = 4096
    config = replace(SMALL, sigma_data=0.75)
    task = EDMTask(training_data(*some_digits(), 10), config, 0, Runtime(CPU))
    y = 0.75 * noise(count // 64, 1, 8, 8)
    levels, label = torch.full((len(y),), sigma), torch.zeros(len(y), dtype=torch.int64)
    with torch.no_grad():
        loss = denoising_loss(task.D, y, label, levels, noise(*y.shape, seed=1), 0.75).item()
    low, high = stats.chi2.ppf([5e-7, 1 - 5e-7], count) / count  # wrong once in a million for a fresh seed
    assert low < loss < high


def test_the_logarithm_of_sigma_is_normal_with_mean_and_deviation_of_table_1():
    count = 100_000
    logs = sigma_of(noise(count, dtype=torch.float64), -1.2, 1.2).log()
    error = stats.norm.ppf(1 - 5e-7) * 1.2 / math.sqrt(count)
    low, high = 1.2**2 * stats.chi2.ppf([5e-7, 1 - 5e-7], count - 1) / (count - 1)
    assert logs.mean().item() == pytest.approx(-1.2, abs=error)
    assert low < logs.var().item() < high


def test_the_paper_s_settings_are_those_of_table_1():
    assert (PAPER.P_mean, PAPER.P_std, PAPER.sigma_data) == (-1.2, 1.2, 0.5)
    assert (PAPER.sigma_min, PAPER.sigma_max, PAPER.rho, PAPER.N) == (0.002, 80.0, 7.0, 18)


# The sampler


def test_noise_levels_are_equation_5():
    t = noise_levels(18, 0.002, 80.0, 7.0)
    assert len(t) == 19
    assert t[0] == pytest.approx(80.0)
    assert t[17] == pytest.approx(0.002)
    assert t[18] == 0
    roots = [value ** (1 / 7) for value in t[:-1]]
    steps = [a - b for a, b in pairwise(roots)]
    assert steps == pytest.approx([steps[0]] * 17)


def gaussian_error(N):
    # Data N(0, s^2): D(x; t) = s^2/(s^2 + t^2) x, and x(t) is proportional to sqrt(s^2 + t^2).
    s, x = 0.7, torch.tensor([1.0, -2.0], dtype=torch.float64)
    t = noise_levels(N, 0.01, 80.0, 7.0)[:-1]  # the last step, to 0, is Euler's
    found = heun(lambda x, level: s**2 / (s**2 + level**2) * x, x, t)
    return (found / (x * math.sqrt((s**2 + t[-1] ** 2) / (s**2 + t[0] ** 2))) - 1).abs().max().item()


def test_heun_is_second_order_on_gaussian_data():
    counts = [64, 128, 256, 512, 1024]
    errors = [gaussian_error(N) for N in counts]
    slope = stats.linregress([math.log(N - 1) for N in counts], [math.log(e) for e in errors]).slope
    assert slope == pytest.approx(-2, abs=0.1)  # Euler's would be -1


def test_the_step_to_zero_gives_the_denoised_image():
    x = noise(2, 1, 4, 4)
    asked = []

    def denoise(x, level):
        asked.append(level)
        return x / 3

    torch.testing.assert_close(heun(denoise, x, [0.5, 0.0]), x / 3)
    assert asked == [0.5]


def test_noise_becomes_data_with_the_data_s_deviation():
    # The map is linear, so its factor is the ratio of the deviations: s/sqrt(s^2 + 80^2) but for Heun's error.
    s = 0.7
    t = noise_levels(256, 0.002, 80.0, 7.0)
    found = heun(lambda x, level: s**2 / (s**2 + level**2) * x, torch.ones(1).double(), t)
    assert found.item() == pytest.approx(s / math.sqrt(s**2 + 80**2), rel=1e-3)


# Averages and training


def test_half_of_the_average_is_forgotten_in_a_half_life():
    config = EDMConfig(ema_half_life=1000.0, ema_ramp_up=0.05)
    assert ema_decay(10**6, 50, config) ** (1000 / 50) == pytest.approx(0.5)
    assert ema_decay(9, 50, config) ** (25 / 50) == pytest.approx(0.5)  # 500 images are seen: a half-life of 25


def test_the_average_moves_as_its_formula_says():
    task = EDMTask(training_data(*some_digits(), 10), replace(SMALL, ema_ramp_up=10.0), 0, Runtime(CPU))
    generator, by_hand = seeded_generator(0), [p.clone() for p in task.D.parameters()]
    for step in range(3):
        task.step(step, generator)
        beta = ema_decay(step, 16, task.config)
        new = [p.detach().clone() for p in task.D.parameters()]
        by_hand = [beta * old + (1 - beta) * p for old, p in zip(by_hand, new, strict=True)]
    assert 0.1 < beta < 0.999
    for found, expected in zip(task.average.parameters(), by_hand, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-7)


@pytest.fixture(scope="module")
def trained():
    return train(*some_digits(), LONGER, 3, CPU)


def test_a_few_steps_lower_the_loss_on_fixed_noise(trained):
    images, label = some_digits()
    y = images * 2 - 1
    sigma, normal = sigma_of(noise(len(y)), -1.2, 1.2), noise(*y.shape, seed=1)
    untrained = EDMTask(training_data(images, label, 10), LONGER, 3, Runtime(CPU)).D
    with torch.no_grad():
        before, after = (denoising_loss(D, y, label, sigma, normal, 0.75).item() for D in (untrained, trained.D))
    assert after < 0.8 * before


def test_samples_are_of_the_averaged_weights():
    task = EDMTask(training_data(*some_digits(), 10), SMALL, 3, Runtime(CPU))
    run(task, steps=SMALL.steps, seed=3, runtime=Runtime(CPU))
    models = (train(*some_digits(), SMALL, 3, CPU).D, task.average, task.D)
    sampled, average, last = (model.state_dict()["F.first.weight"] for model in models)
    assert torch.equal(sampled, average)
    assert not torch.equal(average, last)


def test_same_seed_same_bits_another_seed_others():
    again, other = (train(*some_digits(), SMALL, seed, CPU) for seed in (3, 4))
    label = balanced_labels(20, 10)
    sampler = train(*some_digits(), SMALL, 3, CPU)
    first = sampler.sample(label, 5)
    assert first.shape == (20, 1, 8, 8)
    assert first.dtype == torch.float32
    assert 0 <= first.min() < first.max() <= 1
    assert torch.equal(first, again.sample(label, 5))
    assert not torch.equal(first, other.sample(label, 5))
    assert not torch.equal(first, sampler.sample(label, 6))


def test_the_class_changes_the_image_made_of_the_same_noise(trained):
    zeros, ones = (trained.sample(torch.full((8,), k), 5) for k in (0, 1))
    assert (zeros - ones).abs().amax(dim=(1, 2, 3)).min() > 0.1


def test_images_look_like_the_class_that_was_asked_for(trained):
    images, label = some_digits()
    means = torch.stack([images[label == k].mean(dim=0).flatten() for k in range(10)])
    asked = balanced_labels(100, 10)
    nearest = torch.cdist(trained.sample(asked, 5).flatten(1), means).argmin(dim=1)
    assert (nearest == asked).float().mean() > 0.5  # 0.1 by chance


def test_samples_become_labelled_images(trained):
    label = balanced_labels(20, 10)
    images = generate(trained, label, 5)
    assert torch.equal(images.label, label)
    torch.testing.assert_close((images.pixels() + 1) / 2, trained.sample(label, 5))


class Stop(Exception):  # noqa: N818  # no error
    pass


def stop_at(step):
    def progress(found):
        if found.done == step:
            raise Stop

    return progress


def test_an_interrupted_run_gives_the_same_bits(tmp_path):
    whole = train(*some_digits(), SMALL, 3, CPU, save_every=10)
    with pytest.raises(Stop):
        train(*some_digits(), SMALL, 3, CPU, tmp_path, save_every=10, progress=stop_at(25))
    assert (tmp_path / CHECKPOINT).exists()
    steps = []
    resumed = train(*some_digits(), SMALL, 3, CPU, tmp_path, save_every=10, progress=steps.append)
    assert len(steps) == 10
    label = balanced_labels(10, 10)
    assert torch.equal(whole.sample(label, 0), resumed.sample(label, 0))
    read = train(*some_digits(), SMALL, 3, CPU, tmp_path, save_every=10, progress=steps.append)
    assert len(steps) == 10  # a finished run is read, not trained
    assert torch.equal(whole.sample(label, 0), read.sample(label, 0))
    with pytest.raises(ValueError, match="another run"):
        train(*some_digits(99), SMALL, 3, CPU, tmp_path, save_every=10)


@pytest.mark.parametrize("kind", [MLP, UNet])
def test_networks_give_zero_at_the_start_and_see_image_level_and_class(kind):
    with seeded_construction(0):
        F = kind((1, 8, 8), 10, 16, 2)
    x, level, label = noise(2, 1, 8, 8), torch.tensor([-1.0, 0.5]), torch.tensor([3, 4])
    assert torch.equal(F(x, level, label), torch.zeros(2, 1, 8, 8))
    for number, weight in enumerate(F.parameters()):
        weight.data.copy_(0.3 * noise(*weight.shape, seed=number))
    base = F(x, level, label)
    for other in (F(x + 0.1, level, label), F(x, level + 0.1, label), F(x, level, label + 1)):
        assert (base - other).abs().amax(dim=(1, 2, 3)).min() > 1e-3


def test_the_unet_trains_on_larger_images():
    images = torch.rand(12, 3, 16, 16, generator=seeded_generator(0))
    config = EDMConfig(network="unet", width=8, depth=2, steps=3, batch=4, N=3)
    sampler = train(images, balanced_labels(12, 10), config, 0, CPU)
    found = sampler.sample(balanced_labels(4, 10), 0)
    assert found.shape == (4, 3, 16, 16)
    assert found.isfinite().all()
    with pytest.raises(ValueError, match="Found"):
        train(images, balanced_labels(12, 10), replace(config, depth=6), 0, CPU)


@pytest.mark.parametrize(
    "setting",
    [{"network": "transformer"}, {"steps": 0}, {"rate": math.nan}, {"sigma_min": 90.0}, {"N": 1}, {"sigma_data": 0.0}],
)
def test_a_setting_out_of_range_is_refused_with_its_value(setting):
    with pytest.raises(ValueError, match="Found"):
        EDMConfig(**setting)


def test_images_and_labels_out_of_range_are_refused(trained):
    images, label = some_digits()
    for bad in (images * 2 - 1, images.double(), images * math.nan):
        with pytest.raises(ValueError, match="Found"):
            train(bad, label, SMALL, 0, CPU)
    for labels in (torch.tensor([10]), torch.tensor([-1]), torch.tensor([1.0])):
        with pytest.raises(ValueError, match="Found"):
            trained.sample(labels, 0)
