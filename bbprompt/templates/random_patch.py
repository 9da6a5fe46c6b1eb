"""A square in a place of its own on every image: VP (Bahng et al. 2022, arXiv 2203.17274), 3 p^2 parameters.

The place must not be drawn anew: a cached answer, a resumed run and a deployed PNG would each see another image. So
it is hashed from the prepared image's own grey levels and the template's seed: as good as random from image to
image, and the same for the same image for ever. Whole numbers only, so every library and device agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from array_api_compat import array_namespace, device

from bbprompt.arrays import Array, Bool, Int, UInt8
from bbprompt.errors import ConfigError
from bbprompt.templates.base import Blend
from bbprompt.templates.blend import beside, lay
from bbprompt.templates.checks import check_blend, check_canvas, check_size
from bbprompt.templates.resize import fit

SAMPLES = 1024
"""How many of an image's grey levels decide the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomPatch:
    """A square of ``size`` pixels that each image puts elsewhere.

    Attributes:
        canvas: (height, width) in pixels.
        blend: ``add`` or ``over``.
        size: side of the square in pixels.
        seed: which hash; 0 or more.
    """

    name: ClassVar[str] = "random-patch"
    canvas: tuple[int, int]
    blend: Blend
    size: int
    seed: int = 0

    def __post_init__(self) -> None:
        check_canvas(self.canvas)
        check_size(self.name, self.size, at_most=min(self.canvas), canvas=self.canvas)
        check_blend(self.name, self.blend, self.mask)
        if self.seed < 0:
            raise ConfigError(f"seed of {self.name} must be 0 or more, got {self.seed}")

    @property
    def mask(self) -> Bool:
        """bool, shape (h, w): the square at the top left, where ``levels`` and the PNG hold it."""
        mask = np.zeros(self.canvas, dtype=np.bool_)
        mask[: self.size, : self.size] = True
        return mask

    def prepare(self, images: UInt8) -> UInt8:
        """Resize onto the canvas; see ``Template.prepare``."""
        return fit(images, self.canvas)

    def apply(self, images: Array, levels: Array) -> Array:
        """Lay the square over each prepared image, in that image's place; see ``Template.apply``."""
        rows, columns = self._shift(images)
        levels, mask = beside(levels, images), beside(self.mask, images)
        return lay(images, levels[rows, columns], mask=mask[rows, columns], blend=self.blend)

    def places(self, images: Array) -> tuple[Array, Array]:
        """Row and column of the square's top left pixel: int64, shape (n,) each, for prepared images."""
        xp = array_namespace(images)
        at, weights = (beside(part, images) for part in self._hash())
        picked = xp.take(xp.reshape(images, (images.shape[0], -1)), at, axis=1)
        total = xp.sum(xp.astype(xp.round(picked), xp.int64) * weights, axis=1)
        height, width = (side - self.size + 1 for side in self.canvas)
        place = total % (height * width)
        return place // width, place % width

    def _shift(self, images: Array) -> tuple[Array, Array]:
        """Return indices (n, h, 1) and (n, 1, w) that roll the top left square to each image's place."""
        xp = array_namespace(images)
        (h, w), (top, left) = self.canvas, self.places(images)
        rows = (xp.arange(h, device=device(images)) - top[:, None]) % h
        columns = (xp.arange(w, device=device(images)) - left[:, None]) % w
        return rows[:, :, None], columns[:, None, :]

    def _hash(self) -> tuple[Int, Int]:
        """Return which of the h*w*3 levels are read, and their 16-bit weights."""
        # The raw stream is what numpy promises never to change; a Generator's methods may.
        raw = np.random.PCG64(self.seed).random_raw(2 * SAMPLES)
        levels = np.uint64(3 * self.canvas[0] * self.canvas[1])
        return (raw[:SAMPLES] % levels).astype(np.int64), (raw[SAMPLES:] >> np.uint64(48)).astype(np.int64)
