"""8-bit PNGs with one text chunk: every checksum and the size are checked before a pixel is decoded."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

from bbprompt.arrays import UInt8
from bbprompt.errors import OverlayError

MAX_PIXELS = 2**24
"""No classifier takes more; a few kilobytes of PNG can claim any size."""


def encode_png(pixels: UInt8, *, key: str, text: bytes) -> bytes:
    """Return a PNG of ``pixels``, uint8 (h, w, 3) or (h, w, 4), with UTF-8 ``text`` in an iTXt chunk before them.

    The text is not compressed: Pillow reads no compressed chunk above a megabyte, and a label map may be larger.
    """
    info = PngInfo()
    info.add_itxt(key, text)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=info, optimize=True)
    return buffer.getvalue()


def open_png(data: bytes) -> PngImageFile:
    """Open a PNG whose checksums are right and whose size is sane; decode nothing yet.

    Raises:
        OverlayError: it is no PNG, damaged, animated or too large.
    """
    try:
        PngImageFile(io.BytesIO(data)).verify()
        image = PngImageFile(io.BytesIO(data))
    except Exception as error:  # Pillow tells damage by many types, SyntaxError and struct.error among them
        raise OverlayError(f"not a PNG, or a damaged one ({error}); give the prompt.png of a run") from error
    if image.is_animated:
        raise OverlayError("an animated PNG, expected a still one; give the prompt.png of a run")
    if image.width * image.height > MAX_PIXELS:
        raise OverlayError(f"a PNG of {image.width}x{image.height} pixels, expected at most {MAX_PIXELS} of them")
    return image


def decode_png(image: PngImageFile) -> UInt8:
    """Decode the pixels: uint8, shape (h, w, channels).

    Raises:
        OverlayError: they are damaged.
    """
    try:
        return np.asarray(image)
    except Exception as error:  # as above
        raise OverlayError(f"a PNG with damaged pixels ({error}); give the prompt.png of a run") from error
