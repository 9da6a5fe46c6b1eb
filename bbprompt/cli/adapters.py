"""bbprompt adapters: what can be spoken to."""

from __future__ import annotations

import click


@click.command("adapters")
def command() -> None:
    """List the names that [oracle] adapter may have."""
    from bbprompt.registry import adapter_names

    for name in adapter_names():
        click.echo(name)
