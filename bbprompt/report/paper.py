"""The report's figures as files of their own, PDF and SVG, for a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bbprompt.errors import ConfigError
from bbprompt.records import RunRecord
from bbprompt.report.figures import drawn, plots
from bbprompt.report.style import PAPER, style

FORMATS: Mapping[str, dict[str, Any]] = {
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
}


def save_figures(folder: Path, runs: Sequence[RunRecord]) -> list[Path]:
    """Write each of the report's figures as PDF and SVG; the same runs give the same bytes.

    Raises:
        ConfigError: matplotlib is not installed, or a file cannot be written.
    """
    written = []
    for plot in plots(runs):
        figure = drawn(plot, PAPER)
        for suffix, options in FORMATS.items():
            path = folder / f"{plot.name}.{suffix}"
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with style(PAPER):
                    figure.savefig(path, **options)
            except OSError as error:
                raise ConfigError(f"cannot write {path}: {error.strerror}; name a folder that is yours") from error
            written.append(path)
    return written
