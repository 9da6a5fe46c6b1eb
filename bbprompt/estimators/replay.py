"""Resume an optimiser that cannot be saved: a new one is told all that the old one was told.

With the same seed and the same losses an optimiser asks for the same points, so that its past is a seed and a list of
losses. Resuming costs the optimiser's own arithmetic once more, and no query.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import numpy as np

from bbprompt.arrays import Float
from bbprompt.estimators.base import Candidates
from bbprompt.estimators.options import asked, starting_point, told
from bbprompt.estimators.pairs import shared
from bbprompt.estimators.state import restore, snapshot


class Search(Protocol):
    """One run of an optimiser, drawing from nothing but its seed."""

    @property
    def best(self) -> Float:
        """The point to deploy, shape (d,)."""

    def ask(self) -> Float:
        """Return the next points, shape (m, d). Called once before each ``tell``."""

    def tell(self, losses: Float) -> None:
        """Take their losses, shape (m,), which may be anything but finite."""


class Replayed(ABC):
    """An estimator made of a ``Search``; a subclass says how to begin one. All candidates of a step share images.

    Args:
        theta: start, shape (d,), in units of the full pixel range.
        rng: source of all randomness: the seed is drawn from it.
        images_per_candidate: images that each candidate is scored on.
    """

    _STATE = ("theta", "seed", "losses")

    def __init__(self, theta: Float, *, rng: np.random.Generator, images_per_candidate: int) -> None:
        self.theta = starting_point(theta)
        self.seed = int(rng.integers(2**32))
        self.images_per_candidate = images_per_candidate
        self.losses = np.zeros(0)
        self.probes: Float | None = None
        self.search = self._begin()

    @abstractmethod
    def _begin(self) -> Search:
        """Begin a search at ``theta`` with ``seed``."""

    @property
    def best(self) -> Float:
        """What the search would deploy; before it was told anything, the start."""
        return self.search.best.copy() if self.losses.size else self.theta.copy()

    def ask(self) -> Candidates:
        """Return the search's next points, all of one group."""
        if self.probes is None:
            self.probes = self.search.ask()
        return Candidates(self.probes.copy(), shared(len(self.probes)))

    def tell(self, losses: Float) -> None:
        """Tell the search."""
        losses = told(losses, len(asked(self.probes)))
        self.search.tell(losses.copy())
        self.losses = np.append(self.losses, losses)
        self.probes = None

    def state_dict(self) -> dict[str, Any]:
        """The start, the seed and every loss, 8 bytes for each candidate."""
        return snapshot(self, self._STATE)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly, by telling a new search everything again."""
        restore(self, self._STATE, state)
        past, self.losses = self.losses, np.zeros(0)
        self.probes, self.search = None, self._begin()
        while self.losses.size < past.size:
            following = self.losses.size + len(self.ask().thetas)
            self.tell(past[self.losses.size : following])
