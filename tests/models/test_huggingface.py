"""Hugging Face's ``datasets``: a folder that it can load, and a hub that is not there."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("datasets", reason="datasets is not installed: make test-models")

from bbprompt.data import load_source
from bbprompt.errors import ConfigError, DataError
from tests.data.test_parquet import write
from tests.data.trees import level

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def test_a_folder_that_datasets_can_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    write(tmp_path / "mine" / "data" / "train-00000-of-00001.parquet", [0, 1, 1], names=["cat", "dog"])
    write(tmp_path / "mine" / "data" / "test-00000-of-00001.parquet", [1, 0], names=["cat", "dog"], start=90)
    source = load_source(f"hf:{tmp_path / 'mine'}", size=(4, 4))
    assert source.pool.classes == ("cat", "dog")
    assert source.pool.targets.tolist() == [0, 1, 1]
    assert [level(image) for image in source.pool.images] == [0, 1, 2]
    assert source.test is not None
    assert [level(image) for image in source.test.images] == [90, 91]


def test_a_hub_that_is_not_there_is_one_line() -> None:
    with pytest.raises(
        DataError, match=r"'nobody/nothing' cannot be had from here .* or use parquet:PATH"
    ) as found:
        load_source("hf:nobody/nothing")
    assert "\n" not in str(found.value)


def test_nothing_named_and_nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=json.dumps("hf:OWNER/NAME")):
        load_source("hf")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(ConfigError, match=r"pip install 'bbprompt\[huggingface\]'"):
        load_source("hf:a/b")
