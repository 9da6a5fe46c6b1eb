"""Lay a prompt's PNG over a photo: ``python read.py PROMPT.png PHOTO.ppm > LAID.ppm``. docs/format.md is the format.

Needs Pillow and numpy, and nothing of bbprompt.
"""

import io
import json
import struct
import sys
import zlib

import numpy as np
from PIL import Image

MAX_PIXELS = 2**22


def lay(prompt: bytes, photo: np.ndarray) -> np.ndarray:
    """Lay a prompt over a photo, uint8 (h, w, 3), RGB, that already has its size; ValueError says what is wrong."""
    try:
        Image.open(io.BytesIO(prompt), formats=["PNG"]).verify()  # every checksum
        png = Image.open(io.BytesIO(prompt), formats=["PNG"])
    except Exception as error:
        raise ValueError(f"not a PNG, or a damaged one: {error}") from error
    if png.width * png.height > MAX_PIXELS or prompt[24] != 8 or prompt[28] != 0:
        raise ValueError("not 8 bits a channel, interlaced, or too many pixels")
    if prompt.count(b"iTXtbbprompt\0") != 1:
        raise ValueError("not exactly one prompt of bbprompt")
    if rows_in(prompt, png) != png.height * (1 + png.width * len(png.getbands())):
        raise ValueError("pixels missing, too many, or damaged")
    chunk = meaning(png.info.get("bbprompt"), png)
    photo = on_canvas(photo, png, chunk["template"])
    try:
        pixels = np.asarray(png).astype(np.int16)
    except Exception as error:
        raise ValueError(f"damaged pixels: {error}") from error
    if chunk["blend"] == "add":
        return np.clip(photo + pixels - 128, 0, 255).astype(np.uint8)
    return np.where(pixels[..., 3:] == 255, pixels[..., :3], photo).astype(np.uint8)


def rows_in(prompt: bytes, png: Image.Image) -> int:
    """Bytes of pixels in the file: Pillow leaves black what is missing, and says nothing."""
    at, kind, packed = 8, b"", b""
    while kind != b"IEND" and at + 8 <= len(prompt):
        length, kind = struct.unpack_from(">I4s", prompt, at)
        packed += prompt[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    try:
        return len(zlib.decompressobj().decompress(packed, 5 * png.width * png.height + 1))
    except zlib.error:
        return 0


def meaning(text: str | None, png: Image.Image) -> dict:
    """The text chunk, if it is one and fits the PNG."""
    try:
        chunk = json.loads(text or "")
        version, blend, size = chunk["version"], chunk["blend"], chunk["input_size"]
        name, shrink = chunk["template"]["name"], chunk["template"].get("shrink", False)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"no prompt, or a damaged one: {error}") from error
    if version != 1 or name == "random-patch":
        raise ValueError("a newer version, or a patch that only bbprompt can place")
    if (blend, png.mode) not in (("add", "RGB"), ("over", "RGBA")) or size != [png.height, png.width]:
        raise ValueError("the pixels are not those that the chunk is about")
    if shrink and not 0 < chunk["template"].get("size", 0) < min(png.size) / 2:
        raise ValueError("no room for the photo")
    return chunk


def on_canvas(photo: np.ndarray, png: Image.Image, template: dict) -> np.ndarray:
    """The photo as wide and high as the PNG: as it is, or inside a frame of mid-grey."""
    frame = template["size"] if template.get("shrink", False) else 0
    if photo.shape != (png.height - 2 * frame, png.width - 2 * frame, 3):
        raise ValueError(f"resize the photo to {png.height - 2 * frame} x {png.width - 2 * frame} first")
    return np.pad(photo, [(frame, frame), (frame, frame), (0, 0)], constant_values=128)


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        laid = lay(file.read(), np.asarray(Image.open(sys.argv[2]).convert("RGB")))
    Image.fromarray(laid).save(sys.stdout.buffer, "PPM")
