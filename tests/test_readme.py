"""The README's code and run file work as they are printed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import tomli_w

from bbprompt.config import parse_config
from tests.run.conftest import document

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_run_file_is_one() -> None:
    config = parse_config(tomllib.loads(block("toml")))
    assert config.budget.queries == 10000


def test_the_library_learns_in_both_regimes_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from tests.fit.test_by_gradient import torch_twin

    twin = torch_twin()
    monkeypatch.setattr("bbprompt.task.open_oracle", lambda _adapter, _options: twin)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run.toml").write_text(tomli_w.dumps(document(labels={"map": "linear"})), encoding="utf-8")
    names: dict[str, object] = {}
    exec(compile(block("python"), "README.md", "exec"), names)
    assert names["by_query"].queries <= 2000  # type: ignore[attr-defined]
    assert len(names["by_gradient"].history) > 1  # type: ignore[attr-defined]
