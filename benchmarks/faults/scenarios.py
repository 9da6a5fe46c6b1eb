"""What goes wrong on the client's side: its disk, its ledger's file, a second run, its clock."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager

from msgspec.structs import replace

from benchmarks.faults.attack import Attack, finish, prepared, run, start
from benchmarks.faults.audit import BOOKS, Figures
from benchmarks.faults.client import ENDED, LEDGER, STOPPED, Job

SMALLEST_FILE = 60_000
GROWTH = 1.15
SHORT_LOCK_S = 0.2


def disk_full(attack: Attack) -> Figures:
    """No file may grow beyond so many bytes; a little more each time that the client is resumed."""
    with prepared(attack) as (job, audit):
        stops, room = 0, float(SMALLEST_FILE)
        while finish(replace(job, file_bytes=int(room), uses=f"uses-{stops:04}.log")) != ENDED:
            audit.look()
            stops += 1
            room *= GROWTH
        return audit.figures(kills=0, stops=stops)


def read_only(attack: Attack) -> Figures:
    """The ledger's file, then its folder, may not be written: nothing is sent; then they may again."""
    with prepared(attack) as (job, audit):
        _begun(job)
        audit.look()
        mine = replace(job, as_nobody=True)
        for file_mode, folder_mode in ((0o444, 0o755), (0o444, 0o555)):
            (job.folder / LEDGER).chmod(file_mode)
            job.folder.chmod(folder_mode)
            _refused(mine)
        job.folder.chmod(0o755)
        (job.folder / LEDGER).chmod(0o644)
        assert finish(job) == ENDED
        return audit.figures(kills=1, stops=2)


def locked(attack: Attack) -> Figures:
    """Another program locks the ledger for good: nothing is sent. Then it does so again and again for a moment."""
    with prepared(attack) as (job, audit):
        _begun(job)
        audit.look()
        with _lock(job):
            _refused(replace(job, wait_s=0.1))
        stop = threading.Event()
        nuisance = threading.Thread(target=_lock_now_and_then, args=(job, stop))
        nuisance.start()
        assert finish(job) == ENDED
        stop.set()
        nuisance.join()
        return audit.figures(kills=1, stops=1)


def two_runs(attack: Attack) -> Figures:
    """Two clients ask for the same images from one ledger under one budget, at the same time."""
    with prepared(attack) as (job, audit):
        audit.undisturbed = True
        both = [start(replace(job, uses=f"uses-{number}.log")) for number in range(2)]
        for child in both:
            child.join()
        assert [child.exitcode for child in both] == [ENDED] * 2
        return audit.figures(kills=0, stops=0)


SCENARIOS: Mapping[str, tuple[Callable[[Attack], Figures], Attack]] = {
    "disk full": (disk_full, Attack(budget=4000, kills=0, seed=901)),
    "read-only ledger": (read_only, Attack(budget=2000, kills=0, seed=902)),
    "locked ledger": (locked, Attack(budget=2000, kills=0, seed=903)),
    "two runs on one ledger": (two_runs, Attack(budget=4000, kills=0, seed=904)),
    "wall clock jumps by up to a year": (run, Attack(budget=4000, kills=6, seed=905, clock_jumps=True)),
    "answers vary": (run, Attack(budget=4000, kills=6, seed=906, varies=True)),
}


def _begun(job: Job) -> None:
    """Let a client get somewhere, and kill it."""
    child = start(replace(job, uses="uses-begun.log"))
    while _written(job) < 10_000:
        time.sleep(0.001)
    child.kill()
    child.join()


def _refused(job: Job) -> None:
    """A client that cannot write stops, and has sent nothing."""
    before = _written(job)
    assert finish(replace(job, uses="uses-refused.log")) == STOPPED
    assert _written(job) == before, "something was sent that could not be written down"


def _written(job: Job) -> int:
    books = job.folder / BOOKS
    return books.stat().st_size if books.exists() else 0


@contextmanager
def _lock(job: Job) -> Iterator[None]:
    with closing(sqlite3.connect(job.folder / LEDGER, isolation_level=None, timeout=30)) as sql:
        sql.execute("BEGIN IMMEDIATE")
        yield
        sql.execute("ROLLBACK")


def _lock_now_and_then(job: Job, stop: threading.Event) -> None:
    while not stop.wait(SHORT_LOCK_S):
        with _lock(job):
            time.sleep(SHORT_LOCK_S)
