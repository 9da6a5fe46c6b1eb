"""Let an optimiser that remembers losses search on fresh images: it sees each point's loss less the start's.

Simplices, line searches and archives compare a loss with one that was taken long ago, on other images. What images add
to every prompt's loss would drown that comparison. So each step scores the start too, on the step's own images, and
takes its loss off: common random numbers (Glasserman & Yao 1992, Management Science 38(6)). Where the oracle is cached,
answers to the start are paid for once an image; a search's queries count them in every step.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.options import asked

ATTEMPTS = 4


class Optimiser(Protocol):
    """Somebody else's optimiser of one run, in its own coordinates, where 0 is the start."""

    def ask(self) -> Float:
        """Return the next points, shape (m, d)."""

    def tell(self, losses: Float) -> None:
        """Take their losses, finite, shape (m,)."""


class Anchored:
    """A search that adds the start to every step, and keeps the best point seen.

    Args:
        start: shape (d,).
        scale: what the optimiser's unit is worth in theta.
        optimiser: asked and told.
    """

    def __init__(self, start: Float, *, scale: float, optimiser: Optimiser) -> None:
        self.start = start
        self.scale = scale
        self.optimiser = optimiser
        self.best = start.copy()
        self.points: Float | None = None
        self.attempts = 0
        self.lowest = 0.0
        self.worst = 0.0

    def ask(self) -> Float:
        """Return the start, then the optimiser's points: shape (1 + m, d)."""
        if self.points is None:
            self.points = np.vstack([self.start, self.start + self.scale * self.optimiser.ask()])
        return self.points

    def tell(self, losses: Float) -> None:
        """Tell the optimiser differences; one that is not finite is as bad as the worst so far, or as the start.

        Where none is finite, the same points are asked again, ``ATTEMPTS`` times in all.
        """
        points = asked(self.points)
        with np.errstate(invalid="ignore", over="ignore"):
            differences = losses[1:] - losses[0]
        said = np.isfinite(differences)
        self.attempts += 1
        if not said.any() and self.attempts < ATTEMPTS:
            return
        self.points, self.attempts = None, 0
        self.worst = max(self.worst, differences.max(where=said, initial=0.0))
        differences = np.where(said, differences, self.worst)
        self._remember(points[1:], differences)
        self.optimiser.tell(differences)

    def _remember(self, points: Float, differences: Float) -> None:
        lowest = int(differences.argmin())
        if differences[lowest] < self.lowest:
            self.lowest = float(differences[lowest])
            self.best = points[lowest].copy()
