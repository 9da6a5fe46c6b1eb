"""Random search with squares, the Square Attack turned into a search for one prompt for all images.

Andriushchenko et al. 2020, "Square Attack: a query-efficient black-box adversarial attack via random search" (ECCV;
arXiv 1912.00049), algorithms 1 and 2, the L-infinity attack, with the schedule of the authors' code:

    theta' = theta, but -eps or eps in each channel of a square of side round(sqrt(p h w)), anywhere
    theta <- theta' if f(theta') < f(theta)

An attack knows f of the one image that it changes. A prompt's f is a mean over images, so here both losses are taken
anew in every step, on the same fresh images. The search begins at the start, not at the attack's random stripes.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import ConfigError
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.options import LEVEL, Count, Positive, Share, asked, checked, starting_point, told
from bbprompt.estimators.pairs import shared
from bbprompt.estimators.state import restore, snapshot

HALVINGS = (10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000)
"""Steps, of 10,000, after which the share of changed pixels halves."""


class RandomSearch:
    """One square per step against the incumbent, on the same images.

    Args:
        theta: start, shape (d,), in units of the full pixel range; a (height, width, channels) array, row by row,
            as the full-image template's identity parametrisation lays it out.
        rng: source of all randomness.
        height: rows of that array.
        width: its columns. Where both are left out, theta is a square image of 3 channels if its size allows, or
            else a line, in which a square is a run of elements: what fits a frame.
        bound_levels: eps in grey levels: what a square sets its channels to, up or down. The paper's is 12.75.
        share: p at first: the share of the pixels that a square covers; .05 in the paper.
        steps: steps that the schedule of p is stretched over; after them it stays at its smallest.
        images_per_candidate: images that both are scored on.
    """

    _STATE = ("theta", "proposal", "step", "rng")

    @checked
    def __init__(
        self,
        theta: Float,
        *,
        rng: np.random.Generator,
        height: Count | None = None,
        width: Count | None = None,
        bound_levels: Positive = 16.0,
        share: Share = 0.05,
        steps: Count = 10_000,
        images_per_candidate: Count = 16,
    ) -> None:
        self.theta = starting_point(theta)
        self.rng = rng
        self.shape = geometry(self.theta.size, height, width)
        self.bound = bound_levels * LEVEL
        self.share = share
        self.steps = steps
        self.images_per_candidate = images_per_candidate
        self.step = 0
        self.proposal: Float | None = None

    @property
    def best(self) -> Float:
        """The incumbent."""
        return self.theta.copy()

    def ask(self) -> Candidates:
        """Return the incumbent and the proposal, of one group."""
        if self.proposal is None:
            self.proposal = self._propose()
        return Candidates(np.stack([self.theta, self.proposal]), shared(2))

    def tell(self, losses: Float) -> None:
        """Take the proposal where its loss is the lower of two finite ones."""
        proposal = asked(self.proposal)
        incumbent, proposed = told(losses, 2)
        self.proposal = None
        self.step += 1
        if np.isfinite([incumbent, proposed]).all() and proposed < incumbent:
            self.theta = proposal

    def _propose(self) -> Float:
        pixels = self.theta.copy().reshape(self.shape)
        square = pixels[self._place()]
        before = square.copy()
        while np.array_equal(square, before):
            square[:] = self.rng.choice((-self.bound, self.bound), size=self.shape[2])
        return pixels.ravel()

    def _place(self) -> tuple[slice, slice]:
        tall, wide, _ = self.shape
        covered = covered_pixels(self.step, share=self.share, steps=self.steps, pixels=tall * wide)
        side = square_side(covered)
        height, width = (1, max(1, round(covered))) if tall == 1 else (min(side, tall), min(side, wide))
        top, left = self.rng.integers(tall - height + 1), self.rng.integers(wide - width + 1)
        return slice(top, top + height), slice(left, left + width)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
        restore(self, self._STATE, state)


def covered_pixels(step: int, *, share: float, steps: int, pixels: int) -> float:
    """What the square of step 0, 1, ... covers: the share of pixels halves as ``HALVINGS`` say, of 10,000 steps."""
    return float(share / 2 ** bisect_left(HALVINGS, int(step / steps * 10_000)) * pixels)


def square_side(covered: float) -> int:
    """Side of the square of so many pixels."""
    return max(1, round(math.sqrt(covered)))


def geometry(size: int, height: int | None, width: int | None) -> tuple[int, int, int]:
    """Return (height, width, channels) of theta's elements.

    Raises:
        ConfigError: only one of height and width is given, or they do not divide theta.
    """
    if height is None and width is None:
        side = round(math.sqrt(size / 3))
        return (side, side, 3) if 3 * side**2 == size else (1, size, 1)
    if height is None or width is None or size % (height * width):
        raise ConfigError(
            f"random-search got height = {height} and width = {width} for theta of {size} elements; "
            "give both, such that height * width * channels is the size of theta, or neither"
        )
    return height, width, size // (height * width)
