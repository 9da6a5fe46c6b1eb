"""bbprompt pull: a prompt from the Hugging Face hub."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options


@click.command("pull")
@options.repository
@click.option("--out", type=options.folder, required=True, help="Folder for the card's files.")
@click.option("--revision", default="main", show_default=True, help="A branch, a tag or a commit.")
def command(repository: str, out: Path, revision: str) -> None:
    """Get a prompt from the Hugging Face hub, and check that it is whole."""
    from bbprompt.share import pull

    click.echo(pull(repository, out, revision=revision))
