"""A grid shows each class's samples in its row, pixel by pixel, between lines of a colour of its own."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

import numpy as np  # noqa: E402

from deep.data import Images  # noqa: E402
from deep.device import seeded_generator  # noqa: E402
from deep.grids import SEPARATOR, grid, save_grid  # noqa: E402


def samples(channels=1, count=6):
    image = torch.rand(count, channels, 2, 3, generator=seeded_generator(0)) * 2 - 1
    return Images(image, torch.arange(count) % 2, 2)


@pytest.mark.parametrize("channels", [1, 3])
def test_each_image_is_where_its_class_is(channels):
    images = samples(channels)
    picture = grid(images, columns=2, scale=4)
    line, tall, wide = 2, 2 * 4 + 2, 3 * 4 + 2
    assert picture.shape == (2 * tall + line, 2 * wide + line, 3)
    for k in range(2):
        for column in range(2):
            shown = picture[line + k * tall :, line + column * wide :][:8, :12]
            expected = (images.image[k + 2 * column].permute(1, 2, 0).numpy() + 1) / 2
            large = expected[np.arange(8) // 4][:, np.arange(12) // 4]
            np.testing.assert_allclose(shown, np.broadcast_to(large, (8, 12, 3)))
    lines = np.concatenate([picture[:line].reshape(-1, 3), picture[:, -line:].reshape(-1, 3)])
    np.testing.assert_array_equal(lines, np.broadcast_to(SEPARATOR, lines.shape))


def test_a_class_with_too_few_images_leaves_a_gap():
    picture = grid(samples(count=3), columns=2, scale=2)
    gap = picture[-(1 + 4) : -1, -(1 + 6) : -1]
    np.testing.assert_array_equal(gap, np.broadcast_to(SEPARATOR, gap.shape))


def test_the_file_holds_the_picture_and_is_the_same_again(tmp_path):
    image = pytest.importorskip("matplotlib.image", reason="the extra `plot` is not installed")
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    save_grid(first, samples(), columns=2)
    save_grid(second, samples(), columns=2)
    assert first.read_bytes() == second.read_bytes()
    np.testing.assert_allclose(image.imread(first)[:, :, :3], grid(samples(), columns=2), atol=1 / 255)


def test_what_cannot_be_drawn_or_written_is_refused(tmp_path):
    with pytest.raises(ValueError, match="Found 0, 4"):
        grid(samples(), columns=0)
    with pytest.raises(ValueError, match="Found 10, 0"):
        grid(samples(), scale=0)
    with pytest.raises(ValueError, match="Found 2"):
        grid(samples(channels=2))
    pytest.importorskip("matplotlib.image", reason="the extra `plot` is not installed")
    with pytest.raises(ValueError, match="cannot write"):
        save_grid(tmp_path / "missing" / "a.png", samples())
