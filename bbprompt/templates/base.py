"""What every template is: where a prompt may put pixels, and how they meet the image."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from bbprompt.arrays import Array, Bool, UInt8

Blend: TypeAlias = Literal["add", "over"]


class Template(Protocol):
    """Where a prompt may put pixels on an image of ``canvas`` = (height, width) pixels."""

    @property
    def name(self) -> str:
        """Its key in ``TEMPLATES``, in run files and in the PNG."""

    @property
    def canvas(self) -> tuple[int, int]:
        """(height, width) in pixels of what the oracle sees."""

    @property
    def blend(self) -> Blend:
        """How the prompt's pixels meet the image's."""

    @property
    def mask(self) -> Bool:
        """bool, shape (h, w): True where the prompt has pixels."""

    def prepare(self, images: UInt8) -> UInt8:
        """Fit images (n, H, W, 3) onto the canvas: (n, h, w, 3), resized, and shrunk into the frame if asked.

        Raises:
            DataError: the dtype or the shape is wrong.
        """

    def apply(self, images: Array, levels: Array) -> Array:
        """Lay ``levels`` over prepared ``images``. Pure; numpy or torch; grey levels 0..255 in and out.

        uint8 images and integer levels give uint8; where either holds floats, so does the answer, and gradients
        pass. Whole numbers give the same answer in every dtype and library, to the last bit.

        Args:
            images: (n, h, w, 3), uint8, or floats that hold grey levels.
            levels: (h, w, 3), whole numbers, zero outside the mask. ``add``: -128..127, added and clipped.
                ``over``: 0..255, replaces.
        """
