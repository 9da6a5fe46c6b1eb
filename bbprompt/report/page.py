"""The page: headlines, table, curves, and a section on each run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from bbprompt.atomic import write_atomically
from bbprompt.errors import ConfigError, DataError
from bbprompt.records import RunRecord
from bbprompt.report.figures import panels
from bbprompt.report.sections import section
from bbprompt.table import CAPTION, HEADINGS, percent, rows


def write_report(path: Path, runs: Sequence[RunRecord], *, title: str) -> None:
    """Write one self-contained HTML page on ``runs``; the same runs give the same bytes.

    Raises:
        ConfigError: matplotlib is not installed, or the file cannot be written.
        DataError: there is no run.
        OverlayError: a run's PNG is damaged.
    """
    if not runs:
        raise DataError("a report needs a finished run, got none; run bbprompt fit first")
    html = render(
        "page.html.j2",
        title=title,
        headings=HEADINGS,
        caption=CAPTION,
        rows=[astuple(row) for row in rows(runs)],
        panels=panels(runs),
        sections=[section(run, anchor=f"run-{index}") for index, run in enumerate(runs)],
        percent=percent,
    )
    write_page(path, html)


def render(template: str, **content: object) -> str:
    """Fill one of this package's pages with ``content``; text in it is shown, never obeyed."""
    environment = Environment(
        loader=PackageLoader("bbprompt.report", package_path=""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(content)


def write_page(path: Path, html: str) -> None:
    """Write a page, over an older one if there is one.

    Raises:
        ConfigError: the file cannot be written.
    """
    try:
        write_atomically(path, html.encode())
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}; name a folder that is yours") from error
