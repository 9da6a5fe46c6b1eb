"""bbprompt demo: the whole story in minutes, offline."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options


@click.command("demo")
@click.option(
    "--out", type=options.folder, default=Path("bbprompt-demo"), show_default=True, help="Where it is left."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True)
@options.as_json
def command(out: Path, seed: int, as_json: bool) -> None:
    """Adapt a served model to handwritten digits by queries alone, then by gradients; compare the two."""
    from bbprompt.cli.printing import print_runs, report_beside
    from bbprompt.demo import run_demo

    runs = run_demo(out, seed=seed)
    report = report_beside(out, runs, title="Handwritten digits, read by a frozen ImageNet model")
    print_runs(runs, [out / run.name for run in runs], report=report, as_json=as_json)
