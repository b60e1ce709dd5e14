"""What generators share: samples in their labels' order, noise that the seed alone decides, ranges at the edge."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

from deep.grids import save_grid, save_samples  # noqa: E402
from deep.sampler import CHUNK, balanced_labels, chunked, generate, training_data  # noqa: E402


class Echo:
    """A sampler whose images are of one brightness, the label's, and noise in one corner."""

    shape, classes = (1, 2, 2), 5

    def sample(self, label, seed):
        def draw(latent, part):
            images = (part / 2 - 1)[:, None, None, None].repeat(1, 1, 2, 2)
            images[:, 0, 0, 0] = latent[:, 0]
            return images

        return chunked(label, self.classes, (1,), seed, draw)


def test_samples_come_in_the_order_of_their_labels_over_several_chunks():
    label = torch.arange(2 * CHUNK + 7) * 3 % 5
    found = Echo().sample(label, 0)
    assert found.shape == (len(label), 1, 2, 2)
    torch.testing.assert_close(found[:, 0, 1, 1], (label / 4).clamp(max=1))
    corners = found[:, 0, 0, 0]
    assert len(corners[(corners > 0) & (corners < 1)].unique()) > CHUNK  # no chunk repeats another's noise


def test_the_seed_alone_decides():
    label, before = balanced_labels(CHUNK + 5, 5), torch.random.get_rng_state()
    first = Echo().sample(label, 1)
    torch.randn(3)
    assert torch.equal(first, Echo().sample(label, 1))
    assert not torch.equal(first, Echo().sample(label, 2))
    torch.random.set_rng_state(before)
    Echo().sample(label, 1)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    "label", [torch.tensor([5]), torch.tensor([0, -1]), torch.tensor([0.0]), torch.tensor([[0]]), torch.arange(0)]
)
def test_labels_out_of_range_are_refused(label):
    with pytest.raises(ValueError, match="Found"):
        Echo().sample(label, 0)


def test_images_move_from_the_unit_interval_and_back():
    images, label = torch.tensor([0.0, 0.25, 1.0, 0.5]).reshape(1, 1, 2, 2), torch.tensor([0])
    data = training_data(images, label, 5)
    assert data.pixels().flatten().tolist() == [-1.0, -0.5, 1.0, 0.0]
    made = generate(Echo(), balanced_labels(10, 5), 0)
    assert made.classes == 5
    assert made.counts == [2] * 5
    assert made.pixels()[6, 0, 1, 1].item() == -0.5  # the seventh is of class 1


@pytest.mark.parametrize("bad", [1.5, -0.1, float("nan"), float("inf")])
def test_pixels_out_of_range_are_refused_with_their_value(bad):
    images = torch.full((2, 1, 2, 2), 0.5)
    images[1, 0, 1, 0] = bad
    with pytest.raises(ValueError, match=f"Found {bad}"):
        training_data(images, torch.tensor([0, 1]), 2)


def test_a_generator_s_grid_holds_its_samples(tmp_path):
    pytest.importorskip("matplotlib.image", reason="the extra `plot` is not installed")
    save_samples(tmp_path / "a.png", Echo(), seed=4, columns=3)
    save_grid(tmp_path / "b.png", generate(Echo(), balanced_labels(15, 5), 4), columns=3)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
