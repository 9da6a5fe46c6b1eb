"""What rounded probabilities cost: the map alone, fitted to answers with so many decimals, and tested on such answers.

Many services round. Then 0 is an answer, and its logarithm lies far below all others. ``left`` is the map that takes it
as it comes, ``map`` the one that may raise it, as cross-validation says; see ``bbprompt.labelmaps.inputs``.
"""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import msgspec
import numpy as np

from bbprompt.evaluate import accuracy
from bbprompt.oracle import Scores
from bbprompt.table import markdown_table
from bbprompt.task import Task
from benchmarks.machine import Machine
from benchmarks.queries.metrics import mean, paired_difference

DECIMALS = (2, 3, 4, 6, None)
"""That probabilities are rounded to; ``None`` for all that float32 holds."""


class Rounded(msgspec.Struct, frozen=True, kw_only=True):
    """Accuracies of the map alone on the test images of one task and seed.

    Attributes:
        decimals: of the answers; ``None`` for all.
        zeros: share of the training answers that is 0.
        left: where 0 is left as it comes.
        map: where cross-validation says what 0 counts as.
    """

    task: str
    seed: int
    decimals: int | None
    zeros: float
    left: float
    map: float


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed."""

    machine: Machine
    rounded: list[Rounded]


def measure(name: str, seed: int, task: Task) -> Iterator[Rounded]:
    """Measure an open task, whose oracle answers probabilities."""
    train, test = task.splits.train, task.splits.test
    taught, unseen = (task.oracle.query(task.plain(part.images)) for part in (train, test))
    for decimals in DECIMALS:
        shown, asked = _rounded(taught, decimals), _rounded(unseen, decimals)
        with patch("bbprompt.labelmaps.linear.floors", lambda _scores: (None,)):
            left = task.fit_map(shown, train.targets).whole
        fitted = task.fit_map(shown, train.targets).whole
        yield Rounded(
            task=name,
            seed=seed,
            decimals=decimals,
            zeros=float((shown.values == 0).mean()),
            left=accuracy(left(asked.log()), test.targets).value,
            map=accuracy(fitted(asked.log()), test.targets).value,
        )


def _rounded(scores: Scores, decimals: int | None) -> Scores:
    if decimals is None:
        return scores
    return Scores(scores.values.astype(np.float64).round(decimals).astype(np.float32), scores.answer)


def markdown(measured: Measured) -> str:
    """Means over seeds with 95 % intervals, differences paired by seed."""
    rows = []
    for task, decimals in dict.fromkeys((found.task, found.decimals) for found in measured.rounded):
        of = [found for found in measured.rounded if (found.task, found.decimals) == (task, decimals)]
        left, fitted = [found.left for found in of], [found.map for found in of]
        rows.append(
            (
                task,
                str(len(of)),
                "all" if decimals is None else str(decimals),
                f"{mean([found.zeros for found in of]).value:.0%}",
                f"{mean(left):.3f}",
                f"{mean(fitted):.3f}",
                f"{paired_difference(fitted, left):+.3f}",
            )
        )
    heads = ("task", "seeds", "decimals", "of answers 0", "0 left as it comes", "the map", "gain")
    return markdown_table(heads, rows) + "\n"
