"""The proxy as its users start it, and a prompt whose effect on every pixel is known."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.overlay import Overlay, OverlayMeta, write_overlay
from bbprompt.templates import make_template

SOURCES = [5, 900, 33]


def overlay(indices: Sequence[int] = SOURCES, width: int = 1000) -> Overlay:
    """A frame of noise; its classes a, b, c ... are the labels at ``indices`` of ``width``."""
    template = make_template("padding", canvas=(64, 64), blend="add", size=12)
    levels = np.random.default_rng(3).integers(-60, 61, (64, 64, 3)) * template.mask[..., None]
    label_map = {"name": "given", "indices": list(indices), "width": width}
    meta = OverlayMeta(oracle="o", classes=tuple("abc"[: len(indices)]), label_map=label_map)
    return Overlay(template, levels, meta)


def images(n: int) -> UInt8:
    """Noise, uint8 (n, 64, 64, 3)."""
    return np.random.default_rng(0).integers(0, 256, (n, 64, 64, 3), dtype=np.uint8)


@contextmanager
def proxy(
    folder: Path,
    upstream: str,
    *arguments: str,
    prompt: Overlay | None = None,
    env: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[str]:
    """The command itself, in a process of its own; its address."""
    write_overlay(folder / "prompt.png", prompt or overlay())
    command = [sys.executable, "-m", "bbprompt", "proxy", str(folder / "prompt.png"), "--upstream", upstream]
    command += ["--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **env}) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()  # an interrupt that comes while Python starts a loop may be lost


def photo(seed: int = 0) -> UInt8:
    """Noise of another size than the prompt's, uint8 (70, 90, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (70, 90, 3), dtype=np.uint8)


def to_png(pixels: UInt8) -> bytes:
    """The PNG of an image."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def from_png(data: bytes) -> UInt8:
    """The pixels of a PNG."""
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "PNG"
        return np.asarray(image)
