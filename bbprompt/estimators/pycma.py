"""A strategy of the package ``cma`` (pycma), Hansen's own, as a ``Search``: a generation at a time."""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.peers import peer


class Pycma:
    """Asks and tells whole generations.

    pycma's archive, from which it would know points again that were moved into bounds, is left out: there are no bounds,
    and to hash every point is a good part of its time at d = 70,000.

    Args:
        mean: of the first distribution, shape (n,), n at least 2.
        sigma: its standard deviation.
        seed: of all its randomness.
        population: candidates per generation.
        method: that asks for the package.
        restricted: whether the covariance is a diagonal and a few long axes: VkD.
    """

    def __init__(
        self,
        mean: Float,
        sigma: float,
        *,
        seed: int,
        population: int,
        method: str,
        restricted: bool = False,
    ) -> None:
        cma = peer("cma", method=method)
        randn = np.random.RandomState(seed).randn
        options: dict[str, Any] = {
            "randn": randn,
            "seed": np.nan,  # pycma would seed numpy's global generator
            "verbose": -9,
            "popsize": population,
        }
        if restricted:
            options["CMA_sampler_options"] = {"randn": randn}
            options = cma.restricted_gaussian_sampler.GaussVkDSampler.extend_cma_options(options)
        self.strategy = cma.CMAEvolutionStrategy(mean, sigma, options)
        nothing = cma.evolution_strategy.get_CMASolutionDict(functional=False)
        self.strategy.sent_solutions, self.strategy.archive = nothing(), nothing()
        self.points: list[Float] = []

    @property
    def best(self) -> Float:
        """The mean of the distribution."""
        return np.asarray(self.strategy.mean)

    def ask(self) -> Float:
        """Draw the next generation, shape (population, n)."""
        self.points = self.strategy.ask()
        return np.stack(self.points)

    def tell(self, losses: Float) -> None:
        """Update the distribution; what is not finite ranks worst, and a generation of nothing else says nothing."""
        said = np.isfinite(losses)
        if said.any():
            ranked = np.where(said, losses, losses.max(where=said, initial=-np.inf))
            self.strategy.tell(self.points, list(ranked), check_points=False)
