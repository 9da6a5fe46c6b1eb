"""The training loss of single images, as the oracle sees them, and its slope in their pixels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bbprompt.arrays import Array, Float, Int, UInt8
from bbprompt.fit.by_gradient import as_log, differentiable
from bbprompt.fit.by_student import FIRST_PASSES
from bbprompt.labelmaps import CrossFit
from bbprompt.oracle import Scores
from bbprompt.searches import student_for
from bbprompt.task import TEACH, Task

if TYPE_CHECKING:
    import torch

BATCH = 40

SummedLoss = Callable[[Int, "torch.Tensor"], "torch.Tensor"]
"""Of images ``rows`` as grey levels (m, h, w, 3)."""


@dataclass(frozen=True, slots=True)
class Surface:
    """The loss around the training images.

    Attributes:
        images: int64, shape (n, h, w, 3): grey levels under a prompt that is added to them, not clipped yet.
        start: the oracle's answers to what can be seen of them.
        maps: the label map fitted to those.
    """

    task: Task
    images: Int
    start: Scores
    maps: CrossFit

    @classmethod
    def at(cls, task: Task, theta: Float) -> Surface:
        """Around the prompt theta (d,): each training image is scored once."""
        images = task.prompt.template.prepare(task.splits.train.images) + task.prompt.levels(theta)
        start = task.oracle.query(_seen(images))
        return cls(task, images, start, task.fit_map(start, task.splits.train.targets))

    def slopes(self) -> Float:
        """Of each image in the prompt's values, nats per grey level: (n, d)."""
        import torch

        oracle, targets = differentiable(self.task.oracle), torch.from_numpy(self.task.splits.train.targets)

        def of(rows: Int, levels: torch.Tensor) -> torch.Tensor:
            log_scores = as_log(oracle.logits(levels.permute(0, 3, 1, 2) / 255), oracle.spec.answer)
            summed: torch.Tensor = self.task.loss(self.maps(log_scores, rows), targets[rows]).sum()
            return summed

        return self._each(of)

    def differences(self, direction: Float) -> Float:
        """Half of the loss of each image with ``direction``, (h, w, 3) in whole levels, less that with its opposite."""
        ahead, back = (self._losses(self.images + sign * direction) for sign in (1, -1))
        return (ahead - back) / 2

    def student_cosine(self, g: Float, name: str, options: Mapping[str, str]) -> float:
        """Of ``g`` and the mean slope of a fresh student, its answers shifted to the oracle's."""
        import torch

        student, log = student_for(self.task, name, options), self.start.log()
        student.learn(_seen(self.images), log, passes=FIRST_PASSES, rng=self.task.rng(TEACH))
        truth, targets = torch.from_numpy(log).float(), torch.from_numpy(self.task.splits.train.targets)

        def of(rows: Int, levels: torch.Tensor) -> torch.Tensor:
            answers = as_log(student.log_scores(levels), self.start.answer)
            shifted = answers + truth[rows] - answers.detach()
            summed: torch.Tensor = self.task.loss(self.maps(shifted, rows), targets[rows]).sum()
            return summed

        own = self._each(of).mean(axis=0)
        return float(own @ g / np.linalg.norm(own) / np.linalg.norm(g))

    def _losses(self, levels: Float) -> Float:
        seen = self.task.oracle.query(_seen(levels))
        rows = np.arange(len(self.images))
        return np.asarray(self.task.loss(self.maps(seen.log(), rows), self.task.splits.train.targets))

    def _each(self, of: SummedLoss) -> Float:
        return np.concatenate(list(self._parts(of)))

    def _parts(self, of: SummedLoss) -> Iterator[Float]:
        import torch

        for rows in np.split(np.arange(len(self.images)), range(BATCH, len(self.images), BATCH)):
            levels = torch.from_numpy(self.images[rows]).float().requires_grad_(True)
            (found,) = torch.autograd.grad(of(rows, levels.clip(0, 255)), levels)
            yield found.reshape(len(rows), -1).numpy().astype(np.float64)


def _seen(levels: Array) -> UInt8:
    seen: UInt8 = np.clip(levels, 0, 255).astype(np.uint8)
    return seen
