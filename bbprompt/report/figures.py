"""Validation accuracy against cost, as SVG that takes its colours and its font from the page it stands in."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

from bbprompt.records import RunRecord
from bbprompt.registry import needs_extra
from bbprompt.table import no_prompt_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

UNITS: Mapping[str, str] = {
    "queries": "images scored by the oracle, validation included",
    "passes": "images passed forward through the local model",
}

STYLES = (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"), ("-", "v"), ("--", "P"))
"""Line and marker of each run: colour is never the only difference."""

INK, MUTED, RULE = "#0a0001", "#0a0002", "#0a0003"
CURVES = tuple(f"#0b000{index}" for index in range(len(STYLES)))
COLOURS: Mapping[str, str] = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    RULE: "var(--rule)",
    **{stand_in: f"var(--curve-{index})" for index, stand_in in enumerate(CURVES)},
}
"""What matplotlib draws with, and what the page's style sheet says in its place, by day and by night."""

STAND_INS: Mapping[str, str] = {name: name for name in COLOURS}

NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'

SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "svg.hashsalt": "bbprompt",
    "text.parse_math": False,
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "legend.handlelength": 3.2,
}


COLOURED = frozenset(key for key, value in SETTINGS.items() if value in COLOURS)

Styled: TypeAlias = tuple[int, RunRecord]
"""A run and the number of its line, marker and colour."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure.

    Attributes:
        caption: what it shows, and in which unit.
        svg: an ``svg`` element; no id in it is in another panel of the same page.
    """

    caption: str
    svg: str


def curves(runs: Sequence[RunRecord]) -> list[Panel]:
    """One panel for the runs that pay in queries, one for those that pass images through a local model.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    return [_panel(chosen, unit, prefix=f"{unit}-") for unit, chosen in by_unit(runs).items()]


def by_unit(runs: Sequence[RunRecord]) -> dict[str, list[Styled]]:
    """Runs with a history, by the unit that they pay in; units without a run are left out."""
    styled: dict[str, list[Styled]] = {unit: [] for unit in UNITS}
    for index, run in enumerate(runs):
        if run.history:
            styled[_unit(run)].append((index % len(STYLES), run))
    return {unit: chosen for unit, chosen in styled.items() if chosen}


def _unit(run: RunRecord) -> str:
    return "queries" if run.result.costs.passes is None else "passes"


def _panel(runs: Sequence[Styled], unit: str, *, prefix: str) -> Panel:
    caption = f"Validation accuracy against {unit}: {UNITS[unit]}"
    figure = draw(runs, unit, STAND_INS)
    with style(STAND_INS), io.StringIO() as buffer:
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
        return Panel(caption, _inline(buffer.getvalue(), caption, prefix))


def style(colours: Mapping[str, str]) -> AbstractContextManager[None]:
    """Let matplotlib draw and write as the report does, each stand-in as ``colours`` has it."""
    with needs_extra("report"):
        from matplotlib import rc_context

    return rc_context(
        {key: colours.get(value, value) if key in COLOURED else value for key, value in SETTINGS.items()}
    )


def draw(runs: Sequence[Styled], unit: str, colours: Mapping[str, str]) -> Figure:
    """One panel, without its caption; write it inside ``style`` of the same colours."""
    with needs_extra("report"):
        from matplotlib.figure import Figure

    with style(colours):
        figure = Figure(figsize=(4.4, 2.9 + 0.2 * len(runs)), layout="constrained")
        axes = figure.add_subplot(xlabel=unit, ylabel="validation accuracy")
        named = [(_curve(axes, style, run, colours), run.name) for style, run in runs]
        _legend(figure, named + _no_prompt_lines(axes, [run for _, run in runs], colours))
        _scale(axes)
        return figure


def _curve(axes: Axes, style: int, run: RunRecord, colours: Mapping[str, str]) -> Line2D:
    cost = [look.queries for look in run.history]
    shown = [look.accuracy for look in run.history]
    colour, (line, marker) = colours[CURVES[style]], STYLES[style]
    low, high = [a.low for a in shown], [a.high for a in shown]
    axes.fill_between(cost, low, high, color=colour, alpha=0.16, linewidth=0)
    middle = [a.accuracy for a in shown]
    return axes.plot(cost, middle, color=colour, linestyle=line, marker=marker, markersize=4.5)[0]


def _no_prompt_lines(axes: Axes, runs: Sequence[RunRecord], colours: Mapping[str, str]) -> list[tuple[Line2D, str]]:
    levels = {run.result.no_prompt.accuracy: f"{no_prompt_name(run.result)}, test images" for run in runs}
    return [
        (axes.axhline(level, color=colours[MUTED], linestyle=(0, (1, 2)), linewidth=1.5), name)
        for level, name in levels.items()
    ]


def _legend(figure: Figure, named: Sequence[tuple[Line2D, str]]) -> None:
    """Set the names late: matplotlib leaves out a label that starts with ``_``."""
    legend = figure.legend([line for line, _ in named], [" "] * len(named), loc="outside upper left")
    for text, (_, name) in zip(legend.get_texts(), named, strict=True):
        text.set_text(name)


def _scale(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

    low, high = axes.get_ylim()
    axes.set_ylim(max(0.0, low), min(1.0, high))
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))


def _inline(document: str, caption: str, prefix: str) -> str:
    """From matplotlib's file to an element of the page: its own ids, the page's colours, no metadata, no size."""
    box = re.search(r'viewBox="[^"]*"', document)
    assert box is not None
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", document, flags=re.DOTALL)
    inside = svg[svg.index(">", svg.index("<svg")) + 1 :]
    inside = re.sub(r'\bid="|url\(#|href="#', lambda found: found[0] + prefix, inside)
    for stand_in, colour in COLOURS.items():
        inside = inside.replace(stand_in, colour)
    return f'<svg {NAMESPACES} {box[0]} role="img" aria-label="{escape(caption)}">{inside.strip()}'
