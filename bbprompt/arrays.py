"""Array types used in signatures. numpy at the edges; ``Array`` where numpy and torch are both welcome."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

UInt8: TypeAlias = npt.NDArray[np.uint8]
Int: TypeAlias = npt.NDArray[np.int64]
Bool: TypeAlias = npt.NDArray[np.bool_]
Float32: TypeAlias = npt.NDArray[np.float32]
Float: TypeAlias = npt.NDArray[np.float64]

Array: TypeAlias = Any
"""A numpy array or a torch tensor; code that takes one is written against the array API."""
