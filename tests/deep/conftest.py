"""One thread: sums do not depend on the machine, and tests that run beside each other do not fight for its cores."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
