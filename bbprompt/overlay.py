"""An overlay: a learned prompt, ready to lay over any image, and the one PNG that holds it.

``over``: RGBA, transparent where the image shows.
``add``: RGB centred on 128: out = clip(image + overlay - 128), which GIMP and FFmpeg call *grain merge*.

A text chunk named ``bbprompt`` says in JSON what it is for. A random patch lies at the top left; where it goes
depends on the image, so only bbprompt can lay it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from bbprompt.arrays import Bool, Int, UInt8
from bbprompt.atomic import write_atomically
from bbprompt.errors import OverlayError, UsageError
from bbprompt.overlay_chunk import CHUNK, OverlayMeta, decode_chunk, encode_chunk, label_map_name
from bbprompt.png import decode_png, encode_png, open_png
from bbprompt.templates import LEVELS, Template

__all__ = [
    "Overlay",
    "OverlayMeta",
    "decode_overlay",
    "describe",
    "encode_overlay",
    "read_overlay",
    "write_overlay",
]

MODES = {"add": "RGB", "over": "RGBA"}
NEUTRAL = 128
"""The channel value of an ``add`` overlay that changes nothing."""
MAX_BYTES = 2**28
"""What follows is not read; a longer file is refused as truncated."""


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """A prompt's pixels and what they are for; knows nothing of how they were found.

    Attributes:
        template: where the pixels go.
        levels: int64, shape (h, w, 3), zero outside the template's mask. ``add``: -128..127; ``over``: 0..255.
        meta: the oracle, the classes, the label map, a summary of the training.
        narrow: the levels as int16, in which they are added.

    Raises:
        OverlayError: the levels are not such.
    """

    template: Template
    levels: Int
    meta: OverlayMeta
    narrow: npt.NDArray[np.int16] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        low, high = LEVELS[self.template.blend]
        expected = f"expected int64 of shape {(*self.template.canvas, 3)} in {low}..{high}"
        if self.levels.shape != (*self.template.canvas, 3) or self.levels.dtype != np.int64:
            raise OverlayError(f"levels are {self.levels.dtype} of shape {self.levels.shape}, {expected}")
        if self.levels.min() < low or self.levels.max() > high:
            raise OverlayError(f"levels reach from {self.levels.min()} to {self.levels.max()}, {expected}")
        if self.levels[~self.template.mask].any():
            raise OverlayError(
                f"it has pixels outside its template, {self.template.name}; was it edited? "
                "give the prompt.png of the run"
            )
        object.__setattr__(self, "narrow", self.levels.astype(np.int16))

    def apply(self, images: UInt8) -> UInt8:
        """Lay it over images of any size: uint8 (n, H, W, 3), RGB, to (n, h, w, 3): the bytes an oracle gets.

        Raises:
            DataError: the dtype or the shape is wrong.
        """
        laid: UInt8 = self.template.apply(self.template.prepare(images), self.narrow)
        return laid


def write_overlay(path: Path, overlay: Overlay) -> None:
    """Write ``overlay`` as a PNG, over an older one if there is one; a reader sees either, never a part.

    Raises:
        OverlayError: the file cannot be written.
        UsageError: there is no room for it.
    """
    try:
        write_atomically(path, encode_overlay(overlay))
    except OSError as error:
        raise OverlayError(f"cannot write {path}: {error.strerror}; give a folder that exists") from error


def read_overlay(path: Path) -> Overlay:
    """Read what ``write_overlay`` wrote.

    Raises:
        OverlayError: the file is missing, foreign, damaged, or of another version; the message names it.
    """
    try:
        with path.open("rb") as file:
            return decode_overlay(file.read(MAX_BYTES))
    except OSError as error:
        raise OverlayError(f"cannot read {path}: {error.strerror}; correct the path") from error
    except UsageError as error:
        raise OverlayError(f"{path}: {error}") from error


def encode_overlay(overlay: Overlay) -> bytes:
    """Return the PNG; the same overlay gives the same bytes."""
    text = encode_chunk(overlay.template, overlay.meta)
    return encode_png(_pixels(overlay), key=CHUNK, text=text)


def decode_overlay(data: bytes) -> Overlay:
    """Return the overlay that a PNG holds.

    Raises:
        UsageError: the PNG is foreign, damaged, or of another version.
    """
    image = open_png(data)
    template, meta = decode_chunk(image.info.get(CHUNK), size=(image.height, image.width))
    mode = MODES[template.blend]
    if image.mode != mode:
        raise OverlayError(f"a PNG of mode {image.mode}, expected {mode} for {template.blend!r}; was it converted?")
    pixels = decode_png(image)
    levels = _added(pixels) if template.blend == "add" else _shown(pixels, template.mask)
    return Overlay(template, levels, meta)


def describe(overlay: Overlay) -> dict[str, Any]:
    """Return what is in an overlay, as JSON types; of the label map, its name only."""
    chunk: dict[str, Any] = msgspec.json.decode(encode_chunk(overlay.template, overlay.meta))
    inside = overlay.levels[overlay.template.mask]
    levels = {
        "min": int(inside.min()),
        "max": int(inside.max()),
        "rms": round(float(np.sqrt((inside**2).mean())), 2),
    }
    return {**chunk, "label_map": label_map_name(overlay.meta), "pixels": len(inside), "levels": levels}


def _pixels(overlay: Overlay) -> UInt8:
    if overlay.template.blend == "add":
        return (overlay.levels + NEUTRAL).astype(np.uint8)
    alpha = np.where(overlay.template.mask, 255, 0)[..., None]
    return np.concatenate([overlay.levels, alpha], axis=2).astype(np.uint8)


def _added(pixels: UInt8) -> Int:
    return pixels.astype(np.int64) - NEUTRAL


def _shown(pixels: UInt8, mask: Bool) -> Int:
    if not np.array_equal(pixels[..., 3], np.where(mask, 255, 0)):
        raise OverlayError("its transparency is not its template's; was it edited? give the prompt.png of the run")
    return np.where(mask[..., None], pixels[..., :3], 0).astype(np.int64)
