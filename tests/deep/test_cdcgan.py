"""cDCGAN: the published layers, the projection by hand, the game's value, training that resumes to the bit."""

import math

import pytest

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

from torch import nn  # noqa: E402

from deep.cdcgan import (  # noqa: E402
    CDCGANConfig,
    CDCGANTask,
    Discriminator,
    Generator,
    discriminator_loss,
    generator_loss,
    train,
    uniform,
)
from deep.data import digits  # noqa: E402
from deep.device import seeded_construction, seeded_generator  # noqa: E402
from deep.runtime import runtime_for  # noqa: E402
from deep.sampler import balanced_labels, training_data  # noqa: E402
from deep.training import CHECKPOINT  # noqa: E402
from deep.training import train as run  # noqa: E402

CPU = torch.device("cpu")
SMALL = CDCGANConfig(width=8, latent=16, steps=30, batch=16)
SHAPE = (1, 8, 8)


def some_digits(count=100):
    pool = digits().pool
    return (pool.pixels()[:count] + 1) / 2, pool.label[:count]


def task(config=SMALL, seed=0):
    return CDCGANTask(training_data(*some_digits(), 10), config, seed, runtime_for(CPU))


def build(kind, shape=SHAPE, config=SMALL):
    with seeded_construction(0):
        return kind(shape, config)


# The layers of Radford, Metz, Chintala


def kinds(layers):
    return [type(layer).__name__ for layer in layers]


def test_the_generator_is_that_of_dcgan():
    G = build(Generator)
    assert kinds(G.layers) == [
        *("BatchNorm2d", "ReLU"),  # after the layer from z
        *("ConvTranspose2d", "BatchNorm2d", "ReLU") * 2,
        *("Conv2d", "Tanh"),  # no batch norm at G's output
    ]
    z = uniform((5, 16), seeded_generator(0))
    assert G(z, torch.arange(5)).shape == (5, *SHAPE)


def test_the_discriminator_is_that_of_dcgan():
    D = build(Discriminator)
    # No batch norm at D's input, no pooling: strided convolutions halve the image.
    assert kinds(D.phi) == ["Conv2d", "LeakyReLU", "Conv2d", "BatchNorm2d", "LeakyReLU", "Flatten"]
    assert all(layer.stride == (2, 2) for layer in D.phi if isinstance(layer, nn.Conv2d))
    assert all(layer.negative_slope == 0.2 for layer in D.phi if isinstance(layer, nn.LeakyReLU))


@pytest.mark.parametrize("kind", [Generator, Discriminator])
def test_initial_weights_are_normal_with_deviation_0_02(kind):
    model = build(kind, config=CDCGANConfig())
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding):
            weight = layer.weight.detach().double()
            count = weight.numel()
            # Six standard errors of the mean and, for a normal law, of the deviation.
            assert abs(weight.mean().item()) < 6 * 0.02 / math.sqrt(count)
            assert weight.square().mean().sqrt().item() == pytest.approx(0.02, abs=6 * 0.02 / math.sqrt(2 * count))


def test_larger_images_and_impossible_ones():
    config = CDCGANConfig(width=8, halvings=3, latent=16)
    with seeded_construction(0):
        G, D = Generator((3, 32, 32), config), Discriminator((3, 32, 32), config)
    x = G(uniform((4, 16), seeded_generator(0)), torch.arange(4))
    assert x.shape == (4, 3, 32, 32)
    assert D(x, torch.arange(4)).shape == (4,)
    with pytest.raises(ValueError, match="Found"):
        Generator((1, 10, 8), config)


def test_noise_is_uniform_between_minus_one_and_one():
    count = 100_000
    z = uniform((count,), seeded_generator(0)).double()
    assert -1 <= z.min() < -0.999
    assert 0.999 < z.max() <= 1
    assert abs(z.mean().item()) < 6 / math.sqrt(3 * count)
    assert z.square().mean().item() == pytest.approx(1 / 3, abs=6 * math.sqrt(4 / 45 / count))


# The projection of Miyato and Koyama


def test_the_logit_is_the_projection_by_hand():
    D = build(Discriminator).eval()
    x, y = uniform((6, *SHAPE), seeded_generator(1)), torch.tensor([0, 1, 2, 9, 9, 4])
    phi, V = D.phi(x), D.V.weight
    one_hot = nn.functional.one_hot(y, 10).float()
    expected = ((one_hot @ V) * phi).sum(dim=1) + phi @ D.psi.weight[0] + D.psi.bias[0]
    torch.testing.assert_close(D(x, y), expected)


