"""bbprompt push: a prompt's card to the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from bbprompt.cli import options


@click.command("push")
@click.argument("run_dir", metavar="RUN_DIR", type=options.folder)
@options.repository
@options.said
@click.option(
    "--public", is_flag=True, help="Make the repository for everybody; a new one is private, if left out."
)
def command(run_dir: Path, repository: str, *, public: bool, **said: Any) -> None:
    """Put the card of the run in RUN_DIR on the Hugging Face hub, with the token of HF_TOKEN or hf auth login."""
    from bbprompt.share import Said, push, write_card

    with TemporaryDirectory() as folder:
        write_card(run_dir, Path(folder), said=Said(repository=repository, **said))
        click.echo(push(Path(folder), repository, public=public))
