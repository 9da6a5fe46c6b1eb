"""Budgets hold exactly, answers come back bit for bit, and nothing that was sent is forgotten."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from bbprompt.errors import BudgetExhausted, ConfigError, UsageError
from bbprompt.ledger import Budget, Ledger, Reservation, image_key, repeat_key
from bbprompt.ledger.group import Group, Job

NO_LIMIT = Budget()
OpenLedger = Callable[..., Ledger]


def keys(n: int, *, first: int = 0) -> list[bytes]:
    return [i.to_bytes(32, "big") for i in range(first, first + n)]


def scores(n: int) -> np.ndarray:
    return np.random.default_rng(n).normal(size=(n, 3)).astype(np.float32)


@pytest.fixture
def open_ledger(tmp_path: Path) -> Iterator[OpenLedger]:
    opened: list[Ledger] = []

    def open_one(*, queries: int | None = None, usd: float | None = None) -> Ledger:
        opened.append(Ledger.open(tmp_path / "ledger.sqlite", budget=Budget(queries=queries, usd=usd)))
        return opened[-1]

    yield open_one
    for ledger in opened:
        ledger.close()


def test_an_answer_comes_back_bit_for_bit_after_reopening(open_ledger: OpenLedger) -> None:
    values = np.array([[1 / 3, -0.0, np.nan], [1e-45, 3.4e38, -7.0]], dtype=np.float32)
    with open_ledger() as ledger:
        ledger.settle(ledger.reserve("a", keys(2), usd_per_query=None), values, "top_k")
    found = open_ledger().look_up("a", keys(3))
    assert list(found) == keys(2)
    assert [found[key].values.tobytes() for key in keys(2)] == [row.tobytes() for row in values]
    assert {stored.answer for stored in found.values()} == {"top_k"}


def test_a_request_s_price_is_set_aside_and_settled_at_what_it_was(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(usd=1.0)
    reservation = ledger.reserve("a", keys(2), usd_per_query=0.1, usd_per_request=0.5)
    assert ledger.spent.usd == pytest.approx(0.7)
    with pytest.raises(BudgetExhausted):
        ledger.reserve("a", keys(1, first=2), usd_per_query=0.1, usd_per_request=0.5)
    ledger.settle(reservation, scores(2), "logits", usd=0.3)
    assert ledger.spent.usd == pytest.approx(0.3)
    failed = ledger.reserve("a", keys(1, first=2), usd_per_query=0.1, usd_per_request=0.5)
    ledger.fail(failed)
    assert ledger.spent.usd == pytest.approx(0.9)


def test_what_was_not_billed_is_given_back_with_its_request(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(usd=1.0)
    ledger.release(ledger.reserve("a", keys(2), usd_per_query=0.1, usd_per_request=0.5))
    assert ledger.spent.usd == 0


def test_two_answers_to_one_image_in_one_request_are_both_kept(open_ledger: OpenLedger) -> None:
    ledger, (key,) = open_ledger(), keys(1)
    ledger.settle(ledger.reserve("a", [key, key], usd_per_query=None), scores(2), "logits", varies=True)
    found = ledger.look_up("a", [key, repeat_key(key, 1)])
    assert [found[k].values.tobytes() for k in (key, repeat_key(key, 1))] == [row.tobytes() for row in scores(2)]


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


def test_answers_that_vary_are_all_kept_in_their_turns(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    rows = [np.full((1, 3), turn, np.float32) for turn in range(3)]
    for row in rows:
        ledger.settle(ledger.reserve("a", keys(1), usd_per_query=None), row, "logits", varies=True)
    wanted = [repeat_key(keys(1)[0], turn) for turn in range(4)]
    found = ledger.look_up("a", wanted)
    assert [float(found[key].values[0]) for key in wanted[:3]] == [0, 1, 2]
    assert wanted[3] not in found


def test_oracles_do_not_share_answers(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    ledger.settle(ledger.reserve("a", keys(1), usd_per_query=None), scores(1), "logits")
    assert not ledger.look_up("b", keys(1))


def test_the_first_answer_to_an_image_stays(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    twice = [ledger.reserve("a", keys(1), usd_per_query=None) for _ in range(2)]
    for value, reservation in enumerate(twice):
        ledger.settle(reservation, np.full((1, 3), value, dtype=np.float32), "logits")
    assert ledger.look_up("a", keys(1))[keys(1)[0]].values.tolist() == [0, 0, 0]
    assert ledger.spent.queries == 2


def test_the_key_tells_shapes_apart() -> None:
    pixels = np.zeros((2, 6, 3), dtype=np.uint8)
    assert image_key(pixels) != image_key(pixels.reshape(6, 2, 3))
    assert image_key(pixels[:, ::2]) == image_key(pixels[:, ::2].copy())


def test_a_reservation_is_all_or_nothing_and_the_last_query_fits(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(queries=5)
    ledger.reserve("a", keys(3), usd_per_query=None)
    with pytest.raises(BudgetExhausted, match="budget is 5 queries and 3 are spent: 3 more do not fit"):
        ledger.reserve("a", keys(3), usd_per_query=None)
    ledger.reserve("b", keys(2), usd_per_query=None)
    assert ledger.spent.queries == 5


def test_dollars_are_exact_where_floats_are_not(open_ledger: OpenLedger) -> None:
    ledger = open_ledger(usd=0.3)
    for _ in range(3):
        ledger.reserve("a", keys(1), usd_per_query=0.1)
    assert ledger.spent.usd == 0.3
    with pytest.raises(BudgetExhausted, match=r"budget is 0\.3 USD and 0\.3 are spent: 1 more queries for 1e-08"):
        ledger.reserve("a", keys(1), usd_per_query=1e-8)


def test_an_unknown_price_is_never_shown_as_zero(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    ledger.reserve("priced", keys(2), usd_per_query=0.25)
    before = ledger.spent.usd
    unpriced = ledger.reserve("unpriced", keys(1), usd_per_query=None)
    assert (before, ledger.spent.usd) == (0.5, None)
    assert [(charge.oracle, charge.pending, charge.usd) for charge in ledger.bill()] == [
        ("priced", 2, 0.5),
        ("unpriced", 1, None),
    ]
    ledger.release(unpriced)
    assert ledger.spent.usd == 0.5


def test_a_dollar_budget_refuses_an_unknown_price(open_ledger: OpenLedger) -> None:
    with pytest.raises(ConfigError, match="needs the oracle's price, got none"):
        open_ledger(usd=1.0).reserve("a", keys(1), usd_per_query=None)


@pytest.mark.parametrize("price", [-0.1, float("nan"), float("inf")])
def test_a_price_that_is_none_is_refused(open_ledger: OpenLedger, price: float) -> None:
    with pytest.raises(ConfigError, match="usd_per_query must be 0 or more"):
        open_ledger().reserve("a", keys(1), usd_per_query=price)


@pytest.mark.parametrize("queries", [0, -1, 2.5])
def test_a_budget_of_no_queries_is_refused(queries: int) -> None:
    with pytest.raises(ConfigError, match=f"whole number from 1, got {queries}"):
        Budget(queries=queries)


@pytest.mark.parametrize("usd", [0, -1.0, float("nan"), float("inf")])
def test_a_budget_of_no_dollars_is_refused(usd: float) -> None:
    with pytest.raises(ConfigError, match=f"above 0, got {usd}"):
        Budget(usd=usd)


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


def test_answers_that_do_not_match_the_reservation_are_refused(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    reservation = ledger.reserve("a", keys(2), usd_per_query=None)
    with pytest.raises(UsageError, match=r"float32 of shape \(2, k\), got float32 \(3, 3\)"):
        ledger.settle(reservation, scores(3), "logits")
    assert ledger.spent.in_flight == 2


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


def claim(ledger: Ledger, wanted: Sequence[bytes], oracle: str = "a") -> Reservation | None:
    return ledger.claim(oracle, wanted, usd_per_query=None)


def test_what_somebody_has_asked_for_is_not_claimed_until_that_came_to_nothing(open_ledger: OpenLedger) -> None:
    one, two = open_ledger(), open_ledger()
    first = claim(one, keys(3))
    assert first is not None
    assert claim(two, keys(3, first=2)) is None
    assert claim(one, keys(1)) is None, "another thread of the same process"
    assert two.under_way("a", keys(1, first=2))
    assert not two.under_way("a", keys(1, first=3))
    assert claim(two, keys(2), oracle="b") is not None
    assert (two.spent.queries, two.spent.lost) == (5, 3)
    one.fail(first)
    assert not two.under_way("a", keys(3))
    assert claim(two, keys(3, first=2)) is not None


def test_what_is_answered_is_not_claimed(open_ledger: OpenLedger) -> None:
    one, two = open_ledger(), open_ledger()
    one.settle(one.reserve("a", keys(2), usd_per_query=None), scores(2), "logits")
    assert claim(two, keys(2, first=1)) is None
    assert not two.under_way("a", keys(2, first=1))
    assert two.spent.queries == 2


def test_what_a_closed_handle_had_asked_for_is_nobody_s(open_ledger: OpenLedger) -> None:
    with open_ledger() as gone:
        assert claim(gone, keys(2)) is not None
    ledger = open_ledger()
    assert not ledger.under_way("a", keys(2))
    assert claim(ledger, keys(2)) is not None
    assert ledger.spent.queries == 4, "what the other has sent may have been billed"


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


def test_a_budget_may_be_raised_later(open_ledger: OpenLedger) -> None:
    with open_ledger(queries=1) as ledger:
        ledger.reserve("a", keys(1), usd_per_query=None)
    open_ledger(queries=2).reserve("a", keys(1), usd_per_query=None)


def test_closing_twice_does_nothing(open_ledger: OpenLedger) -> None:
    ledger = open_ledger()
    ledger.close()
    ledger.close()


def test_a_closed_ledger_is_one_file(open_ledger: OpenLedger, tmp_path: Path) -> None:
    with open_ledger() as ledger:
        ledger.reserve("a", keys(1), usd_per_query=None)
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.sqlite"]
