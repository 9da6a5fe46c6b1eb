"""How many requests are prompted at once."""

from __future__ import annotations

import pytest

from bbprompt.proxy import serve


@pytest.mark.parametrize(("there_are", "workers"), [(1, 2), (4, 4), (64, 8)])
def test_as_many_as_there_are_processors(monkeypatch: pytest.MonkeyPatch, there_are: int, workers: int) -> None:
    monkeypatch.setattr(serve, "processors", lambda: there_are)
    assert serve._workers(fetches=False) == workers
    assert serve._workers(fetches=True) == 8
