"""Augmentation keeps shape, range and label, and draws from its generator alone."""

import math

import pytest

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

from deep.augment import AUGMENTATIONS, BACKGROUND, find_augmentation, flip, rotate_by, shift  # noqa: E402
from deep.device import seeded_generator  # noqa: E402


def noise(*shape):
    return torch.rand(*shape, generator=seeded_generator(0)) * 2 - 1


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("shape", [(5, 1, 8, 8), (3, 3, 32, 32), (2, 2, 6, 9)])
def test_shape_type_and_range_are_kept(name, shape):
    x = find_augmentation(name)(noise(*shape), seeded_generator(1))
    assert x.shape == shape
    assert x.dtype == torch.float32
    assert x.min() >= -1 - 1e-6
    assert x.max() <= 1 + 1e-6


@pytest.mark.parametrize("name", ["digits", "cifar"])
def test_the_seed_decides_and_the_global_stream_is_left_alone(name):
    before = torch.random.get_rng_state()
    x = noise(20, 1, 8, 8)
    first, again, other = (find_augmentation(name)(x, seeded_generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


def shifted(x, down, right):
    # Written out: pixel (i, j) comes from (i + down, j + right), or from outside.
    result = torch.full_like(x, BACKGROUND)
    height, width = x.shape[1:]
    for i in range(height):
        for j in range(width):
            if 0 <= i + down < height and 0 <= j + right < width:
                result[:, i, j] = x[:, i + down, j + right]
    return result


def test_a_shift_moves_by_whole_pixels_and_every_shift_occurs():
    x = noise(1, 2, 5, 4)
    candidates = {(i, j): shifted(x[0], i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    found = []
    for y in shift(x.repeat(200, 1, 1, 1), seeded_generator(0), reach=1):
        found += [key for key, candidate in candidates.items() if torch.equal(candidate, y)]
    assert len(found) == 200
    assert set(found) == set(candidates)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_rotations_by_right_angles_move_pixels(quarters):
    x = noise(3, 2, 7, 7)
    turned = rotate_by(x, torch.full((3,), quarters * math.pi / 2))
    torch.testing.assert_close(turned, torch.rot90(x, -quarters, dims=(2, 3)), atol=1e-5, rtol=0)


def test_a_rotation_is_one_in_pixels_whatever_the_image_s_sides():
    # A point 6 pixels right of the centre goes 6 pixels down: a shear in the grid's units would put it elsewhere.
    x = torch.full((1, 1, 15, 21), BACKGROUND)
    x[0, 0, 7, 16] = 1
    turned = rotate_by(x, torch.tensor([math.pi / 2]))
    assert turned.flatten().argmax() == 13 * 21 + 10
    assert turned[0, 0, 13, 10] > 0.99


def test_a_flip_mirrors_about_half_of_the_images():
    x = noise(1, 1, 4, 4).repeat(400, 1, 1, 1)
    y = flip(x, seeded_generator(0))
    mirrored = [torch.equal(after, before.flip(2)) for before, after in zip(x, y, strict=True)]
    kept = [torch.equal(after, before) for before, after in zip(x, y, strict=True)]
    assert sum(mirrored) + sum(kept) == 400
    assert 140 < sum(mirrored) < 260  # 6 standard deviations


@pytest.mark.parametrize("dimension", [2, 3])
def test_digits_are_never_mirrored_or_turned_over(dimension):
    x = torch.full((500, 1, 8, 8), BACKGROUND)
    x.narrow(dimension, 0, 4).fill_(1)
    y = find_augmentation("digits")(x, seeded_generator(0))
    first, second = y.narrow(dimension, 0, 4).mean(dim=(1, 2, 3)), y.narrow(dimension, 4, 4).mean(dim=(1, 2, 3))
    assert (first > second).all()


def test_an_unknown_augmentation_is_refused():
    with pytest.raises(ValueError, match=r"one of none, digits, cifar. Found 'mixup'"):
        find_augmentation("mixup")
