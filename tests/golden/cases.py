"""What the golden files hold: every template and blend, with levels from a formula. Format version 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bbprompt.arrays import UInt8
from bbprompt.overlay import Overlay, OverlayMeta
from bbprompt.templates import LEVELS, Blend, Template, make_template

FOLDER = Path(__file__).parent / "v1"
CANVAS = (12, 15)
META = OverlayMeta(
    oracle="golden",
    classes=("zero", "eins", "две"),
    label_map={"name": "given", "sources": [2, 0, 1]},
    training={"method": "none", "queries": 0},
)


def template_of(name: str, blend: Blend) -> Template:
    match name:
        case "padding-shrink":
            return make_template("padding", canvas=CANVAS, blend=blend, size=3, shrink=True)
        case "full-image-shrink":
            return make_template("full-image", canvas=CANVAS, blend=blend, size=3, shrink=True)
        case "padding":
            return make_template("padding", canvas=CANVAS, blend=blend, size=3)
        case "fixed-patch":
            return make_template("fixed-patch", canvas=CANVAS, blend=blend, size=5, position=(6, 2))
        case "random-patch":
            return make_template("random-patch", canvas=CANVAS, blend=blend, size=5, seed=7)
        case _:
            return make_template(name, canvas=CANVAS, blend=blend)


CASES: list[tuple[str, Blend]] = [
    ("padding", "add"),
    ("padding", "over"),
    ("padding-shrink", "add"),
    ("padding-shrink", "over"),
    ("fixed-patch", "add"),
    ("fixed-patch", "over"),
    ("random-patch", "add"),
    ("random-patch", "over"),
    ("single-pixel", "add"),
    ("single-pixel", "over"),
    ("full-image", "add"),
    ("full-image-shrink", "add"),
]


def overlay_of(name: str, blend: Blend) -> Overlay:
    template = template_of(name, blend)
    low, high = LEVELS[blend]
    levels = low + np.arange(12 * 15 * 3, dtype=np.int64).reshape(12, 15, 3) * 37 % (high - low + 1)
    return Overlay(template, levels * template.mask[..., None], META)


def image() -> UInt8:
    """An image of another size than the canvas: uint8, (1, 17, 20, 3)."""
    return (np.arange(17 * 20 * 3) ** 2 % 256).astype(np.uint8).reshape(1, 17, 20, 3)
