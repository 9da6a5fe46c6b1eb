"""PNGs that are written fast. A prompted image hardly compresses, so searching for the best filter is time for nothing.

Every row is the difference to the one above (filter 2), and zlib looks for runs alone: a fifth of the time that Pillow's
fastest takes, and a size within a few percent of its. PNG specification, https://www.w3.org/TR/png-3/, 9.2 and 11.2.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from bbprompt.arrays import UInt8

SIGNATURE = b"\x89PNG\r\n\x1a\n"
UP = 2
LEVEL, WINDOW_BITS, MEMORY = 1, 15, 9
DEPTH, RGB = 8, 2


def quick_png(pixels: UInt8) -> bytes:
    """Return the PNG of an RGB image, uint8 (h, w, 3)."""
    height, width, _ = pixels.shape
    header = struct.pack(">2I5B", width, height, DEPTH, RGB, 0, 0, 0)
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW_BITS, MEMORY, zlib.Z_RLE)
    packed = packer.compress(_filtered(pixels)) + packer.flush()
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _filtered(pixels: UInt8) -> bytes:
    rows = pixels.reshape(len(pixels), -1)
    filtered = np.empty((rows.shape[0], 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered.tobytes()


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))
    )
