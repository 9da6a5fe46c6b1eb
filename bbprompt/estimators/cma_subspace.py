"""CMA-ES in a random subspace, as black-box tuning learns the prompts of language models.

Sun et al. 2022, "Black-Box Tuning for Language-Model-as-a-Service" (ICML; arXiv 2201.03514), section 3, by the package
``cma`` (pycma), as its authors:

    theta = theta_0 + A z,    z in R^k, k = 500, found by CMA-ES (Hansen 2016, arXiv 1604.00772) from N(0, I)

A is drawn once, Gaussian, and scaled as in Sun et al. 2022, "BBTv2" (EMNLP; arXiv 2205.11200), section 3.2: entries
of standard deviation s / sqrt(k) give every element of theta the standard deviation s where z ~ N(0, I). The papers
take s from the embeddings of words; here it is in grey levels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbprompt.arrays import Float, Float32
from bbprompt.estimators.options import LEVEL, Count, Population, Positive, checked
from bbprompt.estimators.pycma import Pycma
from bbprompt.estimators.replay import Replayed, Search


class CMASubspace(Replayed):
    """A generation at a time, all of it on the same images, because ranks compare candidates with each other.

    A is kept in single precision, 4 k d bytes (140 MB for 70,000 elements), and drawn again on resuming; the
    covariance takes 8 k^2 bytes.

    Args:
        theta: start, shape (d,), in units of the full pixel range.
        rng: source of all randomness.
        dimensions: k; where theta has no more elements, A is the identity times s: CMA-ES itself.
        population: candidates per generation; the paper takes 20.
        sigma_levels: s: first standard deviation of each element of the candidates, in grey levels.
        images_per_candidate: images that each candidate is scored on; the paper takes all of its 16 shots.
    """

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        dimensions: Count = 500,
        population: Population = 20,
        sigma_levels: Positive = 4.0,
        images_per_candidate: Count = 16,
    ) -> None:
        self.dimensions = dimensions
        self.population = population
        self.sigma = sigma_levels * LEVEL
        super().__init__(theta, rng=rng, images_per_candidate=images_per_candidate)

    def _begin(self) -> Search:
        k = min(self.dimensions, self.theta.size)
        search = Pycma(np.zeros(k), 1.0, seed=self.seed, population=self.population, method="cma-subspace")
        return _Lifted(search, self.theta, self._draw(k))

    def _draw(self, k: int) -> Float32:
        if k == self.theta.size:
            return self.sigma * np.eye(k, dtype=np.float32)
        normal = np.random.default_rng(self.seed).standard_normal((k, self.theta.size), dtype=np.float32)
        normal *= np.float32(self.sigma / np.sqrt(k))
        return normal


@dataclass(frozen=True, slots=True)
class _Lifted:
    """A search for z: what is asked and deployed is theta_0 + A z."""

    search: Pycma
    theta: Float
    basis: Float32

    @property
    def best(self) -> Float:
        """The mean of the distribution."""
        return self._lift(self.search.best)

    def ask(self) -> Float:
        """Draw the next generation."""
        return self._lift(self.search.ask())

    def tell(self, losses: Float) -> None:
        """Update the distribution."""
        self.search.tell(losses)

    def _lift(self, z: Float) -> Float:
        return np.asarray(self.theta + z.astype(np.float32) @ self.basis)
