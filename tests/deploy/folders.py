"""Laying a folder, and reading what came out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from bbprompt.arrays import UInt8
from bbprompt.deploy import Done, lay_folder, pair_files
from bbprompt.overlay import Overlay
from tests.golden.cases import overlay_of

OVERLAY = overlay_of("padding-shrink", "add")


def noise(height: int = 30, width: int = 40, channels: int = 3) -> UInt8:
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def lay(
    source: Path, out: Path, *, overlay: Overlay = OVERLAY, jobs: int = 1, overwrite: bool = False
) -> list[Done]:
    return list(lay_folder(overlay, pair_files([source], out), out, jobs=jobs, overwrite=overwrite))


def laid(path: Path) -> UInt8:
    with Image.open(path) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        return np.asarray(image)
