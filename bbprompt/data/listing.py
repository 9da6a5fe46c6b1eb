"""Images that are still files: listed with their classes, and read only when they are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from bbprompt.arrays import Int, UInt8
from bbprompt.data.dataset import Dataset, check_classes, check_targets
from bbprompt.data.files import check_one_size, read_image
from bbprompt.errors import DataError


class Pool(Protocol):
    """What images are split off: read already, or not."""

    @property
    def images(self) -> UInt8:
        """uint8, shape (n, H, W, 3), RGB."""

    @property
    def targets(self) -> Int:
        """int64, shape (n,), in 0..c-1."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The c class names."""

    def __len__(self) -> int: ...

    def take(self, rows: Int) -> Dataset:
        """Return the images ``rows`` (m,) as a data set; each class must be among them."""


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """n image files of c classes, at least one of each. Large sets are split before they are read.

    Attributes:
        paths: the files.
        targets: int64, shape (n,), in 0..c-1.
        classes: the c class names.
        size: (height, width) that images are brought to; ``None`` keeps their own, which must be one and the same.
        read: reads one file.

    Raises:
        DataError: when built from anything else.
    """

    paths: tuple[Path, ...]
    targets: Int
    classes: tuple[str, ...]
    size: tuple[int, int] | None
    read: Callable[[Path, tuple[int, int] | None], UInt8] = read_image

    def __post_init__(self) -> None:
        check_classes(self.classes)
        check_targets(self.targets, len(self.paths), self.classes)

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def images(self) -> UInt8:
        """All of them, read."""
        return self._read(self.paths)

    def take(self, rows: Int) -> Dataset:
        """Read the images ``rows`` (m,); each class must be among them.

        Raises:
            DataError: a file that is missing or is no image, or images of several sizes.
        """
        return Dataset(self._read([self.paths[row] for row in rows]), self.targets[rows], self.classes)

    def _read(self, paths: Sequence[Path]) -> UInt8:
        images = [self.read(path, self.size) for path in paths]
        check_one_size(images, paths)
        return np.stack(images)


def listing(
    items: Iterable[tuple[Path, int]], classes: Sequence[str], size: tuple[int, int] | None, *, where: Path
) -> Listing:
    """List ``items``, pairs of file and class number.

    Raises:
        DataError: there are none, or a class has none.
    """
    paths, numbers = zip(*found, strict=True) if (found := list(items)) else ((), ())
    if not paths:
        raise DataError(f"{where} lists no image; is it complete?")
    return Listing(tuple(paths), np.array(numbers, dtype=np.int64), tuple(classes), size)
