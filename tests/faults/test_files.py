"""Files that are no ledger, or cannot be one now: one line that says what to do, and nothing overwritten."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from bbprompt.errors import UsageError
from bbprompt.ledger import Budget, Ledger
from tests.faults.children import leave_as_killed
from tests.restraints import no_room_beyond, without_privileges

KEYS = [bytes(32), b"\1" * 32]


def open_ledger(path: Path, *, wait_s: float = 0.05) -> Ledger:
    return Ledger.open(path, budget=Budget(queries=10), wait_s=wait_s)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    with open_ledger(path) as ledger:
        values = np.zeros((2, 3), dtype=np.float32)
        ledger.settle(ledger.reserve("a", KEYS, usd_per_query=None), values, "logits")
    return path


def test_a_text_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_text("my diary\n" * 100)
    with pytest.raises(UsageError, match="is not a ledger; move it away"):
        open_ledger(path)
    assert path.read_text() == "my diary\n" * 100


def test_somebody_elses_database_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("CREATE TABLE recipes (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="is not a ledger; move it away"):
        open_ledger(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    path.touch()
    with open_ledger(path) as ledger:
        assert ledger.spent.queries == 0


def test_a_newer_format_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("PRAGMA user_version = 99")
    with pytest.raises(UsageError, match="has format 99, this bbprompt knows up to 3; update bbprompt"):
        open_ledger(path)


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_format_goes_on_with_what_it_holds(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("INSERT INTO reservations (owner, n) VALUES ('a process of long ago', 2)")
        sql.execute("ALTER TABLE reservations DROP COLUMN oracle")
        sql.execute("ALTER TABLE reservations DROP COLUMN keys")
        if version == 1:
            sql.execute("DROP TABLE about")
        sql.execute(f"PRAGMA user_version = {version}")
        sql.commit()
        held = sql.execute("SELECT name, key FROM answers JOIN oracles ON oracles.id = oracle").fetchall()
    with open_ledger(path) as ledger:
        assert held
        assert all(ledger.look_up(name, [key]) for name, key in held)
        reservation = ledger.claim("a", [bytes([9]) * 32], usd_per_query=None)
        assert reservation is not None
        ledger.release(reservation)
        ledger.describe("a", "{}")


def test_a_damaged_file_is_refused(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with pytest.raises(UsageError, match="damaged"), open_ledger(path) as ledger:
        ledger.reserve("a", KEYS, usd_per_query=None)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be opened; its folder must exist"):
        open_ledger(tmp_path / "nowhere" / "ledger.sqlite")


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o755), (0o444, 0o555)])
def test_a_file_that_may_not_be_written_is_refused_on_opening(path: Path, file_mode: int, folder_mode: int) -> None:
    path.chmod(file_mode)
    path.parent.chmod(folder_mode)
    with without_privileges(), pytest.raises(UsageError, match="writable"):
        open_ledger(path)


def test_what_a_killed_run_left_is_refused_as_well_where_it_may_not_be_written(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    leave_as_killed(path)
    assert {file.name for file in tmp_path.iterdir()} >= {"ledger.sqlite-wal", "ledger.sqlite-shm"}
    for file in tmp_path.iterdir():
        file.chmod(0o444)
    with without_privileges(), pytest.raises(UsageError, match="make the file and its folder writable"):
        open_ledger(path)


def test_a_folder_that_may_not_be_written_is_refused_on_opening(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with without_privileges(), pytest.raises(UsageError, match="its folder must exist and be writable"):
        open_ledger(tmp_path / "ledger.sqlite")


def test_a_lock_that_is_held_too_long_is_told_and_then_forgotten(path: Path) -> None:
    with open_ledger(path) as ledger, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UsageError, match="locked by another program; end that one"):
            ledger.reserve("a", KEYS, usd_per_query=None)
        with pytest.raises(UsageError, match="locked by another program; end that one"):
            open_ledger(path)
        other.execute("ROLLBACK")
        ledger.reserve("a", KEYS, usd_per_query=None)
        assert ledger.spent.queries == 4


def test_a_full_disk_loses_no_count_and_the_ledger_goes_on(path: Path) -> None:
    large = np.zeros((2, 50_000), dtype=np.float32)
    with open_ledger(path) as ledger:
        reservation = ledger.reserve("b", KEYS, usd_per_query=None)
        with no_room_beyond(100_000), pytest.raises(UsageError, match="then resume"):
            ledger.settle(reservation, large, "logits")
        assert (ledger.spent.in_flight, ledger.look_up("b", KEYS)) == (2, {})
        ledger.settle(reservation, large, "logits")
        assert (ledger.spent.answered, len(ledger.look_up("b", KEYS))) == (4, 2)


@pytest.mark.parametrize("trial", range(5))
def test_many_may_make_the_same_ledger_at_once(tmp_path: Path, trial: int) -> None:
    path = tmp_path / f"{trial}.sqlite"
    together = threading.Barrier(8, timeout=20)

    def spend(_: int) -> None:
        together.wait()
        with open_ledger(path, wait_s=30) as ledger:
            ledger.reserve("a", KEYS[:1], usd_per_query=None)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(spend, range(8)))
    with open_ledger(path) as ledger:
        assert ledger.spent.lost == 8


def test_a_ledger_without_its_log_counts_as_well(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("PRAGMA journal_mode = DELETE")
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.1, other.execute, ["ROLLBACK"]).start()
        with open_ledger(path, wait_s=20) as ledger:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            ledger.reserve("a", KEYS, usd_per_query=None)
            assert ledger.spent.queries == 4
