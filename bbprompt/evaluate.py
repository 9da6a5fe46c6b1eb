"""How good a prompt is, and how sure that is: accuracy with its interval, confusion, and paired comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Protocol

import numpy as np
from scipy.special import log_softmax, logsumexp
from scipy.stats import binomtest

from bbprompt.arrays import Bool, Float, Int, UInt8
from bbprompt.data import Dataset
from bbprompt.errors import DataError
from bbprompt.labelmaps.base import LabelMap
from bbprompt.oracle import Oracle, check_scores


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many of n images were classified correctly.

    Attributes:
        correct: images that were right.
        n: images in all, at least 1.
    """

    correct: int
    n: int

    @property
    def value(self) -> float:
        """The accuracy, in [0, 1]."""
        return self.correct / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of Wilson 1927, which keeps its coverage near 0, near 1 and for small n."""
        found = binomtest(self.correct, self.n).proportion_ci(confidence_level=0.95, method="wilson")
        return float(found.low), float(found.high)

    @property
    def low(self) -> float:
        """Lower end of ``interval``."""
        return self.interval[0]

    @property
    def high(self) -> float:
        """Upper end of ``interval``."""
        return self.interval[1]

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class Difference:
    """Accuracy of a minus accuracy of b on the same images.

    Attributes:
        value: in [-1, 1]; positive where a is better.
        low: lower end of the 95 % interval.
        high: upper end of it.
        p_value: exact two-sided McNemar test of no difference.
    """

    value: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """One prompt, or several averaged, on one data set.

    Attributes:
        accuracy: of its predictions.
        confusion: int64, shape (c, c): counts, rows true classes, columns predicted ones (the first, where no class
            is above another; ``correct`` has it as wrong).
        predicted: int64, shape (n,): the predicted classes, in the data set's order.
        correct: bool, shape (n,).
        queries: images that were scored, once for each prompt.
    """

    accuracy: Accuracy
    confusion: Int
    predicted: Int
    correct: Bool
    queries: int


class Overlay(Protocol):
    """Whatever lays a prompt over images."""

    def apply(self, images: UInt8) -> UInt8:
        """(n, H, W, 3) to (n, h, w, 3) at the oracle's input size, both uint8."""


def evaluate_overlay(overlay: Overlay, oracle: Oracle, label_map: LabelMap, dataset: Dataset) -> Evaluation:
    """Score every image of ``dataset`` once under ``overlay``, as many at a time as may be in flight.

    Raises:
        OracleError: a query failed, or its answer cannot be used.
        ConfigError: the label map was fitted to another oracle.
    """
    return judge(score_under(overlay, oracle, label_map, dataset.images), dataset, queries=len(dataset))


def score_under(overlay: Overlay, oracle: Oracle, label_map: LabelMap, images: UInt8) -> Float:
    """Class scores, float64, shape (n, c), of n images, uint8, shape (n, H, W, 3), under ``overlay``; n queries.

    Raises:
        OracleError: a query failed, or its answer cannot be used.
        ConfigError: the label map was fitted to another oracle.
    """
    spec, found = oracle.spec, list[Float]()
    at_once = spec.max_batch * spec.max_in_flight
    for start in range(0, len(images), at_once):
        laid = overlay.apply(images[start : start + at_once])
        found.append(np.asarray(label_map(check_scores(oracle.query(laid), spec, len(laid)).log()), np.float64))
    return np.concatenate(found)


def average(class_scores: Sequence[Float]) -> Float:
    """Class scores of an ensemble of prompts: the log of the mean probability over members, each (n, c).

    Every member scored every image, so k prompts cost k times the queries of one.
    """
    members = [log_softmax(scores, axis=1) for scores in class_scores]
    return np.asarray(logsumexp(members, axis=0) - np.log(len(members)))


def judge(class_scores: Float, dataset: Dataset, *, queries: int) -> Evaluation:
    """Compare class scores (n, c) with the data set's n targets."""
    predicted = _predict(class_scores, dataset.targets)
    correct = _right(class_scores, predicted, dataset.targets)
    counts = _count(predicted, dataset.targets, len(dataset.classes))
    return Evaluation(Accuracy(int(correct.sum()), len(dataset)), counts, predicted, correct, queries)


def accuracy(class_scores: Float, targets: Int) -> Accuracy:
    """Count class scores (n, c) whose largest entry (the first of equals) is that of targets (n,); none is, of all equal.

    Raises:
        DataError: no image, or not one target per row.
    """
    predicted = _predict(class_scores, targets)
    return Accuracy(int(_right(class_scores, predicted, targets).sum()), len(targets))


def confusion(class_scores: Float, targets: Int, c: int) -> Int:
    """Counts, int64, shape (c, c): rows true classes, columns predicted ones.

    Raises:
        DataError: no image, or not one target per row.
    """
    return _count(_predict(class_scores, targets), targets, c)


def paired_difference(correct_a: Bool, correct_b: Bool) -> Difference:
    """Compare two classifiers on the same images: bool, shape (n,), each.

    The interval is Newcombe's square-and-add of Wilson intervals for paired proportions (1998, Statistics in
    Medicine 17:2635, method 10), which Fagerland, Lydersen & Laake 2014 recommend; it stays sensible where the two
    never differ. The test is McNemar's, exact: sign test on the images that one of them alone has right.

    Raises:
        DataError: no image, or different shapes.
    """
    if correct_a.shape != correct_b.shape or correct_a.ndim != 1 or not len(correct_a):
        raise DataError(f"expected the same images for both, got shapes {correct_a.shape} and {correct_b.shape}")
    n = len(correct_a)
    a, b = Accuracy(int(correct_a.sum()), n), Accuracy(int(correct_b.sum()), n)
    value, phi = a.value - b.value, _correlation(correct_a, correct_b)
    low = value - _square_and_add(a.value - a.low, b.high - b.value, phi)
    high = value + _square_and_add(a.high - a.value, b.value - b.low, phi)
    only_a, only_b = int((correct_a & ~correct_b).sum()), int((correct_b & ~correct_a).sum())
    p_value = float(binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0
    return Difference(value, low, high, p_value)


def _square_and_add(x: float, y: float, phi: float) -> float:
    return sqrt(max(x**2 - 2 * phi * x * y + y**2, 0.0))


def _correlation(correct_a: Bool, correct_b: Bool) -> float:
    """phi of the 2 x 2 table, its numerator shrunk by n/2 towards 0 where positive (method 10's correction)."""
    n, a, b = len(correct_a), int(correct_a.sum()), int(correct_b.sum())
    margins = a * (n - a) * b * (n - b)
    if margins == 0:
        return 0.0
    numerator = n * int((correct_a & correct_b).sum()) - a * b
    return (max(numerator - n / 2, 0.0) if numerator > 0 else numerator) / sqrt(margins)


def _predict(class_scores: Float, targets: Int) -> Int:
    if not len(targets) or class_scores.shape[0] != len(targets):
        raise DataError(f"expected one target per image, got {len(targets)} for {class_scores.shape[0]} images")
    return np.asarray(class_scores.argmax(axis=1), dtype=np.int64)


def _right(class_scores: Float, predicted: Int, targets: Int) -> Bool:
    """An image that the service names no label for is not one of the first class."""
    return np.asarray((predicted == targets) & (class_scores.max(axis=1) > class_scores.min(axis=1)))


def _count(predicted: Int, targets: Int, c: int) -> Int:
    return np.bincount(targets * c + predicted, minlength=c * c).reshape(c, c)
