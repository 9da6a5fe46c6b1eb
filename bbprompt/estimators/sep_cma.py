"""sep-CMA-ES: CMA-ES whose covariance is a diagonal, linear in d in time and memory.

Ros & Hansen 2008, "A Simple Modification in CMA-ES Achieving Linear Time and Space Complexity" (PPSN X), section 3,
by the package ``cmaes`` (class SepCMA), with the paper's constants:

    theta_i = m + sigma D z_i,    z_i ~ N(0, I),    D diagonal,    population 4 + floor(3 ln d)
    m <- weighted mean of the better half;    D^2 <- only the diagonal of CMA's update, (d + 2) / 3 times as fast
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import UsageError
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.generations import Generations
from bbprompt.estimators.options import LEVEL, Count, Population, Positive, checked, starting_point
from bbprompt.estimators.pairs import shared
from bbprompt.estimators.peers import peer
from bbprompt.estimators.state import restore, snapshot


class SepCMA:
    """A generation at a time, all of it on the same images, because ranks compare candidates with each other.

    Args:
        theta: start, shape (d,), d at least 2, in units of the full pixel range.
        rng: source of all randomness.
        population: candidates per generation; left out, the paper's 4 + floor(3 ln d).
        sigma_levels: first standard deviation of the candidates, in grey levels.
        images_per_candidate: images that each candidate is scored on.
    """

    _STATE = ("theta", "search")

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
        self.theta = starting_point(theta)
        if self.theta.size < 2:
            raise UsageError("sep-cma needs theta of at least 2 elements, got 1; search one element with 'spsa'")
        self.images_per_candidate = images_per_candidate
        strategy = peer("cmaes", method="sep-cma").SepCMA(
            mean=self.theta.copy(), sigma=sigma_levels * LEVEL, population_size=population
        )
        self.search = Generations(strategy, rng)

    @property
    def best(self) -> Float:
        """The mean of the distribution."""
        return self.search.mean

    def ask(self) -> Candidates:
        """Return one generation, all of one group."""
        points = self.search.ask()
        return Candidates(points.copy(), shared(len(points)))

    def tell(self, losses: Float) -> None:
        """Update the distribution."""
        self.search.tell(losses)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
        restore(self, self._STATE, state)
