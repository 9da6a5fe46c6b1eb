"""Which label an answer puts first."""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import Float, Int


def top_labels(log_scores: Float) -> tuple[Int, Int]:
    """Return the rows of log-scores (n, k) that have one label above another, and the column of each one's largest."""
    rows = np.flatnonzero(log_scores.max(axis=1) > log_scores.min(axis=1))
    return rows, log_scores[rows].argmax(axis=1)
