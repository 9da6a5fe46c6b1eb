"""A ledger in a folder of the test's own, opened as often as wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from bbprompt.ledger import Budget, Ledger

OpenLedger = Callable[..., Ledger]


def keys(n: int, *, first: int = 0) -> list[bytes]:
    return [i.to_bytes(32, "big") for i in range(first, first + n)]


def scores(n: int) -> np.ndarray:
    return np.random.default_rng(n).normal(size=(n, 3)).astype(np.float32)


@pytest.fixture
def open_ledger(tmp_path: Path) -> Iterator[OpenLedger]:
    opened: list[Ledger] = []

    def open_one(*, queries: int | None = None, usd: float | None = None) -> Ledger:
        opened.append(Ledger.open(tmp_path / "ledger.sqlite", budget=Budget(queries=queries, usd=usd)))
        return opened[-1]

    yield open_one
    for ledger in opened:
        ledger.close()
