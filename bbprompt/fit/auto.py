"""``method = "auto"``: no knob to turn. The map, the image's scale, a student, where there is one, then pairs.

Where the map alone leaves less than one validation image to win, that is all: no look could see a prompt's gain.

What each part is worth was measured; see benchmarks/queries. How large the image is shown, and on what ground, costs one
pass of the training images to find out and is worth thousands of queries of pixels. A map from more labels than there are
images gains from answers to variations of them. The student moves the prompt fastest in the first thousand queries and
then no longer helps; antithetic sign pairs on pixels, one image each, move it slowly but on. Selection keeps the best
look, no prompt at all being the first, so that the system stays near the map alone or above.
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
from bbprompt.fit.selection import Fit, FitMap, Place, Selection, Watch, unwatched
from bbprompt.fit.student import Student
from bbprompt.objective import Objective
from bbprompt.oracle import Scores

STEP_LEVELS, STEP_LEVELS_IN_LAYOUT = 1.0, 0.1
"""Of pairs, in grey levels. What a layout has won, steps that are mostly noise lose again."""


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
        objective = _resume(objective, selection, arrange, checkpoint)
    else:
        try:
            begun = Beginning(objective, theta, start, fit_map(start, objective.targets), asked=0)
            enough = room(start, objective.targets, begun.maps) * selection.cost < 1
            if enough or starves(start) or student is not None or arrange is not None:
                seen = selection.look(theta, begun.maps.whole, step=0, queries=0, loss=None)
                begun = replace(begun, asked=selection.cost)
            if enough:
                return selection.finish(queries=begun.asked, stopped="no room")
            if arrange is not None:
                begun = choose_scale(begun, seen, selection, arrange, fit_map=fit_map, queries=queries, watch=watch)
            objective, theta, window, asked = begun.objective, begun.theta, begun.answers, begun.asked
            if starves(start) and begun.maps.whole.learns:
                asked = learn_map(
                    objective,
                    theta,
                    selection,
                    fit_map=fit_map,
                    start=window,
                    queries=queries,
                    rng=rng,
                    asked=asked,
                    watch=watch,
                )
            if student is not None and selection.layout is None:
                taught = learn_from_student(
                    objective,
                    student,
                    theta,
                    selection,
                    maps=begun.maps,
                    fit_map=fit_map,
                    start=window,
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
    pairs = AntitheticPairs(
        theta,
        rng=np.random.default_rng(rng.integers(2**63)),
        pairs=10,
        radius_levels=8.0,
        step_levels=STEP_LEVELS if selection.layout is None else STEP_LEVELS_IN_LAYOUT,
    )
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


def _resume(objective: Objective, selection: Selection, arrange: Arrange | None, checkpoint: Path) -> Objective:
    """The objective in the layout that was chosen before the checkpoint was written."""
    layout = load_state(checkpoint)["selection"]["layout"]
    if layout is None or arrange is None:
        return objective
    arranged = arrange(Layout(*layout))
    selection.move(Place(arranged.layout, arranged.objective.prompt, arranged.validation))
    return arranged.objective
