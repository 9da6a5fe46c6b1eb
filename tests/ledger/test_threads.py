"""Threads share transactions, and each hears its own."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from bbprompt.errors import BudgetExhausted
from bbprompt.ledger.group import Group, Job
from tests.ledger.conftest import OpenLedger, keys, scores


def test_a_write_that_fails_undoes_nobody_else_s(open_ledger: OpenLedger) -> None:
    """Threads share transactions: eight fit, eight do not, and each hears its own."""
    ledger, together = open_ledger(queries=8), threading.Barrier(16, timeout=20)

    def spend(number: int) -> bool:
        together.wait()
        try:
            ledger.settle(ledger.reserve("a", keys(1, first=number), usd_per_query=None), scores(1), "logits")
        except BudgetExhausted:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        kept = [number for number, fitted in enumerate(pool.map(spend, range(16))) if fitted]
    assert (len(kept), ledger.spent.answered) == (8, 8)
    assert list(ledger.look_up("a", keys(16))) == [keys(1, first=number)[0] for number in kept]


def test_an_interrupted_writer_leaves_the_others_work_to_another() -> None:
    """The first to come writes for all; what interrupts it is its own business."""
    entered, waiting, turns = threading.Event(), threading.Event(), iter([KeyboardInterrupt(), None])

    def commit(jobs: Sequence[Job]) -> None:
        entered.set()
        waiting.wait(20)
        if (interruption := next(turns)) is not None:
            raise interruption
        for job in jobs:
            job.run(sqlite3.connect(":memory:", isolation_level=None))

    group = Group(commit)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(group.write, lambda _: 1)
        entered.wait(20)
        second = pool.submit(group.write, lambda _: 2)
        waiting.set()
        assert isinstance(first.exception(), KeyboardInterrupt)
        assert second.result() == 2


def test_a_budget_is_exact_under_32_threads(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(queries=100)

    def spend(worker: int) -> int:
        sent = 0
        try:
            for step in range(5):
                reservation = ledger.reserve("a", keys(1, first=5 * worker + step), usd_per_query=0.01)
                sent += 1
                ledger.settle(reservation, scores(1), "logits")
        except BudgetExhausted:
            pass
        return sent

    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(spend, range(32))) == 100
    assert (ledger.spent.answered, ledger.spent.usd) == (100, 1.0)
