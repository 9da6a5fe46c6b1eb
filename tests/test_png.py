"""PNGs written quickly are PNGs: any decoder gives the pixels back."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from bbprompt.png import decode_png, encode_quickly, open_png


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (5, 300)])
def test_pixels_come_back(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    content = encode_quickly(pixels)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(content))), pixels)
    assert np.array_equal(decode_png(open_png(content)), pixels)
