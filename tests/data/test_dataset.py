"""Images and targets are checked where they enter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bbprompt.data import Dataset, Source
from bbprompt.errors import DataError

IMAGES = np.zeros((4, 5, 6, 3), dtype=np.uint8)
TARGETS = np.array([0, 1, 0, 1])

BAD: dict[str, tuple[Any, Any, tuple[str, ...], str]] = {
    "float": (IMAGES / 255, TARGETS, ("a", "b"), "uint8 in 0..255, got float64; multiply"),
    "grey": (IMAGES[..., 0], TARGETS, ("a", "b"), r"\(n, H, W, 3\), RGB, got \(4, 5, 6\)"),
    "rgba": (np.zeros((4, 5, 6, 4), dtype=np.uint8), TARGETS, ("a", "b"), r"got \(4, 5, 6, 4\)"),
    "no pixels": (IMAGES[:, :0], TARGETS, ("a", "b"), r"got \(4, 0, 6, 3\)"),
    "one target short": (IMAGES, TARGETS[1:], ("a", "b"), r"one per image, got int64 of shape \(3,\)"),
    "float targets": (IMAGES, TARGETS / 1, ("a", "b"), "must be int64 .* got float64"),
    "out of range": (IMAGES, TARGETS + 1, ("a", "b"), r"0\.\.1 for 2 classes, got 1\.\.2"),
    "negative": (IMAGES, TARGETS - 1, ("a", "b"), r"got -1\.\.0"),
    "empty class": (IMAGES, TARGETS, ("a", "b", "c"), "class 'c' has no image"),
    "no image": (IMAGES[:0], TARGETS[:0], ("a", "b"), "class 'a' has no image"),
    "one class": (IMAGES, TARGETS * 0, ("a",), "at least two distinct"),
    "twice the same": (IMAGES, TARGETS, ("a", "a"), "at least two distinct"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_data_is_refused_with_what_was_got(case: str) -> None:
    images, targets, classes, message = BAD[case]
    with pytest.raises(DataError, match=message):
        Dataset(images, targets, classes)


def test_take_keeps_images_and_targets_together() -> None:
    images = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), dtype=np.uint8)
    part = Dataset(images, TARGETS, ("a", "b")).take(np.array([3, 0]))
    assert part.images[:, 0, 0, 0].tolist() == [3, 0]
    assert part.targets.tolist() == [1, 0]
    assert len(part) == 2


def test_train_and_test_have_the_same_classes() -> None:
    with pytest.raises(DataError, match="they differ in b, c"):
        Source(Dataset(IMAGES, TARGETS, ("a", "b")), Dataset(IMAGES, TARGETS, ("a", "c")))
