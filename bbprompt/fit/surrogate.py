"""A student taught once, by the answers to images without a prompt, as what guided searches take for the gradient.

It is not taught again, so that what such a search gains over a blind one is what the first answers alone are worth.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

import numpy as np

from bbprompt.arrays import Float
from bbprompt.fit.by_gradient import as_log
from bbprompt.fit.student import Student
from bbprompt.labelmaps import CrossFit
from bbprompt.objective import Objective
from bbprompt.oracle import Scores

PASSES = 7
"""Over the lesson."""
IMAGES = 50
"""That a gradient is the mean over; drawn by the bits of theta, so that the same theta gives the same gradient."""


@dataclass(slots=True)
class Surrogate:
    """The gradient of the training loss through a student: a ``Prior`` for the estimators of ``GUIDED``.

    Where the loss has no useful gradient, it is the cross-entropy's. The lesson is learned when first asked.

    Attributes:
        objective: whose images, prompt and loss are meant; its oracle is not queried.
        student: fresh.
        theta: the prompt that the lesson's answers were given at, shape (d,).
        start: those answers, one to each of the objective's images.
        maps: the label map fitted to them.
        rng: the lesson's order.
    """

    objective: Objective
    student: Student
    theta: Float
    start: Scores
    maps: CrossFit
    rng: np.random.Generator
    taught: bool = field(default=False, init=False)

    def __call__(self, theta: Float) -> Float:
        """Return the gradient at ``theta``, float64, shape (d,)."""
        import torch

        self._teach()
        objective = self.objective
        chance, n = np.random.default_rng(zlib.crc32(theta.tobytes())), len(objective.targets)
        rows = chance.choice(n, min(IMAGES, n), replace=False)
        moving = torch.tensor(theta, dtype=torch.float32, requires_grad=True)
        images = torch.from_numpy(objective.images[rows]).float()
        laid = objective.prompt.template.apply(images, objective.prompt.levels_ste(moving))
        class_scores = self.maps(as_log(self.student.log_scores(laid), self.start.answer), rows)
        loss = objective.loss.with_slope
        loss(class_scores, torch.from_numpy(objective.targets[rows])).mean().backward()
        assert moving.grad is not None
        return np.asarray(moving.grad.numpy(), dtype=np.float64)

    def _teach(self) -> None:
        if not self.taught:
            seen = self.objective.prompt.apply(self.objective.images, self.theta)
            self.student.learn(seen, self.start.log(), passes=PASSES, rng=self.rng)
            self.taught = True
