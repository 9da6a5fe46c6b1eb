"""How the report's figures look: stand-ins for colours, which a page or a file puts its own in the place of."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from bbprompt.registry import needs_extra

INK, MUTED, RULE = "#0a0001", "#0a0002", "#0a0003"
CURVES = tuple(f"#0b000{index}" for index in range(6))

LINES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
"""Colour is never the only difference, and 42 runs pass before a colour comes back with the same marker."""

PAGE: Mapping[str, str] = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    RULE: "var(--rule)",
    **{stand_in: f"var(--curve-{index})" for index, stand_in in enumerate(CURVES)},
}
"""What the page's style sheet says, by day and by night."""

DAY = ("#0c2399", "#e96812", "#15a279", "#a77fcb", "#712600", "#220416")
PAPER: Mapping[str, str] = {
    INK: "#000000",
    MUTED: "#555555",
    RULE: "#dddddd",
    **dict(zip(CURVES, DAY, strict=True)),
}
"""What a file on its own says; the curves' are the page's by day."""

STAND_INS: Mapping[str, str] = {name: name for name in PAGE}

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

COLOURED = frozenset(key for key, value in SETTINGS.items() if value in PAGE)


@dataclass(frozen=True, slots=True)
class Look:
    """What tells a run from the others, the same in every figure: matplotlib's colour, line and marker."""

    colour: str
    line: str
    marker: str


def look(index: int, colours: Mapping[str, str]) -> Look:
    """The look of run number ``index``, each stand-in as ``colours`` has it."""
    return Look(colours[CURVES[index % len(CURVES)]], LINES[index % len(LINES)], MARKERS[index % len(MARKERS)])


def style(colours: Mapping[str, str]) -> AbstractContextManager[None]:
    """Let matplotlib draw and write as the report does, each stand-in as ``colours`` has it.

    Raises:
        ConfigError: matplotlib is not installed.
    """
    with needs_extra("report"):
        from matplotlib import rc_context

    return rc_context(
        {key: colours.get(value, value) if key in COLOURED else value for key, value in SETTINGS.items()}
    )
