"""Prior-guided random gradient-free descent: how far a surrogate is followed depends on how well it does.

Cheng et al. 2019, "Improving Black-box Adversarial Attacks with a Transfer-based Prior" (NeurIPS; arXiv 1906.06919),
section 3 and algorithm 1, with the unit direction v of the surrogate's gradient:

    u_i = sqrt(lambda) v + sqrt(1 - lambda) e_i,    e_i the unit vector of (I - v v^T) xi_i,    xi_i uniform
    g = 1 / q sum_i (f(theta + sigma u_i) - f(theta)) / sigma u_i,    theta <- theta - step g / |g|

lambda is the optimal one for the cosine alpha between v and the true gradient. That is measured: the slope along v
over |grad f|, where |grad f|^2 is about d / S sum_s ((f(theta + sigma w_s) - f(theta)) / sigma)^2 for S random unit
vectors w_s. At lambda = 1 the step follows v itself. The normalised step is the paper's for the L2 norm.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.options import LEVEL, Count, Positive, asked, checked, starting_point, told
from bbprompt.estimators.pairs import shared
from bbprompt.estimators.prior import Prior, unit_direction
from bbprompt.estimators.rgf import unit_vectors
from bbprompt.estimators.state import restore, snapshot


class PRGF:
    """Two rounds per step, each on images of its own: measure the surrogate, then estimate the gradient around it.

    Args:
        theta: start, shape (d,), in units of the full pixel range.
        rng: source of all randomness.
        prior: the surrogate's gradient; asked once per step, at theta.
        directions: q, per step; 50 in the paper.
        norm_directions: S, for the gradient's norm; 10 in the paper.
        norm_every: steps that the norm is kept for; 10 in the authors' code.
        radius_levels: sigma / sqrt(d) in grey levels: what a probe changes an element by, in root mean square.
        step_levels: how far a step moves an element, in grey levels, in root mean square.
        images_per_candidate: images that each candidate is scored on.
    """

    _STATE = ("theta", "steps", "norm", "guide", "mix", "directions", "rng")

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        prior: Prior,
        directions: Count = 50,
        norm_directions: Count = 10,
        norm_every: Count = 10,
        radius_levels: Positive = 4.0,
        step_levels: Positive = 1.0,
        images_per_candidate: Count = 16,
    ) -> None:
        self.theta = starting_point(theta)
        self.rng = rng
        self.prior = prior
        self.count, self.norm_count, self.norm_every = directions, norm_directions, norm_every
        self.sigma = radius_levels * LEVEL * np.sqrt(self.theta.size)
        self.step = step_levels * LEVEL * np.sqrt(self.theta.size)
        self.images_per_candidate = images_per_candidate
        self.steps = 0
        self.norm = 0.0
        self.guide: Float | None = None
        self.mix: float | None = None
        self.directions: Float | None = None

    @property
    def best(self) -> Float:
        """The last iterate."""
        return self.theta.copy()

    def ask(self) -> Candidates:
        """Return theta, then one probe per direction, all of one group."""
        if self.directions is None:
            self.directions = self._begin() if self.mix is None else self._around_guide(self.mix)
        probes = np.vstack([self.theta, self.theta + self.sigma * self.directions])
        return Candidates(probes, shared(len(probes)))

    def tell(self, losses: Float) -> None:
        """Set lambda, or take a step; a loss that is not finite says nothing."""
        directions = asked(self.directions)
        losses = told(losses, 1 + len(directions))
        self.directions = None
        with np.errstate(invalid="ignore", over="ignore"):
            slopes = (losses[1:] - losses[0]) / self.sigma
        slopes = np.where(np.isfinite(slopes), slopes, np.nan)
        if self.mix is None:
            self._measure(slopes)
        else:
            self._move(np.nan_to_num(slopes) @ directions)

    def _begin(self) -> Float:
        """Directions of the first round, or of the second where the surrogate says nothing."""
        self.guide = unit_direction(self.prior, self.theta)
        if self.guide is None:
            self.mix = 0.0
            return self._around_guide(self.mix)
        others = self.norm_count if self.steps % self.norm_every == 0 else 0
        return np.vstack([self.guide, unit_vectors(self.rng, (others, self.theta.size))])

    def _around_guide(self, mix: float) -> Float:
        if self.guide is None or mix == 0:
            return unit_vectors(self.rng, (self.count, self.theta.size))
        normal = self.rng.standard_normal((self.count, self.theta.size))
        across = normal - np.outer(normal @ self.guide, self.guide)
        across /= np.linalg.norm(across, axis=1, keepdims=True)
        return np.asarray(np.sqrt(mix) * self.guide + np.sqrt(1 - mix) * across)

    def _measure(self, slopes: Float) -> None:
        along, others = float(slopes[0]), slopes[1:][np.isfinite(slopes[1:])]
        if others.size:
            self.norm = float(np.sqrt(self.theta.size * np.mean(others**2)))
        cosine = along / self.norm if self.norm and np.isfinite(along) else 0.0
        self.mix = optimal_mix(cosine, size=self.theta.size, directions=self.count)
        if self.mix == 1 and self.guide is not None:
            self._move(along * self.guide)

    def _move(self, gradient: Float) -> None:
        length = np.linalg.norm(gradient)
        if length > 0:
            self.theta -= self.step * gradient / length
        self.steps += 1
        self.mix = None

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs, but what the surrogate has learned."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly, if the surrogate gives the same gradients."""
        restore(self, self._STATE, state)


def optimal_mix(cosine: float, *, size: int, directions: int) -> float:
    """Return the lambda that leaves the least error in the estimate: d = ``size``, q = ``directions`` (section 3.2)."""
    square, reach = cosine**2, size + 2 * directions - 2
    if square * reach <= 1:
        return 0.0
    if square * reach >= 2 * directions - 1:
        return 1.0
    numerator = (1 - square) * (square * reach - 1)
    return numerator / (2 * square * size * directions - square**2 * size * reach - 1)
