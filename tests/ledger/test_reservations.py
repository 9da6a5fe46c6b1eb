"""Nothing that was sent is forgotten: what is reserved is answered, failed, released, or counted as lost."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from bbprompt.errors import BudgetExhausted, UsageError
from bbprompt.ledger import Budget, Ledger, Reservation
from tests.ledger.conftest import OpenLedger, keys, scores


def test_failed_stays_spent_and_released_does_not(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(queries=4)
    ledger.fail(ledger.reserve("a", keys(1), usd_per_query=2.0))
    ledger.release(ledger.reserve("a", keys(3), usd_per_query=2.0))
    spent = ledger.spent
    assert (spent.queries, spent.failed, spent.in_flight, spent.usd) == (1, 1, 0, 2.0)
    assert not ledger.look_up("a", keys(3))


def test_a_reservation_is_closed_once(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    reservation = ledger.reserve("a", keys(2), usd_per_query=None)
    ledger.settle(reservation, scores(2), "logits")
    with pytest.raises(UsageError, match="closed already"):
        ledger.release(reservation)
    assert ledger.spent.queries == 2


def test_what_another_handle_holds_open_is_lost_to_this_one_and_counted(open_ledger: OpenLedger) -> None:
    one, two = open_ledger(queries=3), open_ledger(queries=3)
    reservation = one.reserve("a", keys(2), usd_per_query=None)
    assert (one.spent.in_flight, one.spent.lost) == (2, 0)
    assert (two.spent.in_flight, two.spent.lost) == (0, 2)
    with pytest.raises(BudgetExhausted):
        two.reserve("a", keys(2), usd_per_query=None)
    one.settle(reservation, scores(2), "logits")
    assert two.spent.lost == 0
    assert len(two.look_up("a", keys(2))) == 2


class Model(RuleBasedStateMachine):
    """Spent is what was reserved and not released, never more than the budget; closing the file changes nothing."""

    reservations = Bundle("reservations")
    limit = 20

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.spent = self.answered = self.failed = 0
        self.open()

    def open(self) -> None:
        self.ledger = Ledger.open(self.folder / "ledger.sqlite", budget=Budget(queries=self.limit))

    def teardown(self) -> None:
        self.ledger.close()
        shutil.rmtree(self.folder)

    @rule(target=reservations, n=st.integers(0, 6))
    def reserve(self, n: int) -> object:
        if self.spent + n > self.limit:
            with pytest.raises(BudgetExhausted):
                self.ledger.reserve("a", keys(n), usd_per_query=0.5)
            return self.ledger.reserve("a", [], usd_per_query=0.5)
        self.spent += n
        return self.ledger.reserve("a", keys(n), usd_per_query=0.5)

    @rule(reservation=consumes(reservations))
    def settle(self, reservation: Reservation) -> None:
        self.ledger.settle(reservation, scores(len(reservation.keys)), "logits")
        self.answered += len(reservation.keys)

    @rule(reservation=consumes(reservations))
    def fail(self, reservation: Reservation) -> None:
        self.ledger.fail(reservation)
        self.failed += len(reservation.keys)

    @rule(reservation=consumes(reservations))
    def release(self, reservation: Reservation) -> None:
        self.ledger.release(reservation)
        self.spent -= len(reservation.keys)

    @rule()
    def reopen(self) -> None:
        self.ledger.close()
        self.open()

    @invariant()
    def agrees(self) -> None:
        found = self.ledger.spent
        assert (found.queries, found.answered, found.failed) == (self.spent, self.answered, self.failed)
        assert found.usd == self.spent * 0.5
        assert found.queries <= self.limit


TestModel = Model.TestCase
TestModel.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
