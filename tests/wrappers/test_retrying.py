"""What may go through later is sent again, and paid again; nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from bbprompt.errors import BudgetExhausted, OracleError
from bbprompt.ledger import Budget, Ledger
from bbprompt.testing.fakes import FakeOracle, fake_images
from bbprompt.wrappers import Metered, Retrying
from bbprompt.wrappers.halt import Halt

IMAGES = fake_images(2)
BUSY = OracleError("busy", retryable=True)
REFUSED = OracleError("busy", retryable=True, billed=False)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr(Halt, "sleep", lambda _, seconds: waited.append(seconds))
    return waited


def asks_to_wait(seconds: float) -> OracleError:
    return OracleError("slow down", retryable=True, retry_after_s=seconds)


def test_retries_are_paid(ledger: Ledger, waits: list[float]) -> None:
    oracle = FakeOracle(faults=[BUSY, BUSY])
    retrying = Retrying(Metered(oracle, ledger))
    assert retrying.query(IMAGES).values.tobytes() == oracle.answer(IMAGES).values.tobytes()
    assert (ledger.spent.failed, ledger.spent.answered) == (4, 2)
    assert (retrying.counters.retries, len(waits)) == (2, 2)


def test_retries_that_were_not_billed_are_free(ledger: Ledger, waits: list[float]) -> None:
    Retrying(Metered(FakeOracle(faults=[REFUSED, REFUSED]), ledger)).query(IMAGES)
    assert (ledger.spent.queries, len(waits)) == (2, 2)


@pytest.mark.parametrize("error", [OracleError("wrong key"), ValueError("bug"), KeyboardInterrupt()])
def test_what_does_not_go_away_fails_at_once(waits: list[float], error: BaseException) -> None:
    oracle = FakeOracle(faults=[error])
    with pytest.raises(type(error)) as raised:
        Retrying(oracle).query(IMAGES)
    assert raised.value is error
    assert (len(oracle.requests), waits) == (1, [])


def test_it_gives_up_after_so_many_attempts(waits: list[float]) -> None:
    oracle = FakeOracle(faults=[BUSY] * 9)
    with pytest.raises(OracleError, match="busy; gave up after 3 attempts; resume later") as raised:
        Retrying(oracle, attempts=3).query(IMAGES)
    assert (len(oracle.requests), len(waits)) == (3, 2)
    assert raised.value.billed
    assert raised.value.__cause__ is BUSY


def test_waits_grow_and_are_bounded(waits: list[float]) -> None:
    Retrying(FakeOracle(faults=[BUSY] * 9), attempts=10, first_wait_s=1, longest_wait_s=8).query(IMAGES)
    assert all(0 <= wait <= bound for wait, bound in zip(waits, [1, 2, 4, 8, 8, 8, 8, 8, 8], strict=True))


def test_a_service_that_asks_to_wait_is_obeyed(waits: list[float]) -> None:
    Retrying(FakeOracle(faults=[asks_to_wait(7.0)]), first_wait_s=0.1, longest_wait_s=10).query(IMAGES)
    assert waits == [7.0]


def test_a_service_that_asks_to_wait_too_long_is_left(waits: list[float]) -> None:
    oracle = FakeOracle(faults=[asks_to_wait(3600.0)])
    with pytest.raises(
        OracleError, match="slow down; it asks to wait 3600 s, at most 60 s are waited; resume later"
    ):
        Retrying(oracle).query(IMAGES)
    assert (len(oracle.requests), waits) == (1, [])


def test_a_retry_beyond_the_budget_is_not_sent(tmp_path: Path, waits: list[float]) -> None:
    oracle = FakeOracle(faults=[BUSY] * 9)
    with Ledger.open(tmp_path / "small.sqlite", budget=Budget(queries=5)) as ledger, pytest.raises(BudgetExhausted):
        Retrying(Metered(oracle, ledger), attempts=9).query(IMAGES)
    assert (oracle.queries, len(waits)) == (4, 2)


def test_a_real_wait_ends_and_the_answer_comes() -> None:
    oracle = FakeOracle(faults=[BUSY, asks_to_wait(0.02)])
    assert len(Retrying(oracle, first_wait_s=0.01).query(IMAGES)) == 2
