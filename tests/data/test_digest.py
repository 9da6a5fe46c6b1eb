"""Splits that differ in anything that a run learns from have another digest; how they lie in memory does not matter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bbprompt.data import Dataset, Splits
from bbprompt.data.digest import digest, digest_splits

IMAGES = np.random.default_rng(0).integers(0, 256, (4, 2, 3, 3), dtype=np.uint8)
DATASET = Dataset(IMAGES, np.array([0, 1, 0, 1]), ("a", "b"))


def test_pixels_their_order_their_shape_and_their_classes_count() -> None:
    brighter = IMAGES.copy()
    brighter[3, 1, 2, 0] ^= 1
    others = [
        replace(DATASET, images=brighter),
        replace(DATASET, images=IMAGES[[2, 1, 0, 3]]),
        replace(DATASET, images=IMAGES.reshape(4, 3, 2, 3)),
        replace(DATASET, targets=np.array([0, 1, 1, 0])),
        DATASET.take(np.array([0, 1, 2])),
    ]
    assert len({digest(found) for found in (DATASET, *others)}) == 1 + len(others)


def test_the_same_images_have_the_same_digest_which_stays() -> None:
    assert digest(replace(DATASET, images=np.asfortranarray(IMAGES))) == digest(DATASET) == "fb7da298dd2e2b85"
    splits = Splits(train=DATASET, validation=DATASET, test=DATASET)
    assert digest_splits(splits) == dict.fromkeys(("train", "validation", "test"), digest(DATASET))
