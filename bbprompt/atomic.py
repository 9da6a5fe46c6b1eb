"""Write a file so that a reader, or a crash, finds the old one or the new one, never a part."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from bbprompt.errors import UsageError

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


def write_atomically(path: Path, data: bytes) -> None:
    """Write ``data`` so that ``path`` is the old file or the new one, also after a crash.

    Raises:
        UsageError: there is no room for it. ``path`` is the old file, and nothing else is left.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        _write(partial, data)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):  # what went wrong before is what has to be said
            partial.unlink(missing_ok=True)
        if error.errno in NO_ROOM:
            raise UsageError(f"there is no room for {path}; free some disk space, then resume") from error
        raise


def _write(partial: Path, data: bytes) -> None:
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
