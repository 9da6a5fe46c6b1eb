"""bbprompt check: one query; does the oracle answer, what do its answers mean, and what would the run cost?"""

from __future__ import annotations

from pathlib import Path

import click

from bbprompt.cli import options


@click.command("check")
@options.run_file
@options.as_json
def command(run_file: Path, as_json: bool) -> None:
    """Send one image of RUN.toml's task, unprompted, and say what came back and what the run would cost."""
    from bbprompt.check import check_run
    from bbprompt.cli.printing import print_json
    from bbprompt.config import load_config

    found = check_run(load_config(run_file))
    if as_json:
        print_json(found)
        return
    for line in found.lines():
        click.echo(line)
