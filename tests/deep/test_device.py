"""The device is chosen explicitly, and randomness has seeds of its own."""

import pytest

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

from deep.device import seeded_generator, select_device  # noqa: E402


def test_auto_is_a_device_that_works():
    device = select_device()
    assert torch.ones(2, device=device).sum().item() == 2
    assert device.type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("name", ["", "gpu", "cuda:99", "meta", "cpu;import os"])
def test_what_is_no_device_is_refused_with_its_name(name):
    with pytest.raises(ValueError, match="Found"):
        select_device(name)


def test_same_seed_same_numbers_and_the_global_stream_is_left_alone():
    before = torch.random.get_rng_state()
    first, second, other = (torch.randn(8, generator=seeded_generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True])
def test_a_seed_out_of_range_is_refused_with_its_value(seed):
    with pytest.raises(ValueError, match="Found"):
        seeded_generator(seed)
