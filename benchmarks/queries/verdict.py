"""Does one method beat the others? Where it does, where it does not, and where seeds cannot tell."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from bbprompt.table import markdown_table
from benchmarks.queries.methods import METHODS, NO_PROMPT
from benchmarks.queries.metrics import Estimate
from benchmarks.queries.summary import Group


@dataclass(frozen=True, slots=True)
class Verdict:
    """One method against one other in one group at one budget.

    Attributes:
        difference: accuracy of ours minus theirs, paired by seed.
    """

    group: Group
    theirs: str
    budget: int
    difference: Estimate

    @property
    def outcome(self) -> str:
        """ "better" or "worse" beyond the interval, or "undecided"; one seed decides nothing."""
        if self.difference.low > 0:
            return "better"
        return "worse" if self.difference.high < 0 else "undecided"


def peers(group: Group, ours: str) -> list[str]:
    """The other methods of a group, without ``ours`` in parts: rows that are called "ours, without something"."""
    return [name for name in group.found if name != ours and not is_part(name, ours)]


def is_part(name: str, ours: str) -> bool:
    """Whether a row is an ablation of ``ours``."""
    return name.startswith(f"{ours}, ")


def verdicts(groups: Iterable[Group], ours: str) -> Iterator[Verdict]:
    """Judge ``ours`` against the map alone and every peer, wherever both have figures."""
    for group in groups:
        if ours in group.found:
            for theirs in (NO_PROMPT, *peers(group, ours)):
                for budget in group.budgets():
                    difference = group.difference(ours, theirs, budget)
                    if difference is not None:
                        yield Verdict(group, theirs, budget, difference)


def unbeaten(groups: Iterable[Group], ours: str) -> str:
    """A Markdown list of every peer and budget that ``ours`` does not beat beyond the interval, and the counts."""
    found = list(verdicts(groups, ours))
    left = [verdict for verdict in found if verdict.outcome != "better"]
    counts = {name: sum(v.outcome == name for v in found) for name in ("better", "undecided", "worse")}
    head = f"{ours} against the map alone and every peer, at every budget: " + ", ".join(
        f"{count} {name}" for name, count in counts.items()
    )
    by_group = groupby(left, key=lambda verdict: verdict.group.title)
    lines = [f"- {title}: {'; '.join(_words(list(those)))}" for title, those in by_group]
    return "\n".join([f"{head}. Not better:" if lines else f"{head}.", *([""] if lines else []), *lines])


def _words(those: list[Verdict]) -> Iterator[str]:
    for theirs, same in groupby(those, key=lambda verdict: verdict.theirs):
        yield f"{theirs} " + ", ".join(
            f"at {v.budget:,} {'**' if v.outcome == 'worse' else ''}{v.difference:+.3f}"
            f"{'**' if v.outcome == 'worse' else ''}"
            for v in same
        )


def headline(groups: Iterable[Group], ours: str, budgets: Container[int] | None = None) -> str:
    """One line a group and budget: map alone, ours with its R, gradients, and ours minus the strongest peer.

    The strongest peer is the one that ours beats by least, over the seeds that both have, and so is picked by the very
    figures that it is shown with, which favours it. A local model that answers in the oracle's stead has a column of its
    own.

    Args:
        budgets: those to show; all, if left out.
    """
    heads = [
        "task",
        "queries",
        "map alone",
        ours,
        "R",
        "gradients",
        "minus the strongest peer",
        "a local model instead",
    ]
    shown = (
        _headline_row(group, ours, budget)
        for group in groups
        for budget in group.budgets()
        if budgets is None or budget in budgets
    )
    return markdown_table(heads, filter(None, shown))


def _headline_row(group: Group, ours: str, budget: int) -> list[str] | None:
    point = group.point(ours, budget) if ours in group.found else None
    if point is None:
        return None
    found = {name: d for name in peers(group, ours) if (d := group.difference(ours, name, budget))}
    through = {name: difference for name, difference in found.items() if not _answers_itself(name)}
    floor, ceiling = group.references()
    return [
        group.title,
        f"{budget:,}",
        f"{floor.value:.3f}",
        f"{point.accuracy:.3f}",
        "–" if point.gain is None else f"{point.gain:.2f}",
        f"{ceiling.value:.3f}",
        _strongest(through),
        _strongest({name: difference for name, difference in found.items() if name not in through}),
    ]


def _answers_itself(name: str) -> bool:
    return name in METHODS and METHODS[name].own_answer


def _strongest(found: dict[str, Estimate]) -> str:
    name = min(found, key=lambda peer: found[peer].value, default=None)
    return "–" if name is None else f"{found[name]:+.3f} {name}"
