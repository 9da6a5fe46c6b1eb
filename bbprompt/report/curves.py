"""Validation accuracy against what a run has cost so far: one figure a unit of cost, all on the same accuracies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from bbprompt.records import RunRecord
from bbprompt.report.axes import Numbered, counted, legend, no_prompt_lines, per_cent
from bbprompt.report.style import look

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNITS: Mapping[str, str] = {
    "queries": "images scored by the oracle, validation included",
    "passes": "images passed forward through the local model",
}


def by_unit(runs: Sequence[RunRecord]) -> dict[str, list[Numbered]]:
    """Runs with a history, by the unit that they pay in; units without a run are left out."""
    numbered: dict[str, list[Numbered]] = {unit: [] for unit in UNITS}
    for index, run in enumerate(runs):
        if run.history:
            numbered[_unit(run)].append((index, run))
    return {unit: chosen for unit, chosen in numbered.items() if chosen}


def _unit(run: RunRecord) -> str:
    return "queries" if run.result.costs.passes is None else "passes"


def draw_curves(
    figure: Figure, colours: Mapping[str, str], *, chosen: Sequence[Numbered], unit: str, among: Sequence[RunRecord]
) -> None:
    """Draw ``chosen`` on an accuracy axis with room for all runs ``among``, so that figures can stand side by side."""
    figure.set_size_inches(4.4, 2.9 + 0.2 * len(chosen))
    axes = figure.add_subplot(xlabel=unit, ylabel="validation accuracy")
    lines = [(_curve(axes, index, run, colours), run.name) for index, run in chosen]
    legend(figure, [*lines, *no_prompt_lines(axes, [run for _, run in chosen], colours)])
    axes.set_xlim(left=0)
    axes.set_ylim(*_limits(among))
    counted(axes)
    per_cent(axes.yaxis)


def _curve(axes: Axes, index: int, run: RunRecord, colours: Mapping[str, str]) -> Artist:
    cost = [at.queries for at in run.history]
    shown = [at.accuracy for at in run.history]
    its = look(index, colours)
    low, high = [a.low for a in shown], [a.high for a in shown]
    axes.fill_between(cost, low, high, color=its.colour, alpha=0.14, linewidth=0)
    middle = [a.accuracy for a in shown]
    return axes.plot(cost, middle, color=its.colour, linestyle=its.line, marker=its.marker, markersize=4.5)[0]


def _limits(runs: Sequence[RunRecord]) -> tuple[float, float]:
    shown = [at.accuracy for run in runs for at in run.history]
    plain = [run.result.no_prompt.accuracy for run in runs if run.history]
    low, high = min(plain + [a.low for a in shown]), max(plain + [a.high for a in shown])
    room = 0.05 * (high - low)
    return max(0.0, low - room), min(1.0, high + room)
