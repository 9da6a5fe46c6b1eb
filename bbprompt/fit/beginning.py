"""Where a part of ``auto`` begins: with a prompt, its answers, and the map fitted to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bbprompt.arrays import Float
from bbprompt.fit.layout import Place
from bbprompt.labelmaps import CrossFit
from bbprompt.objective import Objective
from bbprompt.oracle import Scores


@dataclass(frozen=True, slots=True)
class Beginning:
    """A prompt and what is known of it.

    Attributes:
        objective: the training images, as its template prepared them.
        theta: float64, shape (d,).
        maps: fitted to the answers to the training images there, one each.
        place: where validation is looked at.
        asked: images scored so far, looks included.
    """

    objective: Objective
    theta: Float
    maps: CrossFit
    place: Place
    asked: int

    @property
    def answers(self) -> Scores:
        """To the training images, one each."""
        return self.maps.scores

    @property
    def losses(self) -> Float:
        """Of the training images, shape (n,), each through the map that was fitted without it."""
        losses = self.objective.loss(self.maps.held_out(), self.objective.targets)
        return np.asarray(losses, dtype=np.float64)

    @property
    def loss(self) -> float:
        """Their mean."""
        return float(np.mean(self.losses))
