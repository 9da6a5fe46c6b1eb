"""VkD-CMA-ES: CMA-ES whose covariance is a diagonal and k long axes, k adapted as it goes; O(d k) in time and memory.

Akimoto & Hansen 2016, "Projection-Based Restricted Covariance Matrix Adaptation for High Dimension" (GECCO) and
"Online Model Selection for Restricted Covariance Matrix Adaptation" (PPSN XIV), by the package ``cma`` (pycma's
GaussVkDSampler), with the papers' constants; the step size is adapted by comparing two points, not by a path:

    theta_i = m + sigma D (I + V V^T)^(1/2) z_i,    z_i ~ N(0, I),    V of shape (d, k)
"""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import UsageError
from bbprompt.estimators.options import LEVEL, Count, Population, Positive, checked
from bbprompt.estimators.pycma import Pycma
from bbprompt.estimators.replay import Replayed, Search


class VkDCMA(Replayed):
    """A generation at a time, all of it on the same images, because ranks compare candidates with each other.

    Args:
        theta: start, shape (d,), d at least 2, in units of the full pixel range.
        rng: source of all randomness.
        population: candidates per generation; left out, CMA-ES's 4 + floor(3 ln d).
        sigma_levels: first standard deviation of the candidates, in grey levels.
        images_per_candidate: images that each candidate is scored on.
    """

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        population: Population | None = None,
        sigma_levels: Positive = 4.0,
        images_per_candidate: Count = 16,
    ) -> None:
        self.population = population
        self.sigma = sigma_levels * LEVEL
        super().__init__(theta, rng=rng, images_per_candidate=images_per_candidate)

    def _begin(self) -> Search:
        size = self.theta.size
        if size < 2:
            raise UsageError("vkd-cma needs theta of at least 2 elements, got 1; search one element with 'spsa'")
        population = self.population or 4 + int(3 * np.log(size))
        return Pycma(
            self.theta, self.sigma, seed=self.seed, population=population, method="vkd-cma", restricted=True
        )
