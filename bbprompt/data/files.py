"""Read image files as 8-bit RGB."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from bbprompt.arrays import UInt8
from bbprompt.errors import DataError
from bbprompt.templates.resize import fit as resize

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"})
EIGHT_BIT_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "La", "RGBa"})
SIXTEEN_BIT_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N"})
"""Grey only: of 16-bit colour Pillow itself keeps the upper 8 bits, and so is grey kept here."""

READ_ERRORS = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)
"""How Pillow tells that a file is no image, damaged, or enormous."""


def read_image(path: Path, size: tuple[int, int] | None = None) -> UInt8:
    """Read one image as RGB, uint8, (H, W, 3), turned as its EXIF says; at ``size`` = (h, w) if that is given.

    Raises:
        DataError: the file is no image, is damaged, or holds something else than 8 or 16 bits per channel.
    """
    pixels = np.asarray(open_rgb(path))
    return pixels if size is None else resize(pixels[None], size)[0]


def open_rgb(path: Path, *, at_least: tuple[int, int] | None = None) -> Image.Image:
    """Decode one image as ``read_image`` does: an RGB image, turned as its EXIF says.

    Of an animation it is the first frame; transparency is left out, and of 16 bits the lower 8.

    Args:
        path: of the file.
        at_least: (height, width) in pixels; a JPEG is decoded at an eighth, a quarter or half its size where that is
            no smaller than this: many times as fast, and other pixels.

    Raises:
        DataError: the file is no image, is damaged, or holds something else than 8 or 16 bits per channel.
    """
    try:
        with Image.open(path) as opened:
            return to_rgb(opened, at_least=at_least)
    except DataError as error:
        raise DataError(f"{path} {error}") from error
    except READ_ERRORS as error:
        raise DataError(f"{path} is not an image that can be read ({error}); replace or remove it") from error


def to_rgb(image: Image.Image, *, at_least: tuple[int, int] | None = None) -> Image.Image:
    """Return an opened image, or a copy, as RGB, turned as its EXIF says; ``at_least`` as in ``open_rgb``.

    Raises:
        DataError: it holds something else than 8 or 16 bits per channel.
    """
    if at_least is not None:
        image.draft("RGB", (max(at_least), max(at_least)))  # upright or not
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in SIXTEEN_BIT_MODES:
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode not in EIGHT_BIT_MODES:
        raise DataError(f"has the mode {image.mode}, expected 8 bits per channel; convert it to RGB")
    if image.mode in ("P", "PA"):
        image = image.convert("RGBA")  # a palette may hold the transparency
    if image.mode != "RGB":
        return image.convert("RGB")
    image.load()  # no copy, which takes a large photo as long as resizing it
    return image


def check_one_size(images: Sequence[UInt8], paths: Sequence[Path]) -> None:
    """Refuse images (H, W, 3) of several sizes, naming two files.

    Raises:
        DataError: the first that differs from the first of all.
    """
    for image, path in zip(images, paths, strict=True):
        if image.shape != images[0].shape:
            raise DataError(
                f"{path} has {image.shape[0]} x {image.shape[1]} pixels, {paths[0]} has {images[0].shape[0]} x "
                f"{images[0].shape[1]}; give a size to bring them to"
            )
