"""Learning curves: one panel per group, accuracy against queries, between the map alone and gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bbprompt.report.style import INK, MUTED, PAPER, look, style
from benchmarks.queries.answers import FULL
from benchmarks.queries.metrics import SMALLEST_GAIN, Estimate, mean
from benchmarks.queries.summary import Group, Seeded
from benchmarks.queries.verdict import OURS, is_part, peers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    Style = Mapping[str, Any]

PANEL_INCHES = (4.2, 3.2)
NAMED = 6
"""Peers that get a colour: more could not be told apart."""


def overview(groups: Sequence[Group]) -> list[Group]:
    """Those that every peer was run on: all scores, 16 images a class."""
    return [group for group in groups if (group.answers, group.shots) == (FULL, "16")]


def draw(groups: Sequence[Group], path: Path, *, across: int = 3) -> None:
    """Write the figure, so many panels in a row; the suffix of ``path`` says in which format."""
    from matplotlib.figure import Figure

    across = min(across, len(groups))
    down = -(-len(groups) // across)
    width, height = PANEL_INCHES
    with style(PAPER):
        figure = Figure(figsize=(width * across, height * down), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False).ravel()
        styles = _styles(groups)
        for panel, group in zip(panels, groups, strict=False):
            _draw_group(panel, group, styles)
        for panel in panels[len(groups) :]:
            panel.set_axis_off()
        handles = {line.get_label(): line for panel in panels for line in panel.get_lines()}
        named = [*styles, *(name for name in REFERENCES if name in handles)]
        figure.legend(
            [handles[name] for name in named], named, loc="outside lower center", ncols=-(-len(named) // 2)
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


REFERENCES: Mapping[str, Style] = {
    "gradients": {"linestyle": (0, (6, 3)), "color": PAPER[MUTED], "linewidth": 1.2},
    "map alone": {"linestyle": (0, (1, 2)), "color": PAPER[MUTED], "linewidth": 1.2},
    "other peers": {"color": "0.7", "linewidth": 0.6},
}


def _styles(groups: Sequence[Group]) -> dict[str, Style]:
    """Ours is black; a colour goes to the peers run on most panels, the strongest first, the same in every panel."""
    shares: dict[str, list[float]] = {}
    for group in groups:
        floor, ceiling = group.references()
        for method in peers(group, OURS):
            last = [point for budget in group.budgets() if (point := group.point(method, budget))]
            if last:
                gain = (last[-1].accuracy.value - floor.value) / max(ceiling.value - floor.value, SMALLEST_GAIN)
                shares.setdefault(method, []).append(gain)
    named = sorted(shares, key=lambda method: (-len(shares[method]), -float(np.mean(shares[method]))))[:NAMED]
    ours: dict[str, Style] = {}
    if any(OURS in group.found for group in groups):
        ours[OURS] = {"color": PAPER[INK], "linewidth": 2.2, "marker": "o", "markersize": 4, "zorder": 3}
    return ours | {method: _look(number) for number, method in enumerate(named)}


def _look(number: int) -> Style:
    found = look(number, PAPER)
    return {
        "color": found.colour,
        "linestyle": found.line,
        "marker": found.marker,
        "markersize": 4,
        "linewidth": 1.4,
    }


def _draw_group(panel: Axes, group: Group, styles: Mapping[str, Style]) -> None:
    panel.set_title(group.title, fontsize="medium")
    panel.set(xscale="log", xlabel="image queries", ylabel="test accuracy")
    panel.set_xticks(group.budgets(), [_short(budget) for budget in group.budgets()])
    panel.minorticks_off()
    _reference(panel, group.ceiling, "gradients")
    _reference(panel, group.floor, "map alone")
    for method in [name for name in group.found if name not in styles and not is_part(name, OURS)]:
        budgets, found = _curve(group, method)
        panel.plot(budgets, [point.value for point in found], label="other peers", **REFERENCES["other peers"])
    for method in [name for name in styles if name in group.found]:
        budgets, found = _curve(group, method)
        panel.plot(budgets, [point.value for point in found], label=method, **styles[method])
        if method == OURS:  # bands of all would hide each other; the table has theirs
            low, high = (np.clip([getattr(point, end) for point in found], 0, 1) for end in ("low", "high"))
            panel.fill_between(budgets, low, high, alpha=0.12, color=PAPER[INK], lw=0)


def _short(budget: int) -> str:
    return f"{budget // 1000}k" if budget % 1000 == 0 else str(budget)


def _curve(group: Group, method: str) -> tuple[list[int], list[Estimate]]:
    points = [(budget, point.accuracy) for budget in group.budgets() if (point := group.point(method, budget))]
    return [budget for budget, _ in points], [found for _, found in points]


def _reference(panel: Axes, found: Seeded, name: str) -> None:
    panel.axhline(mean(list(found.values())).value, label=name, **REFERENCES[name])
