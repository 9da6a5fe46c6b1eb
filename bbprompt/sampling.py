"""Which images each candidate is scored on: every image once before any comes again, classes evenly spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float, Int
from bbprompt.errors import ConfigError, DataError
from bbprompt.rng import generator_state, restore_generator


class Sampler:
    """An endless stream of rows, dealt to groups of candidates.

    The stream is a chain of epochs; each holds every row exactly once, in a fresh order. Within an epoch the order
    is class-balanced: item j of a class of m lands at a random place in [j/m, (j+1)/m), so a stretch of it holds
    the classes nearly in proportion (with c equal classes, every aligned stretch of c rows holds each class once).
    That takes the noise of the class mix out of small minibatches. A minibatch that runs over an epoch's end may
    hold a row twice.

    Args:
        targets: int64, shape (n,): class numbers of the rows.
        rng: the sampler's own generator; nothing else may draw from it.
    """

    def __init__(self, targets: Int, rng: np.random.Generator) -> None:
        if not len(targets):
            raise DataError("there is no image to draw from; the training split is empty")
        self._targets = targets
        self._rng = rng
        self._begin()

    def draw(self, groups: Int, per_candidate: int) -> Int:
        """Deal rows to candidates: the same to those of one group, the stream's next ones to each new group.

        Args:
            groups: int64, shape (m,): the group of each candidate.
            per_candidate: b, images for each, from 1 to n.

        Returns:
            int64, shape (m, b), rows in 0..n-1.

        Raises:
            ConfigError: b is out of range.
        """
        n = len(self._targets)
        if not 1 <= per_candidate <= n:
            raise ConfigError(f"images per candidate must lie in 1..{n} (the training images), got {per_candidate}")
        distinct, inverse = np.unique(groups, return_inverse=True)
        rows = self._next(len(distinct) * per_candidate).reshape(-1, per_candidate)
        return rows[inverse]

    def state_dict(self) -> dict[str, Any]:
        """The generator before the current epoch was shuffled, and the place in it. JSON types with PCG64."""
        return {"generator": self._before, "position": self._position}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``, exactly."""
        restore_generator(self._rng, state["generator"])
        self._begin()
        self._position = int(state["position"])

    def _begin(self) -> None:
        self._before = generator_state(self._rng)
        self._order = np.argsort(_places(self._targets, self._rng), kind="stable")
        self._position = 0

    def _next(self, count: int) -> Int:
        taken: list[Int] = []
        while count > 0:
            if self._position == len(self._order):
                self._begin()
            part = self._order[self._position : self._position + count]
            taken.append(part)
            self._position += len(part)
            count -= len(part)
        return np.concatenate(taken)


def some_of_each(targets: Int, size: int, rng: np.random.Generator) -> Int:
    """Draw ``size`` distinct rows, classes evenly spread, none left out unless there are more than ``size`` of them."""
    drawn = Sampler(targets, rng).draw(np.zeros(1, dtype=np.int64), len(targets))[0]
    first = np.sort(np.unique(targets[drawn], return_index=True)[1])
    others = np.setdiff1d(np.arange(len(drawn)), first)
    chosen: Int = drawn[np.concatenate([first, others])[:size]]
    return chosen


def _places(targets: Int, rng: np.random.Generator) -> Float:
    """A place in [0, 1) for each row: those of one class spread evenly, in random order."""
    places = np.empty(len(targets))
    for number in np.unique(targets):
        members = rng.permutation(np.flatnonzero(targets == number))
        places[members] = (np.arange(len(members)) + rng.random(len(members))) / len(members)
    return places
