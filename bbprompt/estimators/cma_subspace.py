"""CMA-ES in a random subspace, as black-box tuning learns the prompts of language models.

Sun et al. 2022, "Black-Box Tuning for Language-Model-as-a-Service" (ICML; arXiv 2201.03514), section 3:

    theta = theta_0 + A z,    z in R^k, k = 500, found by CMA-ES (Hansen 2016, arXiv 1604.00772) from N(0, I)

A is drawn once, Gaussian, and scaled as in Sun et al. 2022, "BBTv2" (EMNLP; arXiv 2205.11200), section 3.2: entries
of standard deviation s / sqrt(k) give every element of theta the standard deviation s where z ~ N(0, I). The papers
take s from the embeddings of words; here it is in grey levels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float, Float32
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.generations import Generations, Population
from bbprompt.estimators.options import LEVEL, Count, Positive, checked, starting_point
from bbprompt.estimators.pairs import shared
from bbprompt.estimators.peers import peer
from bbprompt.estimators.state import restore, snapshot


class CMASubspace:
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

    _STATE = ("theta", "seed", "search")

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
        self.theta = starting_point(theta)
        self.sigma = sigma_levels * LEVEL
        self.images_per_candidate = images_per_candidate
        self.seed = int(rng.integers(2**63))
        mean = np.zeros(min(dimensions, self.theta.size))
        strategy = peer("cmaes", method="cma-subspace").CMA(mean=mean, sigma=1.0, population_size=population)
        self.search = Generations(strategy, rng)
        self.basis = self._draw()

    @property
    def best(self) -> Float:
        """The mean of the distribution."""
        return self._lift(self.search.mean)

    def ask(self) -> Candidates:
        """Return one generation, all of one group."""
        thetas = self._lift(self.search.ask())
        return Candidates(thetas, shared(len(thetas)))

    def tell(self, losses: Float) -> None:
        """Update the distribution."""
        self.search.tell(losses)

    def _draw(self) -> Float32:
        k = self.search.mean.size
        if k == self.theta.size:
            return self.sigma * np.eye(k, dtype=np.float32)
        normal = np.random.default_rng(self.seed).standard_normal((k, self.theta.size), dtype=np.float32)
        normal *= np.float32(self.sigma / np.sqrt(k))
        return normal

    def _lift(self, z: Float) -> Float:
        return np.asarray(self.theta + z.astype(np.float32) @ self.basis)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs; of A the seed."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
        restore(self, self._STATE, state)
        self.basis = self._draw()
