"""A square in one place, top left by default: VP (Bahng et al. 2022, arXiv 2203.17274), 3 p^2 parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bbprompt.arrays import Array, Bool, UInt8
from bbprompt.templates.base import Blend
from bbprompt.templates.blend import lay
from bbprompt.templates.checks import check_blend, check_canvas, check_position, check_size
from bbprompt.templates.resize import fit


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedPatch:
    """A square of ``size`` pixels.

    Attributes:
        canvas: (height, width) in pixels.
        blend: ``add`` or ``over``.
        size: side of the square in pixels.
        position: (row, column) of its top left pixel.
    """

    name: ClassVar[str] = "fixed-patch"
    canvas: tuple[int, int]
    blend: Blend
    size: int
    position: tuple[int, int] = (0, 0)

    def __post_init__(self) -> None:
        check_canvas(self.canvas)
        check_size(self.name, self.size, at_most=min(self.canvas), canvas=self.canvas)
        check_position(self.name, self.position, size=self.size, canvas=self.canvas)
        check_blend(self.name, self.blend, self.mask)

    @property
    def mask(self) -> Bool:
        """bool, shape (h, w): the square."""
        top, left = self.position
        mask = np.zeros(self.canvas, dtype=np.bool_)
        mask[top : top + self.size, left : left + self.size] = True
        return mask

    def prepare(self, images: UInt8) -> UInt8:
        """Resize onto the canvas; see ``Template.prepare``."""
        return fit(images, self.canvas)

    def apply(self, images: Array, levels: Array) -> Array:
        """Lay the square over prepared images; see ``Template.apply``."""
        return lay(images, levels, mask=self.mask, blend=self.blend)
