"""Fit images onto a template's canvas with Pillow, as a deployed overlay will."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.errors import DataError

MID_GREY = 128
"""What surrounds a shrunk image: from here an added level reaches all of 0..255 and is never clipped."""


def fit(images: UInt8, canvas: tuple[int, int], *, frame: int = 0) -> UInt8:
    """Resize images onto ``canvas``, inside a mid-grey frame if asked. Returns a new array, uint8, (n, h, w, 3).

    Bilinear, antialiased where it shrinks; the aspect ratio is not kept. What already fits is copied untouched.

    Args:
        images: uint8, shape (n, H, W, 3), RGB.
        canvas: (h, w) in pixels.
        frame: pixels of mid-grey on each side.

    Raises:
        DataError: the dtype or the shape is wrong.
    """
    _check(images)
    h, w = canvas
    fitted = np.full((len(images), h, w, 3), MID_GREY, dtype=np.uint8)
    inner = fitted[:, frame : h - frame, frame : w - frame]
    same = images.shape == inner.shape
    inner[...] = images if same else _resized(images, (inner.shape[1], inner.shape[2]))
    return fitted


def _resized(images: UInt8, size: tuple[int, int]) -> UInt8:
    resized = np.empty((len(images), *size, 3), dtype=np.uint8)
    for i, image in enumerate(images):
        resized[i] = np.asarray(Image.fromarray(image).resize((size[1], size[0]), Image.Resampling.BILINEAR))
    return resized


def _check(images: UInt8) -> None:
    if images.dtype != np.uint8:
        raise DataError(f"images must be uint8 in 0..255, got {images.dtype}; multiply by 255 and round first")
    if images.ndim != 4 or images.shape[3] != 3 or 0 in images.shape[1:]:
        raise DataError(
            f"images must have shape (n, height, width, 3), got {images.shape}; convert grey or RGBA images to RGB"
        )
