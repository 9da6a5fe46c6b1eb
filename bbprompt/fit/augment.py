"""Flips and crops of training images, as EVP trains (Wu et al. 2022, arXiv 2212.10556), on the pixels that show.

A crop is CIFAR's usual one: the image moves by up to an eighth of its side, and its edge fills what that leaves bare.
A prompt stays where it is: it is laid over what comes out.
"""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.parametrisations.region import bounding_box
from bbprompt.templates import Template

Box = tuple[slice, slice]

MOST = 8
"""One over the share of a side by which an image moves at most."""


def shown(template: Template) -> Box:
    """Rows and columns of the prepared canvas that hold the image; the rest of it is the template's."""
    black, white = (template.prepare(np.full((1, 1, 1, 3), level, dtype=np.uint8))[0] for level in (0, 255))
    return bounding_box((black != white).any(axis=2))


def flip_and_crop(images: UInt8, box: Box, rng: np.random.Generator) -> UInt8:
    """Return prepared images (m, h, w, 3) with what lies in ``box`` flipped sideways, or not, and moved."""
    inner = images[:, *box]
    m, h, w = inner.shape[:3]
    down, right = (rng.integers(-(side // MOST), side // MOST, size=(m, 1), endpoint=True) for side in (h, w))
    rows = np.clip(np.arange(h) + down, 0, h - 1)
    columns = np.clip(np.arange(w) + right, 0, w - 1)
    columns = np.where(rng.random((m, 1)) < 0.5, columns[:, ::-1], columns)
    augmented = images.copy()
    augmented[:, *box] = inner[np.arange(m)[:, None, None], rows[:, :, None], columns[:, None, :]]
    return augmented
