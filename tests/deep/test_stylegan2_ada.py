"""StyleGAN2: each equation against numbers made another way; training that resumes and depends on its seed alone."""

import math
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from deep import training  # noqa: E402
from deep.ada import AdaSettings  # noqa: E402
from deep.checkpoint import module_tensors  # noqa: E402
from deep.data import digits  # noqa: E402
from deep.device import seeded_construction, seeded_generator  # noqa: E402
from deep.runtime import Runtime  # noqa: E402
from deep.steps import averaged_copy, update_average  # noqa: E402
from deep.stylegan2_ada import (  # noqa: E402
    GroupedBatches,
    StyleGanConfig,
    StyleGanTask,
    class_styles,
    ema_decay,
    train,
    truncate,
)
from deep.stylegan2_layers import (  # noqa: E402
    EqualConv,
    EqualLinear,
    StyledConvolution,
    activate,
    demodulated_weights,
    deviations,
    doubling_matrix,
    halving_matrix,
    minibatch_deviation,
    modulated_convolution,
    modulated_weights,
    normalise,
    resample,
)
from deep.stylegan2_losses import (  # noqa: E402
    discriminator_loss,
    generator_loss,
    gradient_penalty,
    lazy_adam,
    lazy_factor,
    path_lengths,
    path_penalty,
)
from deep.stylegan2_networks import Discriminator, Generator, Sizes  # noqa: E402

CPU = torch.device("cpu")
SMALL = StyleGanConfig(width=8, latent=6, style=8, steps=6, batch=8, path_every=2, r1_every=3)
SIZES = SMALL.sizes((1, 8, 8))


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=seeded_generator(seed))


def made(kind, *arguments, **options):
    with seeded_construction(0):
        return kind(*arguments, **options)


# Equations 1 to 3


@pytest.mark.parametrize("shape", [(5, 3, 3, 3), (2, 7, 1, 1)])
def test_demodulated_weights_have_unit_norm(shape):
    weight, style = noise(*shape) * 3, noise(4, shape[1], seed=1) * 10
    found = demodulated_weights(weight, style)
    assert found.shape == (4, *shape)
    torch.testing.assert_close(found.square().sum(dim=(2, 3, 4)), torch.ones(4, shape[0]), atol=1e-5, rtol=0)
    assert (modulated_weights(weight, style).square().sum(dim=(2, 3, 4)) > 2).all()  # which eq. 1 alone does not give


def test_demodulation_undoes_a_style_s_size_but_not_its_direction():
    weight, style = noise(5, 3, 3, 3), noise(1, 3, seed=1)
    torch.testing.assert_close(demodulated_weights(weight, style), demodulated_weights(weight, 7 * style))
    turned = style * torch.tensor([1.0, 2.0, 3.0])
    assert (demodulated_weights(weight, style) - demodulated_weights(weight, turned)).abs().max() > 0.05


def test_equation_2_is_the_output_s_deviation_for_independent_inputs():
    weight, style, x = noise(4, 3, 3, 3), noise(1, 3, seed=1), noise(20_000, 3, 3, 3, seed=2)
    outputs = functional.conv2d(x, modulated_weights(weight, style)[0])
    # The relative standard error of a standard deviation from 20 000 draws is 0.005.
    torch.testing.assert_close(outputs.std(dim=0)[:, 0, 0], deviations(weight, style)[0], rtol=0.0225, atol=0)


