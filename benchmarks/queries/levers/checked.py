"""A trust region checked by a few queries: now and then, both ends of a stretch are scored on the same images.

Where the new end is no better, the search goes back, and its steps are half as long; where it is, they grow. As in
Conn, Gould & Toint 2000, "Trust-Region Methods", algorithm 6.1.1, but for the ratio: no model says what to expect.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.adam import Adam
from bbprompt.estimators.antithetic import AntitheticPairs
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.options import told
from bbprompt.estimators.pairs import differences, paired

STRETCH = 25
"""Steps between two checks."""
IMAGES = 32
"""That both ends are scored on."""
SHORTER, LONGER, LONGEST = 0.5, 1.5, 2.0
"""Factors of a step's length after a check, and the most that it may grow to, in units of the first."""


class Checked(AntitheticPairs):
    """``AntitheticPairs`` that goes back where a stretch of steps has not paid."""

    _STATE = (*AntitheticPairs._STATE, "trusted", "length", "taken")

    def __init__(self, theta: Float, *, rng: np.random.Generator, **options: Any) -> None:
        super().__init__(theta, rng=rng, **options)
        self.trusted = self.theta.copy()
        self.length = 1.0
        self.taken = 0

    def ask(self) -> Candidates:
        """Return probes or, after a stretch, the ends of it, each twin a group."""
        if self.taken < STRETCH:
            return super().ask()
        return Candidates(np.stack(IMAGES * [self.mean, self.trusted]), paired(IMAGES))

    def tell(self, losses: Float) -> None:
        """Take a step of Adam, or the checks' word."""
        if self.taken < STRETCH:
            super().tell(losses)
            return
        difference = differences(told(losses, 2 * IMAGES))
        better = bool(np.nansum(difference) < 0)
        if better:
            self.trusted = self.mean.copy()
        self.length = min(LONGEST, self.length * (LONGER if better else SHORTER))
        self.theta, self.mean = self.trusted.copy(), self.trusted.copy()
        adam = self.adam
        self.adam = Adam(self.theta.size, step_size=adam.step_size, beta1=adam.beta1, beta2=adam.beta2)
        self.steps = self.taken = 0

    def _move(self, change: Float) -> None:
        super()._move(self.length * change)
        self.taken += 1
