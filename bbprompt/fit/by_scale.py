"""Find out how large the image is to be, and on what ground: AutoVP's first parameter, by queries.

A classifier knows its objects at some size, on some ground. The training images are scored once under each layout, and a
map is fitted to the answers. What a layout is worth, images say that its map has not seen: the training images, each
through the map that was fitted without it, and for those that do best so, validation's. All of them together decide, also
against the image as it is: a layout is one of a dozen and fits no noise, so that training images are as good a judge.

AutoVP (Tsao et al. 2023, arXiv 2310.08381, section 3) learns the scale by gradients.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from bbprompt.arrays import Float
from bbprompt.fit.layout import LAYOUTS, Arrange, Arranged
from bbprompt.fit.selection import FitMap, Look, Place, Selection, Watch, unwatched
from bbprompt.labelmaps import CrossFit
from bbprompt.objective import Objective
from bbprompt.oracle import Scores

SHARE = 0.5
"""Of the queries that are left, at most."""

LOOKS = 3
"""Of validation, at layouts; at most a third of their queries."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """Where a prompt begins.

    Attributes:
        objective: the training images, as its template prepared them.
        theta: float64, shape (d,).
        answers: to the training images there, one each.
        maps: fitted to them.
        place: where validation is looked at.
        asked: images scored so far.
    """

    objective: Objective
    theta: Float
    answers: Scores
    maps: CrossFit
    place: Place
    asked: int

    @property
    def loss(self) -> float:
        """Mean over the training images, each through the map that was fitted without it."""
        everything = np.arange(len(self.objective.targets))
        return float(self.objective.losses(self.answers, everything[None], self.maps)[0])


def choose_scale(
    plain: Beginning,
    seen: Look,
    selection: Selection,
    arrange: Arrange,
    *,
    fit_map: FitMap,
    queries: int,
    watch: Watch = unwatched,
) -> Beginning:
    """Score as many layouts as half of ``queries`` allows; keep the best, if it beats ``plain``, and return it.

    Args:
        plain: the image as it is.
        seen: what validation said of it.
        queries: images that may be scored, looks included.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    n, asked, tried = len(plain.objective.targets), plain.asked, list[Beginning]()
    left = int(SHARE * (queries - asked))
    looks = max(1, min(LOOKS, left // (3 * selection.cost)))
    for layout in LAYOUTS[: max(0, (left - looks * selection.cost) // n)]:
        tried.append(_begin(arrange(layout), fit_map, asked))
        asked += n
        watch(asked, selection.accuracy)
    best, look, lowest = plain, seen, _pooled(plain, seen, selection)
    for begun in sorted(tried, key=lambda begun: begun.loss)[:looks]:
        found = selection.see(begun.place, begun.theta, begun.maps.whole, step=0, queries=asked, loss=begun.loss)
        asked += selection.cost
        if (loss := _pooled(begun, found, selection)) < lowest:
            best, look, lowest = begun, found, loss
    selection.keep(look)
    return replace(best, asked=asked)


def _begin(arranged: Arranged, fit_map: FitMap, asked: int) -> Beginning:
    objective, theta = arranged.objective, arranged.theta
    answers = objective.oracle.query(objective.prompt.apply(objective.images, theta))
    place = Place(arranged.layout, objective.prompt, arranged.validation)
    return Beginning(objective, theta, answers, fit_map(answers, objective.targets), place, asked + len(answers))


def _pooled(begun: Beginning, look: Look, selection: Selection) -> float:
    """Mean loss over training and validation images alike."""
    losses = begun.objective.loss(look.class_scores, selection.targets)
    n = len(begun.objective.targets)
    return float((n * begun.loss + np.sum(losses)) / (n + selection.cost))
