"""SPSA: two probes per step estimate the whole gradient, however long theta is.

Spall 1992, IEEE Transactions on Automatic Control 37(3), eq. 2.1 and 2.2, with the gains of Spall 1998:

    g_k(theta) = (y(theta + c_k delta) - y(theta - c_k delta)) / (2 c_k) * delta^-1,    delta_i = -1 or 1
    theta <- theta - a_k g_k
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.gains import Gains
from bbprompt.estimators.options import LEVEL, Count, NonNegative, Positive, asked, checked, starting_point, told
from bbprompt.estimators.pairs import Signs, differences, rademacher, shared, simultaneous_perturbation, two_sided
from bbprompt.estimators.state import restore, snapshot


class SPSA:
    """Simultaneous perturbation stochastic approximation.

    Args:
        theta: start, shape (d,), in units of the full pixel range.
        rng: source of all randomness.
        pairs: estimates averaged per step, all on the same images.
        a: numerator of the step size, in units of theta per unit of gradient. Left out, it is chosen from the
            first estimate so that an element moves by ``first_step_levels`` (Spall 1998, section III.B).
        first_step_levels: size of the first step, in grey levels, where ``a`` is left out.
        c_levels: first radius, in grey levels; below half a level an 8-bit oracle cannot see the probes.
        stability: A of the gains, in steps.
        alpha: exponent of the step size.
        gamma: exponent of the radius.
        images_per_candidate: images that each candidate is scored on.
    """

    _STATE = ("theta", "k", "a", "directions", "rng")

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        pairs: Count = 4,
        a: Positive | None = None,
        first_step_levels: Positive = 2.0,
        c_levels: Positive = 4.0,
        stability: NonNegative = 10.0,
        alpha: Positive = 0.602,
        gamma: NonNegative = 0.101,
        images_per_candidate: Count = 16,
    ) -> None:
        self.theta = starting_point(theta)
        self.rng = rng
        self.pairs = pairs
        self.a = a
        self.first_step = first_step_levels * LEVEL
        self.gains = Gains(a=1.0, c=c_levels * LEVEL, A=stability, alpha=alpha, gamma=gamma)
        self.images_per_candidate = images_per_candidate
        self.k = 0
        self.directions: Signs | None = None

    @property
    def best(self) -> Float:
        """The last iterate."""
        return self.theta.copy()

    def ask(self) -> Candidates:
        """Return ``pairs`` plus and minus probes, all of one group."""
        if self.directions is None:
            self.directions = rademacher(self.rng, (self.pairs, self.theta.size))
        probes = two_sided(self.theta, self.directions, self.gains.radius(self.k))
        return Candidates(probes, shared(len(probes)))

    def tell(self, losses: Float) -> None:
        """Take one step down the estimated gradient."""
        directions = asked(self.directions)
        difference = differences(told(losses, 2 * len(directions)))
        gradient = simultaneous_perturbation(difference, directions, self.gains.radius(self.k))
        self.directions = None
        if self.a is None and not gradient.any():
            return
        self.a = self.a or self._first_gain(gradient)
        self.theta -= self.a * self.gains.step_size(self.k) * gradient
        self.k += 1

    def _first_gain(self, gradient: Float) -> float:
        typical = float(np.sqrt(np.mean(gradient**2)))
        return self.first_step / (self.gains.step_size(self.k) * typical)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
        restore(self, self._STATE, state)
