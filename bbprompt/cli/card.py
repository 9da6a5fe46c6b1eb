"""bbprompt card: a finished run's prompt as a folder for other people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bbprompt.cli import options


@click.command("card")
@click.argument("run_dir", metavar="RUN_DIR", type=options.folder)
@click.option("--out", type=options.folder, required=True, help="The card's folder.")
@options.said
def command(run_dir: Path, out: Path, **said: Any) -> None:
    """Write the prompt of the run in RUN_DIR as a card: Markdown, PNG and safetensors.

    No key, URL or path of the run is in it.
    """
    from bbprompt.share import Said, write_card

    click.echo(write_card(run_dir, out, said=Said(**said)))
