"""Flips and crops: of the image alone, by no more than an eighth, nothing lost but at the edges."""

from __future__ import annotations

import numpy as np
import pytest

from bbprompt.fit.augment import flip_and_crop, shown
from bbprompt.templates import make_template

SIDE = 16


@pytest.mark.parametrize(("shrink", "box"), [(True, slice(3, 13)), (False, slice(0, 16))])
def test_the_image_is_where_a_template_puts_it(shrink: bool, box: slice) -> None:
    template = make_template("padding", canvas=(SIDE, SIDE), blend="over", size=3, shrink=shrink)
    assert shown(template) == (box, box)


def test_each_image_is_a_flip_and_a_move_of_itself_and_the_frame_stays() -> None:
    box = (slice(2, 14), slice(4, 16))
    images = np.random.default_rng(0).integers(0, 256, size=(60, SIDE, SIDE, 3), dtype=np.uint8)
    found = flip_and_crop(images, box, np.random.default_rng(1))
    outside = np.ones((SIDE, SIDE), dtype=bool)
    outside[box] = False
    np.testing.assert_array_equal(found[:, outside], images[:, outside])
    moves = [move(before[box], after[box]) for before, after in zip(images, found, strict=True)]
    assert {flipped for flipped, _, _ in moves} == {False, True}
    for axis in (1, 2):
        assert {found[axis] for found in moves} == {-1, 0, 1}


def move(before: np.ndarray, after: np.ndarray) -> tuple[bool, int, int]:
    """Which flip and move makes ``after`` of ``before``; edges are repeated."""
    padded = np.pad(before, ((2, 2), (2, 2), (0, 0)), mode="edge")
    for down in range(-2, 3):
        for right in range(-2, 3):
            moved = padded[2 + down : 14 + down, 2 + right : 14 + right]
            for flipped in (False, True):
                if np.array_equal(after, moved[:, ::-1] if flipped else moved):
                    return flipped, down, right
    raise AssertionError("no flip and move of the image")
