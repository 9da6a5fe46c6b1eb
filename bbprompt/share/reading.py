"""Read a card's folder back, and hold its two forms of the prompt against each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bbprompt.errors import OverlayError
from bbprompt.overlay import Overlay, read_overlay
from bbprompt.overlay_chunk import CHUNK, encode_chunk
from bbprompt.share.card import PNG, TENSORS
from bbprompt.share.tensors import read_tensors, tensors_of


def read_card(folder: Path) -> Overlay:
    """Return a card's overlay.

    Raises:
        OverlayError: a file is missing or damaged, or the PNG and the safetensors are not of the same prompt.
    """
    overlay = read_overlay(folder / PNG)
    found, metadata = read_tensors(folder / TENSORS)
    found.pop("theta", None)
    expected = tensors_of(overlay)
    differing = [name for name in expected.keys() | found.keys() if not _same(expected.get(name), found.get(name))]
    if metadata.get(CHUNK) != encode_chunk(overlay.template, overlay.meta).decode():
        differing.append("the chunk")
    if differing:
        raise OverlayError(
            f"{folder}: {PNG} and {TENSORS} are not of one prompt: they differ in {', '.join(sorted(differing))}; "
            "write the card again"
        )
    return overlay


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return one is not None and other is not None and one.dtype == other.dtype and np.array_equal(one, other)
