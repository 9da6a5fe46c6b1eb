"""Overlays and PNGs, right ones and others."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bbprompt.overlay import Overlay, OverlayMeta, encode_overlay
from bbprompt.templates import LEVELS, Blend
from benchmarks.fuzz.png import split
from tests.prompt_cases import small_template

META = OverlayMeta(
    oracle="an oracle, ünïcode too",
    classes=("zero", "eins"),
    label_map={"name": "given", "sources": [3, 1], "nested": {"weights": [0.1, -2.5e-8]}},
    training={"method": "spsa", "queries": 1000, "loss": 0.25, "usd": None},
)


def an_overlay(name: str = "padding", blend: Blend = "add", *, shrink: bool = False) -> Overlay:
    template = small_template(name, blend, shrink=shrink)
    low, high = LEVELS[blend]
    levels = np.random.default_rng(0).integers(low, high + 1, (*template.canvas, 3))
    return Overlay(template, levels * template.mask[..., None], META)


def a_png(mode: str = "RGB", *, size: tuple[int, int] = (15, 12), text: str | bytes | None = None) -> bytes:
    """A PNG as any tool may write it; ``size`` is (width, height), as Pillow has it."""
    info, buffer = PngInfo(), io.BytesIO()
    if text is not None:
        info.add_itxt("bbprompt", text)
    Image.new(mode, size).save(buffer, "PNG", pnginfo=info)
    return buffer.getvalue()


def chunk_of(overlay: Overlay) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Image.open(io.BytesIO(encode_overlay(overlay))).info["bbprompt"])
    return document


def a_full_image() -> list[tuple[bytes, bytes]]:
    """Chunks of an overlay that has pixels everywhere, so that none of them can be told from missing ones."""
    template = small_template("full-image", "add")
    return split(encode_overlay(Overlay(template, np.full((*template.canvas, 3), 9), META)))
