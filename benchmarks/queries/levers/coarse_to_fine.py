"""Coarse to fine: probes that move blocks of pixels first, and ever smaller ones as steps go by.

A block of b by b pixels leaves d / b^2 values to find a slope in, at the price of a slope that is b^2 times as smooth
(Ilyas, Engstrom & Madry 2019, "Prior Convictions", section 3.2, tile an image in this way).
"""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.antithetic import AntitheticPairs
from bbprompt.estimators.pairs import Directions, rademacher

BLOCKS = ((40, 8), (120, 4), (240, 2))
"""Up to which step signs are those of blocks, and the blocks' side in pixels; single pixels from then on."""


class CoarseToFine(AntitheticPairs):
    """``AntitheticPairs`` whose signs repeat over blocks, of a prompt with a value for each pixel and channel."""

    def __init__(self, theta: Float, *, rng: np.random.Generator, **options: Any) -> None:
        super().__init__(theta, rng=rng, **options)
        self.side = isqrt(theta.size // 3)

    def _draw(self) -> Directions:
        block = next((block for until, block in BLOCKS if self.steps < until), 1)
        cells = -(-self.side // block)
        signs = rademacher(self.rng, (self.pairs, cells, cells, 3))
        fine = signs.repeat(block, axis=1).repeat(block, axis=2)[:, : self.side, : self.side]
        return fine.reshape(self.pairs, -1)
