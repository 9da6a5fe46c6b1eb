"""What a prompt has been worth: of what the map alone leaves, the share that ``auto`` wins, task by task.

``bbprompt.fit.outlook`` says by these figures what to expect of a task that nobody has measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from bbprompt.table import markdown_table
from benchmarks.queries.metrics import mean
from benchmarks.queries.summary import Group
from benchmarks.queries.verdict import OURS

FEWEST = 4
"""Tasks that a budget must have been measured on: quartiles of fewer say nothing."""

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
    return {budget: of for budget, of in sorted(found.items()) if len(of) >= FEWEST}


def middle_half(found: Shares) -> dict[int, tuple[float, float]]:
    """Lower and upper quartile over the tasks, by budget, to two decimals."""
    quartiles = {budget: np.quantile(list(of.values()), [0.25, 0.75]) for budget, of in found.items()}
    return {budget: (round(float(low), 2), round(float(high), 2)) for budget, (low, high) in quartiles.items()}


def inside(found: Shares) -> tuple[int, int]:
    """How many figures lie within the quartiles of the *other* tasks, and how many there are."""
    judged = []
    for of in found.values():
        for name, share in of.items():
            others = [value for other, value in of.items() if other != name]
            if others:
                low, high = np.quantile(others, [0.25, 0.75])
                judged.append(low <= share <= high)
    return int(sum(judged)), len(judged)


def markdown(found: Shares) -> str:
    """The figures as a table."""
    names = list(dict.fromkeys(name for of in found.values() for name in of))
    body = [(name, *(_cell(of.get(name)) for of in found.values())) for name in names]
    halves = middle_half(found).values()
    body += [("**lower quartile**", *(_cell(low) for low, _ in halves))]
    body += [("**upper quartile**", *(_cell(high) for _, high in halves))]
    hits, n = inside(found)
    note = f"Within the quartiles of the other tasks: {hits} of {n}."
    head = "Of the images that the map alone gets wrong, the share that `auto` wins, by budget; means over seeds."
    table = markdown_table(("task", *(f"{budget:,}" for budget in found)), body)
    return "\n".join([head, "", table, "", note, ""])


def _cell(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"
