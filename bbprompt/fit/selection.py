"""Selection: every look scores prompt and map on the validation images, and the best pair is kept.

Where a method says so, training images have a veto: a later look is kept only if it beats the best with those counted
beside validation's, too, each through the map that was fitted without it. A prompt has been fitted to them, so that they
speak for later looks too soon, and what even they speak against has only been lucky with validation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec
import numpy as np

from bbprompt.arrays import Array, Float, Int
from bbprompt.errors import BudgetExhausted
from bbprompt.evaluate import accuracy
from bbprompt.fit.layout import Arrange, Layout, Place
from bbprompt.fit.temperature import best_log_likelihood, mean_log_likelihood
from bbprompt.labelmaps import CrossFit, load_label_map
from bbprompt.labelmaps.base import LabelMap
from bbprompt.oracle import Answer, Oracle, Scores
from bbprompt.prompt import PixelPrompt
from bbprompt.records import AccuracyRecord, HistoryRecord, Stopped

FitMap: TypeAlias = Callable[[Scores, Int], CrossFit]
"""From answers (n, k) to all training images, and targets (n,), to a fitted label map."""

Watch: TypeAlias = Callable[[int, float], None]
"""Told after each step: images scored so far, best validation accuracy so far."""


Hold: TypeAlias = Callable[..., None]
"""Told what training has to leave, from now on, for looks: how many images each of their passes scores."""


def unheld(*_passes: int) -> None:
    """Leave nothing: no budget is near."""


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
class Look:
    """What one look has found.

    Attributes:
        place: where.
        theta: float64, shape (d,).
        maps: the answers went through their ``whole``.
        answers: to the validation images, one each.
        score: of the validation images; larger is better.
        accuracy: in 0..1, likewise.
        unseen: class scores of the training images, shape (m, classes), each through the map that was fitted without
            it, where they have a veto; their classes are ``maps.targets``.
    """

    place: Place
    theta: Float
    maps: CrossFit
    answers: Scores
    score: tuple[float, float]
    accuracy: float
    unseen: Array | None = None

    @property
    def class_scores(self) -> Array:
        """Of the validation images, shape (n, classes)."""
        return self.maps.whole(self.answers.log())


@dataclass(slots=True)
class Selection:
    """The validation images, the looks taken at them, and the best so far.

    Attributes:
        oracle: may spend what training has to leave; see ``hold``.
        own: the task's own prompt, and the images as its template prepared them.
        targets: int64, shape (n,).
        arrange: brings the task into a layout; ``None`` where the template is the user's choice.
        refit: fits the best look's map anew in the end, to validation's answers, too, if it is calibrated; ``None``
            leaves it as it was selected.
        hold: sees to it that a look can still be paid for where failures have cost training its budget.
        history: one record per look.
        best: the look that is kept; ``None`` before the first.
    """

    oracle: Oracle
    own: Place
    targets: Int
    arrange: Arrange | None = None
    refit: FitMap | None = None
    hold: Hold = unheld
    history: list[HistoryRecord] = field(default_factory=list)
    best: Look | None = None

    @property
    def cost(self) -> int:
        """Queries that one look takes."""
        return len(self.targets)

    @property
    def accuracy(self) -> float:
        """Of the best look, in 0..1; 0 before the first."""
        return self.best.accuracy if self.best else 0.0

    def look(
        self,
        theta: Float,
        maps: CrossFit,
        *,
        step: int,
        queries: int,
        loss: float | None,
        place: Place | None = None,
        veto: bool = False,
    ) -> Look:
        """Score ``theta`` with a label map; keep them if they beat the best.

        Where the map is calibrated, the mean log-likelihood at its best temperature decides, because a hundred images
        tell accuracies apart only when they are far apart; elsewhere accuracy does, and likelihood between equals.

        Args:
            place: of ``theta``; the task's own, if left out.
            veto: as in ``see``.
        """
        found = self.see(place or self.own, theta, maps, step=step, queries=queries, loss=loss, veto=veto)
        if self.best is None or self._beats(found, self.best):
            self.best = found
        return found

    def see(
        self,
        place: Place,
        theta: Float,
        maps: CrossFit,
        *,
        step: int,
        queries: int,
        loss: float | None,
        veto: bool = False,
    ) -> Look:
        """Look at ``theta`` in ``place``, and keep nothing of it but a line of the history.

        Args:
            veto: whether training images have one, against a best look at which they had, too. Then ``maps`` are fitted
                to the answers to them at ``theta``, one each. Without effect on a map that is not calibrated: it was
                fitted to all of them.
        """
        scores = self.oracle.query(place.prompt.apply(place.images, theta))
        class_scores = maps.whole(scores.log())
        found = accuracy(class_scores, self.targets)
        record = AccuracyRecord(
            accuracy=found.value, low=found.low, high=found.high, correct=found.correct, n=found.n
        )
        self.history.append(HistoryRecord(step=step, queries=queries + self.cost, loss=loss, accuracy=record))
        score = (
            (0.0, best_log_likelihood(class_scores, self.targets))
            if maps.whole.calibrated
            else (found.value, mean_log_likelihood(class_scores, self.targets))
        )
        unseen = maps.held_out() if veto and maps.whole.calibrated else None
        return Look(place, theta.copy(), maps, scores, score, found.value, unseen)

    def _beats(self, found: Look, best: Look) -> bool:
        if found.score <= best.score or found.unseen is None or best.unseen is None:
            return found.score > best.score
        return self._together(found.unseen, found) > self._together(best.unseen, best)

    def _together(self, unseen: Array, look: Look) -> float:
        class_scores = np.concatenate([unseen, look.class_scores])
        return best_log_likelihood(class_scores, np.concatenate([look.maps.targets, self.targets]))

    def finish(self, *, queries: int, stopped: Stopped) -> Fit:
        """Return the best pair; there is one after the first look."""
        assert self.best is not None
        best, label_map = self.best, self._last_word(self.best)
        return Fit(best.place.prompt, best.theta, label_map, self.history, queries, stopped)

    def cut_short(self, ended: BudgetExhausted, *, queries: int) -> Fit:
        """Return the best pair where the budget ended first.

        Raises:
            BudgetExhausted: it ended before the first look, so that there is nothing to keep.
        """
        if self.best is None:
            raise ended
        return self.finish(queries=queries, stopped="budget")

    def _last_word(self, best: Look) -> LabelMap:
        """Validation has chosen, and its answers are there: they teach a map with many parameters more than a prompt."""
        if self.refit is None or not best.maps.whole.calibrated:
            return best.maps.whole
        return self.refit(*best.maps.with_more(best.answers, self.targets)).whole

    def state_dict(self) -> dict[str, Any]:
        """Everything that a continuation needs; there is a best look."""
        assert self.best is not None
        best = self.best
        kept = {name: getattr(best, name) for name in _KEPT}
        maps = {"map": best.maps.whole.state(), "scores": best.maps.scores.values, "targets": best.maps.targets}
        answers = {"answer": str(best.answers.answer), "answers": best.answers.values}
        return {
            "history": msgspec.to_builtins(self.history),
            "best": {**kept, **maps, **answers, "layout": best.place.layout},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from ``state_dict()``."""
        self.history = msgspec.convert(state["history"], list[HistoryRecord])
        best = state["best"]
        kept = {name: best[name] for name in _KEPT}
        kept["score"] = tuple(kept["score"])
        answer, whole = Answer(best["answer"]), load_label_map(best["map"])
        maps = CrossFit(
            whole, (whole,), np.zeros_like(best["targets"]), Scores(best["scores"], answer), best["targets"]
        )
        self.best = Look(self._in(best["layout"]), maps=maps, answers=Scores(best["answers"], answer), **kept)

    def _in(self, layout: list[Any] | None) -> Place:
        if layout is None:
            return self.own
        assert self.arrange is not None
        return self.arrange(Layout(*layout)).place


_KEPT = ("theta", "score", "accuracy", "unseen")
"""Of a look, as they are."""
