"""An opening and what is known of it: its answers to some training images, and the map fitted to those."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bbprompt.arrays import Int
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.layout import Arranged
from bbprompt.fit.selection import FitMap
from bbprompt.oracle import Oracle, Scores

HEAT, EACH = 160, 4
"""Training images that an opening is scored on, if there are so many, and how many of each class at least."""


def heat_size(targets: Int) -> int:
    """Training images that an opening is scored on: a map needs some of each class."""
    return min(len(targets), max(HEAT, EACH * len(np.unique(targets))))


@dataclass(frozen=True, slots=True)
class Runner:
    """An opening after its heat.

    Attributes:
        opening: the task under it.
        heat: int64, shape (m,), rising: rows of the training images that it was scored on.
        begun: what these said.
    """

    opening: Arranged
    heat: Int
    begun: Beginning

    @classmethod
    def start(cls, opening: Arranged, heat: Int, fit_map: FitMap) -> Runner:
        """Score the rows ``heat``, rising, and fit a map to the answers.

        Raises:
            OracleError: a query failed for good.
        """
        objective = opening.objective.of(heat)
        maps = fit_map(opening.objective.score(opening.theta, heat), objective.targets)
        return cls(opening, heat, Beginning(objective, opening.theta, maps, opening.place, asked=0))

    def go_on(self, rows: Int, fit_map: FitMap, oracle: Oracle) -> Beginning:
        """Let ``oracle`` score those of ``rows``, rising, that were not in the heat, too, and fit the map anew.

        Raises:
            OracleError: a query failed for good.
        """
        rest = np.setdiff1d(rows, self.heat)
        if not rest.size:
            return self.begun
        objective = self.opening.objective.of(rows)
        more = self.opening.objective.through(oracle).score(self.opening.theta, rest)
        values = np.concatenate([self.begun.answers.values, more.values])
        scores = Scores(values[np.argsort(np.concatenate([self.heat, rest]))], more.answer)
        return replace(self.begun, objective=objective, maps=fit_map(scores, objective.targets))
