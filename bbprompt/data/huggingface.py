"""``hf:ID``: a data set of the Hugging Face hub, or of a folder that ``datasets`` can load, by its ``load_dataset``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bbprompt.data.dataset import Dataset
from bbprompt.data.parquet import IMAGES, LABELS, TESTS, decode, number
from bbprompt.data.source import Source
from bbprompt.errors import ConfigError, DataError


def load_huggingface(argument: str, size: tuple[int, int] | None) -> Source:
    """Load ID, or "ID#configuration". Its "train" is the pool, its "test" or "validation" the test.

    Raises:
        ConfigError: ``datasets`` is not installed, or nothing was named.
        DataError: the data set cannot be had from here, or holds no images and classes.
    """
    name, _, configuration = argument.partition("#")
    if not name:
        raise ConfigError("the source 'hf' needs a data set; write source = \"hf:OWNER/NAME\"")
    splits = _load(name, configuration or None)
    first = "train" if "train" in splits else next(iter(splits))
    pool = _dataset(splits[first], size, name)
    test = next((part for part in TESTS if part in splits and part != first), None)
    return Source(pool, None if test is None else _dataset(splits[test], size, name))


def _load(name: str, configuration: str | None) -> Any:
    try:
        import datasets
    except ImportError as error:
        raise ConfigError("the source 'hf' needs datasets; pip install 'bbprompt[huggingface]'") from error
    datasets.disable_progress_bars()
    try:
        return datasets.load_dataset(name, configuration)
    except Exception as error:  # its errors have no common base but this
        reason = " ".join(str(error).split())[:100]
        raise DataError(
            f"the data set {name!r} cannot be had from here ({type(error).__name__}: {reason}); "
            "download it where there is a network and name its folder, or use parquet:PATH"
        ) from error


def _dataset(rows: Any, size: tuple[int, int] | None, name: str) -> Dataset:
    image, label = (_column(rows, known, name) for known in (IMAGES, LABELS))
    images = decode(rows[image], size, where=Path(name))
    feature, values = rows.features[label], list(rows[label])
    names = tuple(getattr(feature, "names", None) or map(str, sorted(set(values))))
    return Dataset(images, number(values, names, where=Path(name)), names)


def _column(rows: Any, known: tuple[str, ...], name: str) -> str:
    for column in known:
        if column in rows.column_names:
            return column
    raise DataError(f"{name} has the columns {rows.column_names}, expected one called {' or '.join(known)}")
