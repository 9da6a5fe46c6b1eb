"""What commands print: words and tables on standard output, or one JSON object and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec
from rich.console import Console

from bbprompt.overlay import decode_overlay
from bbprompt.overlay_chunk import hole
from bbprompt.plan import Plan
from bbprompt.records import OVERLAY, REPORT, RunRecord
from bbprompt.table import ENDED, results_table
from bbprompt.templates import Template


def print_json(value: object) -> None:
    """Print one JSON object."""
    click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


def print_runs(runs: Sequence[RunRecord], folders: Sequence[Path], *, report: Path | None, as_json: bool) -> None:
    """Print what runs show, and where they left it."""
    files = {run.name: str(folder / OVERLAY) for run, folder in zip(runs, folders, strict=True)}
    if as_json:
        results = {run.name: msgspec.to_builtins(run.result) for run in runs}
        print_json({"runs": results, "prompts": files, "report": str(report) if report else None})
        return
    Console().print(results_table(runs))
    for run in runs:
        notes = [ENDED.get(run.result.stopped), shrink_words(decode_overlay(run.overlay_png).template)]
        said = "; ".join(note for note in notes if note)
        click.echo(f"{run.name}: {files[run.name]}{f' ({said})' if said else ''}")
    if report is not None:
        click.echo(f"report: {report}")


def shrink_words(template: Template) -> str | None:
    """What must happen to an image before a prompt that shrinks it is laid, height x width; ``None`` of any other."""
    inside = hole(template)
    return None if inside is None else f"shrink the image to {inside[0]}x{inside[1]} first, on grey 128"


def print_plan(plan: Plan | None, *, usd: float | None, as_json: bool) -> None:
    """Print where a budget would go, ``None`` of gradients; ``usd`` is its price, ``None`` if unknown."""
    phases = msgspec.to_builtins(plan) if plan else {}
    total = plan.total if plan else 0
    if as_json:
        print_json({**phases, "total": total, "usd": usd})
        return
    for name, queries in (*phases.items(), ("total", total)):
        click.echo(f"{name:10}{queries:8} queries")
    click.echo(f"{'price':10}{'unknown' if usd is None else f'${usd:.2f} at most':>8}")


def report_beside(folder: Path, runs: Sequence[RunRecord], *, title: str) -> Path | None:
    """Write ``report.html`` into ``folder``; where matplotlib is not installed, say how to get one."""
    from bbprompt.errors import ConfigError
    from bbprompt.report import write_report

    try:
        write_report(folder / REPORT, runs, title=title)
    except ConfigError as error:
        click.echo(f"bbprompt: no report: {error}; then: bbprompt report {folder}", err=True)
        return None
    return folder / REPORT
