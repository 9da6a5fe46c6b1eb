"""bbprompt report: write a finished run's report.html again."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options


@click.command("report")
@click.argument("run_dirs", metavar="RUN_DIR...", nargs=-1, required=True, type=options.folder)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Instead of report.html in the first.")
@options.figures
def command(run_dirs: tuple[Path, ...], out: Path | None, figures: Path | None) -> None:
    """Write one report about the runs in each RUN_DIR."""
    from bbprompt.records import REPORT, load_run
    from bbprompt.report import save_figures, write_report

    path = out or run_dirs[0] / REPORT
    runs = [load_run(folder) for folder in run_dirs]
    write_report(path, runs, title=", ".join(d.name for d in run_dirs))
    for written in (path, *(save_figures(figures, runs) if figures else ())):
        click.echo(written)
