"""Hugging Face's ``datasets``: a folder that it can load, and a hub that is not there."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

pytest.importorskip("datasets", reason="datasets is not installed: make test-models")

import datasets
import numpy as np
from datasets import ClassLabel, Features, Image

from bbprompt.data import load_source, split
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


def save(rows: dict[str, list[Any]], folder: Path) -> None:
    features = Features({"image": Image(), "label": ClassLabel(names=["cat", "dog"])})
    folder.mkdir()
    datasets.Dataset.from_dict(rows, features=features).to_parquet(folder / "train.parquet")


def test_only_the_images_that_are_taken_are_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    images = [PIL.Image.new("RGB", (4, 4), (row,) * 3) for row in range(12)]
    save({"image": images, "label": [0, 1] * 6}, tmp_path / "mine")
    source = load_source(f"hf:{tmp_path / 'mine'}", size=(4, 4))
    decoded: list[int] = []
    decode_example = Image.decode_example
    monkeypatch.setattr(
        Image, "decode_example", lambda self, value, **kw: decoded.append(1) or decode_example(self, value, **kw)
    )
    splits = split(source, shots=1, validation=2, test=2, rng=np.random.default_rng(0))
    assert len(decoded) == 6
    found = [level(image) for part in (splits.train, splits.validation, splits.test) for image in part.images]
    targets = [int(t) for part in (splits.train, splits.validation, splits.test) for t in part.targets]
    assert len(set(found)) == 6
    assert [row % 2 for row in found] == targets


def test_a_row_that_is_no_image_is_named_when_it_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", str(tmp_path / "cache"))
    rows = {"image": [{"bytes": b"no image", "path": None}] * 2, "label": [0, 1]}
    save(rows, tmp_path / "broken")
    source = load_source(f"hf:{tmp_path / 'broken'}", size=(4, 4))
    assert source.pool.targets.tolist() == [0, 1]
    with pytest.raises(DataError, match="holds in row 0 an image that cannot be read"):
        source.pool.take(np.array([0, 1]))


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
