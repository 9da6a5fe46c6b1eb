"""Model zoos: their packages are large, so these tests skip without them; ``make test-models`` installs them."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """Downloads fail at once: no test fetches weights, with a network or without."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    try:
        from huggingface_hub import constants
    except ImportError:
        return
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
