"""Learn the label map from more answers: score varied training images, too, and fit the map to all of them.

A linear map from a thousand labels has more numbers than a few training images can say; answers to small variations of
them stand for images that are not there. From few labels there is little to gain, and validation says so.
"""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import Float32
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.selection import FitMap, Selection, Watch, unwatched
from bbprompt.fit.variations import vary
from bbprompt.oracle import Scores

FIRST = 3
"""Variations of each image before the first look: fewer change too little for validation to tell."""


def starves(start: Scores) -> bool:
    """Whether answers (n, k) have more labels than images: then a map fits them in any number of ways."""
    n, k = start.values.shape
    return bool(k > n)


def first_cost(*, images: int, look: int) -> int:
    """Queries that it takes to begin with ``images`` to train on, where a look costs ``look``."""
    return FIRST * images + look


def learn_map(
    begun: Beginning,
    selection: Selection,
    *,
    fit_map: FitMap,
    queries: int,
    rng: np.random.Generator,
    watch: Watch = unwatched,
) -> int:
    """Score variations, twice as many answers for each look, until validation likes the map no better.

    Args:
        begun: at whose prompt they are scored; validation was looked at there.
        queries: images that may be scored, looks included.

    Returns:
        Images of ``queries`` that are scored now.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    selection.hold(selection.cost)
    objective, theta, asked = begun.objective, begun.theta, begun.asked
    n, answers, better, more = len(objective.targets), [begun.answers.values], True, FIRST
    while better and asked + more * n + selection.cost <= queries:
        for _ in range(more):
            laid = objective.prompt.apply(vary(objective.images, rng), theta)
            answers.append(objective.oracle.query(laid).values)
            asked += n
            watch(asked, selection.accuracy)
        scores = _side_by_side(answers, begun.answers)
        maps = fit_map(scores, np.repeat(objective.targets, len(answers)))
        seen = selection.look(theta, maps, step=len(answers) - 1, queries=asked, loss=None, place=begun.place)
        asked, better, more = asked + selection.cost, selection.best is seen, len(answers)
    return asked


def _side_by_side(answers: list[Float32], start: Scores) -> Scores:
    """The answers to an image and its variations in a row, so that cross-validation leaves most of them out together."""
    return Scores(np.stack(answers, axis=1).reshape(-1, answers[0].shape[1]), start.answer)
