"""The report's curves as files of their own, PDF and SVG, for a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bbprompt.errors import ConfigError
from bbprompt.records import RunRecord
from bbprompt.report.figures import CURVES, INK, MUTED, RULE, by_unit, draw, style

DAY = ("#0b5cad", "#b8500a", "#00795a", "#9c3587", "#6b5a00", "#4b4f56")
PAPER = {INK: "#000000", MUTED: "#555555", RULE: "#dddddd", **dict(zip(CURVES, DAY, strict=True))}
"""What a figure on its own says where the page says its style sheet's colours; the curves' are those by day."""

FORMATS: Mapping[str, dict[str, Any]] = {
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
}


def save_curves(folder: Path, runs: Sequence[RunRecord]) -> list[Path]:
    """Write each panel's figure as PDF and SVG, for a paper; the same runs give the same bytes.

    Raises:
        ConfigError: matplotlib is not installed, or a file cannot be written.
    """
    written = []
    for unit, chosen in by_unit(runs).items():
        figure = draw(chosen, unit, PAPER)
        for suffix, options in FORMATS.items():
            path = folder / f"curves-{unit}.{suffix}"
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with style(PAPER):
                    figure.savefig(path, **options)
            except OSError as error:
                raise ConfigError(f"cannot write {path}: {error.strerror}; name a folder that is yours") from error
            written.append(path)
    return written
