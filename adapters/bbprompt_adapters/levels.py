"""Grey levels out of the floats that a client has made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from bbprompt.arrays import UInt8

WHOLE = 1e-2
"""How far a float may lie from a grey level, in levels; half precision needs this much."""


def levels_of(
    values: npt.NDArray[Any], *, scale: float, mean: float | Sequence[float], std: float | Sequence[float]
) -> UInt8:
    """Return the levels that ``(level * scale - mean) / std`` gave; channels last.

    Raises:
        ValueError: a value is no grey level.
    """
    exact = (values.astype(np.float64) * std + mean) / scale
    levels = exact.round()
    if not np.isfinite(exact).all() or np.abs(exact - levels).max(initial=0.0) > WHOLE:
        raise ValueError("floats that are no grey levels")
    if levels.min(initial=0) < 0 or levels.max(initial=0) > 255:
        raise ValueError("floats beyond the grey levels 0..255")
    return levels.astype(np.uint8)
