"""Reserve, send, settle: an answer is on disk before it is used, and what was sent is counted before it is sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from bbprompt.arrays import Float32
from bbprompt.errors import UsageError
from bbprompt.ledger.database import Database
from bbprompt.ledger.money import PICO, Aside, Budget, Charge, Spending, pico_cost, pico_price
from bbprompt.ledger.owner import Owner
from bbprompt.ledger.rows import (
    ANSWER,
    KEEP,
    RESERVE,
    SPENT,
    TOTALS,
    Reservation,
    forget_claims_of_the_dead,
    free_key,
    move,
    under_way,
)

ENOUGH = 100
"""Answers that it takes to tell how many failures to expect: a bad beginning is none yet."""

STORED = np.dtype("<f4")
"""How scores lie in the file, on every machine."""


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """One answer as it was paid for.

    Attributes:
        values: float32, shape (k,), bit for bit, read-only.
        answer: what they mean, a value of ``bbprompt.oracle.Answer``.
    """

    values: Float32
    answer: str


class Ledger:
    """Budget, spending and answers in one SQLite file that threads, processes and later runs may share.

    Every method raises ``UsageError`` if the file cannot be read or written. A process that is killed leaves its
    reservations open; they stay counted, because what was sent for them may have been billed.
    """

    def __init__(self, database: Database, budget: Budget) -> None:
        """Hold an open database; ``Ledger.open`` is what makes one of these."""
        self._database = database
        self._budget = budget
        self._owner = Owner.begin()
        self.aside = Aside()
        """Of the budget, what is for later; by as much more as failures have cost so far."""

    @classmethod
    def open(cls, path: Path, *, budget: Budget, wait_s: float = 60.0) -> Self:
        """Open the ledger at ``path``, made if there is none.

        Args:
            path: its file. SQLite keeps two more beside it while it is open.
            budget: the most that the file may hold as spent for this ledger to let more through.
            wait_s: seconds to wait for another process that writes.

        Raises:
            UsageError: another kind of file, a newer format, or one that cannot be opened or written.
        """
        database = Database(path, wait_s=wait_s)
        try:
            database.write(forget_claims_of_the_dead)
            return cls(database, budget)
        except BaseException:
            database.close()
            raise

    @classmethod
    def open_to_read(cls, path: Path, *, wait_s: float = 60.0) -> Self:
        """Open the ledger at ``path`` for what it holds, also where nothing may be written; nothing is to be, here.

        Raises:
            UsageError: another kind of file, a newer format, an older one that may not be written, or none.
        """
        return cls(Database(path, wait_s=wait_s, to_read=True), Budget())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file. Closing twice does nothing."""
        self._owner.end()
        self._database.close()

    def reserve(
        self, oracle: str, keys: Sequence[bytes], *, usd_per_query: float | None, usd_per_request: float = 0.0
    ) -> Reservation:
        """Count one query per key as spent, on disk, before it is sent: all of them or none.

        Args:
            oracle: the oracle's ``spec.name``.
            keys: ``image_key`` of each image.
            usd_per_query: US dollars; ``None`` where the price is unknown.
            usd_per_request: US dollars, once for all keys; the most that it may be.

        Raises:
            BudgetExhausted: they do not fit into the budget.
            ConfigError: the budget is in dollars and the price unknown.
        """
        cost = pico_cost(len(keys), usd_per_query, usd_per_request)
        return self._database.write(lambda sql: self._reserve(sql, oracle, keys, cost))

    def claim(
        self, oracle: str, keys: Sequence[bytes], *, usd_per_query: float | None, usd_per_request: float = 0.0
    ) -> Reservation | None:
        """``reserve``, unless one of ``keys`` has an answer by now, or has been asked for by somebody else.

        Returns:
            ``None`` then: nothing was counted. Wait while it is ``under_way``, and look it up.
        """
        cost = pico_cost(len(keys), usd_per_query, usd_per_request)

        def work(sql: sqlite3.Connection) -> Reservation | None:
            held = any(sql.execute(ANSWER, (oracle, key)).fetchone() for key in keys)
            return None if held or under_way(sql, oracle, keys) else self._reserve(sql, oracle, keys, cost)

        return self._database.write(work)

    def under_way(self, oracle: str, keys: Collection[bytes]) -> bool:
        """Whether somebody who lives has asked for one of ``keys`` and has no answer yet."""
        with self._database.read() as sql:
            return under_way(sql, oracle, keys)

    def _reserve(
        self, sql: sqlite3.Connection, oracle: str, keys: Sequence[bytes], cost: int | None
    ) -> Reservation:
        answered, failed, pending, pico_usd = sql.execute(SPENT).fetchone()
        n, aside = len(keys), self.aside.grown(1 + min(1.0, failed / max(ENOUGH, answered)))
        spent = answered + failed + pending
        self._budget.check(spent=spent, spent_pico=pico_usd, n=n, cost=cost, aside=aside)
        sql.execute("INSERT OR IGNORE INTO oracles (name) VALUES (?)", (oracle,))
        (number,) = sql.execute("SELECT id FROM oracles WHERE name = ?", (oracle,)).fetchone()
        row = sql.execute(RESERVE, (self._owner.text, n, number, b"".join(keys))).lastrowid
        assert row is not None
        reservation = Reservation(row, number, tuple(keys), cost)
        move(sql, reservation, pending=n, spent=n, pico_usd=cost or 0)
        return reservation

    def settle(
        self,
        reservation: Reservation,
        values: Float32,
        answer: str,
        *,
        usd: float | None = None,
        varies: bool = False,
    ) -> None:
        """Keep the answers, float32, shape (n, k), row i for key i; on disk when this returns.

        Args:
            reservation: an open one.
            values: the answers.
            answer: what they mean.
            usd: what they cost in fact, if that is known now; else what was set aside.
            varies: keep each answer under the first free ``repeat_key`` of its key. Otherwise, where the ledger
                already holds an answer for a key, that one stays.
        """
        n = len(reservation.keys)
        if values.dtype != np.float32 or values.ndim != 2 or len(values) != n:
            raise UsageError(f"answers must be float32 of shape ({n}, k), got {values.dtype} {values.shape}")
        rows = [
            (reservation.oracle, key, str(answer), row.tobytes())
            for key, row in zip(reservation.keys, values.astype(STORED), strict=True)
        ]

        def work(sql: sqlite3.Connection) -> None:
            self._end(sql, reservation, answered=n, pico_usd=_correction(reservation, usd))
            for number, key, *rest in rows:
                sql.execute(KEEP, (number, free_key(sql, number, key) if varies else key, *rest))

        self._database.write(work)

    def fail(self, reservation: Reservation) -> None:
        """Close a reservation that was, or may have been, billed and brought no answer. It stays spent."""
        self._database.write(lambda sql: self._end(sql, reservation, failed=len(reservation.keys)))

    def release(self, reservation: Reservation) -> None:
        """Close a reservation that was certainly not billed. It is not spent."""
        n, cost = len(reservation.keys), reservation.cost or 0
        self._database.write(lambda sql: self._end(sql, reservation, spent=-n, pico_usd=-cost))

    @staticmethod
    def _end(
        sql: sqlite3.Connection,
        reservation: Reservation,
        *,
        answered: int = 0,
        failed: int = 0,
        spent: int = 0,
        pico_usd: int = 0,
    ) -> None:
        if not sql.execute("DELETE FROM reservations WHERE id = ?", (reservation.id,)).rowcount:
            raise UsageError(f"reservation {reservation.id} is closed already; settle, fail or release it once")
        pending = -len(reservation.keys)
        move(sql, reservation, pending=pending, answered=answered, failed=failed, spent=spent, pico_usd=pico_usd)

    def describe(self, oracle: str, spec: str) -> None:
        """Keep what an oracle says of itself, as JSON, for ``described``; a later word replaces an earlier one."""

        def work(sql: sqlite3.Connection) -> None:
            sql.execute("INSERT OR IGNORE INTO oracles (name) VALUES (?)", (oracle,))
            sql.execute("INSERT OR REPLACE INTO about SELECT id, ? FROM oracles WHERE name = ?", (spec, oracle))

        self._database.write(work)

    def described(self) -> list[str]:
        """Return what each oracle said of itself, in the order of their first queries."""
        with self._database.read() as sql:
            return [spec for (spec,) in sql.execute("SELECT spec FROM about ORDER BY oracle")]

    def copy_to(self, path: Path) -> None:
        """Write all of it into a new file, which is there whole or not at all."""
        self._database.copy_to(path)

    def look_up(self, oracle: str, keys: Collection[bytes]) -> dict[bytes, Stored]:
        """Return the answers that are held, by key; costs nothing."""
        found: dict[bytes, Stored] = {}
        with self._database.read() as sql:
            for key in keys:
                row = sql.execute(ANSWER, (oracle, key)).fetchone()
                if row:
                    found[key] = Stored(np.frombuffer(row[0], dtype=STORED), row[1])
        return found

    @property
    def spent(self) -> Spending:
        """What the file holds as spent, whoever spent it."""
        with self._database.read() as sql:
            row = sql.execute(TOTALS, (self._owner.text,)).fetchone()
        answered, failed, pending, own, pico_usd, unpriced = (value or 0 for value in row)
        return Spending(answered, failed, own, pending - own, usd=None if unpriced else pico_usd / PICO)

    def bill(self) -> list[Charge]:
        """One line per oracle, in the order of their first queries."""
        with self._database.read() as sql:
            rows = sql.execute(
                "SELECT name, answered, failed, pending, pico_usd, unpriced FROM oracles ORDER BY id"
            )
            return [
                Charge(name, answered, failed, pending, usd=None if unpriced else pico_usd / PICO)
                for name, answered, failed, pending, pico_usd, unpriced in rows
            ]


def _correction(reservation: Reservation, usd: float | None) -> int:
    """By how many picodollars the cost differs from what was set aside."""
    cost = pico_price(usd)
    return 0 if cost is None or reservation.cost is None else cost - reservation.cost
