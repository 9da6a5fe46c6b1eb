"""Any ``torch.nn.Module`` as a student: least squares on the centred log-scores, AdamW, a cosine a lesson."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bbprompt.arrays import Float, UInt8
from bbprompt.registry import needs_extra

with needs_extra("torch"):
    import torch
    from torch import nn

SMALLEST = 0.05
"""Share of the step size at the end of a lesson."""


@dataclass(frozen=True, slots=True)
class Part:
    """Weights that are stepped alike.

    Attributes:
        module: that holds them.
        step_size: of AdamW, at the peak of a lesson's cosine.
    """

    module: nn.Module
    step_size: float


class ModuleStudent:
    """See ``bbprompt.fit.student.Student``. Batch statistics stay as they are.

    Args:
        module: float images (n, 3, h, w) in [0, 1] to log-scores (n, k), up to a constant an image; in eval mode.
        parts: of ``module``, all that is to learn, none twice.
        batch_size: images per step.
    """

    def __init__(self, module: nn.Module, parts: Sequence[Part], *, batch_size: int = 50) -> None:
        self._module, self._batch_size = module, batch_size
        self._parameters = [parameter for part in parts for parameter in part.module.parameters()]
        groups = [{"params": list(part.module.parameters()), "lr": part.step_size} for part in parts]
        self._optimiser = torch.optim.AdamW(groups, weight_decay=0.0)
        self._steps = [part.step_size for part in parts]

    def learn(self, images: UInt8, log_scores: Float, *, passes: int, rng: np.random.Generator) -> None:
        """See ``Student.learn``."""
        self._require_gradients(True)
        targets = torch.from_numpy(log_scores - log_scores.mean(axis=1, keepdims=True)).float()
        orders = [rng.permutation(len(images)) for _ in range(passes)]
        batches = [rows for order in orders for rows in np.array_split(order, -(-len(order) // self._batch_size))]
        for number, rows in enumerate(batches):
            self._pace(number / len(batches))
            answers = self.log_scores(torch.from_numpy(images[rows]).float())
            loss = nn.functional.mse_loss(answers, targets[rows])
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
        self._require_gradients(False)

    def log_scores(self, levels: torch.Tensor) -> torch.Tensor:
        """See ``Student.log_scores``."""
        answers: torch.Tensor = self._module(levels.permute(0, 3, 1, 2) / 255)
        return answers - answers.mean(dim=1, keepdim=True)

    def _pace(self, progress: float) -> None:
        share = SMALLEST + (1 - SMALLEST) / 2 * (1 + np.cos(np.pi * progress))
        for group, step in zip(self._optimiser.param_groups, self._steps, strict=True):
            group["lr"] = step * share

    def _require_gradients(self, wanted: bool) -> None:
        for parameter in self._parameters:
            parameter.requires_grad_(wanted)


class Shrunk(nn.Module):
    """``module`` behind a resize: images of another size than ``size`` = (h, w) are brought to it first."""

    def __init__(self, module: nn.Module, size: tuple[int, int]) -> None:
        super().__init__()
        self.module, self.size = module, size

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, H, W) to what ``module`` makes of (n, 3, h, w)."""
        if tuple(images.shape[2:]) != self.size:
            images = nn.functional.interpolate(images, size=self.size, mode="bilinear", antialias=True)
        answers: torch.Tensor = self.module(images)
        return answers
