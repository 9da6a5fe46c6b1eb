"""One SQLite file for several threads and processes, durable at each commit; no other file is touched.

A commit returns once it is on the disk (https://sqlite.org/pragma.html#pragma_synchronous), so neither kill -9 nor a
power cut takes back what was used. A write-ahead log makes that one sync (https://sqlite.org/wal.html); where the log
cannot be had, a commit is slower and as safe.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from bbprompt.errors import UsageError
from bbprompt.ledger.group import Group, Job
from bbprompt.ledger.problems import code, translated
from bbprompt.ledger.reading import address_to_read

T = TypeVar("T")

APPLICATION_ID = 0x62626C67
VERSION = 3

ABOUT = """CREATE TABLE IF NOT EXISTS about (
        oracle INTEGER PRIMARY KEY REFERENCES oracles,
        spec TEXT NOT NULL
    )"""
"""What each oracle says of itself, as JSON, so that a run can be replayed where its service is not."""

UPGRADES = {
    1: (ABOUT,),
    2: ("ALTER TABLE reservations ADD COLUMN oracle INTEGER", "ALTER TABLE reservations ADD COLUMN keys BLOB"),
}
"""From each older format to the next."""

SCHEMA = (
    """CREATE TABLE oracles (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        answered INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        pending INTEGER NOT NULL DEFAULT 0,
        pico_usd INTEGER NOT NULL DEFAULT 0,
        unpriced INTEGER NOT NULL DEFAULT 0
    )""",
    """CREATE TABLE reservations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        owner TEXT NOT NULL,
        n INTEGER NOT NULL,
        oracle INTEGER REFERENCES oracles,
        keys BLOB
    )""",
    """CREATE TABLE answers (
        oracle INTEGER NOT NULL REFERENCES oracles,
        key BLOB NOT NULL,
        answer TEXT NOT NULL,
        scores BLOB NOT NULL,
        UNIQUE (oracle, key)
    )""",
    ABOUT,
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {VERSION}",
)


class Database:
    """The connection behind a ledger. Threads take turns; processes wait for each other ``wait_s`` seconds."""

    def __init__(self, path: Path, *, wait_s: float, to_read: bool = False) -> None:
        """Open ``path``; with ``to_read`` nothing is written, unless it has to become a ledger of this format first."""
        self._path = path
        self._turn = threading.Lock()
        self._group = Group(self._run)
        with translated(path):
            address = address_to_read(path) if to_read else path
            self._sql = sqlite3.connect(
                address, uri=to_read, timeout=wait_s, isolation_level=None, check_same_thread=False
            )
            try:
                if not (to_read and self._is_current()):
                    self._prepare()
            except BaseException:
                self._sql.close()
                raise

    def _is_current(self) -> bool:
        return (self._pragma("application_id"), self._pragma("user_version")) == (APPLICATION_ID, VERSION)

    def _prepare(self) -> None:
        if self._pragma("application_id") != APPLICATION_ID:
            self._create()
        if (version := self._pragma("user_version")) > VERSION:
            raise UsageError(
                f"the ledger {self._path} has format {version}, this bbprompt knows up to {VERSION}; "
                "update bbprompt, or choose another folder"
            )
        self._sql.execute("PRAGMA synchronous = EXTRA")
        self._use_log()
        with self._transaction() as sql:
            for older in range(self._pragma("user_version"), VERSION):
                for statement in UPGRADES[older]:
                    sql.execute(statement)
            # Written in any case, so that a file or folder that cannot be is refused now, and not at the first payment:
            # of a file that may only be read, SQLite begins a transaction without a word.
            sql.execute(f"PRAGMA user_version = {VERSION}")

    def _use_log(self) -> None:
        """Switch to the log, unless another process is just in the file: SQLite does not wait for it here."""
        try:
            self._sql.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if code(error) != sqlite3.SQLITE_BUSY:
                raise

    def _create(self) -> None:
        with self._transaction() as sql:
            if self._pragma("application_id") == APPLICATION_ID:
                return  # another process was first
            if self._pragma("schema_version"):
                raise UsageError(f"{self._path} is not a ledger; move it away, or choose another folder")
            for statement in SCHEMA:
                sql.execute(statement)

    def _pragma(self, name: str) -> int:
        return int(self._sql.execute(f"PRAGMA {name}").fetchone()[0])

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Hold the connection; what is read is one moment's state only within one statement."""
        with self._turn, translated(self._path):
            yield self._sql

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do ``work`` in a transaction, which it may share with other threads' work.

        What it did is on disk when this returns; if it raises, it did nothing.
        """
        return self._group.write(work)

    def _run(self, jobs: Sequence[Job]) -> None:
        with self._turn, translated(self._path), self._transaction() as sql:
            for job in jobs:
                job.run(sql)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Hold the only write transaction on the file: on disk when the block ends, undone if it raises."""
        self._sql.execute("BEGIN IMMEDIATE")
        try:
            yield self._sql
            self._sql.execute("COMMIT")
        except BaseException:
            if self._sql.in_transaction:
                self._sql.execute("ROLLBACK")
            raise

    def copy_to(self, path: Path) -> None:
        """Write all of it, as one moment's state, into a new file; an interrupted copy leaves none."""
        part = path.with_name(path.name + ".part")
        part.unlink(missing_ok=True)
        try:
            with self._turn, translated(self._path, into=path):
                self._sql.execute("VACUUM INTO ?", (str(part),))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the connection, once the thread that holds it is done."""
        with self._turn:
            self._sql.close()
