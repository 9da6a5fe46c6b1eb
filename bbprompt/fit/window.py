"""The latest answer to every training image, from which label maps are refitted at no further cost.

One answer an image, because a map's cross-validation would take several answers to one image for independent ones,
and every image, because a map needs every class.
"""

from __future__ import annotations

from typing import Any

from bbprompt.arrays import Int
from bbprompt.oracle import Scores


class Window:
    """Answers (n, k) to n training images, each replaced when the image is scored again.

    ``scores`` are those of now: later answers come in others, so that a map may keep what it was fitted to.
    """

    def __init__(self, start: Scores) -> None:
        self.scores = start

    def push(self, scores: Scores, rows: Int) -> None:
        """Take answers (m, k) to images ``rows``, shape (m,); of several to one image the last stays."""
        values = self.scores.values.copy()
        values[rows] = scores.values
        self.scores = Scores(values, self.scores.answer)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        return {"values": self.scores.values}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.scores = Scores(state["values"], self.scores.answer)
