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


def read_image(path: Path, size: tuple[int, int] | None = None) -> UInt8:
    """Read one image as RGB, uint8, (H, W, 3), turned as its EXIF says; at ``size`` = (h, w) if that is given.

    Raises:
        DataError: the file is no image, is damaged, or holds more than 8 bits per channel.
    """
    try:
        with Image.open(path) as opened:
            image = to_rgb(ImageOps.exif_transpose(opened), path)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} is not an image that can be read ({error}); replace or remove it") from error
    pixels = np.asarray(image)
    return pixels if size is None else resize(pixels[None], size)[0]


def to_rgb(image: Image.Image, path: Path) -> Image.Image:
    """Bring an opened image of ``path`` to RGB, stripped of transparency.

    Raises:
        DataError: it holds more than 8 bits per channel.
    """
    if image.mode not in EIGHT_BIT_MODES:
        raise DataError(f"{path} has the mode {image.mode}, expected 8 bits per channel; convert it to RGB")
    return image.convert("RGBA").convert("RGB") if image.mode in ("P", "PA") else image.convert("RGB")


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
