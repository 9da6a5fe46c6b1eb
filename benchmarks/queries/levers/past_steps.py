"""Evolution of the covariance in the span of past steps: LM-MA-ES.

Loshchilov, Glasmachers & Beyer 2017, "Large Scale Black-box Optimization by Limited-Memory Matrix Adaptation"
(arXiv 1705.06693), algorithm 1, with its constants:

    z_i ~ N(0, I),    d_i = (I + ...) z_i by d <- (1 - c_j) d + c_j m_j (m_j' d) for each remembered path m_j
    y <- y + sigma sum_i w_i d_i,    m_j <- (1 - c_c,j) m_j + sqrt(mu c_c,j (2 - c_c,j)) sum_i w_i z_i
    sigma <- sigma exp(c_s / 2 (|p_s|^2 / d - 1))
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.options import LEVEL, asked, starting_point, told
from bbprompt.estimators.pairs import shared
from bbprompt.estimators.state import restore, snapshot


class PastSteps:
    """A generation of 4 + floor(3 ln d) at a time, on the same images, with as many remembered paths.

    Args:
        theta: start, shape (d,), in units of the full pixel range.
        rng: source of all randomness.
        radius_levels: first standard deviation of the candidates, in grey levels.
        images_per_candidate: images that each candidate is scored on.
    """

    _STATE = ("theta", "rng", "sigma", "path", "memory", "drawn", "generation")

    def __init__(
        self, theta: Float, *, rng: np.random.Generator, radius_levels: float = 8.0, images_per_candidate: int = 16
    ) -> None:
        self.theta = starting_point(theta)
        self.rng = rng
        self.images_per_candidate = images_per_candidate
        self.sigma = radius_levels * LEVEL
        d = self.theta.size
        self.population = 4 + int(3 * np.log(d))
        better = self.population // 2
        weights = np.log(better + 0.5) - np.log(np.arange(1, better + 1))
        self.weights = weights / weights.sum()
        self.mu = 1 / np.sum(self.weights**2)
        paths = np.arange(self.population)
        self.c_sigma = min(1.0, 2 * self.population / d)
        self.c_d = 1 / (1.5**paths * d)
        self.c_c = np.minimum(1.0, self.population / (4.0**paths * d))
        self.path, self.memory = np.zeros(d), np.zeros((len(paths), d))
        self.generation = 0
        self.drawn: Float | None = None

    @property
    def best(self) -> Float:
        """The mean of the distribution."""
        return self.theta.copy()

    def ask(self) -> Candidates:
        """Return one generation, all of one group."""
        if self.drawn is None:
            self.drawn = self.rng.normal(size=(self.population, self.theta.size))
        return Candidates(self.theta + self.sigma * self._shaped(self.drawn), shared(self.population))

    def tell(self, losses: Float) -> None:
        """Update mean, paths and step; what is not finite ranks worst, and a generation of nothing else says nothing."""
        drawn = asked(self.drawn)
        losses = told(losses, len(drawn))
        shaped, self.drawn = self._shaped(drawn), None
        if not np.isfinite(losses).any():
            return
        better = np.argsort(np.where(np.isfinite(losses), losses, np.inf), kind="stable")[: len(self.weights)]
        mean = self.weights @ drawn[better]
        self.theta += self.sigma * (self.weights @ shaped[better])
        self.path += -self.c_sigma * self.path + np.sqrt(self.mu * self.c_sigma * (2 - self.c_sigma)) * mean
        along = np.sqrt(self.mu * self.c_c * (2 - self.c_c))
        self.memory += -self.c_c[:, None] * self.memory + along[:, None] * mean
        self.sigma *= float(np.exp(self.c_sigma / 2 * (self.path @ self.path / self.theta.size - 1)))
        self.generation += 1

    def _shaped(self, drawn: Float) -> Float:
        shaped = drawn
        for decay, path in zip(self.c_d[: self.generation], self.memory, strict=False):
            shaped = (1 - decay) * shaped + decay * np.outer(shaped @ path, path)
        return shaped

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
        restore(self, self._STATE, state)
