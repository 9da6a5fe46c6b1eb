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


def lay(prompt: bytes, photo: np.ndarray) -> np.ndarray:
    """Lay a prompt over a photo, uint8 (h, w, 3), RGB, that already has its size; ValueError says what is wrong."""
    try:
        Image.open(io.BytesIO(prompt), formats=["PNG"]).verify()  # every checksum
        png = Image.open(io.BytesIO(prompt), formats=["PNG"])
        h, w, bands = png.height, png.width, len(png.getbands())
        need(h * w <= 2**22 and prompt[24] == 8 and prompt[28] == 0, "not 8 bits, interlaced, or too many pixels")
        need(rows_in(prompt, 5 * h * w + 1) == h * (1 + w * bands), "pixels missing, too many, or damaged")
        need(prompt.count(b"iTXtbbprompt\0") == 1, "not exactly one prompt of bbprompt")
        chunk = json.loads(png.info["bbprompt"])
        blend, template = chunk["blend"], chunk["template"]
        need(chunk["version"] == 1 and template["name"] != "random-patch", "newer, or only bbprompt can place it")
        need((blend, png.mode) in (("add", "RGB"), ("over", "RGBA")), "blend and colours do not go together")
        need(chunk["input_size"] == [h, w], "the pixels are not those that the chunk is about")
        frame = template["size"] if template.get("shrink", False) else 0
        need(frame or not template.get("shrink", False), "no frame to shrink the photo into")
        need(0 <= frame < min(h, w) / 2, "no room for the photo")
        size = (h - 2 * frame, w - 2 * frame)
        need(photo.shape == (*size, 3), f"resize the photo to {size[0]} x {size[1]} first")
        photo = np.pad(photo, [(frame, frame), (frame, frame), (0, 0)], constant_values=128)
        pixels = np.asarray(png)
    except Exception as error:  # Pillow and JSON have many kinds
        raise ValueError(f"not a prompt for this photo: {error!r}") from error
    if blend == "add":
        return np.clip(photo.astype(np.int16) + pixels - 128, 0, 255).astype(np.uint8)
    return np.where(pixels[..., 3:] == 255, pixels[..., :3], photo)


def need(holds: object, what: str) -> None:
    if not holds:
        raise ValueError(what)


def rows_in(prompt: bytes, most: int) -> int:
    """Bytes of pixels in the file: Pillow leaves black what is missing, and says nothing."""
    at, kind, packed = 8, b"", b""
    while kind != b"IEND" and at + 8 <= len(prompt):
        length, kind = struct.unpack_from(">I4s", prompt, at)
        packed += prompt[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += 12 + length
    return len(zlib.decompressobj().decompress(packed, most))


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        laid = lay(file.read(), np.asarray(Image.open(sys.argv[2]).convert("RGB")))
    Image.fromarray(laid).save(sys.stdout.buffer, "PPM")
