"""Refuse a template that cannot be laid over an image."""

from __future__ import annotations

from bbprompt.arrays import Bool
from bbprompt.errors import ConfigError
from bbprompt.names import look_up
from bbprompt.templates.blend import BLENDS


def check_canvas(canvas: tuple[int, int]) -> None:
    """Refuse a canvas without pixels.

    Raises:
        ConfigError: a side is shorter than one pixel.
    """
    if min(canvas) < 1:
        raise ConfigError(f"canvas must be (height, width) of at least 1 pixel each, got {canvas}")


def check_size(name: str, size: int, *, at_most: int, canvas: tuple[int, int]) -> None:
    """Refuse a ``size`` in pixels that does not fit.

    Raises:
        ConfigError: it is outside 1..at_most.
    """
    if at_most < 1:
        raise ConfigError(f"{name} does not fit on a canvas of {canvas[0]}x{canvas[1]} pixels at any size")
    if not 1 <= size <= at_most:
        raise ConfigError(
            f"{name} of size {size} does not fit on a canvas of {canvas[0]}x{canvas[1]} pixels; "
            f"give a size from 1 to {at_most}"
        )


def check_position(name: str, position: tuple[int, int], *, size: int, canvas: tuple[int, int]) -> None:
    """Refuse a top left corner from which ``size`` pixels run off the canvas.

    Raises:
        ConfigError: they do.
    """
    last = canvas[0] - size, canvas[1] - size
    if not (0 <= position[0] <= last[0] and 0 <= position[1] <= last[1]):
        raise ConfigError(
            f"{name} at row {position[0]}, column {position[1]} runs off the canvas of {canvas[0]}x{canvas[1]}; "
            f"give a row from 0 to {last[0]} and a column from 0 to {last[1]}"
        )


def check_blend(name: str, blend: str, mask: Bool) -> None:
    """Refuse an unknown blend, and an ``over`` that leaves nothing of the image.

    Raises:
        ConfigError: it is one of these.
    """
    look_up("blend", blend, BLENDS)
    if blend == "over" and mask.all():
        raise ConfigError(f'{name} with blend = "over" hides the whole image; use "add", or a smaller template')