@pytest.mark.parametrize("demodulate", [True, False])
@pytest.mark.parametrize("kernel", [1, 3])
def test_scaling_inputs_and_outputs_is_convolving_with_each_example_s_weights(kernel, demodulate):
    weight, style, x = noise(5, 3, kernel, kernel), noise(4, 3, seed=1), noise(4, 3, 8, 8, seed=2)
    each = (demodulated_weights if demodulate else modulated_weights)(weight, style)
    expected = torch.cat([functional.conv2d(one[None], w, padding=kernel // 2) for one, w in zip(x, each, strict=True)])
    found = modulated_convolution(x, weight, style, demodulate)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-5)


def test_noise_is_one_number_a_pixel_with_a_learned_strength_that_starts_at_0():
    layer = made(StyledConvolution, 3, 5, 4)
    x, w = noise(2, 3, 4, 4), noise(2, 4, seed=1)
    quiet, loud = torch.zeros(2, 16), noise(2, 16, seed=2)
    assert torch.equal(layer(x, w, quiet), layer(x, w, loud))
    with torch.no_grad():
        layer.strength.fill_(0.5)
        before = [torch.where(y > 0, y, y / 0.2) / math.sqrt(2) for y in (layer(x, w, quiet), layer(x, w, loud))]
    torch.testing.assert_close(before[1] - before[0], 0.5 * loud.reshape(2, 1, 4, 4).expand(2, 5, 4, 4))


# Other layers


@pytest.mark.parametrize("multiplier", [1.0, 0.1])
@pytest.mark.parametrize("inputs", [16, 1024])
def test_an_equalised_layer_keeps_variance_and_learns_at_a_rate_set_by_size_and_multiplier(inputs, multiplier):
    layer, x = made(EqualLinear, inputs, 200, multiplier=multiplier), noise(500, inputs, seed=1)
    before = layer(x)
    assert before.var().item() == pytest.approx(1, rel=0.2)
    # Adam's first step moves every weight by the rate, here 1: an output by multiplier/sqrt(inputs) times the sum of x.
    with torch.no_grad():
        layer.weight.add_(1)
    expected = (x.sum(dim=1, keepdim=True) * multiplier / math.sqrt(inputs)).expand(-1, 200)
    torch.testing.assert_close(layer(x) - before, expected, atol=1e-4, rtol=1e-4)


def test_an_equalised_convolution_and_the_activation_keep_the_variance():
    layer = made(EqualConv, 40, 60, 3)
    y = functional.conv2d(noise(8, 40, 9, 9, seed=1), layer.weight * layer.scale)
    assert y.var().item() == pytest.approx(1, rel=0.1)
    x = noise(100_000)
    assert activate(x).square().mean() == pytest.approx(1.04, rel=0.02)  # 2 (1 + 0.2^2)/2
    torch.testing.assert_close(normalise(noise(5, 9) * 4).square().mean(dim=1), torch.ones(5))


@pytest.mark.parametrize("side", [4, 8])
def test_doubling_is_zeros_between_pixels_and_a_low_pass(side):
    x, taps = noise(2, 3, side, side), torch.tensor([1.0, 3.0, 3.0, 1.0]) / 4
    spread = torch.zeros(6, 1, 2 * side, 2 * side)
    spread[:, :, ::2, ::2] = x.reshape(6, 1, side, side)
    padded = functional.pad(spread, (2, 1, 2, 1))
    expected = functional.conv2d(padded, torch.outer(taps, taps)[None, None]).reshape(2, 3, 2 * side, 2 * side)
    torch.testing.assert_close(resample(x, doubling_matrix(side)), expected)
    inner = resample(torch.ones(1, 1, side, side), doubling_matrix(side))[0, 0, 1:-1, 1:-1]
    torch.testing.assert_close(inner, torch.ones_like(inner))


@pytest.mark.parametrize("kernel", [1, 3])
def test_halving_is_a_low_pass_then_a_stride_of_two(kernel):
    layer, x = made(EqualConv, 3, 5, kernel, side=8, activated=False), noise(2, 3, 8, 8, seed=1)
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
    pad = 1 + kernel // 2
    blurred = functional.conv2d(
        functional.pad(x, (pad, pad, pad, pad)), torch.outer(taps, taps).expand(3, 1, 4, 4), groups=3
    )
    expected = functional.conv2d(blurred, layer.weight * layer.scale, stride=2)
    torch.testing.assert_close(layer(x), expected)
    assert layer(x).shape == (2, 5, 4, 4)
    assert halving_matrix(8, kernel).sum(dim=1).max() == pytest.approx(1)


def test_minibatch_deviation_by_hand():
    x = torch.tensor([[1.0, 2.0], [3.0, 2.0], [0.0, 0.0], [4.0, 8.0]])[:, :, None, None].expand(4, 2, 2, 2)
    # Groups of two: deviations (1, 0), mean 1/2, and (2, 4), mean 3.
    found = minibatch_deviation(x, 2)
    assert torch.equal(found[:, :2], x)
    torch.testing.assert_close(found[:, 2, 1, 0], torch.tensor([0.5, 0.5, 3.0, 3.0]), atol=1e-4, rtol=0)
    assert found.shape == (4, 3, 2, 2)
    # One group of four: means of (sqrt(2.5), 3).
    assert minibatch_deviation(x, 4)[2, 2, 0, 0] == pytest.approx((math.sqrt(2.5) + 3) / 2)
    with pytest.raises(ValueError, match=r"groups of 3\. Found 4"):
        minibatch_deviation(x, 3)


# Networks


@pytest.mark.parametrize(("shape", "width"), [((1, 4, 4), 4), ((1, 8, 8), 8), ((3, 16, 16), 6)])
def test_networks_take_the_images_shape(shape, width):
    sizes = Sizes(shape, classes=3, width=width, latent=5, style=7, group=2)
    G, D = made(Generator, sizes), made(Discriminator, sizes)
    label = torch.tensor([0, 1, 2, 2])
    images = G(noise(4, G.inputs), label)
    assert images.shape == (4, *shape)
    assert D(images, label).shape == (4,)
    assert all(p.grad is not None for p in _after_backward(D, D(images.detach(), label)))


def _after_backward(module, output):
    output.sum().backward()
    return list(module.parameters())


def test_every_weight_of_the_generator_learns():
    G = made(Generator, SIZES)
    images = G(noise(4, G.inputs), torch.arange(4))
    grads = [p.grad for p in _after_backward(G, images.square())]
    assert all(g is not None and bool(g.abs().max() > 0) for g in grads)


@pytest.mark.parametrize("shape", [(1, 8, 4), (1, 12, 12), (3, 2, 2)])
def test_other_images_are_refused(shape):
    with pytest.raises(ValueError, match=f"Found {shape[1]} x {shape[2]}"):
        Sizes(shape)


def test_both_networks_depend_on_the_class():
    G, D = made(Generator, SIZES), made(Discriminator, SIZES)
    latents = noise(4, G.inputs)
    first, second = G(latents, torch.zeros(4).long()), G(latents, torch.ones(4).long())
    assert (first - second).abs().max() > 0.01
    assert (D(first, torch.zeros(4).long()) - D(first, torch.ones(4).long())).abs().max() > 0.01


def test_an_image_depends_on_z_and_on_noise():
    G = made(Generator, SIZES)
    with torch.no_grad():
        for block in G.blocks:
            block.strength.fill_(0.1)
    label, latents = torch.zeros(1).long(), noise(1, G.inputs)
    parts = [slice(0, SIZES.latent)]
    for size in SIZES.noise:
        parts.append(slice(parts[-1].stop, parts[-1].stop + size))
    assert parts[-1].stop == G.inputs
    for part in parts:
        other = latents.clone()
        other[:, part] += 1
        assert (G(other, label) - G(latents, label)).abs().max() > 1e-4


# Losses and regularisation


def test_losses_are_those_of_the_game():
    real, fake = noise(9) * 3, noise(9, seed=1) * 3
    game = -(torch.sigmoid(real).log().mean() + (1 - torch.sigmoid(fake)).log().mean())
    torch.testing.assert_close(discriminator_loss(real, fake), game)
    torch.testing.assert_close(generator_loss(fake), -torch.sigmoid(fake).log().mean())
    assert discriminator_loss(torch.tensor([-500.0]), torch.tensor([0.0])).isfinite()


def test_r1_of_a_linear_discriminator_is_half_its_squared_norm():
    weight, x = noise(1, 4, 4), noise(6, 1, 4, 4, seed=1)
    found = gradient_penalty(lambda x: (x * weight).sum(dim=(1, 2, 3)) + 3, x)
    assert found.item() == pytest.approx(weight.square().sum().item() / 2, rel=1e-6)


def test_r1_of_a_quadratic_discriminator_is_taken_at_the_images_and_has_a_gradient():
    scale, x = torch.tensor(1.5, requires_grad=True), noise(6, 1, 4, 4)
    found = gradient_penalty(lambda x: scale * x.square().sum(dim=(1, 2, 3)), x)
    found.backward()
    squared = x.square().sum(dim=(1, 2, 3)).mean()  # the gradient is 2 scale x
    torch.testing.assert_close(found, 2 * 1.5**2 * squared)
    torch.testing.assert_close(scale.grad, 4 * 1.5 * squared)


def test_path_lengths_of_a_linear_generator():
    matrix, w = noise(12, 5), noise(7, 5, seed=1).requires_grad_(True)
    y = noise(7, 3, 2, 2, seed=2)
    found = path_lengths(lambda w: (w @ matrix.T).reshape(-1, 3, 2, 2), w, y)
    torch.testing.assert_close(found, (y.flatten(1) / 2 @ matrix).norm(dim=1))


def test_path_lengths_do_not_mix_examples_and_can_be_minimised():
    matrix = noise(4, 5).requires_grad_(True)
    w, y = noise(3, 5, seed=1).requires_grad_(True), noise(3, 1, 2, 2, seed=2)

    def G(w):
        return (torch.tanh(w) @ matrix.T).reshape(-1, 1, 2, 2)

    every = path_lengths(G, w, y)
    alone = torch.cat([path_lengths(G, w[k : k + 1], y[k : k + 1]) for k in range(3)])
    torch.testing.assert_close(every, alone)
    every.sum().backward()
    assert matrix.grad.abs().max() > 0


def test_the_path_penalty_is_about_a_moving_average():
    average, lengths = torch.tensor(1.0), torch.tensor([2.0, 4.0], requires_grad=True)
    found = path_penalty(lengths, average, 0.1)
    assert float(average) == pytest.approx(1.2)  # 1 + 0.1 (3 - 1)
    assert found.item() == pytest.approx((0.8**2 + 2.8**2) / 2)
    found.backward()
    assert lengths.grad.tolist() == pytest.approx([0.8, 2.8])  # a itself takes no gradient


@pytest.mark.parametrize("every", [1, 8, 16])
def test_lazy_regularisation_slows_adam_down_to_the_same_pace(every):
    assert lazy_factor(every) == every / (every + 1)
    weight = nn.Parameter(torch.zeros(3))
    (group,) = lazy_adam([weight], 2e-3, 0.99, every).param_groups
    # In k steps there are k + 1 updates: they move as far, and forget as much, as k updates of the plain rate.
    assert (every + 1) * group["lr"] == pytest.approx(every * 2e-3)
    assert group["betas"][0] == 0
    assert group["betas"][1] ** (every + 1) == pytest.approx(0.99**every)


def test_without_regularisation_adam_keeps_its_pace():
    model = task(replace(SMALL, path=0.0, r1=0.0))
    assert {"path", "R1"}.isdisjoint(model.step(0, seeded_generator(0)))
    for optimiser in (model.G_adam, model.D_adam):
        (group,) = optimiser.param_groups
        assert (group["lr"], group["betas"]) == (SMALL.rate, (0.0, SMALL.beta2))


def task(config=SMALL, count=40, seed=0):
    return StyleGanTask(digits().judge.select(torch.arange(count)), config, seed, Runtime(CPU))


def test_regularisation_is_done_when_it_is_due_and_weighs_k_times_as_much():
    model, generator = task(), seeded_generator(0)
    due = [set(model.step(step, generator)) - {"G", "D", "p"} for step in range(6)]
    assert due == [{"path", "R1"}, set(), {"path"}, {"R1", "r_t"}, {"path"}, set()]
    found = []
    for every in (3, 6):
        model = task(replace(SMALL, r1_every=every))
        model._r1_step(model.images.pixels(slice(0, 8)), model.images.label[:8], seeded_generator(0))
        # A bias after which everything is linear has no part in a gradient with respect to images.
        found.append({name: p.grad for name, p in model.D.named_parameters() if p.grad is not None})
    assert max(float(grad.abs().max()) for grad in found[0].values()) > 0
    assert found[0].keys() == found[1].keys()
    for name in found[0]:
        torch.testing.assert_close(2 * found[0][name], found[1][name])


def test_the_discriminator_sees_augmented_images_in_every_loss():
    found = []
    for p in (0.0, 0.8):
        model = task()
        model.controller.state["ada p"].fill_(p)
        x, label = model.images.pixels(slice(0, 8)), model.images.label[:8]
        steps = (model._generator_step, (label,)), (model._discriminator_step, (x, label)), (model._r1_step, (x, label))
        found.append([float(step(*arguments, seeded_generator(1))) for step, arguments in steps])
    assert all(abs(a - b) > 1e-6 for a, b in zip(*found, strict=True))


@pytest.mark.parametrize(("real", "expected"), [(50.0, [0, 0.16, 0.16, 0.32]), (-50.0, [0, 0, 0, 0])])
def test_p_follows_what_the_discriminator_says_of_real_images_not_of_generated_ones(real, expected):
    model, generator = task(replace(SMALL, ada=AdaSettings(every=2, images=100))), seeded_generator(0)
    said = torch.tensor([real] * 8 + [-real] * 8)  # of 8 real images and 8 generated ones, in one pass
    model.D.register_forward_hook(lambda _, __, logits: logits + said if len(logits) == 16 else logits)
    assert [float(model.step(step, generator)["p"]) for step in range(4)] == expected


# Batches, averages, truncation


def test_batches_are_groups_of_one_class_and_a_function_of_seed_and_step():
    label = torch.tensor([0] * 30 + [1] * 10 + [2] * 2)
    batches = GroupedBatches(label, 8, 4, seed=5)
    seen = torch.stack([batches.index(step) for step in range(420)])
    assert torch.equal(seen[17], GroupedBatches(label, 8, 4, seed=5).index(17))
    assert not torch.equal(seen, torch.stack([GroupedBatches(label, 8, 4, 6).index(step) for step in range(420)]))
    groups = label[seen.reshape(-1, 4)]
    assert (groups == groups[:, :1]).all()
    assert torch.bincount(groups[:, 0]).tolist() == [600, 200, 40]  # as frequent as in the data: 20 epochs of firsts
    assert sorted(seen.unique().tolist()) == list(range(42))
    for row in seen.reshape(-1, 4)[groups[:, 0] < 2].tolist():
        assert len(set(row)) == 4


def test_a_seed_decides_about_every_member_of_a_group():
    second = {int(GroupedBatches(torch.zeros(1000).long(), 2, 2, seed).index(0)[1]) for seed in range(20)}
    assert len(second) > 10


def test_a_class_with_one_example_fills_its_group():
    assert GroupedBatches(torch.tensor([0, 1]), 4, 4, seed=0).index(0).unique().numel() == 1


def test_the_average_forgets_half_in_its_half_life_and_faster_at_the_start():
    config = StyleGanConfig(batch=32, ema_half_life=1600, ema_ramp_up=0.05)
    assert ema_decay(10**6, config) ** 50 == pytest.approx(0.5)  # 50 steps are 1600 images
    assert ema_decay(99, config) ** 5 == pytest.approx(0.5)  # 3200 images so far, a half-life of 160
    layer = made(nn.Linear, 2, 2)
    average = averaged_copy(layer)
    start = average.weight.clone()
    with torch.no_grad():
        layer.weight += 1
    for _ in range(50):
        update_average(average, layer, ema_decay(10**6, config))
    torch.testing.assert_close(average.weight, start + 0.5)


def test_samples_come_from_the_averaged_generator():
    model = task()
    training.train(model, steps=SMALL.steps, seed=0, runtime=Runtime(CPU))
    sampler = train(*examples(), SMALL, 0, CPU)
    for name, tensor in sampler.G.state_dict().items():
        assert torch.equal(tensor, model.average.state_dict()[name])
    assert not torch.equal(sampler.G.constant, model.G.constant)


def test_truncation_moves_styles_towards_their_class_s_mean():
    G = made(Generator, SIZES)
    centres = class_styles(G, CPU)
    label = torch.tensor([3, 3, 7])
    w = G.styles(noise(3, G.inputs), label)
    torch.testing.assert_close(truncate(w, centres[label], 1.0), w)
    torch.testing.assert_close(truncate(w, centres[label], 0.0), centres[label])
    torch.testing.assert_close(truncate(w, centres[label], 0.5), (w + centres[label]) / 2)
    many = G.styles(noise(20_000, G.inputs, seed=9), torch.full((20_000,), 3)).mean(dim=0)
    assert (many - centres[3]).norm() < 0.2 * (centres[3] - centres[7]).norm()


# Whole runs


def examples(count=40):
    data = digits().judge.select(torch.arange(count))
    return (data.pixels() + 1) / 2, data.label


def test_a_run_of_20_steps_moves_every_weight_and_samples_classes_as_asked():
    config = replace(SMALL, steps=20)
    model, generator = task(config), seeded_generator(0)
    start = {name: tensor.clone() for name, tensor in module_tensors(model).items()}
    for step in range(20):
        losses = model.step(step, generator)
        assert all(bool(value.isfinite()) for value in losses.values())
    same = [name for name, tensor in module_tensors(model).items() if torch.equal(tensor, start[name])]
    # p is still 0, and 20 steps are five times four: no signs are left over.
    assert set(same) <= {"state/ada p", "state/ada signs", "state/ada count"}
    sampler = train(*examples(), config, 0, CPU)
    label = torch.tensor([0, 1, 9, 1])
    images = sampler.sample(label, seed=3)
    assert images.shape == (4, 1, 8, 8)
    assert images.dtype == torch.float32
    assert images.min() >= 0
    assert images.max() <= 1
    assert sampler.shape == (1, 8, 8)
    assert sampler.classes == 10
    assert (images[1] - images[3]).abs().max() > 0  # one class, two draws
    assert torch.equal(images, sampler.sample(label, seed=3))
    assert not torch.equal(images, sampler.sample(label, seed=4))
    assert not torch.equal(images, sampler.sample(torch.tensor([1, 1, 9, 1]), seed=3))
    with pytest.raises(ValueError, match="Found 10"):
        sampler.sample(torch.tensor([10]), seed=0)


def weights(sampler):
    return torch.cat([tensor.flatten() for tensor in sampler.G.state_dict().values()])


def test_the_same_seed_gives_the_same_bits_and_another_one_does_not():
    first, again, other = (train(*examples(), SMALL, seed, CPU) for seed in (1, 1, 2))
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))


