"""Words for a place on the canvas."""

from __future__ import annotations

from collections.abc import Mapping

from bbprompt.names import look_up

POSITIONS: Mapping[str, tuple[float, float]] = {
    "top-left": (0.0, 0.0),
    "top-right": (0.0, 1.0),
    "bottom-left": (1.0, 0.0),
    "bottom-right": (1.0, 1.0),
    "centre": (0.5, 0.5),
}
"""Share of the free rows above and of the free columns to the left."""


def place(position: str, *, canvas: tuple[int, int], size: int) -> tuple[int, int]:
    """Return (row, column) of the top left pixel of a square of ``size`` pixels.

    Raises:
        ConfigError: the word is unknown.
    """
    down, right = look_up("position", position, POSITIONS)
    return round(down * (canvas[0] - size)), round(right * (canvas[1] - size))
