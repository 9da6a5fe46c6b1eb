"""Whatever happens to a request, the bill and the cache say the truth about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bbprompt.errors import AnswerError, BudgetExhausted, ConfigError, DataError, OracleError
from bbprompt.ledger import Budget, Ledger, image_key
from bbprompt.oracle import Answer, Scores
from bbprompt.testing.fakes import FAKE_SPEC, FakeOracle, fake_images
from bbprompt.wrappers import Metered

IMAGES = fake_images(3)
KEYS = [image_key(image) for image in IMAGES]


def test_an_answer_is_counted_and_kept(ledger: Ledger) -> None:
    oracle = FakeOracle(replace(FAKE_SPEC, usd_per_query=0.01))
    metered = Metered(oracle, ledger)
    scores = metered.query(IMAGES)
    held = ledger.look_up("fake", KEYS)
    assert [held[key].values.tobytes() for key in KEYS] == [row.tobytes() for row in scores.values]
    assert (ledger.spent.answered, ledger.spent.usd, metered.counters.paid) == (3, 0.03, 3)


def test_it_is_counted_before_it_is_sent(ledger: Ledger) -> None:
    seen = []

    class Looking(FakeOracle):
        def query(self, images: np.ndarray) -> Scores:
            seen.append(ledger.spent.in_flight)
            return super().query(images)

    Metered(Looking(), ledger).query(IMAGES)
    assert seen == [3]


WRONG = {
    "NaN": Scores(np.full((3, 3), np.nan, dtype=np.float32), Answer.LOGITS),
    "wrong width": Scores(np.zeros((3, 4), dtype=np.float32), Answer.LOGITS),
    "too few rows": Scores(np.zeros((2, 3), dtype=np.float32), Answer.LOGITS),
    "another kind": Scores(np.zeros((3, 3), dtype=np.float32), Answer.PROBABILITIES),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_an_unusable_answer_is_paid_and_not_kept(ledger: Ledger, wrong: Scores) -> None:
    metered = Metered(FakeOracle(faults=[wrong]), ledger)
    with pytest.raises(AnswerError):
        metered.query(IMAGES)
    assert (ledger.spent.failed, ledger.spent.queries, metered.counters.paid) == (3, 3, 3)
    assert not ledger.look_up("fake", KEYS)


@pytest.mark.parametrize("error", [OracleError("timeout"), ValueError("bug"), KeyboardInterrupt()])
def test_what_may_have_been_billed_stays_spent(ledger: Ledger, error: BaseException) -> None:
    with pytest.raises(type(error)):
        Metered(FakeOracle(faults=[error]), ledger).query(IMAGES)
    assert (ledger.spent.failed, ledger.spent.queries) == (3, 3)
    assert not ledger.look_up("fake", KEYS)


@pytest.mark.parametrize(
    "error",
    [
        OracleError("no such host", billed=False),
        ConfigError("key_command: 'gcloud' failed"),
        DataError("a request takes 1 to 2 images"),
        BudgetExhausted("the budget of the run that is replayed ended here"),
    ],
)
def test_what_was_not_sent_or_certainly_not_billed_is_released(ledger: Ledger, error: Exception) -> None:
    metered = Metered(FakeOracle(faults=[error]), ledger)
    with pytest.raises(type(error)):
        metered.query(IMAGES)
    assert (ledger.spent.queries, metered.counters.paid) == (0, 0)


def test_images_that_cannot_be_sent_cost_nothing(ledger: Ledger) -> None:
    with pytest.raises(DataError):
        Metered(FakeOracle(), ledger).query(IMAGES[:, :2])
    assert ledger.spent.queries == 0


def test_beyond_the_budget_nothing_is_sent(tmp_path: Path) -> None:
    oracle = FakeOracle()
    with Ledger.open(tmp_path / "small.sqlite", budget=Budget(queries=2)) as ledger, pytest.raises(BudgetExhausted):
        Metered(oracle, ledger).query(IMAGES)
    assert oracle.queries == 0


def test_scores_of_another_float_type_are_used_as_they_are_kept(ledger: Ledger) -> None:
    double = Scores(np.full((3, 3), 1 / 3), Answer.LOGITS)
    scores = Metered(FakeOracle(faults=[double]), ledger).query(IMAGES)
    np.testing.assert_array_equal(ledger.look_up("fake", KEYS)[KEYS[0]].values, scores.values[0])
