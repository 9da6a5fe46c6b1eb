from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bbprompt.ledger import Budget, Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "ledger.sqlite", budget=Budget(queries=100)) as ledger:
        yield ledger
