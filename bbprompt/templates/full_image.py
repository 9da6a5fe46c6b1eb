"""Every pixel of the image; ``add`` only, since ``over`` would leave nothing to classify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bbprompt.arrays import Array, Bool, UInt8
from bbprompt.templates.base import Blend
from bbprompt.templates.blend import lay
from bbprompt.templates.checks import check_blend, check_canvas
from bbprompt.templates.resize import fit


@dataclass(frozen=True, slots=True, kw_only=True)
class FullImage:
    """The whole canvas.

    Attributes:
        canvas: (height, width) in pixels.
        blend: ``add``.
    """

    name: ClassVar[str] = "full-image"
    canvas: tuple[int, int]
    blend: Blend

    def __post_init__(self) -> None:
        check_canvas(self.canvas)
        check_blend(self.name, self.blend, self.mask)

    @property
    def mask(self) -> Bool:
        """bool, shape (h, w): all of it."""
        return np.ones(self.canvas, dtype=np.bool_)

    def prepare(self, images: UInt8) -> UInt8:
        """Resize onto the canvas; see ``Template.prepare``."""
        return fit(images, self.canvas)

    def apply(self, images: Array, levels: Array) -> Array:
        """Add the levels to prepared images; see ``Template.apply``."""
        return lay(images, levels, mask=self.mask, blend=self.blend)
