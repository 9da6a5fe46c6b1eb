"""What each part of a method is worth: rows that lack it or have another, over all tasks that they were run on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from bbprompt.table import markdown_table
from benchmarks.queries.metrics import Estimate, mean_of_means
from benchmarks.queries.summary import Group
from benchmarks.queries.table import NOTHING
from benchmarks.queries.verdict import OURS, is_part

LEGEND = (
    "Accuracy on the test images of prompt and label map: the row's minus that of `auto` on the same task, seed and "
    "budget, so that below zero is what a part is worth; of a student's parts, minus that of `auto` with the student. "
    "Means over tasks of the means over seeds, with 95 % intervals "
    "for these tasks, which say nothing of others; bold where they leave zero out, as one in twenty does by chance. "
    "Same: no seed differs, the part has nothing to do there. Columns are budgets in image queries. A failed seed counts "
    "as the map alone."
)


@dataclass(frozen=True, slots=True)
class Worth:
    """A part's accuracy less that of the whole.

    Attributes:
        differences: of each task that has both, seed by seed.
        failures: seeds on which the part's row failed.
    """

    differences: tuple[tuple[float, ...], ...]
    failures: int

    @property
    def mean(self) -> Estimate:
        """Over tasks."""
        return mean_of_means(self.differences)

    @property
    def same(self) -> bool:
        """Whether no seed of any task differs."""
        return not any(map(any, self.differences))


def markdown(groups: Iterable[Group], ours: str = OURS) -> str:
    """One table for each kind of answers and number of shots: a row a part, a column a budget."""
    parts = [LEGEND]
    for (answers, shots), alike in groupby(sorted(groups, key=_kind), key=_kind):
        among = [group for group in alike if any(is_part(name, ours) for name in group.found)]
        if among:
            parts += [f"### answers: {answers}, shots: {shots}", _table(among, ours)]
    return "\n\n".join(parts) + "\n"


def whole(part: str, rows: Iterable[str]) -> str:
    """What ``part`` is compared with: of ``rows``, the longest name that its own goes on from after a comma."""
    return max((row for row in rows if part.startswith(f"{row}, ")), key=len)


def worth(groups: Iterable[Group], part: str, ours: str, budget: int) -> Worth | None:
    """``part`` less ``ours`` over all seeds of all groups that have both; ``None`` where none has."""
    differences, failures = [], 0
    for group in groups:
        theirs, mine = (group.found.get(name, {}).get(budget, {}) for name in (part, ours))
        seeds = sorted(theirs.keys() & mine.keys())
        if seeds:
            differences.append(tuple(theirs[seed] - mine[seed] for seed in seeds))
            failures += len(group.failed.get(part, {}).get(budget, set()).intersection(seeds))
    return Worth(tuple(differences), failures) if differences else None


def _kind(group: Group) -> tuple[str, str]:
    return group.answers, group.shots


def _table(groups: Sequence[Group], ours: str) -> str:
    named = sorted({name for group in groups for name in group.found if is_part(name, ours)})
    budgets = sorted({b for group in groups for name in named for b in group.found.get(name, {})})
    rows = []
    for name in named:
        found = [worth(groups, name, whole(name, [ours, *named]), budget) for budget in budgets]
        most = max((_size(one) for one in found if one), default=(0, 0))
        tasks = ", ".join(group.task for group in groups if name in group.found)
        rows.append([name, tasks, str(most[1]), *(_words(one, most) for one in found)])
    return markdown_table(["row", "tasks", "cells", *(f"{budget:,}" for budget in budgets)], rows)


def _size(found: Worth) -> tuple[int, int]:
    """Tasks, and seeds of all of them."""
    return len(found.differences), sum(map(len, found.differences))


def _words(found: Worth | None, most: tuple[int, int]) -> str:
    if found is None:
        return NOTHING
    mean = found.mean
    text = "same" if found.same else f"{mean:+.3f}"
    text = f"**{text}**" if mean.low > 0 or mean.high < 0 else text
    fewer = "" if _size(found) == most else f", {_size(found)[1]} cells"
    return text + fewer + (f", {found.failures} failed" if found.failures else "")
