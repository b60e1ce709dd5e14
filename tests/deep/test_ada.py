"""ADA: p follows the discriminator's logits; p = 0 changes nothing; augmentations are what they say and do not leak."""

import math
from itertools import pairwise

import pytest

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

from deep.ada import AdaSettings, Controller, augment, move, triangular_pixels  # noqa: E402
from deep.augment import rotate_by  # noqa: E402
from deep.device import seeded_generator  # noqa: E402

SETTINGS = AdaSettings()
CPU = torch.device("cpu")


def noise(*shape, seed=0):
    return torch.rand(*shape, generator=seeded_generator(seed)) * 2 - 1


# The controller


def controller(**settings):
    return Controller(AdaSettings(**{"images": 1000, "limit": 1.0} | settings), CPU)


def shown(control, positive, negative, times=1):
    """Show logits, sure or not, with their sizes far from 1: only signs count."""
    found = []
    for _ in range(times):
        control.observe(torch.tensor([7.5] * positive + [-0.01] * negative))
        control.adjust()
        found.append(control.p)
    return found


def test_p_rises_by_the_images_seen_when_the_discriminator_is_sure_of_real_images():
    found = shown(controller(), positive=32, negative=0, times=5)
    assert found == pytest.approx([0.032, 0.064, 0.096, 0.128, 0.16])


def test_p_falls_when_it_is_not_and_stays_within_0_and_1():
    control = controller()
    up = shown(control, positive=40, negative=0, times=30)
    down = shown(control, positive=20, negative=20, times=30)
    assert all(a < b or b == 1 for a, b in pairwise(up))
    assert max(up) == up[-1] == 1
    assert all(a > b or b == 0 for a, b in pairwise([1, *down]))
    assert min(down) == down[-1] == 0


def test_p_stays_within_its_limit():
    assert max(shown(controller(limit=0.3), positive=100, negative=0, times=20)) == 0.3


@pytest.mark.parametrize(("positive", "rises"), [(79, False), (81, True)])
def test_the_target_is_a_mean_sign_of_six_tenths(positive, rises):
    # 100 logits: r_t = (2 positive - 100)/100, at the target for 80.
    control = controller()
    shown(control, positive=100, negative=0, times=3)
    before = control.p
    (after,) = shown(control, positive, 100 - positive)
    assert (after > before) is rises
    assert after != before


def test_r_t_is_the_mean_over_all_batches_since_the_last_change():
    control = controller()
    control.observe(torch.tensor([1.0, 1.0, 1.0, -1.0]))
    control.observe(torch.tensor([1.0, -2.0]))
    assert control.adjust() == pytest.approx(2 / 6)
    control.observe(torch.tensor([3.0]))
    assert control.adjust() == 1


def test_without_logits_p_stays_where_it_is():
    control = controller()
    shown(control, positive=100, negative=0)
    before = control.p
    assert control.adjust() == 0
    assert control.p == before > 0


def test_the_state_is_changed_in_place_so_that_checkpoints_see_it():
    control = controller()
    kept = dict(control.state)
    shown(control, positive=10, negative=0)
    control.observe(torch.ones(3))
    assert all(control.state[name] is tensor for name, tensor in kept.items())
    assert [float(kept[name]) for name in ("ada p", "ada signs", "ada count")] == [0.01, 3, 3]


@pytest.mark.parametrize(
    ("settings", "found"),
    [({"limit": 1.5}, "0.6, 1.5"), ({"every": 0}, "0, 50000"), ({"octaves": math.nan}, "nan")],
)
def test_settings_out_of_range_are_refused(settings, found):
    with pytest.raises(ValueError, match=f"Found {found}"):
        AdaSettings(**settings)


# The augmentations


def test_with_p_0_images_are_returned_to_the_bit_and_nothing_is_drawn():
    x, generator = noise(5, 3, 8, 8), seeded_generator(0)
    before = generator.get_state()
    assert torch.equal(augment(x, 0.0, SETTINGS, generator), x)
    assert torch.equal(before, generator.get_state())


@pytest.mark.parametrize("p", [0.1, 0.8])
def test_each_of_the_five_augmentations_is_taken_with_probability_p(p):
    # An image is left as it is, to the bit, if none is taken; a shift by (0, 0) changes nothing either.
    count, settings = 4000, AdaSettings(pixels=0)
    x = noise(count, 1, 4, 4)
    same = (augment(x, p, settings, seeded_generator(1)) == x).flatten(1).all(dim=1).double().mean()
    expected = (1 - p) ** 4
    assert abs(same - expected) < 4.5 * math.sqrt(expected / count)


