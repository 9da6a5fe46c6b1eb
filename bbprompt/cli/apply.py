"""bbprompt apply: lay a prompt over images. Needs no torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bbprompt.cli import options
from bbprompt.cli.ending import ending_status
from bbprompt.processors import processors

if TYPE_CHECKING:
    from bbprompt.deploy import Done

STREAM = "-"
BLOCKS = {"PILLOW_BLOCKS_MAX": "8"}
"""Pillow keeps the memory of up to 128 MB of pixels for the next image, which saves a large photo a tenth of its time."""


@click.command("apply")
@options.png
@click.argument("images", metavar="IMAGE|DIR|-...", nargs=-1, required=True)
@click.option("--out", required=True, help="Folder for the prompted images, as PNG; or -, with - as the image.")
@click.option("--jobs", type=click.IntRange(min=1), help="Processes; as many as there are processors, if left out.")
@click.option("--overwrite", is_flag=True, help="Lay again what an earlier call has laid.")
@click.option("--draft", is_flag=True, help="Decode large JPEGs at a fraction: faster, within a few grey levels.")
@options.as_json
def command(
    png: Path, images: tuple[str, ...], out: str, *, jobs: int | None, overwrite: bool, draft: bool, as_json: bool
) -> None:
    """Lay PROMPT.png over each IMAGE, and over the images in each DIR.

    What an earlier call has laid is kept, so the same command goes on where it stopped. With - for both, an image comes
    from standard input and its PNG goes to standard output; PPM after PPM comes and goes as PPM.
    """
    for variable, blocks in BLOCKS.items():  # before Pillow is imported, which reads it then; processes inherit it
        os.environ.setdefault(variable, blocks)
    from bbprompt.deploy import Laying, lay_folder, lay_stream, pair_files
    from bbprompt.overlay import read_overlay

    overlay = read_overlay(png)
    if STREAM in (*images, out):
        if images != (STREAM,) or out != STREAM:
            raise click.UsageError("a stream is one: bbprompt apply PROMPT.png - --out -")
        if jobs or overwrite or as_json:
            raise click.UsageError(
                "a stream is laid in order by one process; leave out --jobs, --overwrite and --json"
            )
        lay_stream(Laying(overlay, draft), sys.stdin.buffer, sys.stdout.buffer)
        return
    for image in images:
        if not Path(image).exists():
            raise click.UsageError(f"there is no {image}; correct the path")
    try:
        pairs = pair_files([Path(image) for image in images], Path(out))
        found = lay_folder(overlay, pairs, Path(out), jobs=jobs or processors(), overwrite=overwrite, draft=draft)
        problems = _tell(found, len(pairs), as_json=as_json)
    except KeyboardInterrupt as interruption:
        click.echo("bbprompt: interrupted; the same command goes on", err=True)
        raise click.exceptions.Exit(ending_status(interruption)) from None
    if problems:
        click.echo(f"bbprompt: {problems} images could not be used; the rest is in {out}", err=True)
        raise click.exceptions.Exit(2)


def _tell(found: Iterable[Done], total: int, *, as_json: bool) -> int:
    """Say what could not be used, as it comes; return how many that were."""
    from bbprompt.cli.printing import print_json
    from bbprompt.progress import progress

    kept, problems = 0, []
    with progress("laying", total=total, unit="images") as bar:
        for number, done in enumerate(found, start=1):
            bar.update(queries=number)
            kept += done.kept
            if done.problem is not None:
                problems.append(done.problem)
                click.echo(f"bbprompt: {done.problem}", err=True)
    if as_json:
        print_json({"laid": total - kept - len(problems), "kept": kept, "problems": problems})
    return len(problems)
