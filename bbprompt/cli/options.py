"""Options that several commands share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path

import click

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)
folder = click.Path(file_okay=False, path_type=Path)

run_file = click.argument("run_file", metavar="RUN.toml", type=click.Path(path_type=Path))
png = click.argument("png", metavar="PROMPT.png", type=click.Path(path_type=Path))
pngs = click.argument("pngs", metavar="PROMPT.png ...", type=click.Path(path_type=Path), nargs=-1, required=True)
as_json = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on standard output, nothing else."
)
figures = click.option("--figures", type=folder, help="Folder for the figures as PDF and SVG, too.")
seed = click.option("--seed", type=click.IntRange(min=0), help="Instead of the run file's seed.")

repository = click.argument("repository", metavar="OWNER/NAME")


def said(command: Callable[..., None]) -> Callable[..., None]:
    """What only the author of a card can say."""
    for name, words in SAID.items():
        command = click.option(f"--{name}", help=words)(command)
    return command


SAID = {
    "license": "Of the prompt, as the hub spells it, such as mit.",
    "dataset": "What to call the images; a folder of your own is not named.",
    "oracle": "What to call the classifier; its URL is not given.",
    "title": "The card's heading.",
}


def pairs(settings: Iterable[str]) -> dict[str, object]:
    """Read KEY=VALUE options; a value is JSON where it can be, else text."""
    read: dict[str, object] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals:
            raise click.UsageError(f"--option takes KEY=VALUE, got {setting!r}")
        try:
            read[key] = json.loads(value)
        except ValueError:
            read[key] = value
    return read
