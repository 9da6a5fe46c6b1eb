"""A click group that knows its commands' names and one-line helps, and imports a command only to run it."""

from __future__ import annotations

import importlib
from typing import Any

import click

from bbprompt.names import unknown


class LazyGroup(click.Group):
    """Command NAME is ``bbprompt.cli.NAME.command``."""

    def __init__(self, *args: Any, commands_in: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._helps = commands_in

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names, in the order of the table."""
        return list(self._helps)

    def get_command(self, ctx: click.Context, name: str) -> click.Command:  # noqa: ARG002
        """Import one command.

        Raises:
            ConfigError: there is no such command; the message names the nearest.
        """
        if name not in self._helps:
            raise unknown("command", name, self._helps)
        command = importlib.import_module(f"bbprompt.cli.{name}").command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._helps.items()))
