"""Look a name up in a table; where it is unknown, say the nearest known one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

from bbprompt.errors import ConfigError

T = TypeVar("T")


def unknown(what: str, got: str, known: Iterable[str]) -> ConfigError:
    """Return the error for an unknown name: the nearest known one, then all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(got, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return ConfigError(f"unknown {what} {got!r}; {hint}known: {', '.join(names) or 'none'}")


def look_up(what: str, got: str, table: Mapping[str, T]) -> T:
    """Return ``table[got]``.

    Raises:
        ConfigError: ``got`` is not in the table; the message names the nearest entry.
    """
    if got not in table:
        raise unknown(what, got, table)
    return table[got]
