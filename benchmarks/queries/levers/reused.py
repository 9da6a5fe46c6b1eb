"""Answers reused: each step regresses all slopes paid for lately on their directions, in place of its own alone.

    g = U' (U U' + lambda d I)^-1 s,    s_p the slope along u_p, for the last q pairs

Ridge regression (Hoerl & Kennard 1970, "Ridge Regression: Biased Estimation for Nonorthogonal Problems"), lambda by
generalised cross-validation (Golub, Heath & Wahba 1979). Signs have no density, so that there are no importance
weights; where slopes do not change from step to step, a regression is what these would come to. One direction for so
long would go far, so that a step is as much shorter as momentum's would be with that memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import solve

from bbprompt.arrays import Float
from bbprompt.estimators.antithetic import AntitheticPairs
from bbprompt.estimators.pairs import Directions

WINDOW = 1_000
"""Pairs that are remembered."""
EVERY = 10
"""Steps between two choices of lambda."""
SHRINKAGES = np.logspace(-2, 4, 25)
"""Values of lambda to choose from."""


class Reused(AntitheticPairs):
    """``AntitheticPairs`` whose gradient is a regression over a window of pairs; no momentum beside it."""

    _STATE = (*AntitheticPairs._STATE, "probed", "products", "slopes", "shrinkage")

    def __init__(self, theta: Float, *, rng: np.random.Generator, **options: Any) -> None:
        super().__init__(theta, rng=rng, **options)
        self.probed: Float = np.zeros((0, theta.size))
        self.products: Float = np.zeros((0, 0))
        self.slopes: Float = np.zeros(0)
        self.shrinkage = float(SHRINKAGES[-1])

    def tell(self, losses: Float) -> None:
        """Take one step along the regression's gradient."""
        directions, difference, radius = self._take(losses)
        said = np.isfinite(difference)
        self._remember(directions[said], difference[said] / (2 * radius))
        if not self.slopes.any():
            return
        if self.steps % EVERY == 0:
            self.shrinkage = best_shrinkage(self.products, self.slopes)
        damped = self.products + self.shrinkage * np.eye(len(self.slopes))
        gradient = solve(damped, self.slopes, assume_a="pos") @ self.probed
        memory = max(1.0, len(self.slopes) / self.pairs)
        self._move(-self.adam.step_size * gradient / np.sqrt(np.mean(gradient**2) * memory))

    def _remember(self, directions: Directions, slopes: Float) -> None:
        self.probed = np.vstack([self.probed, directions.astype(np.float64)])[-WINDOW:]
        self.slopes = np.concatenate([self.slopes, slopes])[-WINDOW:]
        kept = len(self.slopes) - len(slopes)
        old = self.products[len(self.products) - kept :, len(self.products) - kept :]
        new: Float = np.asarray(directions @ self.probed.T / self.theta.size)
        self.products = np.block([[old, new[:, :kept].T], [new]])


def best_shrinkage(products: Float, slopes: Float) -> float:
    """The lambda of least error by generalised cross-validation, of products U U' / d, (q, q), and slopes (q,)."""
    values, vectors = np.linalg.eigh(products)
    along = vectors.T @ slopes
    left = SHRINKAGES[:, None] / (values + SHRINKAGES[:, None])
    errors = np.mean((left * along) ** 2, axis=1) / np.mean(left, axis=1) ** 2
    return float(SHRINKAGES[errors.argmin()])
