"""Whether a service rounds its probabilities, as far as its answers tell."""

from __future__ import annotations

import numpy as np
from array_api_compat import array_namespace

from bbprompt.arrays import Array
from bbprompt.oracle import Answer, Scores

ROUNDED = frozenset({Answer.PROBABILITIES, Answer.TOP_K})
"""Answers that come rounded to so many decimals, where any do. A tag below the threshold is not there at all."""

MOST = 6
"""Decimals: a float32 holds hardly more of a probability near 1."""

TELLING = 3
"""Different probabilities between 0 and 1 that it takes to tell."""


def raised_zero(scores: Scores) -> float | None:
    """The log-score that a 0 among these answers, or later ones, is worth where they look rounded; else ``None``.

    It was rounded from anything below half of the last place: a quarter of the last place is in the middle.
    """
    places = decimals(scores)
    return None if places is None else float(np.log(0.25 * 0.1**places))


def raised(log_scores: Array, floor: float | None) -> Array:
    """Log-scores of any shape, none below ``floor``; as they are, where there is none."""
    return log_scores if floor is None else array_namespace(log_scores).clip(log_scores, min=floor)


def decimals(scores: Scores) -> int | None:
    """To how many decimals these answers look rounded; ``None`` where they do not, or are too few to tell."""
    if scores.answer not in ROUNDED:
        return None
    named = scores.values[~scores.blank()]
    between = named[(named > 0) & (named < 1)].astype(np.float64)

    def rounded_to(places: int) -> bool:
        return bool((np.abs(between - between.round(places)) <= np.finfo(np.float32).eps * between).all())

    # What is rounded to fewer places is to the most as well: most answers are done with here.
    if not rounded_to(MOST) or len(np.unique(between)) < TELLING:
        return None
    return next(filter(rounded_to, range(1, MOST + 1)))
