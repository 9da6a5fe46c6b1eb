"""Several runs: none is paid for before all can be run, and finished ones are read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bbprompt.compare import compare_runs
from bbprompt.config import parse_config
from bbprompt.errors import UsageError
from tests.run.conftest import Digits, document


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"data": {"source": "digitz"}}, "digitz"),
        ({"budget": {"queries": 200}}, "too small"),
        ({"fit": {"pars": 3}}, "pars"),
    ],
)
def test_nothing_is_paid_where_one_of_them_cannot_be_run(
    oracle: Digits, tmp_path: Path, changes: dict[str, dict[str, object]], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        compare_runs({"a": parse_config(document()), "b": parse_config(document(**changes))}, tmp_path)
    assert oracle.asked == 0
    assert list(tmp_path.iterdir()) == []


def test_finished_ones_are_read_where_their_service_is_gone(
    oracle: Digits, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_adapter: str, _options: object) -> Digits:
        raise AssertionError("was opened")

    configs = {name: parse_config(document(seed=seed)) for name, seed in (("a", 1), ("b", 2))}
    found = compare_runs(configs, tmp_path)
    monkeypatch.setattr("bbprompt.task.open_oracle", gone)
    assert [run.result for run in compare_runs(configs, tmp_path)] == [run.result for run in found]
