"""Learn from a local student that the paid answers teach, on-policy, a few short steps at a time.

The unprompted answers are the first lesson. Then, each round: let the student's gradients move the prompt a few short
steps; score training images under it; teach the student with them and a replay of older answers. Only the Jacobian
is the student's: on images that were just scored, its answers are shifted to the oracle's, so that the loss and its slope
in the outputs are true. A round is all of them where that is affordable, because a map fitted to the answers of several
prompts is a poor one, and because their cross-fitted loss then tells prompts apart better than validation could for as
many queries. Rounds go up and down; where the loss no longer reaches a new low, the student has had its day, and
validation looks at the best prompt once.

Plain transfer from a model, or long steps between answers, do not work: a student's gradient has a cosine of about .1
with the oracle's, and only near what it was taught.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from bbprompt.arrays import Float, Int, UInt8
from bbprompt.errors import BudgetExhausted
from bbprompt.fit.beginning import Beginning
from bbprompt.fit.by_gradient import as_log
from bbprompt.fit.selection import FitMap, Selection, Watch, unwatched
from bbprompt.fit.student import Student
from bbprompt.fit.window import Window
from bbprompt.labelmaps import CrossFit
from bbprompt.objective import Objective
from bbprompt.oracle import Scores
from bbprompt.sampling import Sampler

if TYPE_CHECKING:
    import torch

ROUND = 500
"""Images scored under one prompt, if there are so many."""
FIRST_PASSES, PASSES = 7, 3
"""Of the student over its lesson: the unprompted answers first, a round and as many older answers later."""
STEPS, BATCH = 20, 50
"""Of Adam on theta in a round, and images a step."""
STEP_LEVELS = 1.0
"""Adam's step size in grey levels."""
PATIENCE = 3
"""Rounds in a row without a new low of the loss."""


@dataclass(slots=True)
class Lessons:
    """What the student may be taught: every image scored so far, as the oracle saw it, and the answer."""

    images: list[UInt8] = field(default_factory=list)
    answers: list[Float] = field(default_factory=list)

    def take(self, images: UInt8, answers: Float, rng: np.random.Generator) -> tuple[UInt8, Float]:
        """Add a round; return it with as many of the older answers, drawn without replacement."""
        older = sum(map(len, self.images))
        self.images.append(images)
        self.answers.append(answers)
        replayed = rng.choice(older, min(older, len(images)), replace=False)
        rows = np.concatenate([older + np.arange(len(images)), replayed]).astype(np.int64)
        return np.concatenate(self.images)[rows], np.concatenate(self.answers)[rows]


def learn_from_student(
    begun: Beginning,
    student: Student,
    selection: Selection,
    *,
    fit_map: FitMap,
    queries: int,
    rng: np.random.Generator,
    watch: Watch = unwatched,
) -> Beginning:
    """Move the prompt by the student's gradients until they no longer help, within ``queries`` scored images.

    Everything is replayed from the ledger on a resume: no checkpoint.

    Args:
        begun: from where; validation was looked at there.

    Returns:
        The prompt of the lowest loss.
    """
    objective, start, theta, maps, asked = begun.objective, begun.answers, begun.theta, begun.maps, begun.asked
    sampler, lessons, window = Sampler(objective.targets, rng), Lessons(), Window(start)
    best, lowest = begun, begun.loss
    worse, rounds = 0, 0
    selection.hold(selection.cost)
    size = min(ROUND, len(objective.targets))
    rows = sampler.draw(np.zeros(1, dtype=np.int64), size)[0]
    scores = Scores(start.values[rows], start.answer)
    student.learn(*lessons.take(_laid(objective, theta, rows), scores.log(), rng), passes=FIRST_PASSES, rng=rng)
    theta = _descend(objective, student, maps, theta, scores, rows, rng)
    while worse < PATIENCE and asked + size + selection.cost <= queries:
        rows = sampler.draw(np.zeros(1, dtype=np.int64), size)[0]
        try:
            scores = objective.score(theta, rows)
        except BudgetExhausted:  # the best so far is still looked at
            break
        asked, rounds = asked + size, rounds + 1
        window.push(scores, rows)
        maps = fit_map(window.scores, objective.targets)
        loss, worse = _loss(objective, scores, rows, maps), worse + 1
        if loss < lowest:
            best, lowest, worse = replace(begun, theta=theta, maps=maps), loss, 0
        student.learn(*lessons.take(_laid(objective, theta, rows), scores.log(), rng), passes=PASSES, rng=rng)
        theta = _descend(objective, student, maps, theta, scores, rows, rng)
        watch(asked, selection.accuracy)
    if best is not begun:
        selection.look(best.theta, best.maps, step=rounds, queries=asked, loss=lowest, place=begun.place)
        asked += selection.cost
    return replace(best, asked=asked)


def _laid(objective: Objective, theta: Float, rows: Int) -> UInt8:
    return objective.prompt.apply(objective.images[rows], theta)


def _loss(objective: Objective, scores: Scores, rows: Int, maps: CrossFit) -> float:
    return float(objective.losses(scores, rows[None], maps)[0])


def _descend(
    objective: Objective,
    student: Student,
    maps: CrossFit,
    theta: Float,
    scores: Scores,
    rows: Int,
    rng: np.random.Generator,
) -> Float:
    """A few short steps of Adam on theta, on the images just scored, through the student shifted to their answers."""
    import torch

    moving = torch.tensor(theta, dtype=torch.float32, requires_grad=True)
    optimiser = torch.optim.Adam([moving], lr=STEP_LEVELS / 255)
    images = torch.from_numpy(objective.images[rows]).float()
    targets = torch.from_numpy(objective.targets[rows])
    shift = _shift(objective, student, theta, scores, images)
    for _ in range(STEPS):
        some = rng.choice(len(rows), min(BATCH, len(rows)), replace=False)
        levels = objective.prompt.levels_ste(moving)
        seen = student.log_scores(objective.prompt.template.apply(images[some], levels))
        answers = as_log(seen, scores.answer) + shift[some]
        loss = objective.loss.with_slope(maps(answers, rows[some]), targets[some]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return np.asarray(moving.detach().numpy(), dtype=np.float64)


def _shift(
    objective: Objective, student: Student, theta: Float, scores: Scores, images: torch.Tensor
) -> torch.Tensor:
    """What the student's answers at ``theta`` lack to be the oracle's, (n, k)."""
    import torch

    levels = torch.from_numpy(objective.prompt.levels(theta)).float()
    with torch.no_grad():
        seen = [
            student.log_scores(objective.prompt.template.apply(part, levels)) for part in torch.split(images, BATCH)
        ]
    return torch.from_numpy(scores.log()).float() - as_log(torch.cat(seen), scores.answer)
