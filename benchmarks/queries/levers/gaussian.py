"""Probes along normal directions in place of random signs, as in Nesterov & Spokoiny 2017, eq. 22."""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.antithetic import AntitheticPairs
from bbprompt.estimators.pairs import Directions


class Gaussian(AntitheticPairs):
    """``AntitheticPairs`` whose directions are N(0, I): as long as signs, on average, and no pixel as far as another."""

    def _draw(self) -> Directions:
        return self.rng.normal(size=(self.pairs, self.theta.size))

    def _estimate(self, weights: Float, directions: Directions, radius: float) -> Float:
        """The mean of (y(theta + c u) - y(theta - c u)) u / (2 c): what is no sign is not its own inverse."""
        return np.asarray(np.nan_to_num(weights) @ directions / (2 * radius * len(directions)))
