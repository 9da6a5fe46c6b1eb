"""Does one method beat the others? Where it does, where it does not, and where seeds cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from bbprompt.table import markdown_table
from benchmarks.queries.methods import METHODS, NO_PROMPT
from benchmarks.queries.metrics import Estimate
from benchmarks.queries.summary import Group

OURS = "auto"


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


def headline(groups: Iterable[Group], ours: str, few: int = 1_000, many: int = 10_000) -> str:
    """One line a group: map alone, ours with ``few`` and ``many`` queries, and either less the strongest peer; gradients.

    The strongest peer is the one that ours beats by least, over the seeds that both have, and so is picked by the very
    figures that it is shown with, which favours it. A local model that answers in the oracle's stead has a column of its
    own. Where ``many`` was not measured, the largest budget below it stands for it.
    """
    heads = [
        "task",
        "map alone",
        f"{ours}, {few:,}",
        "minus the strongest peer",
        f"{ours}, {many:,}",
        "minus the strongest peer",
        "R",
        "gradients",
        "minus a local model instead",
    ]
    rows = (_headline_row(group, ours, few, many) for group in groups if ours in group.found)
    return markdown_table(heads, filter(None, rows))


def _headline_row(group: Group, ours: str, few: int, many: int) -> list[str] | None:
    most = max((budget for budget in group.found[ours] if few < budget <= many), default=None)
    if most is None:
        return None
    floor, ceiling = group.references()
    reached = group.point(ours, most)
    assert reached is not None
    at_most = "" if most == many else f" at {most:,}"
    through, instead = _differences(group, ours, most)
    return [
        group.title,
        f"{floor.value:.3f}",
        _accuracy(group, ours, few),
        _strongest(_differences(group, ours, few)[0]),
        f"{reached.accuracy:.3f}{at_most}",
        _strongest(through),
        "–" if reached.gain is None else f"{reached.gain:.2f}",
        f"{ceiling.value:.3f}",
        _strongest(instead),
    ]


def _accuracy(group: Group, name: str, budget: int) -> str:
    point = group.point(name, budget)
    return "–" if point is None else f"{point.accuracy:.3f}"


def _differences(group: Group, ours: str, budget: int) -> tuple[dict[str, Estimate], dict[str, Estimate]]:
    """Ours minus each peer: first those whose answers are the oracle's, then local models in its stead."""
    found = {name: d for name in peers(group, ours) if (d := group.difference(ours, name, budget))}
    instead = {name: difference for name, difference in found.items() if _answers_itself(name)}
    return {name: d for name, d in found.items() if name not in instead}, instead


def _answers_itself(name: str) -> bool:
    return name in METHODS and METHODS[name].own_answer


def _strongest(found: dict[str, Estimate]) -> str:
    name = min(found, key=lambda peer: found[peer].value, default=None)
    return "–" if name is None else f"{found[name]:+.3f} {name}"
