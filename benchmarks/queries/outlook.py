"""What a prompt has been worth: of what the map alone leaves, the share that ``auto`` wins, task by task.

``bbprompt.fit.outlook`` says by these figures what to expect of a task that nobody has measured: by those of small
images, or by those of large ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np

from bbprompt.fit.outlook import SMALL
from bbprompt.table import markdown_table
from benchmarks.queries.metrics import mean
from benchmarks.queries.setup import bench_task
from benchmarks.queries.summary import Group
from benchmarks.queries.verdict import OURS

FEWEST = 0.5
"""Of the tasks, how many a budget must have been measured on: quartiles of a few say nothing of the rest."""

Shares: TypeAlias = dict[int, dict[str, float]]
"""By budget, by task."""


def shares(groups: Sequence[Group]) -> Shares:
    """Return what ``auto`` gained over the map alone, of what that left, each a mean over seeds."""
    found: Shares = {}
    for group in groups:
        for budget, by_seed in group.found.get(OURS, {}).items():
            seeds = sorted(by_seed.keys() & group.floor.keys())
            if seeds:
                alone, reached = mean([group.floor[s] for s in seeds]), mean([by_seed[s] for s in seeds])
                found.setdefault(budget, {})[group.title] = (reached.value - alone.value) / (1 - alone.value)
    measured = {title for of in found.values() for title in of}
    return {budget: of for budget, of in sorted(found.items()) if len(of) >= FEWEST * len(measured)}


def by_size(groups: Iterable[Group]) -> tuple[Shares, Shares]:
    """``shares`` of the tasks with small images, and of those with large ones."""
    small, large = list[Group](), list[Group]()
    for group in groups:
        (small if bench_task(group.task).side ** 2 < SMALL else large).append(group)
    return shares(small), shares(large)


def middle_half(found: Shares) -> dict[int, tuple[float, float]]:
    """Lower and upper quartile over the tasks, by budget, to two decimals."""
    quartiles = {budget: np.quantile(list(of.values()), [0.25, 0.75]) for budget, of in found.items()}
    return {budget: (round(float(low), 2), round(float(high), 2)) for budget, (low, high) in quartiles.items()}


def inside(found: Shares) -> tuple[int, int]:
    """How many figures lie within the quartiles of other oracles or images, and how many there are.

    The same oracle and images with other answers or shots are no other task: they are left out together.
    """
    judged = []
    for of in found.values():
        for title, share in of.items():
            others = [value for other, value in of.items() if _task(other) != _task(title)]
            if others:
                low, high = np.quantile(others, [0.25, 0.75])
                judged.append(low <= share <= high)
    return int(sum(judged)), len(judged)


def markdown(small: Shares, large: Shares) -> str:
    """The figures as two tables."""
    head = (
        "Of the images that the map alone gets wrong, the share that `auto` wins, by budget; means over seeds. By these "
        "quartiles the pre-flight says what is likely."
    )
    return "\n".join(
        [head, "", "### Images of 32 pixels", "", *_lines(small), "### Images of 112 pixels", "", *_lines(large)]
    )


def _lines(found: Shares) -> list[str]:
    names = list(dict.fromkeys(name for of in found.values() for name in of))
    body = [(name, *(_cell(of.get(name)) for of in found.values())) for name in names]
    halves = middle_half(found).values()
    body += [("**lower quartile**", *(_cell(low) for low, _ in halves))]
    body += [("**upper quartile**", *(_cell(high) for _, high in halves))]
    hits, n = inside(found)
    note = f"Within the quartiles of tasks with another oracle or other images: {hits} of {n}."
    return [markdown_table(("task", *(f"{budget:,}" for budget in found)), body), "", note, ""]


def _task(title: str) -> str:
    return title.partition(", ")[0]


def _cell(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
