"""Natural evolution strategy with an isotropic Gaussian of fixed width: antithetic, rank-shaped, stepped by Adam.

Wierstra et al. 2014, "Natural Evolution Strategies", JMLR 15, section 3.1 (fitness shaping); in the form of
Salimans et al. 2017, "Evolution Strategies as a Scalable Alternative to Reinforcement Learning" (arXiv 1703.03864),
section 2.1:

    g = 1 / (2 n sigma) sum_i (r_i+ - r_i-) eps_i,    eps_i ~ N(0, I),    r = centred ranks of all 2n losses
    theta <- Adam(theta, g)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import rankdata

from bbprompt.arrays import Float
from bbprompt.estimators.adam import Adam
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.options import LEVEL, Count, Decay, Positive, asked, checked, starting_point, told
from bbprompt.estimators.pairs import shared, two_sided
from bbprompt.estimators.state import restore, snapshot


class NES:
    """Antithetic Gaussian pairs, all on the same images, because ranks compare candidates with each other.

    Args:
        theta: start, shape (d,), in units of the full pixel range.
        rng: source of all randomness.
        pairs: n, per step.
        sigma_levels: standard deviation of the probes, in grey levels.
        step_levels: step size of Adam, in grey levels: about the most that an element moves in one step.
        images_per_candidate: images that each candidate is scored on.
        beta1: Adam's decay of the mean gradient.
        beta2: Adam's decay of the mean squared gradient.
    """

    _STATE = ("theta", "adam", "directions", "rng")

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        pairs: Count = 10,
        sigma_levels: Positive = 4.0,
        step_levels: Positive = 1.0,
        images_per_candidate: Count = 16,
        beta1: Decay = 0.9,
        beta2: Decay = 0.999,
    ) -> None:
        self.theta = starting_point(theta)
        self.rng = rng
        self.pairs = pairs
        self.sigma = sigma_levels * LEVEL
        self.images_per_candidate = images_per_candidate
        self.adam = Adam(self.theta.size, step_size=step_levels * LEVEL, beta1=beta1, beta2=beta2)
        self.directions: Float | None = None

    @property
    def best(self) -> Float:
        """The mean of the Gaussian."""
        return self.theta.copy()

    def ask(self) -> Candidates:
        """Return ``pairs`` plus and minus probes, all of one group."""
        if self.directions is None:
            self.directions = self.rng.standard_normal((self.pairs, self.theta.size))
        probes = two_sided(self.theta, self.directions, self.sigma)
        return Candidates(probes, shared(len(probes)))

    def tell(self, losses: Float) -> None:
        """Take one step of Adam; where no loss ranks before another, theta stands still."""
        directions = asked(self.directions)
        ranks = centred_ranks(told(losses, 2 * len(directions)))
        self.directions = None
        weights = ranks[0::2] - ranks[1::2]
        if weights.any():
            self.theta += self.adam.step(weights @ directions / (2 * len(directions) * self.sigma))

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
        restore(self, self._STATE, state)


def centred_ranks(losses: Float) -> Float:
    """Rank m losses from -0.5, the lowest, to 0.5; equal ones share a rank, what is not finite ranks highest."""
    ranks = rankdata(np.where(np.isfinite(losses), losses, np.inf)) - 1
    return np.asarray(ranks / (len(losses) - 1) - 0.5)
