"""The figures as Markdown: per group, rows are methods and columns budgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bbprompt.table import markdown_table
from benchmarks.queries.methods import NO_PROMPT
from benchmarks.queries.metrics import Estimate, queries_to_reach, recovered_gain
from benchmarks.queries.summary import Group, Point
from benchmarks.queries.verdict import peers, unbeaten

SHARES = (0.5, 0.9)
NOTHING = "–"
LEGEND = (
    "Accuracy of prompt and label map on the test images, and in brackets R, the share of the gradient's gain over "
    "the map alone; means over seeds with 95 % intervals (Student's t). Columns are budgets in image queries, "
    "validation included; – where training images and one look at validation do not fit. At the smallest that do, most "
    "peers take a first look and have no room for a step. A failed seed counts as the map alone. The last columns are "
    "the smallest budgets that recover half and nine tenths of the gain."
)


def markdown(groups: Iterable[Group], *, against: str | None = None) -> str:
    """Every group's table; with ``against``, below each that method's difference to every peer.

    At the end, where it does not beat a peer.
    """
    groups, parts = list(groups), [LEGEND]
    for group in groups:
        parts += [
            f"### {group.task}, answers: {group.answers}, shots: {group.shots}",
            _references(group),
            _rows(group),
        ]
        if against in group.found:
            parts += [f"{against} minus the others, paired by seed:", _differences(group, against)]
    if against is not None and any(against in group.found for group in groups):
        parts += [f"### Where {against} does not beat a peer", unbeaten(groups, against)]
    return "\n\n".join(parts) + "\n"


def _references(group: Group) -> str:
    seeds = sorted(group.floor.keys() & group.ceiling.keys())
    floor, ceiling = ([by_seed[seed] for seed in seeds] for by_seed in (group.floor, group.ceiling))
    floor_mean, ceiling_mean = group.references()
    little = "" if recovered_gain(ceiling, floor, ceiling) else " Gradients gain too little for an R."
    return f"Map alone {floor_mean:.3f}; gradients {ceiling_mean:.3f}; {len(seeds)} seeds.{little}"


def _rows(group: Group) -> str:
    budgets = group.budgets()
    headings = [
        "method",
        "seeds",
        *(f"{budget:,}" for budget in budgets),
        *(f"{share:.0%} of the gain" for share in SHARES),
    ]
    rows = []
    for method in group.found:
        points = [group.point(method, budget) for budget in budgets]
        seeds = max((point.accuracy.n for point in points if point), default=0)
        rows.append([method, str(seeds), *(_cell(point, seeds) for point in points), *_costs(budgets, points)])
    return markdown_table(headings, rows)


def _cell(point: Point | None, seeds: int) -> str:
    if point is None:
        return NOTHING
    fewer = f", {point.accuracy.n} seeds" if point.accuracy.n < seeds else ""
    gain = "" if point.gain is None else f" ({point.gain:.2f})"
    failures = f", {point.failures} failed" if point.failures else ""
    return f"{point.accuracy:.3f}{gain}{fewer}{failures}"


def _costs(budgets: Sequence[int], points: Sequence[Point | None]) -> list[str]:
    gains = [
        (b, p.gain.value) for b, p in zip(budgets, points, strict=True) if p is not None and p.gain is not None
    ]
    reached = [queries_to_reach(share, gains) for share in SHARES]
    return [NOTHING if budget is None else f"{budget:,}" for budget in reached]


def _differences(group: Group, ours: str) -> str:
    budgets = group.budgets()
    rows = []
    for theirs in [NO_PROMPT, *peers(group, ours)]:
        differences = [group.difference(ours, theirs, budget) for budget in budgets]
        rows.append([theirs, *map(_signed, differences)])
    return markdown_table(["minus", *(f"{budget:,}" for budget in budgets)], rows)


def _signed(difference: Estimate | None) -> str:
    return NOTHING if difference is None else f"{difference:+.3f}"
