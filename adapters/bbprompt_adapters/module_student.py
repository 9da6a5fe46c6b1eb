"""Any ``torch.nn.Module`` as a student: least squares on the centred log-scores, AdamW, a cosine a lesson."""

from __future__ import annotations

import numpy as np

from bbprompt.arrays import Float, UInt8
from bbprompt.registry import needs_extra

with needs_extra("torch"):
    import torch
    from torch import nn

SMALLEST = 0.05
"""Share of the step size at the end of a lesson."""


class ModuleStudent:
    """See ``bbprompt.fit.student.Student``. Batch statistics stay as they are.

    Args:
        module: float images (n, 3, h, w) in [0, 1] to log-scores (n, k), up to a constant an image; in eval mode.
        step_size: of AdamW, at the peak of a lesson's cosine.
        batch_size: images per step.
    """

    def __init__(self, module: nn.Module, *, step_size: float, batch_size: int = 50) -> None:
        self._module, self._step_size, self._batch_size = module, step_size, batch_size
        self._parameters = list(module.parameters())
        self._optimiser = torch.optim.AdamW(self._parameters, lr=step_size, weight_decay=0.0)

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
        for group in self._optimiser.param_groups:
            group["lr"] = self._step_size * share

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
