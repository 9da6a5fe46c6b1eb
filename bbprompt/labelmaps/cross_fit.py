"""A label map for use, and maps for training on the very images that it was fitted to.

A map with many parameters fits its own images far better than others: their loss is close to nothing, and so is what
that loss tells a prompt. In training, an image therefore goes through a map that was fitted without it, as in
cross-fitting (Schick 1986; Chernozhukov et al. 2018, arXiv 1608.00060).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace, device

from bbprompt.arrays import Array, Int
from bbprompt.labelmaps.base import LabelMap
from bbprompt.oracle import Scores
from bbprompt.rounded import raised


@dataclass(frozen=True, slots=True)
class CrossFit:
    """One map, and the parts it was cross-fitted in.

    Attributes:
        whole: fitted to all n images: the one to select and to deploy.
        parts: each fitted without one fold. Every map but the linear one has itself as its only part, which is as good
            where it has hardly any parameters; of BLM and of means of many labels, losses of its own images flatter it.
        fold: int64, shape (n,): the part that was fitted without image i.
        scores: the answers (n, k) that they were fitted to.
        targets: int64, shape (n,): the classes, likewise.
        floor: the log-score that lower ones count as, for a map that has none of its own; ``None`` for none. Predictions
            are the same without it; but one 0 that a service has rounded to would cost more than all other images.
    """

    whole: LabelMap
    parts: tuple[LabelMap, ...]
    fold: Int
    scores: Scores
    targets: Int
    floor: float | None = None

    def with_more(self, scores: Scores, targets: Int) -> tuple[Scores, Int]:
        """Return what it was fitted to and, behind that, answers (m, k) to other images and their classes (m,)."""
        values = np.concatenate([self.scores.values, scores.values])
        return Scores(values, self.scores.answer), np.concatenate([self.targets, targets])

    def held_out(self) -> Array:
        """Class scores (n, classes) of the images that it was fitted to, each by the map fitted without it."""
        return self(self.scores.log(), np.arange(len(self.targets)))

    def __call__(self, log_scores: Array, rows: Int) -> Array:
        """(m, k) log-scores of images ``rows``, shape (m,), to (m, classes), each by the map fitted without it."""
        log_scores = raised(log_scores, self.floor)
        if len(self.parts) == 1:
            return self.parts[0](log_scores)
        xp, where = array_namespace(log_scores), device(log_scores)
        by_part = xp.stack([part(log_scores) for part in self.parts])
        return by_part[xp.asarray(self.fold[rows], device=where), xp.arange(len(rows), device=where)]
