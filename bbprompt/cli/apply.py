"""bbprompt apply: lay a prompt over images. Needs no torch."""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options


@click.command("apply")
@options.png
@click.argument(
    "images", metavar="IMAGE|DIR...", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("--out", type=options.folder, required=True, help="Folder for the prompted images, as PNG.")
def command(png: Path, images: tuple[Path, ...], out: Path) -> None:
    """Lay PROMPT.png over each IMAGE, and over the images in each DIR."""
    from bbprompt.deploy import apply_to_file, pair_files
    from bbprompt.errors import DataError
    from bbprompt.overlay import read_overlay

    overlay, failed = read_overlay(png), 0
    for source, target in pair_files(images, out):
        try:
            apply_to_file(overlay, source, target)
        except DataError as error:
            failed += 1
            click.echo(f"bbprompt: {error}", err=True)
    if failed:
        click.echo(f"bbprompt: {failed} images could not be used; the rest is in {out}", err=True)
        raise click.exceptions.Exit(2)
