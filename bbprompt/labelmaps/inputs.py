"""What a linear map is fitted to: log-scores, standardised, and where a service rounds with or without a floor.

Labels alone share one spread: a column of their one-hot answers varies by how rare the label is and by nothing else, and
to standardise it would have a label that was seen once count the most.

A service that rounds its probabilities answers 0 for whatever is less than half of its last place, and the logarithm of
that 0 lies far below all others. What is between them may say more than where the zeros are, or less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from bbprompt.arrays import Float, Float32
from bbprompt.labelmaps.logistic import Rotated
from bbprompt.oracle import Answer, Scores
from bbprompt.rounded import raised, raised_zero


@dataclass(frozen=True, slots=True)
class Inputs:
    """n standardised answers to k labels.

    Attributes:
        rotated: their coordinates, and the basis of these.
        mean: of the log-scores, shape (k,).
        spread: that they were divided by, shape (k,).
        floor: below which none of them lies; ``None`` for none.
    """

    rotated: Rotated
    mean: Float
    spread: Float
    floor: float | None

    @classmethod
    def of(cls, scores: Scores, floor: float | None) -> Self:
        """Standardise answers (n, k)."""
        log_scores = np.asarray(raised(scores.log(), floor))
        mean, spread = log_scores.mean(axis=0), _spread(log_scores, scores.answer)
        return cls(Rotated.of((log_scores - mean) / spread), mean, spread, floor)

    def folded(self, fitted: Float) -> tuple[Float32, Float32]:
        """Return what was fitted to the coordinates and 1 as weight (k, c) and offset (c,) of log-scores."""
        weight = (self.rotated.basis.T @ fitted[:-1] / self.spread[:, None]).astype(np.float32)
        return weight, (fitted[-1] - self.mean @ weight).astype(np.float32)


def floors(scores: Scores) -> tuple[float | None, ...]:
    """What the log-score of a 0 may be raised to, where answers are rounded; ``None`` is for leaving it.

    What a top-k answer leaves to other labels may be as little as a 0, by the error of its sum.
    """
    floor = raised_zero(scores)
    return (floor, None) if floor is not None and (scores.log() < floor).any() else (None,)


def _spread(log_scores: Float, answer: Answer) -> Float:
    """Standard deviations, none below a thousandth of the largest; of labels alone the root of their mean square.

    A label that hardly moves on these images would otherwise be blown up, and prompted images leave their range.
    """
    spread = log_scores.std(axis=0)
    if answer is Answer.LABEL:
        spread = np.full_like(spread, np.sqrt(np.mean(spread**2)))
    largest = float(spread.max())
    return np.asarray(np.maximum(spread, 1e-3 * largest if largest > 0 else 1.0))
