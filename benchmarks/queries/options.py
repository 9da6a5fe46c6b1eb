"""Command line options that take several values, with commas between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import click

from bbprompt.errors import ConfigError
from bbprompt.names import look_up

SEPARATOR = re.compile(r",(?! )")
"""A comma before a space is part of a name, as in "auto, no signs"."""

Callback = Callable[[click.Context, click.Parameter, str | None], tuple[str, ...]]


def names(what: str, known: Iterable[str]) -> Callback:
    """Split an option into names of ``known``; if it is left out, all of them."""
    table = {name: name for name in known}

    def split(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
        try:
            return (
                tuple(table)
                if value is None
                else tuple(look_up(what, name, table) for name in SEPARATOR.split(value))
            )
        except ConfigError as error:
            raise click.BadParameter(str(error)) from error

    return split


def budgets(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """Split an option into numbers of queries, rising; ``None``, if it is left out."""
    if value is None:
        return None
    numbers = value.replace("_", "").split(",")
    if not all(number.isdecimal() and int(number) > 0 for number in numbers):
        raise click.BadParameter(f"expected whole numbers above 0, as in 500,1000, got {value!r}")
    return tuple(sorted({int(number) for number in numbers}))
