"""``method = "auto"``: no knob to turn. The map; a pre-flight; a student; pairs; validation guards all.

What each part is worth was measured; see benchmarks/queries. A map from more labels than there are images is taught with
variations of them first. Where the pre-flight then says that a prompt is not likely to pay, that is all. Otherwise the
student moves the prompt fastest in the first thousand queries and then no longer helps; antithetic sign pairs on
pixels, one image each, move it slowly but on. Selection keeps the best look, no prompt at all being the first, so that
the system stays near the map alone or above.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from bbprompt.arrays import Float
from bbprompt.errors import BudgetExhausted
from bbprompt.estimators import AntitheticPairs
from bbprompt.fit.by_map import learn_map, starves
from bbprompt.fit.by_query import fit_by_query
from bbprompt.fit.by_student import learn_from_student
from bbprompt.fit.preflight import fly
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
    watch: Watch = unwatched,
) -> Fit:
    """Minimise ``objective`` from ``theta`` within ``queries`` scored images, validation included.

    An interrupted fit is run again; its answers are in the ledger.

    Args:
        student: a local model to teach; ``None`` where torch is not installed, and then pairs do it all.
        start: answers to the objective's images at ``theta``, one each: the first label map.
        looks: looks at validation, evenly spaced; one more is taken before the first step.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    maps, found, asked = fit_map(start, objective.targets), None, selection.cost
    taught_map = not maps.whole.learns
    learn_more = partial(
        learn_map, objective, theta, selection, fit_map=fit_map, start=start, queries=queries, rng=rng, watch=watch
    )
    try:
        selection.look(theta, maps.whole, step=0, queries=0, loss=None)
        if starves(start) and not taught_map:
            asked, taught_map = learn_more(asked=asked), True
        found, scored = fly(objective, theta, fit_map=fit_map, start=start, queries=queries - asked, rng=rng)
        asked += scored
        if found.pays is False:
            asked = asked if taught_map else learn_more(asked=asked)
            return replace(selection.finish(queries=asked, stopped="done"), preflight=found)
        if student is not None:
            taught = learn_from_student(
                objective,
                student,
                theta,
                selection,
                fit_map=fit_map,
                start=start,
                queries=queries,
                rng=rng,
                asked=asked,
                watch=watch,
            )
            theta, start, asked = taught.theta, taught.answers, taught.asked
    except BudgetExhausted:
        if selection.label_map is None:
            raise
        return replace(selection.finish(queries=queries, stopped="budget"), preflight=found)
    pairs = AntitheticPairs(theta, rng=np.random.default_rng(rng.integers(2**63)), pairs=10, radius_levels=8.0)
    fit = fit_by_query(
        objective,
        pairs,
        selection,
        fit_map=fit_map,
        start=start,
        queries=queries,
        looks=looks,
        rng=rng,
        asked=asked,
        watch=watch,
    )
    return replace(fit, preflight=found)
