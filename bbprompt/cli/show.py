"""bbprompt show: what is in a prompt's PNG."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options


@click.command("show")
@options.png
@options.as_json
def command(png: Path, as_json: bool) -> None:
    """Say what PROMPT.png holds."""
    from bbprompt.cli.printing import print_json, shrink_words
    from bbprompt.overlay import describe, read_overlay

    overlay = read_overlay(png)
    description = describe(overlay)
    if as_json:
        print_json(description)
        return
    for key, value in description.items():
        click.echo(f"{key}: {value}")
    if words := shrink_words(overlay.template):
        click.echo(f"to lay it: {words}")
