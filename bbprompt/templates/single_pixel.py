"""One pixel, at the centre by default: VP (Bahng et al. 2022, arXiv 2203.17274), figure 7; 3 parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bbprompt.arrays import Array, Bool, UInt8
from bbprompt.templates.base import Blend
from bbprompt.templates.blend import lay
from bbprompt.templates.checks import check_blend, check_canvas, check_position
from bbprompt.templates.resize import fit


@dataclass(frozen=True, slots=True, kw_only=True)
class SinglePixel:
    """One pixel.

    Attributes:
        canvas: (height, width) in pixels.
        blend: ``add`` or ``over``.
        position: its (row, column); ``None`` is the centre, (height // 2, width // 2).
    """

    name: ClassVar[str] = "single-pixel"
    canvas: tuple[int, int]
    blend: Blend
    position: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        check_canvas(self.canvas)
        if self.position is not None:
            check_position(self.name, self.position, size=1, canvas=self.canvas)
        check_blend(self.name, self.blend, self.mask)

    @property
    def mask(self) -> Bool:
        """bool, shape (h, w): the pixel."""
        mask = np.zeros(self.canvas, dtype=np.bool_)
        mask[self.position or (self.canvas[0] // 2, self.canvas[1] // 2)] = True
        return mask

    def prepare(self, images: UInt8) -> UInt8:
        """Resize onto the canvas; see ``Template.prepare``."""
        return fit(images, self.canvas)

    def apply(self, images: Array, levels: Array) -> Array:
        """Lay the pixel over prepared images; see ``Template.apply``."""
        return lay(images, levels, mask=self.mask, blend=self.blend)
