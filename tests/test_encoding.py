"""A byte-order mark, which Notepad and Excel write before UTF-8, is part of no word in any file that people write."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bbprompt.config import load_config
from bbprompt.data.named.coop import coop_source
from bbprompt.data.named.roots import read_lines, read_table
from bbprompt_adapters.declarative.files import read_file
from bbprompt_adapters.open_inference.options import read_labels

BOM = "\ufeff"
ADAPTER = """
[adapter]
name = "a"
[request]
url = "http://a.test"
json.i = "{image}"
[answer]
path = "p"
kind = "logits"
"""


def read_class_names(path: Path) -> list[str]:
    pytest.importorskip("torch")
    from bbprompt_adapters.weights import read_labels as read

    return read(str(path), 2)


READERS: dict[str, tuple[str, str, Callable[[Path], Any], Any]] = {
    "run file": (
        "run.toml",
        'seed = 3\n[oracle]\nadapter = "a"\n[data]\nsource = "digits"\n',
        lambda path: load_config(path).seed,
        3,
    ),
    "adapter file": ("a.toml", ADAPTER, lambda path: read_file(path).about.name, "a"),
    "labels": ("labels.txt", "cat\r\ndog\r\n", lambda path: read_labels(str(path)), ("cat", "dog")),
    "labels in JSON": ("labels.json", '["cat", "dog"]', lambda path: read_labels(str(path)), ("cat", "dog")),
    "labels of a network": ("labels.txt", "cat\ndog\n", read_class_names, ["cat", "dog"]),
    "class list": ("classes.txt", "cat\ndog\n", read_lines, ["cat", "dog"]),
    "table": (
        "t.csv",
        "file,name\na.png,cat\n",
        lambda p: read_table(p, ["file"]),
        [{"file": "a.png", "name": "cat"}],
    ),
}


@pytest.mark.parametrize(("name", "text", "read", "expected"), READERS.values(), ids=READERS)
@pytest.mark.parametrize("mark", ["", BOM], ids=["plain", "marked"])
def test_a_mark_before_a_text_file_is_not_part_of_it(
    tmp_path: Path, mark: str, name: str, text: str, read: Callable[[Path], Any], expected: Any
) -> None:
    (tmp_path / name).write_bytes((mark + text).encode())
    assert read(tmp_path / name) == expected


def test_a_mark_before_a_split_file_is_not_part_of_it(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    items = [["a.png", 0, "cat"], ["a.png", 1, "dog"]]
    content = BOM + json.dumps({"train": items, "val": [], "test": items})
    (tmp_path / "split_zhou_A.json").write_text(content, encoding="utf-8")
    source = coop_source(tmp_path, "", None, "A")
    assert source is not None
    assert source.pool.classes == ("cat", "dog")
