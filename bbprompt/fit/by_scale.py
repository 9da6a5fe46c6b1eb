"""Find out how large the image is to be, and on what ground: AutoVP's first parameter, by queries.

A classifier knows its objects at some size, on some ground. The training images are scored once under each layout, and a
map is fitted to the answers. What a layout is worth, images say that its map has not seen: the training images, each
through the map that was fitted without it, and for those that do best so, validation's. All of them together decide, also
against the image as it is: a layout is one of a dozen and fits no noise, so that training images are as good a judge.

AutoVP (Tsao et al. 2023, arXiv 2310.08381, section 3) learns the scale by gradients.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bbprompt.fit.beginning import Beginning
from bbprompt.fit.layout import LAYOUTS, Arranged
from bbprompt.fit.selection import FitMap, Look, Selection, Watch, unwatched

SHARE = 0.5
"""Of the queries that are left, at most, unless they are too few for the first layouts."""

FIRST = 4
"""Layouts that are worth all of a small budget."""

LOOKS = 3
"""Of validation, at layouts; at most a third of their queries."""


def choose_scale(
    plain: Beginning,
    seen: Look,
    selection: Selection,
    *,
    fit_map: FitMap,
    queries: int,
    watch: Watch = unwatched,
) -> Beginning:
    """Score as many layouts as is ``affordable``; keep the best, if it beats ``plain``, and return it.

    Where the task cannot be arranged, that is ``plain``.

    Args:
        plain: the image as it is.
        seen: what validation said of it.
        queries: images that may be scored, looks included.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    if selection.arrange is None:
        return plain
    n, asked, tried = len(plain.objective.targets), plain.asked, list[Beginning]()
    layouts, looks = affordable(queries - asked, images=n, look=selection.cost)
    for layout in LAYOUTS[:layouts]:
        tried.append(_begin(selection.arrange(layout), fit_map, asked))
        asked += n
        watch(asked, selection.accuracy)
    best, look, lowest = plain, seen, _pooled(plain, seen, selection)
    for begun in sorted(tried, key=lambda begun: begun.loss)[:looks]:
        found = selection.see(begun.place, begun.theta, begun.maps, step=0, queries=asked, loss=begun.loss)
        asked += selection.cost
        if (loss := _pooled(begun, found, selection)) < lowest:
            best, look, lowest = begun, found, loss
    selection.best = look
    return replace(best, asked=asked)


def affordable(left: int, *, images: int, look: int) -> tuple[int, int]:
    """Return how many layouts ``left`` queries allow, and how many looks at the best of them.

    Half of the queries, or all of them where they pay for the first layouts: those win more than few queries of pixels.

    Args:
        left: queries.
        images: that each layout costs.
        look: queries that a look costs.
    """
    half = int(SHARE * left)
    looks = max(1, min(LOOKS, half // (3 * look)))
    first = FIRST if FIRST * images + looks * look <= left else 0
    return max(0, first, (half - looks * look) // images), looks


def _begin(arranged: Arranged, fit_map: FitMap, asked: int) -> Beginning:
    objective, theta = arranged.objective, arranged.theta
    answers = objective.oracle.query(objective.prompt.apply(objective.images, theta))
    maps = fit_map(answers, objective.targets)
    return Beginning(objective, theta, maps, arranged.place, asked + len(answers))


def _pooled(begun: Beginning, look: Look, selection: Selection) -> float:
    """Mean loss over training and validation images alike."""
    losses = begun.objective.loss(look.class_scores, selection.targets)
    n = len(begun.objective.targets)
    return float((n * begun.loss + np.sum(losses)) / (n + selection.cost))
