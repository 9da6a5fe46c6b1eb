"""bbprompt log: a run's curves in an experiment tracker."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options
from bbprompt.cli.ending import ending_status


@click.command("log")
@click.argument("run_dirs", metavar="RUN_DIR...", nargs=-1, required=True, type=options.folder)
@click.option("--to", "sink", required=True, help="tensorboard, mlflow, wandb, trackio, or one that is installed.")
@click.option("--option", "settings", multiple=True, metavar="KEY=VALUE", help="Of the tracker; repeat for more.")
@click.option("--follow", is_flag=True, help="Send what comes, as it comes, until the run has finished.")
def command(run_dirs: tuple[Path, ...], sink: str, settings: tuple[str, ...], follow: bool) -> None:
    """Send the curves, figures and prompt of each RUN_DIR to a tracker. No URL, key or path of the run goes along."""
    from bbprompt.tracking import send, track

    if follow and len(run_dirs) > 1:
        raise click.UsageError("--follow takes one RUN_DIR")
    try:
        for folder in run_dirs:
            click.echo(send(track(folder, follow=follow), sink, options.pairs(settings)))
    except KeyboardInterrupt as interruption:
        click.echo("bbprompt: interrupted; what was sent is in the tracker", err=True)
        raise click.exceptions.Exit(ending_status(interruption)) from None
