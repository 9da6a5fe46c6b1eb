"""One image: read it, bring it to the prompt's size, lay the prompt over it, write a PNG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.data.files import open_rgb
from bbprompt.errors import DataError
from bbprompt.overlay import Overlay
from bbprompt.quick_png import quick_png
from bbprompt.templates.padding import Padding

Pair = tuple[Path, Path]
"""An image, and the PNG that its overlay goes to."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one image: ``problem`` says why it could not be used; ``kept``: it was laid before."""

    source: Path
    problem: str | None = None
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Laying:
    """An overlay, ready for many images.

    The answers are those of ``Overlay.apply``, bit for bit, but an image is resized where Pillow has it, before it
    becomes an array.

    Attributes:
        overlay: what is laid.
        draft: whether large JPEGs are decoded at a fraction of their size, never below twice what is needed: faster,
            and within a few grey levels of what training saw.
    """

    overlay: Overlay
    draft: bool = False

    def __call__(self, image: Image.Image) -> UInt8:
        """Lay it over an RGB image of any size: uint8 (h, w, 3), as the oracle gets it."""
        height, width = self._window
        if image.size != (width, height):
            image = image.resize((width, height), Image.Resampling.BILINEAR)
        template, pixels = self.overlay.template, np.asarray(image)[None]
        prepared = pixels if (height, width) == template.canvas else template.prepare(pixels)
        laid: UInt8 = template.apply(prepared, self.overlay.narrow)[0]
        return laid

    def file(self, source: Path, target: Path) -> None:
        """Lay it over the image in ``source``; write ``target``, whole or not at all.

        Raises:
            DataError: the source cannot be read, the target cannot be written, or both are one file.
        """
        laid = self(open_rgb(source, at_least=self.at_least))
        if target.exists() and target.samefile(source):
            raise DataError(f"{target} is the image itself and would be overwritten; give another output folder")
        partial = target.with_name(target.name + ".partial")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(quick_png(laid))
            partial.replace(target)
        except OSError as error:
            raise DataError(f"cannot write {target}: {error.strerror or error}") from error

    @property
    def at_least(self) -> tuple[int, int] | None:
        """(height, width) that a draft is decoded at, or more; ``None`` for no draft."""
        height, width = self._window
        return (2 * height, 2 * width) if self.draft else None

    @property
    def _window(self) -> tuple[int, int]:
        """(height, width) that an image is resized to."""
        template = self.overlay.template
        frame = template.size if isinstance(template, Padding) and template.shrink else 0
        return template.canvas[0] - 2 * frame, template.canvas[1] - 2 * frame


def lay_one(laying: Laying, pair: Pair) -> Done:
    """Lay over one image; whatever is wrong with it becomes a word about it."""
    try:
        laying.file(*pair)
    except DataError as error:
        return Done(pair[0], str(error))
    except MemoryError:
        return Done(pair[0], f"{pair[0]} does not fit into the memory; make it smaller")
    return Done(pair[0])


def apply_to_file(overlay: Overlay, source: Path, target: Path) -> None:
    """Lay ``overlay`` over the image in ``source``; write a PNG of the overlay's canvas to ``target``.

    Raises:
        DataError: the source cannot be read, the target cannot be written, or both are one file.
    """
    Laying(overlay).file(source, target)
