"""Where there are queries for one look alone: training images choose what it is at.

A race looks at the row to beat first, and at the best of the others after it. A budget that has room for one look, and
some training images beside it, is not lost on the row to beat: that is known, and a prompt may be better.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from itertools import islice

import numpy as np

from bbprompt.arrays import Int
from bbprompt.errors import BudgetExhausted
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.layout import Arranged
from bbprompt.fit.runner import EACH, Runner, heat_size
from bbprompt.fit.selection import FitMap, Selection
from bbprompt.oracle import Answer
from bbprompt.sampling import some_of_each

PARTIAL = frozenset({Answer.TOP_K, Answer.TAGS, Answer.LABEL})
"""Answers that leave labels out. What layout suits them differs more from one oracle to the next than with all scores."""


def only_one_look(left: int, targets: Int, *, look: int) -> bool:
    """Whether ``left`` queries are enough for an opening and a look, and not for all training images and another look."""
    return heat_size(targets) + look <= left < len(targets) + 2 * look


def with_one_look(
    plain: Beginning,
    openings: Iterable[Arranged],
    selection: Selection,
    *,
    fit_map: FitMap,
    queries: int,
    rng: np.random.Generator,
) -> int:
    """Let training images choose between ``plain`` and the first opening, or two, and look at what they chose.

    Of ``PARTIAL`` answers, a third of what ``queries`` allow beside the look goes to each of two openings, and the last
    to the better one, unless a third is too few images for maps that tell the two apart, of each class or for so many
    labels. Else the first opening has all.

    Returns:
        Images scored so far, the look included.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    targets, spare = plain.objective.targets, queries - plain.asked - selection.cost
    third, enough = spare // 3, max(EACH * len(np.unique(targets)), plain.answers.values.shape[1])
    heat, contenders = (third, 2) if third >= enough and plain.answers.answer in PARTIAL else (spare, 1)
    rows = np.sort(some_of_each(targets, spare - (contenders - 1) * heat, rng))
    first = np.sort(rows[some_of_each(targets[rows], heat, rng)])
    selection.hold(selection.cost)
    better, asked = plain, plain.asked
    with suppress(BudgetExhausted):  # what is left is the look's
        runners = [Runner.start(opening, first, fit_map) for opening in islice(openings, contenders)]
        begun = min(runners, key=lambda runner: runner.begun.loss).go_on(rows, fit_map, plain.objective.oracle)
        asked += (len(runners) - 1) * len(first) + len(rows)
        better = begun if begun.loss < plain.losses[rows].mean() else plain
    selection.look(better.theta, better.maps, step=0, queries=asked, loss=better.loss, place=better.place)
    return asked + selection.cost
