"""Random gradient-free descent: one probe per direction against the loss at theta itself, as BAR reprograms models.

Tsai et al. 2020, "Transfer Learning without Knowing: Reprogramming Black-box Machine Learning Models with Scarce
Data and Limited Resources" (ICML; arXiv 2007.08714), the averaged one-sided estimator, with b = d:

    g = d / q sum_j (f(theta + beta u_j) - f(theta)) / beta u_j,    u_j uniform on the unit sphere
    theta <- theta - step g
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.options import LEVEL, Count, Positive, asked, checked, starting_point, told
from bbprompt.estimators.pairs import shared
from bbprompt.estimators.state import restore, snapshot


class RGF:
    """One-sided differences along random unit directions, all on the same images.

    Args:
        theta: start, shape (d,), in units of the full pixel range.
        rng: source of all randomness.
        directions: q, per step; the paper takes 5 to 55.
        radius_levels: beta / sqrt(d) in grey levels: what a probe changes an element by, in root mean square.
        beta: the length of a probe, in units of theta, in place of ``radius_levels``. The paper's .01 to .1 suit
            oracles that read floats: in d = 69,840 they are a hundredth and a tenth of a level an element.
        step_size: in units of theta per unit of gradient.
        images_per_candidate: images that each candidate is scored on.
    """

    _STATE = ("theta", "directions", "rng")

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        directions: Count = 10,
        radius_levels: Positive = 4.0,
        beta: Positive | None = None,
        step_size: Positive = 0.05,
        images_per_candidate: Count = 16,
    ) -> None:
        self.theta = starting_point(theta)
        self.rng = rng
        self.count = directions
        self.beta = beta or radius_levels * LEVEL * np.sqrt(self.theta.size)
        self.step_size = step_size
        self.images_per_candidate = images_per_candidate
        self.directions: Float | None = None

    @property
    def best(self) -> Float:
        """The last iterate."""
        return self.theta.copy()

    def ask(self) -> Candidates:
        """Return theta, then one probe per direction, all of one group."""
        if self.directions is None:
            self.directions = unit_vectors(self.rng, (self.count, self.theta.size))
        probes = np.vstack([self.theta, self.theta + self.beta * self.directions])
        return Candidates(probes, shared(len(probes)))

    def tell(self, losses: Float) -> None:
        """Take one step down the estimated gradient, from the probes whose losses were finite."""
        directions = asked(self.directions)
        losses = told(losses, 1 + len(directions))
        self.directions = None
        with np.errstate(invalid="ignore", over="ignore"):
            slopes = (losses[1:] - losses[0]) / self.beta
        said = np.isfinite(slopes)
        gradient = slopes[said] @ directions[said] * self.theta.size / max(said.sum(), 1)
        self.theta -= self.step_size * gradient

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
        restore(self, self._STATE, state)


def unit_vectors(rng: np.random.Generator, shape: tuple[int, int]) -> Float:
    """Draw q directions uniformly from the unit sphere, float64, shape (q, d)."""
    normal = rng.standard_normal(shape)
    return np.asarray(normal / np.linalg.norm(normal, axis=1, keepdims=True))
