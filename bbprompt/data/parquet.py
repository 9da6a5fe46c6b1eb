"""``parquet:PATH``: image data sets as Hugging Face stores them, one file or a folder of them.

A column of images, {"bytes": ..., "path": ...} or plain bytes, and one of class numbers or names. In a folder, files
whose names begin with "test" (or, failing those, "validation" or "val") are the test.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.data.dataset import Dataset
from bbprompt.data.files import check_one_size, to_rgb
from bbprompt.data.source import Source
from bbprompt.errors import ConfigError, DataError
from bbprompt.templates.resize import fit as resize

IMAGES, LABELS = ("image", "img"), ("label", "fine_label", "labels", "class")
TESTS = ("test", "validation", "val")


def load_parquet(argument: str, size: tuple[int, int] | None) -> Source:
    """Load a file, or a folder and what lies below it.

    Raises:
        ConfigError: pyarrow is not installed, or nothing was named.
        DataError: no such file, or one without images and labels.
    """
    if not argument:
        raise ConfigError("the source 'parquet' needs a file or folder; write source = \"parquet:PATH\"")
    path = Path(argument).expanduser()
    found = sorted(path.rglob("*.parquet")) if path.is_dir() else [path]
    if not found or not found[0].is_file():
        raise DataError(f"no parquet file at {path}; correct the path in [data] source")
    kind = next((kind for kind in TESTS if any(file.name.startswith(kind) for file in found)), None)
    test = [file for file in found if kind is not None and file.name.startswith(kind) and len(found) > 1]
    train = [file for file in found if not file.name.startswith(TESTS)] or found
    pool = read_rows(train, size)
    return Source(pool, read_rows(test, size, classes=pool.classes) if test else None)


def read_rows(
    files: Sequence[Path], size: tuple[int, int] | None, *, classes: tuple[str, ...] | None = None
) -> Dataset:
    """Read all rows; class names come from Hugging Face's metadata, else from the values.

    Raises:
        ConfigError: pyarrow is not installed.
        DataError: no images or labels in it.
    """
    tables = [_table(file) for file in files]
    image, label = (_column(tables[0], known, files[0]) for known in (IMAGES, LABELS))
    values = [value for table in tables for value in table.column(label).to_pylist()]
    names = classes or _names(tables[0], label) or tuple(str(value) for value in sorted(set(values)))
    pixels = decode((row for table in tables for row in table.column(image).to_pylist()), size, where=files[0])
    return Dataset(pixels, number(values, names, where=files[0]), names)


def number(values: Sequence[Any], names: tuple[str, ...], *, where: Path) -> Any:
    """Class numbers, int64, shape (n,), of values that are numbers or names.

    Raises:
        DataError: a value that is neither.
    """
    place = {name: i for i, name in enumerate(names)}
    numbers = [
        value if isinstance(value, int) and value < len(names) else place.get(str(value)) for value in values
    ]
    if None in numbers:
        raise DataError(
            f"{where} holds the label {values[numbers.index(None)]!r}, expected one of {len(names)} classes"
        )
    return np.array(numbers, dtype=np.int64)


def decode(rows: Iterable[Any], size: tuple[int, int] | None, *, where: Path) -> UInt8:
    """Images of rows, uint8, shape (n, H, W, 3).

    Raises:
        DataError: one that is no image, or images of several sizes.
    """
    images = [_decode(row, size, where) for row in rows]
    check_one_size(images, [where] * len(images))
    return np.stack(images)


def _decode(row: Any, size: tuple[int, int] | None, where: Path) -> UInt8:
    """One row: an opened image, its bytes, or a dictionary that holds them."""
    data: Any = row.get("bytes") if isinstance(row, dict) else row
    try:
        with data if isinstance(data, Image.Image) else Image.open(io.BytesIO(data)) as opened:
            pixels = np.asarray(to_rgb(opened))
    except DataError as error:
        raise DataError(f"{where} holds an image that {error}") from error
    except (OSError, ValueError, TypeError, SyntaxError) as error:
        raise DataError(f"{where} holds an image that cannot be read ({error}); write it again") from error
    return pixels if size is None else resize(pixels[None], size)[0]


def _table(file: Path) -> Any:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigError("the source 'parquet' needs pyarrow; pip install 'bbprompt[parquet]'") from error
    try:
        return parquet.read_table(file)
    except (OSError, pyarrow.ArrowException) as error:
        raise DataError(f"{file} is no parquet file ({str(error)[:80]}); download it again") from error


def _column(table: Any, known: Sequence[str], file: Path) -> str:
    for name in known:
        if name in table.column_names:
            return name
    raise DataError(f"{file} has the columns {table.column_names}, expected one called {' or '.join(known)}")


def _names(table: Any, label: str) -> tuple[str, ...] | None:
    """Class names that Hugging Face wrote into the file's schema."""
    stored = (table.schema.metadata or {}).get(b"huggingface")
    features = json.loads(stored)["info"]["features"] if stored else {}
    names = features.get(label, {}).get("names")
    return tuple(names) if names else None
