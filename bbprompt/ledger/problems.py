"""What SQLite says of a file, and what a person can do about it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bbprompt.errors import UsageError

PROBLEMS = {
    sqlite3.SQLITE_BUSY: "the ledger {path} is locked by another program; end that one, then resume",
    sqlite3.SQLITE_PROTOCOL: "the ledger {path} is locked by another program; end that one, then resume",
    sqlite3.SQLITE_READONLY: "the ledger {path} cannot be written; make the file and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "the ledger {path} cannot be opened; its folder must exist and be writable",
    sqlite3.SQLITE_FULL: "there is no room for the ledger {path}; free some disk space, then resume",
    sqlite3.SQLITE_IOERR: "the ledger {path} cannot be read or written ({error}); check the disk, then resume",
    sqlite3.SQLITE_NOTADB: "{path} is not a ledger; move it away, or choose another folder",
    sqlite3.SQLITE_CORRUPT: "the ledger {path} is damaged ({error}); restore a copy, or choose another folder",
}
"""What a person can do about it, by SQLite's primary result code (https://sqlite.org/rescode.html)."""


@contextmanager
def translated(path: Path, *, into: Path | None = None) -> Iterator[None]:
    """Raise what SQLite says of the file, or of a copy ``into`` another, as a ``UsageError`` that says what to do."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        problem = PROBLEMS.get(code(error))
        if problem is None:
            raise
        named = path if into is None or _is_of_source(error) else into
        raise UsageError(problem.format(path=named, error=error)) from error


def _is_of_source(error: sqlite3.DatabaseError) -> bool:
    """Whether a copy failed where it reads; what else can go wrong goes wrong where it writes."""
    reading = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
    return code(error) in reading or error.sqlite_errorcode == sqlite3.SQLITE_IOERR_READ


def code(error: sqlite3.DatabaseError) -> int:
    """SQLite's primary result code; 0 for errors that are Python's own."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
