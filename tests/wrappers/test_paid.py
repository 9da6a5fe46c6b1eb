"""The whole stack: what is held is free, nothing is paid twice, and a stopped run goes on to the same bits."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bbprompt.arrays import UInt8
from bbprompt.errors import AnswerError, BudgetExhausted, DataError, OracleError, UsageError
from bbprompt.ledger import Budget, Ledger
from bbprompt.oracle import Answer, OracleSpec, Scores
from bbprompt.testing.fakes import FAKE_SPEC, FakeOracle, fake_images
from bbprompt.wrappers import paid

IMAGES = fake_images(20)


@pytest.mark.parametrize("answer", Answer)
def test_a_second_run_pays_nothing_and_gets_the_same_bits(tmp_path: Path, answer: Answer) -> None:
    spec = replace(FAKE_SPEC, answer=answer, top_k=2)
    results = []
    for oracle in (FakeOracle(spec), FakeOracle(spec, seed=1)):
        with Ledger.open(tmp_path / "ledger.sqlite", budget=Budget(queries=20)) as ledger:
            asking = paid(oracle, ledger)
            results.append((asking.query(IMAGES), oracle.queries, asking.counters.hits, asking.counters.paid))
            assert ledger.spent.queries == 20
    (first, *first_counts), (second, *second_counts) = results
    assert first.values.tobytes() == FakeOracle(spec).answer(IMAGES).values.tobytes() == second.values.tobytes()
    assert (first_counts, second_counts) == ([20, 0, 20], [0, 20, 0])
    assert second.answer is answer


def test_duplicates_in_one_call_are_paid_once(ledger: Ledger) -> None:
    oracle = FakeOracle()
    asking, doubled = paid(oracle, ledger), np.concatenate([IMAGES[:3], IMAGES[:5], IMAGES[1:2]])
    assert asking.query(doubled).values.tobytes() == oracle.answer(doubled).values.tobytes()
    assert (oracle.queries, ledger.spent.queries) == (5, 5)
    assert (asking.counters.hits, asking.counters.paid) == (4, 5)


def test_only_what_is_missing_is_sent(ledger: Ledger) -> None:
    oracle = FakeOracle()
    asking = paid(oracle, ledger)
    asking.query(IMAGES[5:15])
    assert asking.query(IMAGES).values.tobytes() == oracle.answer(IMAGES).values.tobytes()
    assert oracle.queries == 20


def test_no_images_are_no_cost(ledger: Ledger) -> None:
    assert paid(FakeOracle(), ledger).query(IMAGES[:0]).values.shape == (0, 3)
    assert ledger.spent.queries == 0


@pytest.mark.parametrize(
    "fault", [OracleError("down"), Scores(np.full((4, 3), np.nan, dtype=np.float32), Answer.LOGITS)]
)
def test_errors_are_never_cached(ledger: Ledger, fault: OracleError | Scores) -> None:
    oracle = FakeOracle(faults=[fault])
    asking = paid(oracle, ledger)
    with pytest.raises((OracleError, AnswerError)):
        asking.query(IMAGES[:4])
    assert asking.query(IMAGES[:4]).values.tobytes() == oracle.answer(IMAGES[:4]).values.tobytes()
    assert (ledger.spent.failed, ledger.spent.answered) == (4, 4)


def test_retries_show_in_the_counters(ledger: Ledger) -> None:
    asking = paid(FakeOracle(faults=[OracleError("busy", retryable=True, retry_after_s=0.0)]), ledger)
    asking.query(IMAGES[:1])
    assert (asking.counters.retries, asking.counters.paid) == (1, 2)


def test_what_fits_into_the_budget_is_kept(tmp_path: Path) -> None:
    oracle = FakeOracle(replace(FAKE_SPEC, max_in_flight=1))
    with Ledger.open(tmp_path / "ledger.sqlite", budget=Budget(queries=17)) as ledger:
        with pytest.raises(BudgetExhausted):
            paid(oracle, ledger).query(IMAGES)
        assert (oracle.queries, ledger.spent.answered) == (16, 16)


def test_wrong_images_are_refused_before_anything_is_asked(ledger: Ledger) -> None:
    with pytest.raises(DataError):
        paid(FakeOracle(), ledger).query(IMAGES.astype(np.float32))
    assert ledger.spent.queries == 0


@pytest.mark.parametrize(
    "changed", [replace(FAKE_SPEC, labels=("a", "b")), replace(FAKE_SPEC, answer=Answer.PROBABILITIES)]
)
def test_a_model_that_changed_under_its_name_is_refused(ledger: Ledger, changed: OracleSpec) -> None:
    paid(FakeOracle(), ledger).query(IMAGES)
    with pytest.raises(UsageError, match="the ledger holds logits of 3 labels from fake, which now gives"):
        paid(FakeOracle(changed), ledger).query(IMAGES)


@dataclass
class Sociable:
    """Answers depend on the company an image is sent in, as the last bits of batched models do."""

    spec: OracleSpec
    failing: int | None = None
    turns: Iterator[int] = field(default_factory=count)

    def query(self, images: UInt8) -> Scores:
        if next(self.turns) == self.failing:
            raise OracleError("killed here")
        alone = FakeOracle(self.spec).answer(images)
        return Scores(alone.values + np.float32(images.sum()), alone.answer)


@given(n=st.integers(1, 20), batch=st.integers(1, 7), in_flight=st.integers(1, 3), failing=st.integers(0, 19))
@settings(max_examples=25, deadline=None)
def test_a_stopped_call_goes_on_to_the_same_bits(n: int, batch: int, in_flight: int, failing: int) -> None:
    spec = replace(FAKE_SPEC, max_batch=batch, max_in_flight=in_flight)
    requests = -(-n // batch)
    whole = np.concatenate([Sociable(spec).query(IMAGES[:n][i : i + batch]).values for i in range(0, n, batch)])
    with (
        tempfile.TemporaryDirectory() as folder,
        Ledger.open(Path(folder) / "ledger.sqlite", budget=Budget()) as ledger,
    ):
        with pytest.raises(OracleError, match="killed here"):
            paid(Sociable(spec, failing=failing % requests), ledger).query(IMAGES[:n])
        assert paid(Sociable(spec), ledger).query(IMAGES[:n]).values.tobytes() == whole.tobytes()
        assert ledger.spent.answered == n


def test_threads_that_ask_for_the_same_images_pay_for_them_once(ledger: Ledger) -> None:
    """Whoever is later waits, also for one that fails, and then asks for what is still missing."""
    oracle = FakeOracle(
        replace(FAKE_SPEC, max_in_flight=2), latency_s=0.02, faults=[OracleError("hiccup", retryable=True)]
    )
    images = fake_images(24)
    with ThreadPoolExecutor(4) as pool:
        calls = [
            pool.submit(paid(oracle, ledger, first_wait_s=0.01).query, images[i : i + 16]) for i in (0, 4, 8, 0)
        ]
        found = [call.result() for call in calls]
    for first, scores in zip((0, 4, 8, 0), found, strict=True):
        np.testing.assert_array_equal(scores.values, oracle.answer(images[first : first + 16]).values)
    assert ledger.spent.answered == 24
    assert oracle.queries == 24 + ledger.spent.failed


def test_the_next_request_is_written_down_while_one_is_under_way_and_never_two_are(ledger: Ledger) -> None:
    class OneAtATime(FakeOracle):
        def query(self, images: UInt8) -> Scores:
            under_way.append(len(images))
            patience = time.monotonic() + 10
            while ledger.spent.in_flight < 8 and len(self.requests) < 4 and time.monotonic() < patience:
                time.sleep(0.001)
            written.append(ledger.spent.in_flight)
            assert under_way == [4]
            under_way.clear()
            return super().query(images)

    under_way, written = list[int](), list[int]()
    oracle = OneAtATime(replace(FAKE_SPEC, max_batch=4, max_in_flight=1))
    found = paid(oracle, ledger).query(IMAGES)
    np.testing.assert_array_equal(found.values, oracle.answer(IMAGES).values)
    assert written[:4] == [8] * 4
    assert ledger.spent.answered == 20
