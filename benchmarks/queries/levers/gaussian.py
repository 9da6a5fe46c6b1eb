"""Probes along normal directions in place of random signs, as in Nesterov & Spokoiny 2017, eq. 22."""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.antithetic import AntitheticPairs, shape
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.options import asked, told
from bbprompt.estimators.pairs import differences, paired, two_sided


class Gaussian(AntitheticPairs):
    """``AntitheticPairs`` whose directions are N(0, I): as long as signs, on average, and no pixel as far as another."""

    _STATE = (*AntitheticPairs._STATE, "drawn")
    drawn: Float | None = None

    def ask(self) -> Candidates:
        """Return plus and minus probes, each pair a group."""
        if self.drawn is None:
            self.drawn = self.rng.normal(size=(self.pairs, self.theta.size))
        return Candidates(two_sided(self.theta, self.drawn, self.radius), paired(self.pairs))

    def tell(self, losses: Float) -> None:
        """Take one step of Adam along the mean of (y(theta + c u) - y(theta - c u)) u / (2 c)."""
        drawn = asked(self.drawn)
        difference = differences(told(losses, 2 * len(drawn)))
        self.drawn, radius, self.radius = None, self.radius, self._next_radius(difference)
        weights = np.nan_to_num(shape(difference, self.shaping))
        if weights.any():
            self._move(self.adam.step(weights @ drawn / (2 * radius * len(drawn))))
