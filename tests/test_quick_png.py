"""PNGs that are written fast are PNGs: every reader finds the same pixels."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from bbprompt.quick_png import quick_png
from tests.prompt_cases import quick


@quick
@given(
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    levels=st.sampled_from([1, 2, 256]),
    seed=st.integers(0, 99),
)
def test_the_pixels_come_back(height: int, width: int, levels: int, seed: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, levels, (height, width, 3), dtype=np.uint8)
    data = quick_png(pixels)
    PngImageFile(io.BytesIO(data)).verify()
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_views_that_are_not_contiguous_are_written_as_they_look() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 8, 3), dtype=np.uint8)[::-1, ::2, ::-1]
    with Image.open(io.BytesIO(quick_png(pixels))) as image:
        np.testing.assert_array_equal(np.asarray(image), pixels)


def test_it_is_not_much_larger_than_pillow_s_fastest() -> None:
    rows, columns = np.mgrid[:224, :224]
    noise = np.random.default_rng(0).normal(0, 6, (224, 224, 3))
    photo = np.stack([rows, columns, rows + columns], axis=-1) / 2 + noise
    pixels = np.clip(photo, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    assert len(quick_png(pixels)) < 1.1 * len(buffer.getvalue())
