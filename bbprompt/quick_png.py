"""PNGs that are written fast. A prompted image hardly compresses, so searching for the best filter is time for nothing.

Every row is the difference to the one above (filter 2), and ISA-L deflates it at its level 1: a tenth of the time that
Pillow's fastest takes, and a size within a few percent of its. PNG specification, https://www.w3.org/TR/png-3/, 9.2 and
11.2.
"""

from __future__ import annotations

import struct

import numpy as np
from isal import isal_zlib

from bbprompt.arrays import UInt8

SIGNATURE = b"\x89PNG\r\n\x1a\n"
UP = 2
LEVEL = 1
DEPTH, RGB = 8, 2


def quick_png(pixels: UInt8) -> bytes:
    """Return the PNG of an RGB image, uint8 (h, w, 3)."""
    height, width, _ = pixels.shape
    header = struct.pack(">2I5B", width, height, DEPTH, RGB, 0, 0, 0)
    packed = isal_zlib.compress(_filtered(pixels), LEVEL)
    return SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _filtered(pixels: UInt8) -> bytes:
    rows = pixels.reshape(len(pixels), -1)
    filtered = np.empty((rows.shape[0], 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered.tobytes()


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = isal_zlib.crc32(content, isal_zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
