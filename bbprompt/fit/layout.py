"""How large the image is, and on what ground: a frame of one grey around the shrunk image, where a prompt may begin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from bbprompt.arrays import Float, UInt8
from bbprompt.objective import Objective
from bbprompt.prompt import PixelPrompt


class Layout(NamedTuple):
    """A frame.

    Attributes:
        share: its width, as a share of the canvas' shorter side.
        level: its grey, 0 to 255.
    """

    share: float
    level: int

    def width(self, side: int) -> int:
        """In pixels, on a canvas of ``side``: at least one, and no more than leave one of the image."""
        return max(1, min(round(self.share * side), (side - 1) // 2))


LAYOUTS = tuple(
    Layout(share, level)
    for share, level in (
        (5 / 16, 128), (7 / 32, 128), (5 / 16, 0), (1 / 8, 255), (1 / 4, 255), (1 / 8, 0),
        (3 / 8, 128), (5 / 16, 255), (1 / 8, 128), (1 / 4, 0), (3 / 8, 0), (3 / 8, 255),
    )
)  # fmt: skip
"""In an order in which the first few already differ."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where looks are taken: validation images as one template prepared them, and its prompt.

    Attributes:
        prompt: template and parametrisation.
        images: uint8, shape (n, h, w, 3).
        layout: that both are in; ``None`` for the task's own.
    """

    prompt: PixelPrompt
    images: UInt8
    layout: Layout | None = None


@dataclass(frozen=True, slots=True)
class Arranged:
    """A task in a layout.

    Attributes:
        place: where validation is looked at.
        objective: with training images as the layout's template prepared them.
        theta: float64, shape (d,): the prompt that is the frame, and nothing on the image.
    """

    place: Place
    objective: Objective
    theta: Float


Arrange: TypeAlias = Callable[[Layout], Arranged]
"""Brings a task into a layout."""
