"""Many requests at once give the same answers in the same order, and a failure leaves nothing behind unsettled."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.errors import BudgetExhausted, OracleError
from bbprompt.ledger import Ledger
from bbprompt.oracle import OracleSpec, Scores
from bbprompt.testing.fakes import FAKE_SPEC, FakeOracle, fake_images
from bbprompt.wrappers import Concurrent, Metered, Retrying

FAKE = FakeOracle()
IMAGES = fake_images(20)
WAIT_S = 20.0


@dataclass
class Scripted:
    """A fake whose requests are told apart by their first image: ``before(i)`` runs when request i arrives."""

    before: Callable[[int], object]
    spec: OracleSpec = field(default_factory=lambda: replace(FAKE_SPEC, max_batch=2, max_in_flight=3))
    arrived: list[int] = field(default_factory=list)

    def query(self, images: UInt8) -> Scores:
        position = next(i for i, image in enumerate(IMAGES) if np.array_equal(image, images[0]))
        self.arrived.append(position // self.spec.max_batch)
        self.before(position // self.spec.max_batch)
        return FAKE.answer(images)


def test_requests_are_full_but_for_the_last() -> None:
    oracle = FakeOracle(replace(FAKE_SPEC, max_batch=8, max_in_flight=1))
    Concurrent(oracle).query(IMAGES)
    assert oracle.requests == [8, 8, 4]


def test_answers_keep_the_images_order_whichever_comes_first() -> None:
    oracle = Scripted(lambda i: time.sleep(0.02 if i % 3 == 0 else 0))
    assert Concurrent(oracle).query(IMAGES).values.tobytes() == FAKE.answer(IMAGES).values.tobytes()


def test_as_many_as_allowed_are_under_way_and_not_one_more() -> None:
    together = threading.Barrier(3, timeout=WAIT_S)
    now, most, turn = 0, 0, threading.Lock()

    def count(i: int) -> None:
        nonlocal now, most
        with turn:
            now += 1
            most = max(most, now)
        if i < 9:
            together.wait()
        time.sleep(0.002)
        with turn:
            now -= 1

    Concurrent(Scripted(count)).query(IMAGES)
    assert most == 3


def test_no_images_are_no_requests() -> None:
    oracle = FakeOracle()
    assert Concurrent(oracle).query(IMAGES[:0]).values.shape == (0, 3)
    assert oracle.requests == []


def test_after_a_failure_nothing_is_sent_and_what_is_under_way_is_settled(ledger: Ledger) -> None:
    failed, arrived = threading.Event(), threading.Barrier(3, timeout=WAIT_S)

    def before(i: int) -> None:
        arrived.wait()
        if i == 1:
            failed.set()
            raise OracleError("down")
        failed.wait(WAIT_S)
        time.sleep(0.02)

    oracle = Scripted(before)
    with pytest.raises(OracleError, match="down"):
        Concurrent(Metered(oracle, ledger)).query(IMAGES)
    assert sorted(oracle.arrived) == [0, 1, 2]
    spent = ledger.spent
    assert (spent.answered, spent.failed, spent.in_flight) == (4, 2, 0)


def test_the_first_failure_is_the_one_that_is_told() -> None:
    failed = threading.Event()

    def before(i: int) -> None:
        if i == 2:
            failed.set()
            raise OracleError("the first")
        failed.wait(WAIT_S)
        time.sleep(0.02)
        raise BudgetExhausted("a later one")

    with pytest.raises(OracleError, match="the first"):
        Concurrent(Scripted(before)).query(IMAGES)


def test_a_failure_ends_the_waits_of_the_others() -> None:
    waiting = threading.Event()

    def before(i: int) -> None:
        if i == 0:
            waiting.set()
            raise OracleError("busy", retryable=True, retry_after_s=WAIT_S)
        waiting.wait(WAIT_S)
        time.sleep(0.05)
        raise OracleError("down")

    oracle, began = Scripted(before), time.perf_counter()
    with pytest.raises(OracleError, match="down"):
        Concurrent(Retrying(oracle)).query(IMAGES)
    assert time.perf_counter() - began < WAIT_S / 2
    assert oracle.arrived.count(0) == 1


def test_an_interruption_waits_for_what_is_under_way_and_sends_no_more(ledger: Ledger) -> None:
    def before(i: int) -> None:
        if i == 1:
            signal.raise_signal(signal.SIGINT)
        time.sleep(0.1)

    oracle = Scripted(before)
    with pytest.raises(KeyboardInterrupt):
        Concurrent(Metered(oracle, ledger)).query(IMAGES)
    spent = ledger.spent
    assert len(oracle.arrived) < 10
    assert (spent.answered, spent.in_flight) == (2 * len(oracle.arrived), 0)


def test_one_call_that_fails_does_not_disturb_the_next() -> None:
    oracle = FakeOracle(faults=[OracleError("down")])
    concurrent = Concurrent(Retrying(oracle, first_wait_s=0))
    with pytest.raises(OracleError):
        concurrent.query(IMAGES[:1])
    assert len(concurrent.query(IMAGES)) == 20
