"""Selection sees validation only: every look scores prompt and map there, and the best pair is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
import numpy as np

from bbprompt.arrays import Float, Int, UInt8
from bbprompt.evaluate import accuracy
from bbprompt.fit.temperature import best_log_likelihood, mean_log_likelihood
from bbprompt.labelmaps import CrossFit, load_label_map
from bbprompt.labelmaps.base import LabelMap
from bbprompt.oracle import Oracle, Scores
from bbprompt.prompt import PixelPrompt
from bbprompt.records import AccuracyRecord, HistoryRecord, Stopped

FitMap: TypeAlias = Callable[[Scores, Int], CrossFit]
"""From answers (n, k) to all training images, and targets (n,), to a fitted label map."""

Watch: TypeAlias = Callable[[int, float], None]
"""Told after each step: images scored so far, best validation accuracy so far."""


def unwatched(_queries: int, _best: float) -> None:
    """Watch nothing."""


@dataclass(frozen=True, slots=True)
class Fit:
    """What a fit found.

    Attributes:
        theta: float64, shape (d,): the prompt that validation liked best.
        label_map: the map that belongs to it.
        history: one record per look.
        queries: images scored by the fit, hits of the cache included.
        stopped: why it ended.
    """

    theta: Float
    label_map: LabelMap
    history: list[HistoryRecord]
    queries: int
    stopped: Stopped


@dataclass(slots=True)
class Selection:
    """The validation images, the looks taken at them, and the best prompt and map so far.

    Attributes:
        images: uint8, shape (n, h, w, 3), as the template prepared them.
        targets: int64, shape (n,).
        history: one record per look.
        theta: of the best look.
        label_map: of the best look; ``None`` before the first.
        score: of the best look; larger is better.
        accuracy: of the best look.
    """

    oracle: Oracle
    prompt: PixelPrompt
    images: UInt8
    targets: Int
    history: list[HistoryRecord] = field(default_factory=list)
    theta: Float = field(default_factory=lambda: np.zeros(0))
    label_map: LabelMap | None = None
    score: tuple[float, float] = (-1.0, -np.inf)
    accuracy: float = 0.0

    @property
    def cost(self) -> int:
        """Queries that one look takes."""
        return len(self.targets)

    def look(self, theta: Float, label_map: LabelMap, *, step: int, queries: int, loss: float | None) -> None:
        """Score ``theta`` with ``label_map``; keep them if they beat the best.

        Where the map is calibrated, the mean log-likelihood at its best temperature decides, because a hundred images
        tell accuracies apart only when they are far apart; elsewhere accuracy does, and likelihood between equals.
        """
        scores = self.oracle.query(self.prompt.apply(self.images, theta))
        class_scores = label_map(scores.log())
        found = accuracy(class_scores, self.targets)
        record = AccuracyRecord(
            accuracy=found.value, low=found.low, high=found.high, correct=found.correct, n=found.n
        )
        self.history.append(HistoryRecord(step=step, queries=queries + self.cost, loss=loss, accuracy=record))
        score = (
            (0.0, best_log_likelihood(class_scores, self.targets))
            if label_map.calibrated
            else (found.value, mean_log_likelihood(class_scores, self.targets))
        )
        if self.label_map is None or score > self.score:
            self.theta, self.label_map, self.score = theta.copy(), label_map, score
            self.accuracy = found.value

    def finish(self, *, queries: int, stopped: Stopped) -> Fit:
        """Return the best pair; there is one after the first look."""
        assert self.label_map is not None
        return Fit(self.theta, self.label_map, self.history, queries, stopped)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        assert self.label_map is not None
        return {
            "history": msgspec.to_builtins(self.history),
            "theta": self.theta,
            "label_map": self.label_map.state(),
            "score": list(self.score),
            "accuracy": self.accuracy,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.history = msgspec.convert(state["history"], list[HistoryRecord])
        self.theta = state["theta"]
        self.label_map = load_label_map(state["label_map"])
        first, second = state["score"]
        self.score, self.accuracy = (first, second), state["accuracy"]
