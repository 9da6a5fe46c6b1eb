"""A prompt as a safetensors file: what trains on, or looks into, a prompt need not know PNG.

``pixels``: uint8, (h, w, 3) or (h, w, 4), as the PNG holds them. ``label_map.NAME``: the label map's arrays, for instance
``label_map.weight``, float32 (oracle labels, classes), and ``label_map.floor``, float64 (1,), where it has one.
``theta``: float64 (d,), what was searched, where it is known. The metadata's one key, ``bbprompt``, is the PNG's text
chunk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import OverlayError
from bbprompt.labelmaps import load_label_map
from bbprompt.overlay import Overlay, encode_overlay
from bbprompt.overlay_chunk import CHUNK, encode_chunk
from bbprompt.png import decode_png, open_png
from bbprompt.registry import needs_extra

with needs_extra("hub"):
    import safetensors
    import safetensors.numpy

LABEL_MAP = "label_map."


def tensors_of(overlay: Overlay) -> dict[str, np.ndarray[Any, Any]]:
    """The pixels and the label map of an overlay as arrays by name."""
    pixels = decode_png(open_png(encode_overlay(overlay)))
    label_map: Any = load_label_map(overlay.meta.label_map)
    parts = {field.name: getattr(label_map, field.name) for field in fields(label_map)}
    numbers = {
        name: np.atleast_1d(part) for name, part in parts.items() if np.ndim(part) or isinstance(part, float)
    }
    return {"pixels": pixels, **{f"{LABEL_MAP}{name}": part for name, part in numbers.items()}}


def write_tensors(path: Path, overlay: Overlay, theta: Float | None) -> None:
    """Write an overlay, and what it was rendered from; the same content gives the same bytes."""
    tensors = tensors_of(overlay) | ({} if theta is None else {"theta": theta})
    chunk = encode_chunk(overlay.template, overlay.meta).decode()
    path.write_bytes(
        safetensors.numpy.save(
            {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, metadata={CHUNK: chunk}
        )
    )


def read_tensors(path: Path) -> tuple[dict[str, np.ndarray[Any, Any]], Mapping[str, str]]:
    """Return what ``write_tensors`` wrote: arrays by name, and the metadata.

    Raises:
        OverlayError: the file is missing or damaged.
    """
    try:
        with safetensors.safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except (OSError, safetensors.SafetensorError) as error:
        raise OverlayError(f"cannot read {path}: {error}; pull it, or write the card, again") from error
