"""The latest answer to every training image, from which label maps are refitted at no further cost.

One answer an image, because a map's cross-validation would take several answers to one image for independent ones,
and every image, because a map needs every class.
"""

from __future__ import annotations

from typing import Any

from bbprompt.arrays import Int
from bbprompt.oracle import Scores


class Window:
    """Answers (n, k) to n training images, each replaced when the image is scored again."""

    def __init__(self, start: Scores) -> None:
        self.scores = Scores(start.values.copy(), start.answer)

    def push(self, scores: Scores, rows: Int) -> None:
        """Take answers (m, k) to images ``rows``, shape (m,); of several to one image the last stays."""
        self.scores.values[rows] = scores.values

    def scores_now(self) -> Scores:
        """A copy of the answers, which later ones do not change."""
        return Scores(self.scores.values.copy(), self.scores.answer)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        return {"values": self.scores.values}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.scores = Scores(state["values"], self.scores.answer)
