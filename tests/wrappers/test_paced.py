"""The pace: never more under way than the limit, more while that helps, fewer when asked; the circuit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.errors import OracleError
from bbprompt.ledger import Budget, Ledger
from bbprompt.oracle import Scores
from bbprompt.testing.fakes import FAKE_SPEC, FakeOracle, fake_images
from bbprompt.wrappers import Circuit, Pace, Paced, paid

BUSY = OracleError("busy", billed=False, retryable=True, busy=True)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def rounds(pace: Pace, clock: Clock, latency: Callable[[int], float], *, count: int) -> list[int]:
    """Fill the gate ``count`` times with requests that take ``latency`` of how many they are; return the limits."""
    limits = []
    for _ in range(count):
        limits.append(pace.limit)
        entered = [pace.enter() for _ in range(pace.limit)]
        clock.now += latency(len(entered))
        for turn in entered:
            pace.leave(turn, None)
    return limits


def test_the_limit_grows_to_the_most_where_that_helps() -> None:
    pace = Pace(32, clock=(clock := Clock()))
    limits = rounds(pace, clock, lambda _: 0.1, count=400)
    assert limits == sorted(limits)
    assert (limits[0], limits[-1]) == (2, 32)


def test_the_limit_stays_where_more_requests_at_once_answer_no_sooner() -> None:
    pace = Pace(64, clock=(clock := Clock()))
    limits = rounds(pace, clock, lambda n: 0.1 * max(1.0, n / 4), count=600)
    assert max(limits[300:]) <= 8
    assert float(np.median(limits[300:])) == 4


def test_a_service_that_asks_for_fewer_gets_half_once_for_all_that_were_under_way() -> None:
    pace = Pace(32, clock=(clock := Clock()))
    rounds(pace, clock, lambda _: 0.1, count=400)
    entered = [pace.enter() for _ in range(32)]
    clock.now += 0.1
    for turn in entered:
        pace.leave(turn, BUSY)
    assert pace.limit == 16


def test_nothing_is_sent_for_as_long_as_the_service_asks() -> None:
    class Passing(Clock):
        def __call__(self) -> float:
            self.now += 0.5
            return self.now

    pace = Pace(4, clock=(clock := Passing()))
    pace.leave(pace.enter(), OracleError("busy", billed=False, busy=True, retry_after_s=20.0))
    refused_at = clock.now
    started, _ = pace.enter()
    assert started >= refused_at + 19


def test_the_line_grows_where_writing_down_takes_longer_than_asking_and_never_past_twice_the_most() -> None:
    pace, at_once, most, lock = Pace(4), 0, 0, threading.Lock()

    def ask(_: int) -> None:
        nonlocal at_once, most
        with pace.line():
            with lock:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.01)
            pace.leave(pace.enter(), None)
            with lock:
                at_once -= 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(120)))
    assert 4 + 1 < most <= 2 * 4


def test_what_waits_for_its_turn_when_the_call_fails_is_given_back(tmp_path: Path) -> None:
    """What is written down and not sent when a request fails was never paid."""
    spec = replace(FAKE_SPEC, max_batch=1, max_in_flight=2)
    sent, lock = [0], threading.Lock()
    reserved = threading.Event()

    class Sending:
        def query(self, images: UInt8) -> Scores:
            with lock:
                sent[0] += 1
                first = sent[0] == 1
            reserved.wait(20)
            if first:
                raise OracleError("down")
            time.sleep(0.3)
            return FakeOracle(spec).query(images)

    oracle = Sending()
    oracle.spec = spec  # type: ignore[attr-defined]
    with Ledger.open(tmp_path / "ledger.sqlite", budget=Budget(queries=10)) as ledger:
        threading.Timer(0.3, reserved.set).start()
        with pytest.raises(OracleError, match="down"):
            paid(oracle, ledger).query(fake_images(8, spec=spec))  # type: ignore[arg-type]
        assert (ledger.spent.queries, ledger.spent.failed, ledger.spent.in_flight) == (sent[0], 1, 0)
        assert sent[0] < 8


def test_requests_a_minute_are_spread_over_it() -> None:
    class Passing(Clock):
        def __call__(self) -> float:
            self.now += 0.1
            return self.now

    pace = Pace(4, per_minute=30, clock=Passing())
    starts = []
    for _ in range(5):
        turn = pace.enter()
        starts.append(turn[0])
        pace.leave(turn, None)
    assert min(np.diff(starts)) >= 2.0 - 1e-9


def test_threads_never_pass_the_limit() -> None:
    at_once, most, lock = 0, 0, threading.Lock()

    @dataclass
    class Counting:
        spec = FAKE_SPEC

        def query(self, images: UInt8) -> Scores:
            nonlocal at_once, most
            with lock:
                at_once += 1
                most = max(most, at_once)
            scores = FakeOracle(FAKE_SPEC).query(images)
            with lock:
                at_once -= 1
            return scores

    paced = Paced(Counting(), Pace(3))
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: paced.query(fake_images(1)), range(200)))
    assert 1 <= most <= 3
    assert paced.pace.under_way == 0


@dataclass
class Failing:
    """Answers the first ``sound`` requests and fails the others."""

    sound: int
    error: OracleError
    asked: int = 0
    spec = replace(FAKE_SPEC, max_in_flight=2)

    def query(self, images: UInt8) -> Scores:
        self.asked += 1
        if self.asked > self.sound:
            raise self.error
        return FakeOracle(self.spec).query(images)


def failures(oracle: Failing, *, until: int) -> list[OracleError]:
    paced, raised = Paced(oracle, Pace(2), Circuit(in_a_row=3, at_first=2)), []
    for _ in range(until):
        try:
            paced.query(fake_images(1))
        except OracleError as error:
            raised.append(error)
    return raised


def test_the_circuit_opens_after_so_many_failures_that_may_have_been_billed() -> None:
    raised = failures(Failing(5, OracleError("broken", retryable=True)), until=8)
    assert [error.retryable for error in raised] == [True, True, False]
    assert "3 requests in a row failed, no more are sent; resume later" in str(raised[-1])


def test_where_nothing_was_ever_answered_it_opens_sooner() -> None:
    assert [e.retryable for e in failures(Failing(0, OracleError("broken", retryable=True)), until=2)] == [
        True,
        False,
    ]


def test_refusals_for_free_never_open_it() -> None:
    assert all(error.retryable for error in failures(Failing(0, BUSY), until=30))


def test_a_mistake_is_passed_on_as_it_is() -> None:
    (error,) = failures(Failing(0, final := OracleError("no such model", billed=False)), until=1)
    assert error is final


@pytest.mark.parametrize("most", [1, 2, 7])
def test_the_limit_keeps_between_one_and_the_most(most: int) -> None:
    pace, rng = Pace(most, clock=(clock := Clock())), np.random.default_rng(most)
    for _ in range(300):
        turn = pace.enter()
        clock.now += rng.random()
        pace.leave(turn, BUSY if rng.random() < 0.3 else None)
        assert 1 <= pace.limit <= most
