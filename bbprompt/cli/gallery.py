"""bbprompt gallery: prompts side by side on one page."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options


@click.command("gallery")
@click.argument(
    "prompts", metavar="RUN_DIR|PROMPT.png...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The HTML file to write."
)
@click.option(
    "--image", "images", multiple=True, type=options.existing_file, help="To lay them over; repeat for more."
)
@click.option("--title", default="Prompts", show_default=True)
def command(prompts: tuple[Path, ...], out: Path, images: tuple[Path, ...], title: str) -> None:
    """Show each prompt on one page that needs nothing else.

    A run's prompt is laid over its first test images, another one over each IMAGE.
    """
    from bbprompt.report import open_exhibit, write_gallery

    write_gallery(out, [open_exhibit(prompt, images) for prompt in prompts], title=title)
    click.echo(out)