@pytest.mark.parametrize("field", ["pixels", "degrees", "octaves", "brightness", "contrast"])
def test_each_size_switches_its_augmentation(field):
    off = dict.fromkeys(("pixels", "degrees", "octaves", "brightness", "contrast"), 0)
    x = noise(20, 1, 8, 8)
    assert torch.equal(augment(x, 1.0, AdaSettings(**off), seeded_generator(0)), x)
    on = AdaSettings(**off | {field: getattr(SETTINGS, field)})
    assert not torch.equal(augment(x, 1.0, on, seeded_generator(0)), x)


def test_brightness_and_contrast_are_the_same_at_every_pixel_and_nothing_is_cut():
    x = noise(500, 2, 4, 4)
    y = augment(x, 1.0, AdaSettings(pixels=0, degrees=0, octaves=0), seeded_generator(0))
    slope = (y[:, 0, 0, 0] - y[:, 1, 2, 3]) / (x[:, 0, 0, 0] - x[:, 1, 2, 3])
    offset = y[:, 0, 0, 0] - slope * x[:, 0, 0, 0]
    torch.testing.assert_close(y, slope[:, None, None, None] * x + offset[:, None, None, None], atol=1e-3, rtol=0)
    assert y.abs().max() > 1.2
    assert slope.log2().std() == pytest.approx(0.5, rel=0.2)
    assert (offset / slope).std() == pytest.approx(0.2, rel=0.2)


def moved(x, shift=(0.0, 0.0), angle=0.0, scale=1.0):
    count = len(x)
    return move(x, torch.tensor([shift] * count), torch.full((count,), angle), torch.full((count,), scale))


def test_a_shift_moves_whole_pixels_exactly():
    x = noise(3, 2, 5, 5)
    y = moved(x, shift=(1.0, -2.0))
    assert torch.equal(y[:, :, 1:, :3], x[:, :, :4, 2:])
    assert not y[:, :, 0].any()
    assert not y[:, :, :, 3:].any()


@pytest.mark.parametrize("angle", [0.3, -1.0, math.pi / 2])
def test_a_rotation_is_that_of_the_standard_augmentation(angle):
    x = noise(2, 1, 8, 8)
    expected = rotate_by(x - 1, torch.full((2,), angle)) + 1  # there what comes from outside is -1
    torch.testing.assert_close(moved(x, angle=angle), expected, atol=1e-5, rtol=0)


def test_a_scale_of_two_spreads_an_image_from_its_centre():
    ramp = torch.arange(8.0).repeat(8, 1)[None, None]
    torch.testing.assert_close(moved(ramp, scale=2.0)[0, 0, 4], (torch.arange(8.0) - 3.5) / 2 + 3.5)


def test_augmentation_is_twice_differentiable_in_the_images():
    x = noise(4, 1, 4, 4).double().requires_grad_(True)

    def seen(x):
        return augment(x, 0.8, SETTINGS, seeded_generator(3)).square()

    assert torch.autograd.gradcheck(seen, (x,))
    assert torch.autograd.gradgradcheck(seen, (x,))


def test_the_seed_decides():
    x = noise(6, 1, 8, 8)
    first, again, other = (augment(x, 0.7, SETTINGS, seeded_generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("reach", [1, 3])
def test_no_shift_leaks_for_p_below_1(reach):
    # Shifts on a ring as a matrix: how often each occurs, with probability 1 - p none. Images' distribution can be told
    # from augmented images' if that matrix can be inverted; its eigenvalues are the characteristic function's values.
    p, count, ring = 0.8, 200_000, 8
    drawn = triangular_pixels(count, reach, seeded_generator(0))[:, 0]
    assert drawn.abs().max() == reach
    share = torch.stack([(drawn % ring == k).double().mean() for k in range(ring)])
    values = torch.fft.fft(p * share).real + (1 - p)
    assert values.min() > 1 - p - 0.01  # 0.01 is 4.5 standard deviations of an eigenvalue
    # Uniform shifts would leak: there the same figure is below 0 for some p < 1.
    uniform = torch.zeros(ring, dtype=torch.float64)
    uniform[torch.arange(-reach, reach + 1) % ring] = 1 / (2 * reach + 1)
    assert torch.fft.fft(uniform).real.min() < 0