def test_classes_differ_by_the_projection_alone():
    # f(x, a) - f(x, b) = (a - b)^T V phi(x): psi drops out.
    D = build(Discriminator).eval()
    x = uniform((6, *SHAPE), seeded_generator(1))
    a, b = torch.full((6,), 3), torch.full((6,), 7)
    expected = D.phi(x) @ (D.V.weight[3] - D.V.weight[7])
    torch.testing.assert_close(D(x, a) - D(x, b), expected, rtol=1e-4, atol=1e-7)
    assert expected.abs().min() > 1e-5


# The game


def test_losses_are_those_of_the_game():
    real, fake = torch.tensor([0.3, -1.0]).double(), torch.tensor([2.0, -0.5]).double()
    D_real, D_fake = real.sigmoid(), fake.sigmoid()
    expected = -(D_real.log().mean() + (1 - D_fake).log().mean())
    assert discriminator_loss(real, fake).item() == pytest.approx(expected.item(), rel=1e-6)
    assert generator_loss(fake).item() == pytest.approx(-D_fake.log().mean().item(), rel=1e-6)


def test_where_d_cannot_tell_the_game_has_its_value():
    # Goodfellow et al., theorem 1: -log 4 for D, at D = 1/2.
    zero = torch.zeros(3)
    assert discriminator_loss(zero, zero).item() == pytest.approx(math.log(4))
    best = min(discriminator_loss(torch.full((3,), t / 10), torch.full((3,), t / 10)) for t in range(-20, 21))
    assert best.item() == pytest.approx(math.log(4))


def test_each_player_descends_on_its_own_loss_only():
    game = task()
    G, D = ([p.detach().clone() for p in player.parameters()] for player in (game.G, game.D))
    losses = game.step(0, seeded_generator(0))
    moved = [
        max((new - old).abs().max().item() for new, old in zip(player.parameters(), before, strict=True))
        for player, before in ((game.G, G), (game.D, D))
    ]
    # Adam's first step is the learning rate wherever the gradient is not tiny: one step each, not two.
    assert moved == pytest.approx([SMALL.rate, SMALL.rate], rel=1e-3)
    assert all(loss.isfinite() for loss in losses.values())
    assert all(p.requires_grad for p in game.D.parameters())


def test_the_average_is_ninety_nine_parts_old_and_one_part_new():
    game, generator = task(), seeded_generator(0)
    by_hand = [p.clone() for p in game.average.parameters()]
    for step in range(3):
        game.step(step, generator)
        by_hand = [0.99 * old + 0.01 * new.detach() for old, new in zip(by_hand, game.G.parameters(), strict=True)]
    for found, expected in zip(game.average.parameters(), by_hand, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-8)


# Training


@pytest.fixture(scope="module")
def trained():
    return train(*some_digits(), CDCGANConfig(width=8, latent=8, steps=120, batch=50, rate=2e-3, ema=0.95), 0, CPU)


def test_images_look_like_the_class_that_was_asked_for(trained):
    images, label = some_digits()
    means = torch.stack([images[label == k].mean(dim=0).flatten() for k in range(10)])
    asked = balanced_labels(100, 10)
    nearest = torch.cdist(trained.sample(asked, 5).flatten(1), means).argmin(dim=1)
    assert (nearest == asked).float().mean() > 0.5  # 0.1 by chance


def test_the_class_changes_the_image_made_of_the_same_noise(trained):
    zeros, ones = (trained.sample(torch.full((8,), k), 5) for k in (0, 1))
    assert (zeros - ones).abs().amax(dim=(1, 2, 3)).min() > 0.1


def test_samples_are_of_the_averaged_weights():
    game = task(seed=3)
    run(game, steps=SMALL.steps, seed=3, runtime=game.runtime)
    models = (train(*some_digits(), SMALL, 3, CPU).G, game.average, game.G)
    sampled, average, last = (model.state_dict()["first.weight"] for model in models)
    assert torch.equal(sampled, average)
    assert not torch.equal(average, last)


def test_same_seed_same_bits_another_seed_others():
    first, again, other = (train(*some_digits(), SMALL, seed, CPU) for seed in (3, 3, 4))
    label = balanced_labels(20, 10)
    found = first.sample(label, 5)
    assert found.shape == (20, *SHAPE)
    assert found.dtype == torch.float32
    assert 0 <= found.min() < found.max() <= 1
    assert torch.equal(found, again.sample(label, 5))
    assert not torch.equal(found, other.sample(label, 5))
    assert not torch.equal(found, first.sample(label, 6))


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
    with pytest.raises(ValueError, match="another run"):
        train(*some_digits(99), SMALL, 3, CPU, tmp_path, save_every=10)


@pytest.mark.parametrize("setting", [{"steps": 0}, {"batch": 1}, {"rate": -1.0}, {"ema": 1.0}, {"halvings": 0}])
def test_a_setting_out_of_range_is_refused_with_its_value(setting):
    with pytest.raises(ValueError, match="Found"):
        CDCGANConfig(**setting)
