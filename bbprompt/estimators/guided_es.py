"""Guided evolution strategy: antithetic pairs, drawn mostly along what a surrogate model takes for the gradient.

Maheswaranathan et al. 2019, "Guided Evolutionary Strategies: Augmenting Random Search with Surrogate Gradients"
(ICML; arXiv 1806.10230), eq. 1 and 2 and algorithm 1; U is an orthonormal basis of the last k surrogate gradients:

    eps = sigma (sqrt(alpha / d) z + sqrt((1 - alpha) / k) U z'),    z ~ N(0, I_d), z' ~ N(0, I_k)
    g = beta / (2 sigma^2 P) sum_p eps_p (f(theta + eps_p) - f(theta - eps_p)),    theta <- Adam(theta, g)

Adam does not mind a factor, so beta is left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.adam import Adam
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.options import LEVEL, Count, Decay, Positive, Share, asked, checked, starting_point, told
from bbprompt.estimators.pairs import differences, paired, two_sided
from bbprompt.estimators.prior import Prior, unit_direction
from bbprompt.estimators.state import restore, snapshot


class GuidedES:
    """Antithetic pairs from an isotropic Gaussian stretched along the surrogate's gradients.

    Args:
        theta: start, shape (d,), in units of the full pixel range.
        rng: source of all randomness.
        prior: the surrogate's gradient; asked once per step, at theta.
        pairs: P, per step; each on images of its own.
        isotropic: alpha: the share of the variance outside of the surrogate's span; .5 in the paper, 1 ignores the
            surrogate.
        span: k: surrogate gradients that are kept.
        radius_levels: sigma / sqrt(d) in grey levels: what a probe changes an element by, in root mean square.
        step_levels: step size of Adam, in grey levels.
        images_per_candidate: images that each pair is scored on.
        beta1: Adam's decay of the mean gradient.
        beta2: Adam's decay of the mean squared gradient.
    """

    _STATE = ("theta", "adam", "guides", "directions", "rng")

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        prior: Prior,
        pairs: Count = 8,
        isotropic: Share = 0.5,
        span: Count = 1,
        radius_levels: Positive = 4.0,
        step_levels: Positive = 1.0,
        images_per_candidate: Count = 16,
        beta1: Decay = 0.9,
        beta2: Decay = 0.999,
    ) -> None:
        self.theta = starting_point(theta)
        self.rng = rng
        self.prior = prior
        self.pairs = pairs
        self.isotropic = isotropic
        self.span = span
        self.sigma = radius_levels * LEVEL * np.sqrt(self.theta.size)
        self.images_per_candidate = images_per_candidate
        self.adam = Adam(self.theta.size, step_size=step_levels * LEVEL, beta1=beta1, beta2=beta2)
        self.guides = np.zeros((0, self.theta.size))
        self.directions: Float | None = None

    @property
    def best(self) -> Float:
        """The last iterate."""
        return self.theta.copy()

    def ask(self) -> Candidates:
        """Return ``pairs`` plus and minus probes, each pair a group."""
        if self.directions is None:
            self._follow(unit_direction(self.prior, self.theta))
            self.directions = self._draw()
        return Candidates(two_sided(self.theta, self.directions, self.sigma), paired(self.pairs))

    def tell(self, losses: Float) -> None:
        """Take one step of Adam; where no pair told plus from minus, theta stands still."""
        directions = asked(self.directions)
        difference = differences(told(losses, 2 * len(directions)))
        self.directions = None
        weights = np.nan_to_num(difference) / (2 * self.sigma * max(np.isfinite(difference).sum(), 1))
        if weights.any():
            self.theta += self.adam.step(weights @ directions)

    def _follow(self, direction: Float | None) -> None:
        if direction is not None:
            self.guides = np.vstack([self.guides, direction])[-self.span :]

    def _draw(self) -> Float:
        d, k = self.theta.size, len(self.guides)
        alpha = self.isotropic if k else 1.0
        normal: Float = self.rng.standard_normal((self.pairs, d)) * np.sqrt(alpha / d)
        if not k:
            return normal
        basis = np.linalg.qr(self.guides.T).Q
        coefficients = self.rng.standard_normal((self.pairs, basis.shape[1]))
        return np.asarray(normal + np.sqrt((1 - alpha) / k) * coefficients @ basis.T)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs, but what the surrogate has learned."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly, if the surrogate gives the same gradients."""
        restore(self, self._STATE, state)
