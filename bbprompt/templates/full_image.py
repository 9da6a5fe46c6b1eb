"""Every pixel of the image; ``add`` only, since ``over`` would leave nothing to classify.

With ``shrink`` the image is resized into a hole first, as in AutoVP (Tsao et al. 2023, arXiv 2310.08381, section 3), and
the prompt covers it and the frame that this leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bbprompt.arrays import Array, Bool, UInt8
from bbprompt.errors import ConfigError
from bbprompt.templates.base import Blend
from bbprompt.templates.blend import lay
from bbprompt.templates.checks import check_blend, check_canvas, check_size
from bbprompt.templates.resize import fit


@dataclass(frozen=True, slots=True, kw_only=True)
class FullImage:
    """The whole canvas.

    Attributes:
        canvas: (height, width) in pixels.
        blend: ``add``.
        size: with ``shrink``: width in pixels of what is left around the image.
        shrink: whether the image is resized into the hole, onto mid-grey (128).
    """

    name: ClassVar[str] = "full-image"
    canvas: tuple[int, int]
    blend: Blend
    size: int | None = None
    shrink: bool = False

    def __post_init__(self) -> None:
        check_canvas(self.canvas)
        check_blend(self.name, self.blend, self.mask)
        if self.shrink != (self.size is not None):
            raise ConfigError(
                f"{self.name} takes size and shrink = true together, for what is left around the image; "
                f"got size {self.size} and shrink {str(self.shrink).lower()}"
            )
        if self.size is not None:
            check_size(self.name, self.size, at_most=(min(self.canvas) - 1) // 2, canvas=self.canvas)

    @property
    def mask(self) -> Bool:
        """bool, shape (h, w): all of it."""
        return np.ones(self.canvas, dtype=np.bool_)

    def prepare(self, images: UInt8) -> UInt8:
        """Resize onto the canvas, or into the hole; see ``Template.prepare``."""
        return fit(images, self.canvas, frame=self.size or 0)

    def apply(self, images: Array, levels: Array) -> Array:
        """Add the levels to prepared images; see ``Template.apply``."""
        return lay(images, levels, mask=self.mask, blend=self.blend)
