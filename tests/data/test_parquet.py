"""Parquet as Hugging Face writes it: images, names, splits; what else may lie there is named."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bbprompt.data import load_source
from bbprompt.errors import ConfigError, DataError

pytest.importorskip("pyarrow")

import pyarrow as pa
from pyarrow import parquet

from .trees import level


def png(grey: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((6, 5, 3), grey, dtype=np.uint8)).save(buffer, "png")
    return buffer.getvalue()


def write(
    path: Path, labels: list[Any], *, names: list[str] | None = None, start: int = 0, plain: bool = False
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    images: list[Any] = [png(start + i) for i in range(len(labels))]
    if not plain:
        images = [{"bytes": image, "path": None} for image in images]
    table = pa.table({"image": images, "label": labels})
    if names:
        info = {
            "info": {"features": {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}}
        }
        table = table.replace_schema_metadata({"huggingface": json.dumps(info)})
    parquet.write_table(table, path)


def test_a_folder_of_parts_with_names_in_the_schema(tmp_path: Path) -> None:
    write(tmp_path / "data" / "train-00000-of-00002.parquet", [0, 1], names=["cat", "dog"])
    write(tmp_path / "data" / "train-00001-of-00002.parquet", [1], names=["cat", "dog"], start=50)
    write(tmp_path / "data" / "test-00000-of-00001.parquet", [1, 0], names=["cat", "dog"], start=90)
    source = load_source(f"parquet:{tmp_path}")
    assert source.pool.classes == ("cat", "dog")
    assert source.pool.targets.tolist() == [0, 1, 1]
    assert [level(image) for image in source.pool.images] == [0, 1, 50]
    assert source.test is not None
    assert source.test.targets.tolist() == [1, 0]
    assert [level(image) for image in source.test.images] == [90, 91]


@pytest.mark.parametrize("plain", [True, False])
def test_one_file_with_names_for_labels(tmp_path: Path, plain: bool) -> None:
    write(tmp_path / "some.parquet", ["dog", "cat", "dog"], plain=plain)
    source = load_source(f"parquet:{tmp_path / 'some.parquet'}", size=(3, 3))
    assert source.pool.classes == ("cat", "dog")
    assert source.pool.targets.tolist() == [1, 0, 1]
    assert source.pool.images.shape == (3, 3, 3, 3)
    assert source.test is None


def test_what_cannot_be_used_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="no parquet file at"):
        load_source(f"parquet:{tmp_path}")
    (tmp_path / "junk.parquet").write_bytes(b"junk")
    with pytest.raises(DataError, match=r"junk\.parquet is no parquet file"):
        load_source(f"parquet:{tmp_path / 'junk.parquet'}")
    parquet.write_table(pa.table({"text": ["a"]}), tmp_path / "text.parquet")
    with pytest.raises(DataError, match=r"columns \['text'\], expected one called image or img"):
        load_source(f"parquet:{tmp_path / 'text.parquet'}")
    write(tmp_path / "wide.parquet", [0, 7], names=["cat", "dog"])
    with pytest.raises(DataError, match="holds the label 7, expected one of 2 classes"):
        load_source(f"parquet:{tmp_path / 'wide.parquet'}")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'bbprompt\[parquet\]'"):
        load_source(f"parquet:{tmp_path / 'wide.parquet'}")
