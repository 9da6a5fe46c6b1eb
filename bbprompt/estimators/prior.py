"""What a surrogate model believes the gradient to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import UsageError

Prior: TypeAlias = Callable[[Float], Float]
"""From theta, float64, shape (d,), to a direction along which the loss should rise, shape (d,); its length is free.

Zeros, or anything that is not finite, say nothing. A run resumes exactly where the same theta gives the same direction.
"""


def unit_direction(prior: Prior, theta: Float) -> Float | None:
    """Return the prior's direction at theta with length 1, shape (d,), or None where it says nothing.

    Raises:
        UsageError: the direction has another shape than theta.
    """
    direction = np.asarray(prior(theta.copy()), dtype=np.float64)
    if direction.shape != theta.shape:
        raise UsageError(
            f"the prior gave a direction of shape {direction.shape}, expected {theta.shape}, theta's own"
        )
    largest = np.abs(direction).max()
    if not np.isfinite(largest) or largest == 0:
        return None
    direction = direction / largest
    return np.asarray(direction / np.linalg.norm(direction))
