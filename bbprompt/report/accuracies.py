"""Test accuracy of every run, and of no prompt, each with its interval: one row each, all on one axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bbprompt.records import AccuracyRecord, RunRecord
from bbprompt.report.axes import per_cent, short
from bbprompt.report.style import MUTED, Look, look
from bbprompt.table import no_prompts, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROW_INCHES = 0.48
NAME_ABOVE = 0.3
"""Of a row's height; a name stands over its interval, so that a long one takes no width from the axis."""


def draw_accuracies(figure: Figure, colours: Mapping[str, str], *, runs: Sequence[RunRecord]) -> None:
    """Draw no prompt first, then the runs in the order given."""
    plain = Look(colours[MUTED], ":", "o")
    rows = [(name, found, plain) for name, found in no_prompts(runs)]
    rows += [(run.name, run.result.prompt, look(index, colours)) for index, run in enumerate(runs)]
    figure.set_size_inches(4.4, 0.7 + ROW_INCHES * len(rows))
    axes = figure.add_subplot(xlabel="test accuracy")
    for place, (name, found, its) in enumerate(rows):
        _row(axes, place, name, found, its)
    axes.set_ylim(len(rows) - 0.6, -0.75)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    low, high = min(found.low for _, found, _ in rows), max(found.high for _, found, _ in rows)
    room = 0.04 * (high - low)
    axes.set_xlim(max(0.0, low - room), min(1.0, high + room))
    per_cent(axes.xaxis)


def _row(axes: Axes, place: int, name: str, found: AccuracyRecord, its: Look) -> None:
    away = [[found.accuracy - found.low], [found.high - found.accuracy]]
    axes.errorbar(
        found.accuracy,
        place,
        xerr=away,
        color=its.colour,
        marker=its.marker,
        markersize=6,
        elinewidth=1.8,
        capsize=3.5,
        clip_on=False,
    )
    across, above = axes.get_yaxis_transform(), place - NAME_ABOVE
    axes.text(0.0, above, short(name), ha="left", va="center", transform=across)
    axes.text(1.0, above, percent(found.accuracy), ha="right", va="center", transform=across)
