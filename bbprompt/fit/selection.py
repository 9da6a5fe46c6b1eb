"""Selection sees validation only: every look scores prompt and map there, and the best pair is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
import numpy as np

from bbprompt.arrays import Array, Float, Int, UInt8
from bbprompt.evaluate import accuracy
from bbprompt.fit.layout import Layout
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
        prompt: template and parametrisation of ``theta``.
        theta: float64, shape (d,): the prompt that validation liked best.
        label_map: the map that belongs to it.
        history: one record per look.
        queries: images scored by the fit, hits of the cache included.
        stopped: why it ended.
    """

    prompt: PixelPrompt
    theta: Float
    label_map: LabelMap
    history: list[HistoryRecord]
    queries: int
    stopped: Stopped


@dataclass(frozen=True, slots=True)
class Place:
    """Where looks are taken: validation images as one template prepared them, and its prompt.

    Attributes:
        layout: that both are in; ``None`` for the task's own.
        prompt: template and parametrisation.
        images: uint8, shape (n, h, w, 3).
    """

    layout: Layout | None
    prompt: PixelPrompt
    images: UInt8


@dataclass(frozen=True, slots=True)
class Look:
    """What one look has found.

    Attributes:
        place: where.
        theta: float64, shape (d,).
        label_map: that the answers went through.
        class_scores: shape (n, classes).
        score: larger is better.
        accuracy: in 0..1.
    """

    place: Place
    theta: Float
    label_map: LabelMap
    class_scores: Array
    score: tuple[float, float]
    accuracy: float


@dataclass(slots=True)
class Selection:
    """The validation images, the looks taken at them, and the best prompt and map so far.

    Attributes:
        prompt: the task's own template and parametrisation.
        images: uint8, shape (n, h, w, 3), as that template prepared them.
        targets: int64, shape (n,).
        history: one record per look.
        theta: of the best look.
        label_map: of the best look; ``None`` before the first.
        score: of the best look; larger is better.
        accuracy: of the best look.
        layout: of the best look; ``None`` for the task's own.
        best_prompt: of the best look.
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
    layout: Layout | None = None
    best_prompt: PixelPrompt | None = None

    @property
    def cost(self) -> int:
        """Queries that one look takes."""
        return len(self.targets)

    def look(
        self,
        theta: Float,
        label_map: LabelMap,
        *,
        step: int,
        queries: int,
        loss: float | None,
        place: Place | None = None,
    ) -> Look:
        """Score ``theta`` with ``label_map``; keep them if they beat the best.

        Where the map is calibrated, the mean log-likelihood at its best temperature decides, because a hundred images
        tell accuracies apart only when they are far apart; elsewhere accuracy does, and likelihood between equals.

        Args:
            place: of ``theta``; the task's own, if left out.
        """
        found = self.see(place or self.own, theta, label_map, step=step, queries=queries, loss=loss)
        if self.label_map is None or found.score > self.score:
            self.keep(found)
        return found

    @property
    def own(self) -> Place:
        """The task's own place."""
        return Place(None, self.prompt, self.images)

    def see(
        self, place: Place, theta: Float, label_map: LabelMap, *, step: int, queries: int, loss: float | None
    ) -> Look:
        """Look at ``theta`` in ``place``, and keep nothing of it but a line of the history."""
        scores = self.oracle.query(place.prompt.apply(place.images, theta))
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
        return Look(place, theta.copy(), label_map, class_scores, score, found.value)

    def keep(self, look: Look) -> None:
        """Make ``look`` the best."""
        self.theta, self.label_map, self.score, self.accuracy = (
            look.theta,
            look.label_map,
            look.score,
            look.accuracy,
        )
        self.layout, self.best_prompt = look.place.layout, look.place.prompt

    def finish(self, *, queries: int, stopped: Stopped) -> Fit:
        """Return the best pair; there is one after the first look."""
        assert self.label_map is not None
        return Fit(self.best_prompt or self.prompt, self.theta, self.label_map, self.history, queries, stopped)

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs."""
        assert self.label_map is not None
        return {
            "history": msgspec.to_builtins(self.history),
            "theta": self.theta,
            "label_map": self.label_map.state(),
            "score": list(self.score),
            "accuracy": self.accuracy,
            "layout": self.layout,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``; in a layout, ``best_prompt`` is already that one's."""
        self.history = msgspec.convert(state["history"], list[HistoryRecord])
        self.theta = state["theta"]
        self.label_map = load_label_map(state["label_map"])
        first, second = state["score"]
        self.score, self.accuracy = (first, second), state["accuracy"]
        self.layout = None if state["layout"] is None else Layout(*state["layout"])
