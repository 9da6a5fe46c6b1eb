"""Learn a prompt from answers alone: ask, render, query, tell; look at validation; refit the map from what was paid."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bbprompt.arrays import Int
from bbprompt.checkpoint import load_state, save_state
from bbprompt.errors import BudgetExhausted
from bbprompt.estimators.base import Estimator
from bbprompt.fit.selection import Fit, FitMap, Selection, Watch, unwatched
from bbprompt.fit.window import Window
from bbprompt.labelmaps import CrossFit
from bbprompt.objective import Objective
from bbprompt.oracle import Scores
from bbprompt.sampling import Sampler

LOOKING = 0.25
"""Of the queries, the most that looks at validation take."""


def fit_by_query(
    objective: Objective,
    estimator: Estimator,
    selection: Selection,
    *,
    fit_map: FitMap,
    start: Scores,
    queries: int,
    looks: int = 4,
    veto: bool = False,
    rng: np.random.Generator,
    asked: int = 0,
    checkpoint: Path | None = None,
    watch: Watch = unwatched,
) -> Fit:
    """Minimise ``objective`` with ``estimator`` within ``queries`` scored images, validation included.

    Args:
        start: answers to the objective's images at the estimator's start, one each: the first label map.
        fit_map: fits the label map, and fits it again before each look if the map learns.
        looks: looks at validation, evenly spaced, unless they took more than ``LOOKING`` of the queries; one more is
            taken before the first step.
        veto: whether training images have one at looks, where a look scores them for its map.
        asked: images of ``queries`` that were scored before; then the first look was, too.
        checkpoint: written at every look; where it exists it is read first, and the fit goes on from there.

    Returns:
        The prompt and the map that validation liked best; ``stopped`` says whether the budget ended first.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger and the checkpoint.
    """
    fit = _Moving(
        objective,
        estimator,
        Sampler(objective.targets, rng),
        Window(start),
        selection,
        fit_map,
        veto=veto,
        asked=asked,
        begun=asked,
        earlier=max(0, len(selection.history) - 1),
    )
    images = min(estimator.images_per_candidate, len(objective.targets))
    selection.hold(*fit.look_passes)
    try:
        if not fit.resume(checkpoint) and not selection.history:
            fit.look(checkpoint)
        while True:
            candidates = estimator.ask()
            if fit.asked + len(candidates.groups) * images + fit.look_cost > queries:
                break
            dealt = fit.sampler.state_dict()
            rows = fit.sampler.draw(candidates.groups, images)
            try:
                scores = objective.query(candidates.thetas, rows)
            except BudgetExhausted:  # what was paid for of this step is found by the same one, with a larger budget
                fit.sampler.load_state_dict(dealt)
                raise
            losses = objective.losses(scores, rows, fit.maps)
            estimator.tell(losses)
            fit.advance(scores, rows.ravel(), float(np.mean(losses)))
            if fit.asked >= fit.next_look(queries, looks):
                fit.look(checkpoint)
            watch(fit.asked, selection.accuracy)
        if fit.losses:
            fit.look(checkpoint)
    except BudgetExhausted as ended:
        with suppress(BudgetExhausted):
            if fit.losses:
                fit.look(checkpoint)
        return selection.cut_short(ended, queries=fit.asked)
    return selection.finish(queries=fit.asked, stopped="done")


@dataclass(slots=True)
class _Moving:
    """Everything that changes from step to step, and so everything that a checkpoint holds."""

    objective: Objective
    estimator: Estimator
    sampler: Sampler
    window: Window
    selection: Selection
    fit_map: FitMap
    veto: bool
    step: int = 0
    asked: int = 0
    begun: int = 0
    """``asked`` before the first step, with ``earlier`` looks beside the first."""
    earlier: int = 0
    losses: list[float] = field(default_factory=list)
    maps: CrossFit = field(init=False)

    @property
    def targets(self) -> Int:
        return self.objective.targets

    def __post_init__(self) -> None:
        self.maps = self.fit_map(self.window.scores, self.targets)

    def advance(self, scores: Scores, rows: Int, loss: float) -> None:
        self.window.push(scores, rows)
        self.step, self.asked = self.step + 1, self.asked + len(scores)
        self.losses.append(loss)

    def next_look(self, queries: int, looks: int) -> float:
        """At how many scored images, where looks are evenly spaced over what this search was left of ``queries``."""
        left, taken = queries - self.begun, len(self.selection.history) - self.earlier
        return self.begun + taken * left / max(1, min(looks, int(LOOKING * left / self.look_cost)))

    @property
    def look_passes(self) -> tuple[int, int]:
        """Images of validation that a look scores, and of training."""
        return self.selection.cost, len(self.targets) * self.maps.whole.calibrated

    @property
    def look_cost(self) -> int:
        return sum(self.look_passes)

    def look(self, checkpoint: Path | None) -> None:
        if self.maps.whole.calibrated and self.step:
            self.score_everything()
        if self.maps.whole.learns and self.step:
            self.maps = self.fit_map(self.window.scores, self.targets)
        loss = float(np.mean(self.losses)) if self.losses else None
        self.selection.look(
            self.estimator.best,
            self.maps,
            step=self.step,
            queries=self.asked,
            loss=loss,
            veto=self.veto,
        )
        self.asked, self.losses = self.asked + self.selection.cost, []
        if checkpoint is not None:
            save_state(checkpoint, self.state_dict())

    def score_everything(self) -> None:
        """A map of one prompt needs answers of one prompt: those in the window are of many."""
        everything = np.arange(len(self.targets))
        judging = self.objective.through(self.selection.oracle)
        self.window.push(judging.score(self.estimator.best, everything), everything)
        self.asked += len(everything)

    def state_dict(self) -> dict[str, Any]:
        parts = {name: getattr(self, name).state_dict() for name in _PARTS}
        return {**parts, **{name: getattr(self, name) for name in _COUNTS}, "taught": self.maps.scores.values}

    def resume(self, checkpoint: Path | None) -> bool:
        if checkpoint is None or not checkpoint.exists():
            return False
        state = load_state(checkpoint)
        for name in _PARTS:
            getattr(self, name).load_state_dict(state[name])
        self.maps = self.fit_map(Scores(state["taught"], self.maps.scores.answer), self.targets)
        for name in _COUNTS:
            setattr(self, name, state[name])
        return True


_PARTS = ("estimator", "sampler", "window", "selection")
_COUNTS = ("step", "asked", "begun", "earlier")
