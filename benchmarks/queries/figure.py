"""Learning curves: one panel per group, accuracy against queries, between the map alone and gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.queries.metrics import SMALLEST_GAIN, Estimate, mean
from benchmarks.queries.summary import Group, Seeded
from benchmarks.queries.verdict import OURS, is_part, peers

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS = 3
PANEL_INCHES = (5.0, 4.0)
NAMED = 9
"""Peers that get a colour: more could not be told apart."""


def draw(groups: Sequence[Group], path: Path) -> None:
    """Write the figure; the suffix of ``path`` says in which format."""
    from matplotlib.figure import Figure

    across = min(ACROSS, len(groups))
    down = -(-len(groups) // across)
    width, height = PANEL_INCHES
    figure = Figure(figsize=(width * across, height * down), layout="constrained")
    panels = figure.subplots(down, across, squeeze=False).ravel()
    styles = _styles(groups)
    for panel, group in zip(panels, groups, strict=False):
        _draw_group(panel, group, styles)
    for panel in panels[len(groups) :]:
        panel.set_axis_off()
    handles = {line.get_label(): line for panel in panels for line in panel.get_lines()}
    figure.legend(
        [handles[method] for method in styles],
        list(styles),
        loc="outside lower center",
        ncols=across + 1,
        fontsize="small",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _styles(groups: Sequence[Group]) -> dict[str, dict[str, Any]]:
    """A colour for ours and for the strongest peers, the same in every panel; the others are grey and unnamed."""
    shares: dict[str, list[float]] = {}
    for group in groups:
        floor, ceiling = group.references()
        for method in peers(group, OURS):
            last = [point for budget in group.budgets() if (point := group.point(method, budget))]
            if last:
                gain = (last[-1].accuracy.value - floor.value) / max(ceiling.value - floor.value, SMALLEST_GAIN)
                shares.setdefault(method, []).append(gain)
    strongest = sorted(shares, key=lambda method: -float(np.mean(shares[method])))[:NAMED]
    ours = {OURS: {"color": "black", "linewidth": 2}} if any(OURS in group.found for group in groups) else {}
    return ours | {method: {"color": f"C{number}"} for number, method in enumerate(strongest)}


def _draw_group(panel: Axes, group: Group, styles: Mapping[str, Mapping[str, Any]]) -> None:
    panel.set_title(group.title, fontsize="medium")
    panel.set(xscale="log", xlabel="image queries", ylabel="test accuracy")
    panel.set_xticks(group.budgets(), [f"{budget:,}" for budget in group.budgets()])
    panel.minorticks_off()
    _reference(panel, group.floor, style=":")
    _reference(panel, group.ceiling, style="--")
    for method in [name for name in group.found if name not in styles and not is_part(name, OURS)]:
        budgets, found = _curve(group, method)
        panel.plot(budgets, [point.value for point in found], color="0.85", linewidth=0.8, label="_")
    for method in [name for name in styles if name in group.found]:
        budgets, found = _curve(group, method)
        panel.plot(budgets, [point.value for point in found], marker=".", label=method, **styles[method])
        low, high = (np.clip([getattr(point, end) for point in found], 0, 1) for end in ("low", "high"))
        panel.fill_between(budgets, low, high, alpha=0.15, color=styles[method]["color"], lw=0)


def _curve(group: Group, method: str) -> tuple[list[int], list[Estimate]]:
    points = [(budget, point.accuracy) for budget in group.budgets() if (point := group.point(method, budget))]
    return [budget for budget, _ in points], [found for _, found in points]


def _reference(panel: Axes, found: Seeded, *, style: str) -> None:
    panel.axhline(mean(list(found.values())).value, color="0.4", linestyle=style, linewidth=1)
