"""Pillow alone lays the same pixels, without us."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from PIL import Image, ImageChops

from bbprompt.overlay import encode_overlay
from tests.overlay.pngs import an_overlay
from tests.prompt_cases import TEMPLATE_CASES, image_batches, quick


@pytest.mark.parametrize("name", sorted({name for name, _ in TEMPLATE_CASES} - {"random-patch"}))
@quick
@given(images=image_batches())
def test_pillow_alone_lays_an_added_overlay_by_grain_merge(name: str, images: Any) -> None:
    overlay = an_overlay(name, "add")
    png = Image.open(io.BytesIO(encode_overlay(overlay)))
    assert png.mode == "RGB"
    for image, laid in zip(images, overlay.apply(images), strict=True):
        merged = ImageChops.add(Image.fromarray(image), png, scale=1, offset=-128)
        np.testing.assert_array_equal(np.asarray(merged), laid)


@pytest.mark.parametrize("name", sorted({name for name, b in TEMPLATE_CASES if b == "over"} - {"random-patch"}))
@quick
@given(images=image_batches())
def test_pillow_alone_lays_a_shown_overlay_by_alpha(name: str, images: Any) -> None:
    overlay = an_overlay(name, "over")
    png = Image.open(io.BytesIO(encode_overlay(overlay)))
    assert png.mode == "RGBA"
    for image, laid in zip(images, overlay.apply(images), strict=True):
        pasted = Image.alpha_composite(Image.fromarray(image).convert("RGBA"), png).convert("RGB")
        np.testing.assert_array_equal(np.asarray(pasted), laid)


def test_images_of_another_size_are_prepared_first() -> None:
    overlay = an_overlay(shrink=True)
    images = np.random.default_rng(1).integers(0, 256, (2, 33, 20, 3), dtype=np.uint8)
    prepared = overlay.template.prepare(images)
    np.testing.assert_array_equal(overlay.apply(images), overlay.template.apply(prepared, overlay.levels))
