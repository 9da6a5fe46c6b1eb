"""What the figures share: scales, names, lines of no prompt, and a legend above the axes, where it covers no data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from bbprompt.records import RunRecord
from bbprompt.report.style import MUTED
from bbprompt.table import no_prompts

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

Numbered: TypeAlias = tuple[int, RunRecord]
"""A run and its number among all runs of the page, which is the number of its look."""


LONGEST = 40
"""Letters of a name that a figure has room for; tables show names whole."""


def short(name: str) -> str:
    """A name without its middle, if it is too long: how it starts and how it ends tells runs apart."""
    half = (LONGEST - 1) // 2
    return name if len(name) <= LONGEST else f"{name[:half].rstrip()}…{name[-half:].lstrip()}"


def legend(figure: Figure, named: Sequence[tuple[Artist, str]]) -> None:
    """Set the names late: matplotlib leaves out a label that starts with ``_``."""
    made = figure.legend([artist for artist, _ in named], [" "] * len(named), loc="outside upper left")
    for text, (_, name) in zip(made.get_texts(), named, strict=True):
        text.set_text(short(name))


def no_prompt_lines(axes: Axes, runs: Sequence[RunRecord], colours: Mapping[str, str]) -> list[tuple[Artist, str]]:
    """Draw what a prompt has to beat, as a dotted line across, once for each accuracy there is."""
    return [
        (axes.axhline(found.accuracy, color=colours[MUTED], linestyle=(0, (1, 2 + 2 * place)), linewidth=1.5), name)
        for place, (name, found) in enumerate(no_prompts(runs))
    ]


def per_cent(axis: Axis) -> None:
    """Show shares as per cent, with the decimals that they need."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(lambda share, _: f"{round(100 * share, 3):g} %")


def counted(axes: Axes) -> None:
    """Show whole numbers along x, thousands apart."""
    from matplotlib.ticker import MaxNLocator, StrMethodFormatter

    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
