"""A frame around the image: VP (Bahng et al. 2022, arXiv 2203.17274), p = 30 at 224 pixels, 69,840 parameters.

With ``shrink`` the image is resized into the frame's hole, so that none of it is covered (AutoVP, ILM-VP, BAR).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bbprompt.arrays import Array, Bool, UInt8
from bbprompt.templates.base import Blend
from bbprompt.templates.blend import lay
from bbprompt.templates.checks import check_blend, check_canvas, check_size
from bbprompt.templates.resize import fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Padding:
    """A frame of ``size`` pixels.

    Attributes:
        canvas: (height, width) in pixels.
        blend: ``add`` or ``over``.
        size: width of the frame in pixels.
        shrink: whether the image is resized into the hole, onto mid-grey (128), instead of lying under the frame.
    """

    name: ClassVar[str] = "padding"
    canvas: tuple[int, int]
    blend: Blend
    size: int
    shrink: bool = False

    def __post_init__(self) -> None:
        check_canvas(self.canvas)
        check_size(self.name, self.size, at_most=(min(self.canvas) - 1) // 2, canvas=self.canvas)
        check_blend(self.name, self.blend, self.mask)

    @property
    def mask(self) -> Bool:
        """bool, shape (h, w): the frame."""
        (h, w), s = self.canvas, self.size
        mask = np.ones(self.canvas, dtype=np.bool_)
        mask[s : h - s, s : w - s] = False
        return mask

    def prepare(self, images: UInt8) -> UInt8:
        """Resize onto the canvas, or into the hole; see ``Template.prepare``."""
        return fit(images, self.canvas, frame=self.size if self.shrink else 0)

    def apply(self, images: Array, levels: Array) -> Array:
        """Lay the frame over prepared images; see ``Template.apply``."""
        return lay(images, levels, mask=self.mask, blend=self.blend)
