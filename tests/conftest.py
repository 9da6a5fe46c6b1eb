"""What every test may use. Anything from the shared data folder comes through one fixture, which skips without it."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real models and images that lie beside the checkout, not in it."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real models and images are not beside this checkout (../shared/data)")
    return SHARED_DATA
