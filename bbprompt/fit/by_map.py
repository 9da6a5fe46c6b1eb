"""Spend a budget on the label map alone: score varied training images, too, and fit the map to all answers.

A linear map from a thousand labels has more numbers than a few training images can say; answers to small variations of
them stand for images that are not there. Where an oracle has few labels there is little to gain, and validation says so.
"""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import Float, Float32
from bbprompt.errors import BudgetExhausted
from bbprompt.fit.selection import Fit, FitMap, Selection, Watch, unwatched
from bbprompt.fit.variations import vary
from bbprompt.objective import Objective
from bbprompt.oracle import Scores

PATIENCE = 2
"""Looks in a row that find the map no better, each after twice as many answers, before the rest is not spent."""


def fit_by_map(
    objective: Objective,
    theta: Float,
    selection: Selection,
    *,
    fit_map: FitMap,
    start: Scores,
    queries: int,
    rng: np.random.Generator,
    asked: int,
    watch: Watch = unwatched,
) -> Fit:
    """Score variations under ``theta``, with a look whenever there are twice as many answers as at the last.

    Args:
        start: answers to the objective's images at ``theta``, one each.
        queries: images that may be scored, looks included.
        asked: images of ``queries`` that were scored before, the first look among them.
    """
    n, answers, worse = len(objective.targets), [start.values], 0
    try:
        while worse < PATIENCE and asked + len(answers) * n + selection.cost <= queries:
            for _ in range(len(answers)):
                laid = objective.prompt.apply(vary(objective.images, rng), theta)
                answers.append(objective.oracle.query(laid).values)
                asked += n
                watch(asked, selection.accuracy)
            best = selection.score
            label_map = fit_map(_side_by_side(answers, start), np.repeat(objective.targets, len(answers))).whole
            selection.look(theta, label_map, step=len(answers) - 1, queries=asked, loss=None)
            asked, worse = asked + selection.cost, 0 if selection.score > best else worse + 1
    except BudgetExhausted:
        return selection.finish(queries=asked, stopped="budget")
    return selection.finish(queries=asked, stopped="done")


def _side_by_side(answers: list[Float32], start: Scores) -> Scores:
    """The answers to an image and its variations in a row, so that cross-validation leaves them out together."""
    return Scores(np.stack(answers, axis=1).reshape(-1, answers[0].shape[1]), start.answer)
