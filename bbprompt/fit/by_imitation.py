"""Learn on a local model that one pass of paid answers has taught, then carry the prompt back to the service: AReS.

AReS (2026) teaches a local model with the service's answers to each training image, learns a prompt on that model by
gradients, and answers with that model from then on. Here that is its *own answer*; beside it, the prompt is laid over
the images that the service gets, with a map fitted to what the service then answers.

One departure: the local model is whatever ``Student`` is installed, and it learns in the way that is its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from bbprompt.arrays import Float, Int, UInt8
from bbprompt.checkpoint import load_state, save_state
from bbprompt.errors import BudgetExhausted
from bbprompt.fit.by_gradient import fit_by_gradient
from bbprompt.fit.gradient_settings import GradientSettings
from bbprompt.fit.selection import Fit, FitMap, Selection
from bbprompt.fit.student import Student
from bbprompt.objective import Objective
from bbprompt.oracle import Answer, OracleSpec, Scores
from bbprompt.sampling import some_of_each

if TYPE_CHECKING:
    import torch

BATCH = 100
"""Images that the local model answers at once."""
ENOUGH = 0.5
"""Share of the training images from whose answers a map can be fitted."""


class ImitationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the local model is taught and used.

    Attributes:
        student: an installed student. Never one that is the oracle's own model.
        lesson_passes: over the answered training images.
        passes: training images passed forward and backward, in all, to learn the prompt.
    """

    student: str = "efficientnet-lite0"
    lesson_passes: int = 20
    passes: int = 4_000


@dataclass(frozen=True, slots=True)
class Imitation:
    """A taught student as an oracle that a gradient can pass through: see ``DifferentiableOracle``."""

    student: Student
    spec: OracleSpec
    device: torch.device

    def query(self, images: UInt8) -> Scores:
        """Score n images: uint8, shape (n, h, w, 3). Costs nothing."""
        import torch

        with torch.no_grad():
            parts = [self.student.log_scores(part.float()) for part in torch.split(torch.from_numpy(images), BATCH)]
        return Scores(torch.cat(parts).numpy(), self.spec.answer)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Return the student's log-scores (n, k) of images (n, 3, h, w) in [0, 1]."""
        return self.student.log_scores(255 * images.permute(0, 2, 3, 1))


def imitate(
    objective: Objective, student: Student, theta: Float, *, start: Scores, passes: int, rng: np.random.Generator
) -> Imitation:
    """Teach ``student`` the oracle's answers ``start`` to the objective's images under ``theta``, one each."""
    import torch

    student.learn(objective.prompt.apply(objective.images, theta), start.log(), passes=passes, rng=rng)
    spec = objective.oracle.spec
    answer = Answer.SIMILARITY if spec.answer is Answer.SIMILARITY else Answer.LOGITS
    return Imitation(
        student, replace(spec, name=f"imitation of {spec.name}", answer=answer, top_k=None), torch.device("cpu")
    )


def learn_from_imitation(
    imitation: Imitation,
    objective: Objective,
    theta: Float,
    selection: Selection,
    *,
    fit_map: FitMap,
    passes: int,
    looks: int,
    rng: np.random.Generator,
) -> Fit:
    """Learn a prompt and a map on the local model alone: AReS's own answer, at no further query.

    Args:
        selection: whose images the local model is validated on; its oracle is not queried and nothing is added.
    """
    loss = objective.loss.with_slope
    local = replace(objective, oracle=imitation, loss=loss)
    epochs = max(1, passes // len(objective.targets))
    return fit_by_gradient(
        local,
        theta,
        Selection(imitation, selection.own, selection.targets),
        fit_map=fit_map,
        start=imitation.query(local.prompt.apply(local.images, theta)),
        settings=GradientSettings(epochs=epochs, looks=min(looks, epochs)),
        rng=rng,
    )


def fit_by_imitation(
    objective: Objective,
    theta: Float,
    selection: Selection,
    *,
    student: Student,
    fit_map: FitMap,
    start: Scores,
    queries: int,
    settings: ImitationSettings,
    looks: int = 4,
    rng: np.random.Generator,
    checkpoint: Path | None = None,
) -> Fit:
    """Teach, learn locally, and carry back; validation by the service chooses between no prompt and the prompt.

    Args:
        start: answers to the objective's images at ``theta``, one each: lesson and first label map.
        queries: images that may be scored beside those; a look at no prompt, and the carrying back. Where it is too
            small for that, the answer is no prompt.
        checkpoint: written at the end, if the budget was large enough for everything; where it exists, it is read
            and nothing is done again. What a kill interrupts is replayed from the ledger.

    Raises:
        OracleError: a query failed for good. Everything paid for is in the ledger.
    """
    if checkpoint is not None and checkpoint.exists():
        state = load_state(checkpoint)
        selection.load_state_dict(state["selection"])
        return selection.finish(queries=state["asked"], stopped="done")
    asked = selection.cost
    try:
        selection.look(theta, fit_map(start, objective.targets), step=0, queries=0, loss=None)
        images = _affordable(objective.targets, queries - 2 * selection.cost)
        if not images:
            return selection.finish(queries=asked, stopped="done")
        selection.hold(selection.cost)
        imitation = imitate(objective, student, theta, start=start, passes=settings.lesson_passes, rng=rng)
        learned = learn_from_imitation(
            imitation,
            objective,
            theta,
            selection,
            fit_map=fit_map,
            passes=settings.passes,
            looks=looks,
            rng=rng,
        )
        _carry_back(objective, selection, learned, fit_map=fit_map, images=images, rng=rng)
    except BudgetExhausted as ended:
        return selection.cut_short(ended, queries=asked)
    asked += images + selection.cost
    if checkpoint is not None and images == len(objective.targets):
        save_state(checkpoint, {"selection": selection.state_dict(), "asked": asked})
    return selection.finish(queries=asked, stopped="done")


def _affordable(targets: Int, queries: int) -> int:
    """Training images, of all, that can be scored under the prompt; 0 if they were too few for a map."""
    found = min(len(targets), queries)
    return found if found >= max(ENOUGH * len(targets), len(np.unique(targets))) else 0


def _carry_back(
    objective: Objective,
    selection: Selection,
    learned: Fit,
    *,
    fit_map: FitMap,
    images: int,
    rng: np.random.Generator,
) -> None:
    """Fit the map to what the service answers to ``images`` training images under the prompt, and look."""
    rows = some_of_each(objective.targets, images, rng)
    scores = objective.score(learned.theta, rows)
    maps = fit_map(scores, objective.targets[rows])
    selection.look(learned.theta, maps, step=1, queries=selection.cost + images, loss=None)
