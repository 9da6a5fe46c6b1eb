"""``hf:ID``: a data set of the Hugging Face hub, or of a folder that ``datasets`` can load, by its ``load_dataset``.

``datasets`` keeps rows on disk and maps them into memory. They are split by their classes alone, and only the images
that a split takes are ever decoded: sixteen shots of a large set cost what sixteen shots cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bbprompt.arrays import Int, UInt8
from bbprompt.data.dataset import Dataset, check_classes, check_targets
from bbprompt.data.files import READ_ERRORS
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
    pool = _listed(splits[first], size, name)
    test = next((part for part in TESTS if part in splits and part != first), None)
    return Source(pool, None if test is None else _listed(splits[test], size, name))


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


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """n rows of a data set on disk, at least one of each class; an image is decoded when it is taken.

    Attributes:
        rows: a ``datasets.Dataset``.
        image: its column of images.
        targets: int64, shape (n,), in 0..c-1.
        classes: the c class names.
        size: (height, width) that images are brought to; ``None`` keeps their own, which must be one and the same.
        name: of the data set.
    """

    rows: Any
    image: str
    targets: Int
    classes: tuple[str, ...]
    size: tuple[int, int] | None
    name: str

    def __post_init__(self) -> None:
        check_classes(self.classes)
        check_targets(self.targets, len(self.rows), self.classes)

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def images(self) -> UInt8:
        """All of them, decoded."""
        return self._decode(range(len(self)))

    def take(self, rows: Int) -> Dataset:
        """Decode the images ``rows`` (m,); each class must be among them.

        Raises:
            DataError: a row that holds no image, or images of several sizes.
        """
        return Dataset(self._decode(rows.tolist()), self.targets[rows], self.classes)

    def _decode(self, rows: Iterable[int]) -> UInt8:
        return decode(map(self._row, rows), self.size, where=Path(self.name))

    def _row(self, row: int) -> Any:
        try:
            return self.rows[row][self.image]
        except READ_ERRORS as error:
            raise DataError(f"{self.name} holds in row {row} an image that cannot be read ({error})") from error


def _listed(rows: Any, size: tuple[int, int] | None, name: str) -> Rows:
    """Read the classes of all rows, and no image."""
    image, label = (_column(rows, known, name) for known in (IMAGES, LABELS))
    feature, values = rows.features[label], list(rows.select_columns(label)[label])
    names = tuple(getattr(feature, "names", None) or map(str, sorted(set(values))))
    return Rows(rows, image, number(values, names, where=Path(name)), names, size, name)


def _column(rows: Any, known: tuple[str, ...], name: str) -> str:
    for column in known:
        if column in rows.column_names:
            return column
    raise DataError(f"{name} has the columns {rows.column_names}, expected one called {' or '.join(known)}")