def test_a_run_that_was_stopped_resumes_to_the_same_bits(tmp_path):
    class StopError(Exception):
        pass

    def stop(progress):
        if progress.done == 3:
            raise StopError

    # p is above 0 from the first steps on: a controller that was not in the checkpoint would be seen.
    eager = AdaSettings(target=-1.0, every=2, images=20)
    config = replace(SMALL, steps=7, ada=eager)
    straight = train(*examples(), config, 0, CPU)
    with pytest.raises(StopError):
        train(*examples(), config, 0, CPU, tmp_path, save_every=2, progress=stop)
    resumed = train(*examples(), config, 0, CPU, tmp_path, save_every=2)
    assert torch.equal(weights(straight), weights(resumed))
    read = train(*examples(), config, 0, CPU, tmp_path, save_every=2)
    assert torch.equal(weights(straight), weights(read))


def test_settings_out_of_range_are_refused():
    for settings, found in (({"batch": 30}, "Found 30"), ({"rate": math.inf}, "Found inf"), ({"r1": -1.0}, "-1.0")):
        with pytest.raises(ValueError, match=found):
            StyleGanConfig(**settings)
    with pytest.raises(ValueError, match="Found 8 x 4"):
        train(torch.zeros(2, 1, 8, 4), torch.tensor([0, 1]), SMALL, 0, CPU)
