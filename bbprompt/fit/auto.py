"""``method = "auto"``: no knob to turn. The map, a race of openings, the map again where it starves, then pairs.

Where the map alone leaves less than one validation image to win, that is all: no look could see a prompt's gain.

What each part is worth was measured; see benchmarks/queries. Where to begin (how large the image is shown and on what
ground, or under which loud signs) costs a heat of training images each to find out, and is worth thousands of queries
of pixels. So a race takes most of a budget that is small for the prompt's size; its signs repeat every few pixels.
Where there are more queries, its signs are each pixel's own: from those antithetic pairs, one image each, move on.
From the image as it is they hardly do, and in a layout they lose again what that has won, so that a layout is what
they have to beat. A map from more labels than there are images gains from answers to variations of them. A student,
if there is one, takes the race's place: it moves the image as it is, fastest in the first thousand queries. Selection
keeps the best look, no prompt at all being the first, so that the system stays near the map alone or above.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import BudgetExhausted
from bbprompt.estimators import AntitheticPairs
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.by_map import first_cost, learn_map, starves
from bbprompt.fit.by_query import fit_by_query
from bbprompt.fit.by_student import learn_from_student
from bbprompt.fit.layout import Arranged
from bbprompt.fit.one_look import only_one_look, with_one_look
from bbprompt.fit.openings import openings
from bbprompt.fit.outlook import outlook
from bbprompt.fit.race import affordable, for_pairs, race
from bbprompt.fit.selection import Fit, FitMap, Look, Selection, Watch, unwatched
from bbprompt.fit.student import Student
from bbprompt.objective import Objective
from bbprompt.oracle import Scores

FEW = 4
"""Openings that come before a starving map."""

PROBES: Mapping[str, Any] = {"pairs": 10, "radius_levels": 8.0}
"""Options of the pairs."""


def fit_auto(
    objective: Objective,
    theta: Float,
    selection: Selection,
    *,
    student: Student | None,
    signs: bool,
    fit_map: FitMap,
    start: Scores,
    queries: int,
    looked: bool = False,
    looks: int = 4,
    rng: np.random.Generator,
    checkpoint: Path | None = None,
    watch: Watch = unwatched,
) -> Fit:
    """Minimise ``objective`` from ``theta`` within ``queries`` scored images, validation included.

    Args:
        selection: layouts are raced where it has an ``arrange``.
        student: a local model to teach in the race's place.
        signs: whether loud signs are raced.
        start: answers to the objective's images at ``theta``, one each: the first label map.
        looked: whether the answers to a look at ``theta``, which ``queries`` count, are paid for already: then there is
            nothing to save by not looking.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    begun = Beginning(objective, theta, fit_map(start, objective.targets), selection.own, asked=0)
    if checkpoint is None or not checkpoint.exists():
        arrange, signs = (selection.arrange, signs) if student is None else (None, False)
        field = partial(openings, begun, arrange, signs=signs, rng=rng)
        try:
            pixels = math.prod(objective.images.shape[1:3])
            room = outlook(begun.maps, queries=queries, pixels=pixels).most * selection.cost >= 1
            hardly = not looked and only_one_look(queries, objective.targets, look=selection.cost)
            if room and hardly and (signs or arrange is not None):
                asked = with_one_look(
                    begun, field(pairs=False), selection, fit_map=fit_map, queries=queries, rng=rng
                )
                return selection.finish(queries=asked, stopped="done")
            seen = selection.look(theta, begun.maps, step=0, queries=0, loss=None, veto=True)
            begun = replace(begun, asked=selection.cost)
            if not room:
                return selection.finish(queries=begun.asked, stopped="no room")
            begun = _where_to_begin(
                begun, seen, selection, field, fit_map=fit_map, queries=queries, rng=rng, watch=watch
            )
            if student is not None:
                begun = learn_from_student(
                    begun, student, selection, fit_map=fit_map, queries=queries, rng=rng, watch=watch
                )
        except BudgetExhausted as ended:
            return selection.cut_short(ended, queries=queries)
    moved = np.random.default_rng(rng.integers(2**63))
    return fit_by_query(
        objective,
        AntitheticPairs(begun.theta, rng=moved, **PROBES),
        selection,
        fit_map=fit_map,
        start=begun.answers,
        queries=queries,
        looks=looks,
        veto=True,
        rng=rng,
        asked=begun.asked,
        checkpoint=checkpoint,
        watch=watch,
    )


def _where_to_begin(
    plain: Beginning,
    seen: Look,
    selection: Selection,
    field: Callable[..., Iterable[Arranged]],
    *,
    fit_map: FitMap,
    queries: int,
    rng: np.random.Generator,
    watch: Watch,
) -> Beginning:
    """Race the field, learn a starving map at the winner, and return what pairs begin with."""
    targets, starving = plain.objective.targets, starves(plain.answers) and plain.maps.whole.learns
    left, look = queries - plain.asked, selection.cost
    spare = max(first_cost(images=len(targets), look=look), left // 3) if starving else 0
    if affordable(left - spare, targets, look=look, pairs=False)[0] < FEW:
        spare = 0
    pairs = for_pairs(left - spare, plain.theta.size)
    placed = race(
        plain,
        seen,
        selection,
        field(pairs=pairs),
        fit_map=fit_map,
        queries=queries - spare,
        pairs=pairs,
        rng=rng,
        watch=watch,
    )
    asked = placed.asked
    if starving:
        best = replace(placed.best, asked=asked)
        asked = learn_map(best, selection, fit_map=fit_map, queries=queries, rng=rng, watch=watch)
    return replace(placed.ground, asked=asked)
