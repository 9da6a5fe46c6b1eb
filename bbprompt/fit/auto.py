"""``method = "auto"``: no knob to turn. The map, a student, where there is one, then pairs; validation guards all.

Where the map alone leaves less than one validation image to win, that is all: no look could see a prompt's gain.

What each part is worth was measured; see benchmarks/queries. A map from more labels than there are images gains most,
from answers to variations of them. The student moves the prompt fastest in the first thousand queries and then no
longer helps; antithetic sign pairs on pixels, one image each, move it slowly but on. Selection keeps the best look, no
prompt at all being the first, so that the system stays near the map alone or above.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import BudgetExhausted
from bbprompt.estimators import AntitheticPairs
from bbprompt.fit.by_map import learn_map, starves
from bbprompt.fit.by_query import fit_by_query
from bbprompt.fit.by_student import learn_from_student
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
        start: answers to the objective's images at ``theta``, one each: the first label map.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    asked, window, hungry = 0, start, starves(start)
    if checkpoint is None or not checkpoint.exists():
        try:
            maps = fit_map(start, objective.targets)
            enough = room(start, objective.targets, maps) * selection.cost < 1
            if enough or hungry or student is not None:
                selection.look(theta, maps.whole, step=0, queries=0, loss=None)
                asked = selection.cost
            if enough:
                return selection.finish(queries=asked, stopped="no room")
            if hungry and maps.whole.learns:
                asked = learn_map(
                    objective,
                    theta,
                    selection,
                    fit_map=fit_map,
                    start=start,
                    queries=queries,
                    rng=rng,
                    asked=asked,
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
