"""Pixels as data URIs: examples, the prompt as its PNG holds it, and the prompt with its contrast stretched."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.png import decode_png, open_png

GREY = 128
SHOWN = 336
"""Pixels of the page that a prompt's picture is about as wide as."""


def png_uri(png: bytes) -> str:
    """A PNG file as a data URI."""
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"


def image_uri(pixels: UInt8) -> str:
    """Pixels, uint8 (h, w, 3) or (h, w, 4), as the data URI of a PNG."""
    return png_uri(_png(pixels))


def shown_width(png: bytes) -> int:
    """A whole multiple of an overlay's own width, so that its pixels stay squares.

    Raises:
        OverlayError: the PNG is damaged.
    """
    width = open_png(png).width
    return width * max(1, round(SHOWN / width))


def stretched_uri(png: bytes) -> str:
    """``stretched`` as a data URI."""
    return png_uri(stretched(png))


def stretched(png: bytes) -> bytes:
    """A picture of an overlay, a PNG: its opaque pixels' distance from grey 128 scaled up to the full range, all alike.

    Raises:
        OverlayError: the PNG is damaged.
    """
    image = open_png(png)
    pixels = decode_png(image) if image.mode == "RGBA" else decode_png(image)[..., :3]
    away = pixels[..., :3].astype(np.float64) - GREY
    opaque = pixels[..., 3] > 0 if pixels.shape[-1] == 4 else np.ones(pixels.shape[:2], bool)
    largest = np.abs(away[opaque]).max(initial=0.0)
    colours = np.clip(GREY + away * (127 / largest if largest else 1.0), 0, 255).round().astype(np.uint8)
    return _png(np.concatenate([colours, pixels[..., 3:]], axis=-1))


def _png(pixels: UInt8) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
