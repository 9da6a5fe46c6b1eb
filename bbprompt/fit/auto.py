"""``method = "auto"``: no knob to turn. The map, the image's scale, a student, where there is one, then pairs.

Where the map alone leaves less than one validation image to win, that is all: no look could see a prompt's gain.

What each part is worth was measured; see benchmarks/queries. How large the image is shown, and on what ground, costs one
pass of the training images to find out and is worth thousands of queries of pixels; but pixels move on from the image as
it is, and hardly in a layout, so that student and pairs begin there, and the layout is what they have to beat. A map from
more labels than there are images gains from answers to variations of them. The student moves the prompt fastest in the
first thousand queries and then no longer helps; antithetic sign pairs on pixels, one image each, move it slowly but on.
Selection keeps the best look, no prompt at all being the first, so that the system stays near the map alone or above.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import BudgetExhausted
from bbprompt.estimators import AntitheticPairs
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.by_map import learn_map, starves
from bbprompt.fit.by_query import fit_by_query
from bbprompt.fit.by_scale import choose_scale
from bbprompt.fit.by_student import learn_from_student
from bbprompt.fit.outlook import outlook
from bbprompt.fit.selection import Fit, FitMap, Selection, Watch, unwatched
from bbprompt.fit.student import Student
from bbprompt.objective import Objective
from bbprompt.oracle import Scores


def fit_auto(
    objective: Objective,
    theta: Float,
    selection: Selection,
    *,
    student: Student | None,
    fit_map: FitMap,
    start: Scores,
    queries: int,
    looks: int = 4,
    rng: np.random.Generator,
    checkpoint: Path | None = None,
    watch: Watch = unwatched,
) -> Fit:
    """Minimise ``objective`` from ``theta`` within ``queries`` scored images, validation included.

    Args:
        selection: layouts are tried where it has an ``arrange``.
        student: a local model to teach; ``None`` where torch is not installed, and then pairs do it all.
        start: answers to the objective's images at ``theta``, one each: the first label map.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    maps = fit_map(start, objective.targets)
    begun = Beginning(objective, theta, maps, selection.own, asked=0)
    if checkpoint is None or not checkpoint.exists():
        try:
            seen = selection.look(theta, maps, step=0, queries=0, loss=None)
            begun = replace(begun, asked=selection.cost)
            if outlook(maps, queries=queries).most * selection.cost < 1:
                return selection.finish(queries=begun.asked, stopped="no room")
            placed = choose_scale(begun, seen, selection, fit_map=fit_map, queries=queries, watch=watch)
            asked = placed.asked
            if starves(start) and maps.whole.learns:
                asked = learn_map(placed, selection, fit_map=fit_map, queries=queries, rng=rng, watch=watch)
            begun = replace(begun, asked=asked)
            if student is not None:
                begun = learn_from_student(
                    begun, student, selection, fit_map=fit_map, queries=queries, rng=rng, watch=watch
                )
        except BudgetExhausted:
            if selection.best is None:
                raise
            return selection.finish(queries=queries, stopped="budget")
    moved = np.random.default_rng(rng.integers(2**63))
    return fit_by_query(
        objective,
        AntitheticPairs(begun.theta, rng=moved, pairs=10, radius_levels=8.0),
        selection,
        fit_map=fit_map,
        start=begun.answers,
        queries=queries,
        looks=looks,
        rng=rng,
        asked=begun.asked,
        checkpoint=checkpoint,
        watch=watch,
    )
