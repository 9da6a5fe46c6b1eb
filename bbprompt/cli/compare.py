"""bbprompt compare: several run files; one table, one report."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options


@click.command("compare")
@click.argument("run_files", metavar="RUN.toml...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=options.folder, required=True, help="One folder a run goes in here, named as its file.")
@click.option("--resume", is_flag=True, help="Go on with what was interrupted.")
@options.figures
@options.as_json
def command(run_files: tuple[Path, ...], out: Path, resume: bool, figures: Path | None, as_json: bool) -> None:
    """Carry out each RUN.toml and set the results side by side."""
    from bbprompt.cli.printing import print_runs, report_beside
    from bbprompt.compare import compare_runs
    from bbprompt.config import load_config
    from bbprompt.report import save_figures

    configs = {path.stem: load_config(path) for path in run_files}
    if len(configs) < len(run_files):
        raise click.UsageError("two run files have the same name; their folders would be one")
    runs = compare_runs(configs, out, resume=resume)
    report = report_beside(out, runs, title=" and ".join(configs))
    print_runs(runs, [out / name for name in configs], report=report, as_json=as_json)
    if figures is not None:
        save_figures(figures, runs)
