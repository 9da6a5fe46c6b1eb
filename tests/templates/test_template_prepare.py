"""``prepare``: what the oracle would see without a prompt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.errors import DataError
from bbprompt.templates import Blend
from tests.prompt_cases import CANVAS, TEMPLATE_CASES, image_batches, quick, small_template

every_template = pytest.mark.parametrize(("name", "blend"), TEMPLATE_CASES)
sides = st.integers(1, 40)
any_images = st.tuples(st.integers(0, 2), sides, sides).flatmap(lambda shape: nps.arrays(np.uint8, (*shape, 3)))


@every_template
@quick
@given(images=image_batches())
def test_what_fits_already_is_copied_untouched(name: str, blend: Blend, images: UInt8) -> None:
    prepared = small_template(name, blend).prepare(images)
    np.testing.assert_array_equal(prepared, images)
    assert not np.shares_memory(prepared, images)


@every_template
@quick
@given(images=any_images)
def test_any_size_comes_to_the_canvas(name: str, blend: Blend, images: UInt8) -> None:
    prepared = small_template(name, blend).prepare(images)
    assert prepared.shape == (len(images), *CANVAS, 3)
    assert prepared.dtype == np.uint8


@pytest.mark.parametrize(("name", "blend"), [("padding", "add"), ("padding", "over"), ("full-image", "add")])
@quick
@given(images=any_images)
def test_shrinking_puts_the_whole_image_into_the_hole_on_mid_grey(name: str, blend: Blend, images: UInt8) -> None:
    frame, template = small_template("padding", "add").mask, small_template(name, blend, shrink=True)
    prepared, (h, w) = template.prepare(images), CANVAS
    assert (prepared[:, frame] == 128).all()
    for image, inner in zip(images, prepared[:, 4 : h - 4, 4 : w - 4], strict=True):
        by_pillow = Image.fromarray(image).resize((w - 8, h - 8), Image.Resampling.BILINEAR)
        np.testing.assert_array_equal(inner, np.asarray(by_pillow))


def test_enlarging_a_flat_image_keeps_its_colour() -> None:
    images = np.broadcast_to(np.array([10, 200, 77], dtype=np.uint8), (1, 3, 3, 3))
    assert (small_template("full-image", "add").prepare(images) == [10, 200, 77]).all()


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((1, 8, 8, 3)), "must be uint8 in 0..255, got float64"),
        (np.zeros((8, 8, 3), np.uint8), r"must have shape \(n, height, width, 3\), got \(8, 8, 3\)"),
        (np.zeros((1, 8, 8), np.uint8), "convert grey"),
        (np.zeros((1, 8, 8, 4), np.uint8), "RGBA images to RGB"),
        (np.zeros((1, 0, 8, 3), np.uint8), "must have shape"),
    ],
)
def test_other_arrays_are_refused(images: UInt8, message: str) -> None:
    with pytest.raises(DataError, match=message):
        small_template("padding", "add").prepare(images)
