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
from bbprompt.checkpoint import load_state
from bbprompt.errors import BudgetExhausted
from bbprompt.estimators import AntitheticPairs
from bbprompt.fit.by_map import learn_map, starves
from bbprompt.fit.by_query import fit_by_query
from bbprompt.fit.by_scale import Beginning, choose_scale
from bbprompt.fit.by_student import learn_from_student
from bbprompt.fit.layout import Arrange, Layout
from bbprompt.fit.room import room
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
    arrange: Arrange | None,
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
        student: a local model to teach; ``None`` where torch is not installed, and then pairs do it all.
        arrange: brings the task into a layout; ``None`` where the template is the user's choice.
        start: answers to the objective's images at ``theta``, one each: the first label map.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    asked, window = 0, start
    if checkpoint is not None and checkpoint.exists():
        _resume(selection, arrange, checkpoint)
    else:
        try:
            maps = fit_map(start, objective.targets)
            begun = Beginning(objective, theta, start, maps, selection.own, asked=0)
            enough = room(start, objective.targets, maps) * selection.cost < 1
            if enough or starves(start) or student is not None or arrange is not None:
                seen = selection.look(theta, maps.whole, step=0, queries=0, loss=None)
                begun = replace(begun, asked=selection.cost)
            if enough:
                return selection.finish(queries=begun.asked, stopped="no room")
            if arrange is not None:
                begun = choose_scale(begun, seen, selection, arrange, fit_map=fit_map, queries=queries, watch=watch)
            asked = begun.asked
            if starves(start) and maps.whole.learns:
                asked = learn_map(
                    begun.objective,
                    begun.theta,
                    selection,
                    fit_map=fit_map,
                    start=begun.answers,
                    queries=queries,
                    rng=rng,
                    asked=asked,
                    place=begun.place,
                    watch=watch,
                )
            if student is not None:
                taught = learn_from_student(
                    objective,
                    student,
                    theta,
                    selection,
                    maps=maps,
                    fit_map=fit_map,
                    start=start,
                    queries=queries,
                    rng=rng,
                    asked=asked,
                    watch=watch,
                )
                theta, window, asked = taught.theta, taught.answers, taught.asked
        except BudgetExhausted:
            if selection.label_map is None:
                raise
            return selection.finish(queries=queries, stopped="budget")
    pairs = AntitheticPairs(theta, rng=np.random.default_rng(rng.integers(2**63)), pairs=10, radius_levels=8.0)
    return fit_by_query(
        objective,
        pairs,
        selection,
        fit_map=fit_map,
        start=window,
        queries=queries,
        looks=looks,
        rng=rng,
        asked=asked,
        checkpoint=checkpoint,
        watch=watch,
    )


def _resume(selection: Selection, arrange: Arrange | None, checkpoint: Path) -> None:
    """Bring back the prompt of the layout that was best when the checkpoint was written."""
    layout = load_state(checkpoint)["selection"]["layout"]
    if layout is not None and arrange is not None:
        selection.best_prompt = arrange(Layout(*layout)).objective.prompt
