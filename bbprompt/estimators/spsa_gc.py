"""SPSA-GC: SPSA whose momentum looks ahead, as BlackVIP trains its prompts.

Oh et al. 2023, "BlackVIP: Black-Box Visual Prompting for Robust Transfer Learning" (CVPR; arXiv 2303.14773),
section 3.3, in the form of the authors' code, where the step k counts from 1:

    g = mean of 5 SPSA estimates,    |delta_i| uniform in [0.5, 1], sign random
    m <- beta m + g
    theta <- theta - a_k (g + beta m),    a_k = a / (k + o)^alpha,    c_k = c / k^gamma
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.gains import Gains
from bbprompt.estimators.options import (
    LEVEL,
    Count,
    Decay,
    NonNegative,
    Positive,
    asked,
    checked,
    starting_point,
    told,
)
from bbprompt.estimators.pairs import differences, rademacher, shared, simultaneous_perturbation, two_sided
from bbprompt.estimators.state import restore, snapshot


class SPSAGC:
    """Simultaneous perturbation with gradient correction. The defaults are the paper's.

    Args:
        theta: start, shape (d,), in units of the full pixel range.
        rng: source of all randomness.
        pairs: estimates averaged per step, all on the same images.
        a: numerator of the step size; .01 for BlackVIP's coordinator, 10 to 20 for its baseline on bare pixels.
        c_levels: first radius, in grey levels: the paper's c, .005 to .02, times 255.
        stability: o of the paper, in steps.
        alpha: exponent of the step size.
        gamma: exponent of the radius.
        beta: momentum.
        images_per_candidate: images that each candidate is scored on.
    """

    _STATE = ("theta", "momentum", "k", "directions", "rng")

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        pairs: Count = 5,
        a: Positive = 0.01,
        c_levels: Positive = 2.55,
        stability: NonNegative = 1.0,
        alpha: Positive = 0.4,
        gamma: NonNegative = 0.1,
        beta: Decay = 0.9,
        images_per_candidate: Count = 128,
    ) -> None:
        self.theta = starting_point(theta)
        self.rng = rng
        self.pairs = pairs
        self.gains = Gains(a=a, c=c_levels * LEVEL, A=stability, alpha=alpha, gamma=gamma)
        self.beta = beta
        self.images_per_candidate = images_per_candidate
        self.momentum = np.zeros_like(self.theta)
        self.k = 0
        self.directions: Float | None = None

    @property
    def best(self) -> Float:
        """The last iterate."""
        return self.theta.copy()

    def ask(self) -> Candidates:
        """Return ``pairs`` plus and minus probes, all of one group."""
        if self.directions is None:
            self.directions = segmented_uniform(self.rng, (self.pairs, self.theta.size))
        probes = two_sided(self.theta, self.directions, self.gains.radius(self.k))
        return Candidates(probes, shared(len(probes)))

    def tell(self, losses: Float) -> None:
        """Take one step, momentum included; where no pair was finite, theta stands still."""
        directions = asked(self.directions)
        difference = differences(told(losses, 2 * len(directions)))
        self.directions = None
        if np.isnan(difference).all():
            return
        gradient = simultaneous_perturbation(difference, directions, self.gains.radius(self.k))
        self.momentum = self.beta * self.momentum + gradient
        self.theta -= self.gains.step_size(self.k) * (gradient + self.beta * self.momentum)
        self.k += 1

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
        restore(self, self._STATE, state)


def segmented_uniform(rng: np.random.Generator, shape: tuple[int, ...]) -> Float:
    """Draw from [-1, -0.5] and [0.5, 1], float64: bounded away from 0, as SPSA's inverse demands."""
    return rademacher(rng, shape) * rng.uniform(0.5, 1.0, size=shape)
