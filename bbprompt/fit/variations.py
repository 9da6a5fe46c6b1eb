"""Small changes of an image that leave its class as it is: moved, turned, and scaled a little. Nothing is mirrored."""

from __future__ import annotations

import numpy as np
from PIL import Image

from bbprompt.arrays import UInt8

MOVED = 0.06
"""At most, of the side."""
TURNED = 8.0
"""At most, in degrees."""
SCALED = 0.15
"""At most, larger or smaller."""


def vary(images: UInt8, rng: np.random.Generator) -> UInt8:
    """Change each of uint8 images (n, h, w, 3) in its own way. What comes in from outside continues the border."""
    return np.stack([_varied(image, rng) for image in images])


def _varied(image: UInt8, rng: np.random.Generator) -> UInt8:
    height, width = image.shape[:2]
    border = max(height, width) // 2
    padded = np.pad(image, ((border, border), (border, border), (0, 0)), mode="edge")
    affine = _affine(height, width, rng) + [border, border] @ _PLACE
    changed = Image.fromarray(padded).transform(
        (width, height), Image.Transform.AFFINE, tuple(affine), Image.Resampling.BILINEAR
    )
    return np.asarray(changed, dtype=np.uint8)


_PLACE = np.array([[0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1]], dtype=float)
"""Where an affine map's shifts (x, y) stand among its six numbers."""


def _affine(height: int, width: int, rng: np.random.Generator) -> np.ndarray:
    """From places in the changed image to places in the old one, row by row, about its middle."""
    scale, angle = rng.uniform(1 - SCALED, 1 + SCALED), np.radians(rng.uniform(-TURNED, TURNED))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) / scale
    middle = np.array([width, height]) / 2
    moved = rng.uniform(-MOVED, MOVED, 2) * [width, height]
    return np.column_stack([turn, middle - turn @ (middle + moved)]).ravel()
