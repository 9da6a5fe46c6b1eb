"""Whether a prompt is likely to pay beyond the label map, from what a few random patterns do.

    c(u) = min over maps of the left-out loss under u  -  the same without a prompt, on the same few images

Where a model has to be led elsewhere, every second or third pattern u makes its answers say more of the task; where
the map has already got what there is, nearly every one harms. Taken for normal, the changes' mean m and spread s give
the share of patterns that help, Phi(-m / s), and the expected minimum of as many as the budget could try gives a
gain. A pattern is judged through the map that is best under it, as in variable projection (Golub and Pereyra 1973),
because a map that was fitted elsewhere makes any large move look bad. Part of s is the noise of few images: a gain
said here is an upper one.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from bbprompt.arrays import Float, Int
from bbprompt.fit.patterns import random_pattern
from bbprompt.fit.selection import FitMap
from bbprompt.objective import Objective
from bbprompt.oracle import Scores
from bbprompt.records import Preflight

SHARE = 0.05
"""Of the budget: what a pre-flight may cost at most."""
IMAGES = 8
"""Of each class, that patterns are judged on: the same for all. On half as many, noise hides what patterns do."""
FEWEST = 5
"""Patterns, below which nothing is said."""
HELPFUL = 0.25
"""Share of patterns that help, below which a prompt is not likely to pay."""
CONFIDENCE = 0.95
"""That the share is below, before a prompt is given up."""


def fly(
    objective: Objective, theta: Float, *, fit_map: FitMap, start: Scores, queries: int, rng: np.random.Generator
) -> tuple[Preflight, int]:
    """Try random patterns around ``theta``, and judge by them.

    Args:
        start: answers to the objective's images at ``theta``, one each.
        queries: images that may still be scored.

    Returns:
        What was found, and how many images were scored for it.
    """
    images = min(IMAGES * len(np.unique(objective.targets)), len(objective.targets))
    patterns = int(SHARE * queries) // images
    if patterns < FEWEST:
        return Preflight(patterns=patterns, helpful=None, gain=None, pays=None), 0
    rows = _balanced(objective.targets, images, rng)
    before = _judged(objective, Scores(start.values[rows], start.answer), rows, fit_map)
    thetas = (theta + random_pattern(objective.prompt, rng) for _ in range(patterns))
    after = [_judged(objective, objective.query(tried[None], rows[None]), rows, fit_map) for tried in thetas]
    return judge(np.array(after) - before, affordable=queries // images), patterns * images


def judge(changes: Float, *, affordable: int) -> Preflight:
    """Judge by what patterns change.

    Args:
        changes: float64, shape (n, 2): in loss, in nats, and in accuracy, from -1 to 1.
        affordable: patterns that the whole budget could try.
    """
    n, loss = len(changes), changes[:, 0]
    mean, spread = float(loss.mean()), float(loss.std(ddof=1))
    if not spread > 0:
        return Preflight(patterns=n, helpful=None, gain=None, pays=None)
    least = mean - stats.t.ppf(CONFIDENCE, n - 1) * spread / math.sqrt(n)
    points_per_nat = float(stats.linregress(loss, changes[:, 1]).slope)
    return Preflight(
        patterns=n,
        helpful=float(stats.norm.cdf(-mean / spread)),
        gain=max(0.0, points_per_nat * (mean + spread * expected_minimum(affordable))),
        pays=bool(stats.norm.cdf(-least / spread) >= HELPFUL),
    )


def expected_minimum(n: int) -> float:
    """Of n standard normal draws (Blom 1958)."""
    return float(stats.norm.ppf((1 - 0.375) / (n + 0.25)))


def _judged(objective: Objective, scores: Scores, rows: Int, fit_map: FitMap) -> Float:
    """Left-out loss and accuracy of answers to ``rows``, each through the map that is fitted to the others."""
    targets = objective.targets[rows]
    class_scores = fit_map(scores, targets)(scores.log(), np.arange(len(rows)))
    return np.array([objective.loss(class_scores, targets).mean(), (class_scores.argmax(axis=1) == targets).mean()])


def _balanced(targets: Int, images: int, rng: np.random.Generator) -> Int:
    """Draw images, one of each class by turns, as long as the classes last: a map needs all of them."""
    turn = np.empty(len(targets))
    for number in np.unique(targets):
        members = rng.permutation(np.flatnonzero(targets == number))
        turn[members] = np.arange(len(members))
    return np.lexsort((rng.random(len(targets)), turn))[:images]
