"""What each part of a method is worth: rows that lack it or have another, over all tasks that they were run on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from bbprompt.table import markdown_table
from benchmarks.queries.metrics import Estimate, mean
from benchmarks.queries.summary import Group
from benchmarks.queries.verdict import is_part

OURS = "auto"
NOTHING = "–"
LEGEND = (
    "Accuracy on the test images of prompt and label map: the row's minus that of `auto` on the same task, seed and "
    "budget, so that below zero is what a part is worth. Means over tasks and seeds with 95 % intervals (Student's t), "
    "bold where they leave zero out, as one in twenty does by chance. Columns are budgets in image queries."
)


def markdown(groups: Iterable[Group], ours: str = OURS) -> str:
    """One table for each kind of answers and number of shots: a row a part, a column a budget."""
    parts = [LEGEND]
    for (answers, shots), alike in groupby(sorted(groups, key=_kind), key=_kind):
        among = [group for group in alike if any(is_part(name, ours) for name in group.found)]
        if among:
            tasks = ", ".join(group.task for group in among)
            parts += [f"### answers: {answers}, shots: {shots}", f"Tasks: {tasks}.", _table(among, ours)]
    return "\n\n".join(parts) + "\n"


def worth(groups: Iterable[Group], part: str, ours: str, budget: int) -> Estimate | None:
    """``part``'s accuracy less that of ``ours``, over all seeds of all groups that have both; ``None`` where none has."""
    found = list(_differences(groups, part, ours, budget))
    return mean(found) if found else None


def _differences(groups: Iterable[Group], part: str, ours: str, budget: int) -> Iterator[float]:
    for group in groups:
        theirs, mine = (group.found.get(name, {}).get(budget, {}) for name in (part, ours))
        yield from (theirs[seed] - mine[seed] for seed in sorted(theirs.keys() & mine.keys()))


def _kind(group: Group) -> tuple[str, str]:
    return group.answers, group.shots


def _table(groups: list[Group], ours: str) -> str:
    named = sorted({name for group in groups for name in group.found if is_part(name, ours)})
    budgets = sorted({b for group in groups for name in named for b in group.found.get(name, {})})
    rows = []
    for name in named:
        found = [worth(groups, name, ours, budget) for budget in budgets]
        tasks = sum(name in group.found for group in groups)
        pairs = max((one.n for one in found if one), default=0)
        rows.append([name, str(tasks), str(pairs), *map(_words, found)])
    return markdown_table(["row", "tasks", "pairs", *(f"{budget:,}" for budget in budgets)], rows)


def _words(found: Estimate | None) -> str:
    if found is None:
        return NOTHING
    return f"**{found:+.3f}**" if found.low > 0 or found.high < 0 else f"{found:+.3f}"
