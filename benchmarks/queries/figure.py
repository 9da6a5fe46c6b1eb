"""Learning curves: one panel per group, accuracy against queries, between the map alone and gradients."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.queries.metrics import mean
from benchmarks.queries.summary import Group, Seeded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS = 3
PANEL_INCHES = (4.0, 3.0)


def draw(groups: Sequence[Group], path: Path) -> None:
    """Write the figure; the suffix of ``path`` says in which format."""
    from matplotlib.figure import Figure

    down = -(-len(groups) // ACROSS)
    width, height = PANEL_INCHES
    figure = Figure(figsize=(width * ACROSS, height * down), layout="constrained")
    panels = figure.subplots(down, ACROSS, squeeze=False).ravel()
    for panel, group in zip(panels, groups, strict=False):
        _draw_group(panel, group)
    for panel in panels[len(groups) :]:
        panel.set_axis_off()
    methods = list(dict.fromkeys(method for group in groups for method in group.found))
    handles = {line.get_label(): line for panel in panels for line in panel.get_lines()}
    figure.legend([handles[method] for method in methods], methods, loc="outside lower center", ncols=4)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_group(panel: Axes, group: Group) -> None:
    panel.set_title(f"{group.task}, {group.answers}, {group.shots}", fontsize="medium")
    panel.set(xscale="log", xlabel="image queries", ylabel="test accuracy")
    _reference(panel, group.floor, style=":")
    _reference(panel, group.ceiling, style="--")
    for number, method in enumerate(group.found):
        points = [(budget, point.accuracy) for budget in group.budgets() if (point := group.point(method, budget))]
        budgets = [budget for budget, _ in points]
        panel.plot(budgets, [found.value for _, found in points], marker=".", label=method, color=f"C{number}")
        low, high = ([getattr(found, end) for _, found in points] for end in ("low", "high"))
        panel.fill_between(budgets, np.nan_to_num(low), np.nan_to_num(high), alpha=0.15, color=f"C{number}", lw=0)


def _reference(panel: Axes, found: Seeded, *, style: str) -> None:
    panel.axhline(mean(list(found.values())).value, color="0.4", linestyle=style, linewidth=1)
