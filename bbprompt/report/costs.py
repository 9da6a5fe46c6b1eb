"""Test accuracy against what a run has cost in the end: one figure for each unit that two runs or more pay in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bbprompt.records import Costs, RunRecord
from bbprompt.report.axes import Numbered, counted, legend, no_prompt_lines, per_cent
from bbprompt.report.style import Look, look

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNITS: Mapping[str, Callable[[Costs], float | None]] = {
    "queries": lambda costs: costs.queries,
    "passes": lambda costs: costs.passes,
    "US dollars": lambda costs: costs.usd,
    "seconds": lambda costs: costs.seconds,
}

WIDE = 8.0
"""Costs that are further apart than this, as a ratio, are shown on a logarithmic axis."""


def paid_in(runs: Sequence[RunRecord]) -> dict[str, list[Numbered]]:
    """The runs that each unit compares: those that cost anything in it, where they are not alone."""
    paid = {unit: [(index, run) for index, run in enumerate(runs) if _cost(run, unit)] for unit in UNITS}
    return {unit: chosen for unit, chosen in paid.items() if len(chosen) > 1}


def draw_costs(figure: Figure, colours: Mapping[str, str], *, chosen: Sequence[Numbered], unit: str) -> None:
    """Draw one point a run, with the interval of its accuracy."""
    figure.set_size_inches(4.4, 2.9 + 0.2 * len(chosen))
    axes = figure.add_subplot(xlabel=unit, ylabel="test accuracy")
    points = [(_point(axes, run, unit, look(index, colours)), run.name) for index, run in chosen]
    legend(figure, [*points, *no_prompt_lines(axes, [run for _, run in chosen], colours)])
    _scale(axes, [_cost(run, unit) for _, run in chosen])
    per_cent(axes.yaxis)


def _point(axes: Axes, run: RunRecord, unit: str, its: Look) -> Artist:
    found, cost = run.result.prompt, _cost(run, unit)
    axes.vlines(cost, found.low, found.high, colors=its.colour, linewidth=1.5, alpha=0.6)
    return axes.plot(cost, found.accuracy, color=its.colour, marker=its.marker, markersize=6, linestyle="none")[0]


def _cost(run: RunRecord, unit: str) -> float:
    return UNITS[unit](run.result.costs) or 0.0


def _scale(axes: Axes, costs: Sequence[float]) -> None:
    if max(costs) <= WIDE * min(costs):
        axes.set_xlim(0, max(costs) * 1.08)
        if max(costs) > 5:
            counted(axes)
        return
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    axes.set_xscale("log")
    axes.set_xlim(min(costs) / 1.5, max(costs) * 1.5)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
