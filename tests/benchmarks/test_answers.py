"""What a service lets out, and that nothing else of an oracle comes through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bbprompt.errors import BudgetExhausted
from bbprompt.oracle import Answer, DifferentiableOracle, Oracle
from bbprompt.testing.fakes import FAKE_SPEC, FakeOracle, fake_images
from bbprompt.testing.oracles import check_oracle
from benchmarks.queries.answers import ANSWERS
from benchmarks.queries.counted import Counted

SPEC = replace(FAKE_SPEC, labels=tuple("abcdefgh"), answer=Answer.PROBABILITIES)


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("underneath", [Answer.PROBABILITIES, Answer.SIMILARITY, Answer.LOGITS])
def test_conforms(kind: str, underneath: Answer) -> None:
    check_oracle(ANSWERS[kind].wrap(FakeOracle(replace(SPEC, answer=underneath))))


def test_top_five_lists_the_five_largest_as_they_are() -> None:
    whole, images = FakeOracle(SPEC), fake_images(6)
    p, listed = whole.query(images).values, ANSWERS["top5"].wrap(whole).query(images).values
    assert (np.isfinite(listed).sum(axis=1) == 5).all()
    np.testing.assert_allclose(np.sort(p, axis=1)[:, 3:], np.sort(listed, axis=1)[:, :5], rtol=1e-5)
    np.testing.assert_allclose(listed[np.isfinite(listed)], p[np.isfinite(listed)], rtol=1e-5)


def test_label_only_is_one_hot_at_the_largest() -> None:
    whole, images = FakeOracle(SPEC), fake_images(6)
    labels = ANSWERS["label"].wrap(whole).query(images).values
    assert (labels.argmax(axis=1) == whole.query(images).values.argmax(axis=1)).all()
    assert (labels.sum(axis=1) == 1).all()


def test_every_image_counts_and_the_budget_is_exact() -> None:
    whole = FakeOracle(SPEC)
    counted = Counted(whole, budget=10)
    counted.query(fake_images(6))
    counted.query(fake_images(4))
    with pytest.raises(BudgetExhausted, match="1 images do not fit, 10 of 10 queries are spent"):
        counted.query(fake_images(1))
    assert (counted.spent, whole.queries) == (10, 10)


def test_gradients_do_not_come_through(tiny: str) -> None:
    from benchmarks.queries.setup import bench_task

    whole: Oracle = bench_task(tiny).oracle(None)  # type: ignore[arg-type]
    assert isinstance(whole, DifferentiableOracle)
    assert not any(isinstance(Counted(kind.wrap(whole), 1), DifferentiableOracle) for kind in ANSWERS.values())
