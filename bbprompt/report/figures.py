"""Every figure of a report: which there are, and how one becomes SVG with the colours and font of its page."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING, TypeAlias

from bbprompt.records import RunRecord
from bbprompt.registry import needs_extra
from bbprompt.report.accuracies import draw_accuracies
from bbprompt.report.costs import draw_costs, paid_in
from bbprompt.report.curves import UNITS, by_unit, draw_curves
from bbprompt.report.style import PAGE, STAND_INS, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'

Draw: TypeAlias = "Callable[[Figure, Mapping[str, str]], None]"
"""Draws into an empty figure with the colours that stand for the stand-ins."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One figure, not yet drawn.

    Attributes:
        name: what its file is called.
        caption: what it shows, and in which unit.
    """

    name: str
    caption: str
    draw: Draw


@dataclass(frozen=True, slots=True)
class Panel:
    """One figure of a page.

    Attributes:
        caption: as its plot's.
        svg: an ``svg`` element; no id in it is in another panel of the same page.
    """

    caption: str
    svg: str


def plots(runs: Sequence[RunRecord]) -> list[Plot]:
    """The figures on ``runs``: those that compare only where there is something to compare."""
    return [*_compared(runs), *_curves(runs), *_costs(runs)]


def panels(runs: Sequence[RunRecord]) -> list[Panel]:
    """The figures on ``runs`` as elements of a page.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    return [_panel(plot) for plot in plots(runs)]


def drawn(plot: Plot, colours: Mapping[str, str]) -> Figure:
    """The figure, without its caption; write it inside ``style`` of the same colours.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    with needs_extra("report"):
        from matplotlib.figure import Figure

    with style(colours):
        figure = Figure(layout="constrained")
        plot.draw(figure, colours)
        return figure


def _compared(runs: Sequence[RunRecord]) -> Iterator[Plot]:
    if len(runs) > 1:
        yield Plot("accuracy", "Test accuracy, each with its interval", partial(draw_accuracies, runs=runs))


def _curves(runs: Sequence[RunRecord]) -> Iterator[Plot]:
    for unit, chosen in by_unit(runs).items():
        draw = partial(draw_curves, chosen=chosen, unit=unit, among=runs)
        yield Plot(f"curves-{unit}", f"Validation accuracy against {unit}: {UNITS[unit]}", draw)


def _costs(runs: Sequence[RunRecord]) -> Iterator[Plot]:
    for unit, chosen in paid_in(runs).items():
        draw = partial(draw_costs, chosen=chosen, unit=unit)
        yield Plot(f"cost-{unit.split()[-1]}", f"Test accuracy against {unit}, all phases of a run", draw)


def _panel(plot: Plot) -> Panel:
    figure = drawn(plot, STAND_INS)
    with style(STAND_INS), io.StringIO() as buffer:
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
        return Panel(plot.caption, _inline(buffer.getvalue(), plot.caption, f"{plot.name}-"))


def _inline(document: str, caption: str, prefix: str) -> str:
    """From matplotlib's file to an element of the page: its own ids, the page's colours, no metadata, no size."""
    box = re.search(r'viewBox="[^"]*"', document)
    assert box is not None
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", document, flags=re.DOTALL)
    inside = svg[svg.index(">", svg.index("<svg")) + 1 :]
    inside = re.sub(r'\bid="|url\(#|href="#', lambda found: found[0] + prefix, inside)
    for stand_in, colour in PAGE.items():
        inside = inside.replace(stand_in, colour)
    return f'<svg {NAMESPACES} {box[0]} role="img" aria-label="{escape(caption)}">{inside.strip()}'
