"""Figures: intervals that cover, comparisons that match a published one, and an evaluation in full batches."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from bbprompt.arrays import Bool, UInt8
from bbprompt.data import Dataset
from bbprompt.errors import AnswerError, DataError
from bbprompt.evaluate import Accuracy, accuracy, average, confusion, evaluate_overlay, paired_difference
from bbprompt.labelmaps import load_label_map
from bbprompt.losses import zero_one
from bbprompt.oracle import Answer, OracleSpec, Scores


def table(both: int, only_a: int, only_b: int, neither: int) -> tuple[Bool, Bool]:
    counts = [both, only_a, only_b, neither]
    return np.repeat([True, True, False, False], counts), np.repeat([True, False, True, False], counts)


def test_accuracy_interval_is_wilsons() -> None:
    found = Accuracy(81, 263)
    assert found.value == 81 / 263
    assert found.interval == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert Accuracy(0, 10).low == 0
    assert Accuracy(10, 10).high == 1


def test_accuracy_and_confusion_count() -> None:
    scores = np.array([[2.0, 1, 0], [0, 2, 1], [0, 2, 1], [1, 1, 0]])
    targets = np.array([0, 1, 2, 1])
    assert accuracy(scores, targets) == Accuracy(2, 4)
    np.testing.assert_array_equal(confusion(scores, targets, 3), [[1, 0, 0], [1, 1, 0], [0, 1, 0]])


def test_an_image_that_no_class_stands_out_for_is_wrong_whatever_it_shows() -> None:
    scores = np.array([[0.0, 0, 0], [0, 0, 0], [1, 1, 0]])
    targets = np.array([0, 2, 0])
    assert accuracy(scores, targets) == Accuracy(1, 3)
    assert zero_one(scores, targets).tolist() == [1, 1, 0]


def test_paired_difference_matches_the_published_example() -> None:
    """Response before and after consolidation (Cavo et al. 2012), in Fagerland, Lydersen & Laake 2014."""
    found = paired_difference(*table(59, 6, 16, 80))
    assert (found.value, found.low, found.high) == pytest.approx((-0.0621, -0.1186, -0.0046), abs=5e-5)
    assert found.p_value == pytest.approx(0.0525, abs=5e-5)


@pytest.mark.parametrize("truth", [(0.6, 0.1, 0.05, 0.25), (0.9, 0.04, 0.01, 0.05), (0.3, 0.0, 0.1, 0.6)])
def test_paired_interval_covers_the_true_difference(truth: tuple[float, ...]) -> None:
    draws = np.random.default_rng(0).multinomial(200, truth, size=400)
    found = [paired_difference(*table(*counts)) for counts in draws.tolist()]
    covered = np.mean([d.low <= truth[1] - truth[2] <= d.high for d in found])
    assert 0.93 <= covered <= 0.99


def test_paired_difference_turns_with_its_arguments() -> None:
    a, b = table(30, 12, 4, 10)
    there, back = paired_difference(a, b), paired_difference(b, a)
    assert (there.value, there.low, there.high) == pytest.approx((-back.value, -back.high, -back.low))
    assert there.p_value == back.p_value


def test_equal_classifiers_do_not_differ_but_are_not_certain() -> None:
    found = paired_difference(*table(40, 0, 0, 10))
    assert (found.value, found.p_value) == (0.0, 1.0)
    assert found.low < 0 < found.high


@pytest.mark.parametrize("shape", [(0,), (3,), (4, 1)])
def test_paired_difference_needs_the_same_images(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="the same images for both"):
        paired_difference(np.zeros(shape, dtype=bool), np.zeros(0 if shape == (0,) else 4, dtype=bool))


@pytest.mark.parametrize("n", [0, 3])
def test_one_target_per_image_is_expected(n: int) -> None:
    with pytest.raises(DataError, match=rf"one target per image, got {n} for 2 images"):
        accuracy(np.zeros((2, 3)), np.zeros(n, dtype=np.int64))


class Brighten:
    def apply(self, images: UInt8) -> UInt8:
        return images + np.uint8(1)


PIXELS = OracleSpec("pixels", (2, 2), ("a", "b", "c", "d"), Answer.LOGITS, max_batch=3)


@dataclass
class ReadsPixels:
    """Answers with the label whose number is the first pixel's red level."""

    k: int = 4
    spec: OracleSpec = PIXELS
    batches: list[int] = field(default_factory=list)

    def query(self, images: UInt8) -> Scores:
        self.batches.append(len(images))
        return Scores(np.eye(self.k, dtype=np.float32)[images[:, 0, 0, 0]], Answer.LOGITS)


def test_evaluation_counts_what_the_oracle_said_under_the_overlay() -> None:
    red = np.array([0, 1, 2, 0, 1, 2, 2, 0], dtype=np.uint8)
    images = np.broadcast_to(red[:, None, None, None], (8, 2, 2, 3)).copy()
    dataset = Dataset(images, np.array([0, 1, 2, 0, 1, 1, 2, 2]), ("x", "y", "z"))
    oracle = ReadsPixels()
    label_map = load_label_map({"name": "given", "indices": [1, 2, 3], "width": 4})
    found = evaluate_overlay(Brighten(), oracle, label_map, dataset)
    assert oracle.batches == [3, 3, 2]
    assert found.queries == 8
    assert found.accuracy == Accuracy(6, 8)
    np.testing.assert_array_equal(found.predicted, red)
    np.testing.assert_array_equal(found.correct, red == dataset.targets)
    np.testing.assert_array_equal(found.confusion, [[2, 0, 0], [0, 2, 1], [1, 0, 2]])


def test_an_ensembles_mean_probability_decides() -> None:
    sure, doubtful = np.log([[0.9, 0.1]]), np.log([[0.3, 0.7]])
    np.testing.assert_allclose(np.exp(average([sure, doubtful, doubtful])), [[0.5, 0.5]])
    np.testing.assert_allclose(average([sure + 7, sure]), sure)  # each member's scores are normalised by themselves


def test_an_oracle_that_answers_too_wide_is_refused() -> None:
    dataset = Dataset(np.zeros((2, 2, 2, 3), dtype=np.uint8), np.arange(2), ("x", "y"))
    label_map = load_label_map({"name": "given", "indices": [1, 2], "width": 4})
    with pytest.raises(AnswerError, match=r"expected \(2, 4\)"):
        evaluate_overlay(Brighten(), ReadsPixels(k=5), label_map, dataset)
