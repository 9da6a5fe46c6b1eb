"""Group commit: threads that want to write while another's transaction goes to disk share the next one.

One sync of the disk is what a commit costs, however much is in it (DeWitt et al. 1984, SIGMOD, section 3).
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from bbprompt.errors import UsageError

T = TypeVar("T")


class Job:
    """What one thread wants to do within a transaction, and what came of it."""

    def __init__(self, work: Callable[[sqlite3.Connection], Any]) -> None:
        self._work = work
        self.done = False
        self.value: Any = None
        self.error: Exception | None = None

    def run(self, sql: sqlite3.Connection) -> None:
        """Do it; what it raises undoes it alone, but for an error of the database itself, which is raised."""
        sql.execute("SAVEPOINT job")
        try:
            self.value = self._work(sql)
        except sqlite3.Error:
            raise
        except Exception as error:
            self.error = error
            sql.execute("ROLLBACK TO job")
        sql.execute("RELEASE job")


class Group:
    """Lets one thread at a time write for all that wait."""

    def __init__(self, commit: Callable[[Sequence[Job]], object]) -> None:
        """Write by ``commit``, which runs jobs in one transaction and returns once that is on disk."""
        self._commit = commit
        self._free = threading.Condition()
        self._waiting: list[Job] = []
        self._writing = False

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Return what ``work`` returns, once it is on disk."""
        job = Job(work)
        with self._free:
            self._waiting.append(job)
            self._free.wait_for(lambda: job.done or not self._writing)
            leads = not job.done
            if leads:
                self._writing, jobs, self._waiting = True, self._waiting, []
        if leads:
            self._lead(job, jobs)
        if job.error is not None:
            raise job.error
        value: T = job.value
        return value

    def _lead(self, own: Job, jobs: list[Job]) -> None:
        try:
            self._commit(jobs)
        except Exception as error:
            for job in jobs:  # each thread raises an error of its own
                job.error = UsageError(str(error)) if isinstance(error, UsageError) else error
                job.error.__cause__ = error.__cause__
        except BaseException:  # an interruption is this thread's own business: another one writes for the others
            self._end(done=[own], again=[job for job in jobs if job is not own])
            raise
        self._end(done=jobs, again=[])

    def _end(self, *, done: list[Job], again: list[Job]) -> None:
        with self._free:
            for job in done:
                job.done = True
            self._waiting[:0] = again
            self._writing = False
            self._free.notify_all()
