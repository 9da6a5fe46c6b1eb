"""Images with class numbers, checked once, where they enter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbprompt.arrays import Int, UInt8
from bbprompt.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """n images of c classes, at least one of each.

    Attributes:
        images: uint8, shape (n, H, W, 3), RGB.
        targets: int64, shape (n,), in 0..c-1.
        classes: the c class names, distinct, at least two.

    Raises:
        DataError: when built from anything else; the message says what to do.
    """

    images: UInt8
    targets: Int
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_images(self.images)
        check_classes(self.classes)
        check_targets(self.targets, len(self.images), self.classes)

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: Int) -> Dataset:
        """Return the images ``rows`` (m,) as a data set; each class must be among them."""
        return Dataset(self.images[rows], self.targets[rows], self.classes)


@dataclass(frozen=True, slots=True, eq=False)
class Splits:
    """Disjoint data sets of one task: train learns, validation selects, test is scored once."""

    train: Dataset
    validation: Dataset
    test: Dataset


def _check_images(images: UInt8) -> None:
    if images.dtype != np.uint8:
        raise DataError(f"images must be uint8 in 0..255, got {images.dtype}; multiply [0, 1] by 255 and round")
    if images.ndim != 4 or images.shape[-1] != 3 or 0 in images.shape[1:]:
        raise DataError(f"images must have shape (n, H, W, 3), RGB, got {images.shape}; convert them to RGB first")


def check_classes(classes: tuple[str, ...]) -> None:
    """Refuse fewer than two names, or one twice.

    Raises:
        DataError: the names.
    """
    if len(classes) < 2 or len(set(classes)) < len(classes):
        raise DataError(f"expected at least two distinct class names, got {list(classes)}")


def check_targets(targets: Int, n: int, classes: tuple[str, ...]) -> None:
    """Refuse class numbers that are not int64, one per image, in range, and at least one of each.

    Raises:
        DataError: what was got, and what was expected.
    """
    c = len(classes)
    if targets.dtype != np.int64 or targets.shape != (n,):
        raise DataError(
            f"targets must be int64 of shape ({n},), one per image, got {targets.dtype} of shape {targets.shape}"
        )
    if n and not (targets.min() >= 0 and targets.max() < c):
        raise DataError(f"targets must lie in 0..{c - 1} for {c} classes, got {targets.min()}..{targets.max()}")
    counts = np.bincount(targets, minlength=c)
    if not counts.all():
        raise DataError(f"class {classes[int(counts.argmin())]!r} has no image; add some or drop the class")
