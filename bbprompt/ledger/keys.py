"""What an image is called in the ledger."""

from __future__ import annotations

import hashlib

import numpy as np

from bbprompt.arrays import UInt8

KEY_BYTES = 32


def image_key(image: UInt8) -> bytes:
    """Return the SHA-256, 32 bytes, of one image's shape and exact pixels: uint8, shape (h, w, 3)."""
    digest = hashlib.sha256(repr(image.shape).encode())
    digest.update(np.ascontiguousarray(image).data)
    return digest.digest()


def repeat_key(key: bytes, turn: int) -> bytes:
    """Return the name of an image's answer number ``turn``, from 0, where it gets another one each time."""
    return hashlib.sha256(key + turn.to_bytes(8, "big")).digest() if turn else key
