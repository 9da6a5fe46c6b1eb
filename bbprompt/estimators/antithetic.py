"""Antithetic sign pairs: many directions, few images each, Adam, and the average of the iterates.

    g = mean over pairs of w_p u_p,    w_p = shaped slope of (y(theta + c u_p) - y(theta - c u_p)) / (2 c)
    theta <- Adam(theta, g),    best = exponential average of theta

The slope along random signs is that of Spall 1992, eq. 2.1, but every pair has images of its own: an estimate's
variance is about (d / q) (|g|^2 + s^2 / B) for q pairs on B images each, so images are better spent on pairs than
on batches. Within a pair both probes see the same images, so that what those add to both losses cancels. Shaping:
Salimans et al. 2017 (arXiv 1703.03864), section 2.1. Average: Polyak & Juditsky 1992, "Acceleration of Stochastic
Approximation by Averaging", here exponential and without bias, as the iterates of a few hundred steps drift.

An 8-bit oracle does not see less than half a grey level: while every difference is exactly zero the radius doubles,
and it shrinks back, slowly, once differences return.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import numpy as np
from scipy.stats import rankdata

from bbprompt.arrays import Float
from bbprompt.estimators.adam import Adam
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.options import LEVEL, Count, Decay, Positive, asked, checked, starting_point, told
from bbprompt.estimators.pairs import (
    Directions,
    differences,
    paired,
    rademacher,
    simultaneous_perturbation,
    two_sided,
)
from bbprompt.estimators.state import restore, snapshot

Shaping: TypeAlias = Literal["none", "z-score", "rank"]

LARGEST_RADIUS = 128 * LEVEL
SHRINK = 2 ** (-1 / 16)
"""Per informative step: a doubling lasts 16 of them, so at most one step in 17 is lost to a radius too small."""


class AntitheticPairs:
    """Sign pairs with fresh images per pair.

    Args:
        theta: start, shape (d,), in units of the full pixel range.
        rng: source of all randomness.
        pairs: pairs per step, each a group of its own.
        radius_levels: distance of the probes along each element, in grey levels; grows while differences vanish.
        step_levels: step size of Adam, in grey levels: about the most that an element moves in one step.
        images_per_candidate: images that each pair is scored on; 1 to 4 is best.
        shaping: a pair's weight: "none" is its slope, "z-score" that in units of this step's root mean square,
            "rank" its sign times the rank of its size.
        average: decay of the average of the iterates that ``best`` returns; 0 is the last iterate.
        beta1: Adam's decay of the mean gradient.
        beta2: Adam's decay of the mean squared gradient.
    """

    _STATE: tuple[str, ...] = ("theta", "mean", "adam", "steps", "radius", "directions", "rng")

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        pairs: Count = 8,
        radius_levels: Positive = 4.0,
        step_levels: Positive = 1.0,
        images_per_candidate: Count = 1,
        shaping: Shaping = "z-score",
        average: Decay = 0.9,
        beta1: Decay = 0.9,
        beta2: Decay = 0.99,
    ) -> None:
        self.theta = starting_point(theta)
        self.rng = rng
        self.pairs = pairs
        self.smallest_radius = self.radius = radius_levels * LEVEL
        self.images_per_candidate = images_per_candidate
        self.shaping = shaping
        self.average = average
        self.adam = Adam(self.theta.size, step_size=step_levels * LEVEL, beta1=beta1, beta2=beta2)
        self.mean = self.theta.copy()
        self.steps = 0
        self.directions: Directions | None = None

    @property
    def best(self) -> Float:
        """The average of the iterates."""
        return self.mean.copy()

    def ask(self) -> Candidates:
        """Return ``pairs`` plus and minus probes, each pair a group."""
        if self.directions is None:
            self.directions = self._draw()
        return Candidates(two_sided(self.theta, self.directions, self.radius), paired(self.pairs))

    def tell(self, losses: Float) -> None:
        """Take one step of Adam; where no pair told plus from minus, theta stands still."""
        directions, difference, radius = self._take(losses)
        weights = shape(difference, self.shaping)
        if np.nan_to_num(weights).any():
            self._move(self.adam.step(self._estimate(weights, directions, radius)))

    def _draw(self) -> Directions:
        """One direction for each pair, shape (pairs, d)."""
        return rademacher(self.rng, (self.pairs, self.theta.size))

    def _take(self, losses: Float) -> tuple[Directions, Float, float]:
        """The directions that were asked along, what the pairs' losses differ by, and the radius; the next is set."""
        directions, radius = asked(self.directions), self.radius
        difference = differences(told(losses, 2 * len(directions)))
        self.directions, self.radius = None, self._next_radius(difference)
        return directions, difference, radius

    def _estimate(self, weights: Float, directions: Directions, radius: float) -> Float:
        """The gradient, shape (d,), of what the pairs weigh."""
        return simultaneous_perturbation(weights, directions, radius)

    def _next_radius(self, difference: Float) -> float:
        said = difference[np.isfinite(difference)]
        if said.any():
            return max(self.smallest_radius, self.radius * SHRINK)
        grown = min(2 * self.radius, max(LARGEST_RADIUS, self.smallest_radius))
        return grown if said.size else self.radius

    def _move(self, change: Float) -> None:
        self.theta += change
        self.steps += 1
        share = (1 - self.average) / (1 - self.average**self.steps)
        self.mean += share * (self.theta - self.mean)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
        restore(self, self._STATE, state)


def shape(difference: Float, shaping: Shaping) -> Float:
    """Weigh pairs against each other, shape (q,): the sign stays, the size is this step's own; NaN stays NaN."""
    said = np.isfinite(difference) & (difference != 0)
    if shaping == "none" or not said.any():
        return difference
    weights = difference.copy()
    if shaping == "z-score":
        weights[said] /= np.sqrt(np.mean(difference[said] ** 2))
    else:
        weights[said] = np.sign(difference[said]) * rankdata(np.abs(difference[said])) / said.sum()
    return weights
