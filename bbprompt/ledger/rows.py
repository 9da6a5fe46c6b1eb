"""What the ledger says in SQL: reservations, claims, counters and answers, row by row."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count

from bbprompt.ledger.keys import KEY_BYTES, repeat_key
from bbprompt.ledger.owner import lives

TOTALS = """
    SELECT sum(answered), sum(failed), sum(pending), (SELECT sum(n) FROM reservations WHERE owner = ?),
    sum(pico_usd), sum(unpriced) FROM oracles
"""

SPENT = """
    SELECT ifnull(sum(answered), 0), ifnull(sum(failed), 0), ifnull(sum(pending), 0), ifnull(sum(pico_usd), 0)
    FROM oracles
"""

RESERVE = "INSERT INTO reservations (owner, n, oracle, keys) VALUES (?, ?, ?, ?)"
CLAIMS = "SELECT owner, keys FROM reservations JOIN oracles ON oracles.id = oracle WHERE name = ?"
KEEP = "INSERT OR IGNORE INTO answers (oracle, key, answer, scores) VALUES (?, ?, ?, ?)"
ANSWER = "SELECT scores, answer FROM answers JOIN oracles ON oracles.id = oracle WHERE name = ? AND key = ?"


@dataclass(frozen=True, slots=True)
class Reservation:
    """Queries that count as spent and may now be sent. Close it once: ``settle``, ``fail`` or ``release``."""

    id: int
    oracle: int
    keys: tuple[bytes, ...]
    cost: int | None


def move(
    sql: sqlite3.Connection,
    reservation: Reservation,
    *,
    pending: int,
    answered: int = 0,
    failed: int = 0,
    spent: int = 0,
    pico_usd: int = 0,
) -> None:
    """Move queries between an oracle's counters; ``spent`` is by how many the queries to pay for change."""
    sql.execute(
        """UPDATE oracles SET pending = pending + ?, answered = answered + ?, failed = failed + ?,
        pico_usd = pico_usd + ?, unpriced = unpriced + ? WHERE id = ?""",
        (pending, answered, failed, pico_usd, spent if reservation.cost is None else 0, reservation.oracle),
    )


def under_way(sql: sqlite3.Connection, oracle: str, keys: Collection[bytes]) -> bool:
    """Whether somebody who lives has asked for one of ``keys`` and has no answer yet."""
    wanted = set(keys)
    return any(
        not wanted.isdisjoint(_split(claimed)) and lives(owner) for owner, claimed in sql.execute(CLAIMS, (oracle,))
    )


def forget_claims_of_the_dead(sql: sqlite3.Connection) -> None:
    """What a killed process had asked for stays counted, and is nobody's any more."""
    owners = [owner for (owner,) in sql.execute("SELECT DISTINCT owner FROM reservations WHERE oracle NOT NULL")]
    dead = [(owner,) for owner in owners if not lives(owner)]
    sql.executemany("UPDATE reservations SET oracle = NULL, keys = NULL WHERE owner = ?", dead)


def _split(keys: bytes) -> Iterator[bytes]:
    return (keys[i : i + KEY_BYTES] for i in range(0, len(keys), KEY_BYTES))


def free_key(sql: sqlite3.Connection, oracle: int, key: bytes) -> bytes:
    """Return the first ``repeat_key`` of ``key`` that has no answer."""
    for turn in count():
        free = repeat_key(key, turn)
        if not sql.execute("SELECT 1 FROM answers WHERE oracle = ? AND key = ?", (oracle, free)).fetchone():
            return free
    raise AssertionError
