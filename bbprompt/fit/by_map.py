"""Learn the label map from more answers: score varied training images, too, and fit the map to all of them.

A linear map from a thousand labels has more numbers than a few training images can say; answers to small variations of
them stand for images that are not there. From few labels there is little to gain, and validation says so.
"""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import Float, Float32
from bbprompt.fit.selection import FitMap, Place, Selection, Watch, unwatched
from bbprompt.fit.variations import vary
from bbprompt.objective import Objective
from bbprompt.oracle import Scores

FIRST = 3
"""Variations of each image before the first look: fewer change too little for validation to tell."""


def starves(start: Scores) -> bool:
    """Whether answers (n, k) have more labels than images: then a map fits them in any number of ways."""
    n, k = start.values.shape
    return bool(k > n)


def learn_map(
    objective: Objective,
    theta: Float,
    selection: Selection,
    *,
    fit_map: FitMap,
    start: Scores,
    queries: int,
    rng: np.random.Generator,
    asked: int,
    place: Place,
    watch: Watch = unwatched,
) -> int:
    """Score variations under ``theta``, twice as many answers for each look, until validation likes the map no better.

    Args:
        start: answers to the objective's images at ``theta``, one each.
        queries: images that may be scored, looks included.
        asked: images of ``queries`` that were scored before, the first look among them.
        place: where validation is looked at.

    Returns:
        Images of ``queries`` that are scored now.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    n, answers, better, more = len(objective.targets), [start.values], True, FIRST
    while better and asked + more * n + selection.cost <= queries:
        for _ in range(more):
            laid = objective.prompt.apply(vary(objective.images, rng), theta)
            answers.append(objective.oracle.query(laid).values)
            asked += n
            watch(asked, selection.accuracy)
        best = selection.score
        label_map = fit_map(_side_by_side(answers, start), np.repeat(objective.targets, len(answers))).whole
        selection.look(theta, label_map, step=len(answers) - 1, queries=asked, loss=None, place=place)
        asked, better, more = asked + selection.cost, selection.score > best, len(answers)
    return asked


def _side_by_side(answers: list[Float32], start: Scores) -> Scores:
    """The answers to an image and its variations in a row, so that cross-validation leaves them out together."""
    return Scores(np.stack(answers, axis=1).reshape(-1, answers[0].shape[1]), start.answer)
