"""How a ledger is opened that is only to be read: also where nothing may be written, as in an archive or a snapshot."""

from __future__ import annotations

import os
from pathlib import Path


def may_write(path: Path) -> bool:
    """Whether a ledger may be written: its file, and the folder, where SQLite keeps its log."""
    effective = os.access in os.supports_effective_ids
    return all(os.access(place, os.W_OK, effective_ids=effective) for place in (path, path.absolute().parent))


def address_to_read(path: Path) -> str:
    """Return SQLite's address of a file that nothing will be written into (https://sqlite.org/uri.html).

    A file that may be written is opened as such: closing it takes SQLite's own two files away again, which a reader
    would leave behind. Elsewhere a log has to be read with the file; where there is none, nobody is writing, and only a
    file that is said not to change is read without making one (https://sqlite.org/wal.html#read_only_databases).
    """
    log = path.with_name(path.name + "-wal")
    if may_write(path):
        how = "mode=rw"
    elif log.exists() and log.stat().st_size:
        how = "mode=ro"
    else:
        how = "mode=ro&immutable=1"
    return f"{path.absolute().as_uri()}?{how}"
