"""A student whose eyes are EfficientNet-Lite0's first blocks, with their ImageNet weights, and whose head is new.

The early layers of any two image classifiers see alike; the late ones do not. The first eleven blocks are what
transfers, and at 32 pixels the stem must not halve the image, or too little of it is left.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from bbprompt.arrays import Float, UInt8
from bbprompt.registry import needs_extra
from bbprompt_adapters.efficientnet_lite0 import MEAN, STD, load_module

with needs_extra("lite0"):
    import torch
    from torch import nn

BLOCKS = 11
SMALL = 48
"""Images of fewer pixels a side are not halved by the stem."""
LARGEST = 112
"""Larger images are shrunk to this before the student looks."""


class EfficientNetLite0Student:
    """See ``bbprompt.fit.student.Student``.

    Args:
        labels: number of labels of the oracle, k.
        input_size: (height, width) of its images.
        step_size: of AdamW, at the peak of a cosine.
        batch_size: images per step.
    """

    def __init__(
        self, labels: int, *, input_size: tuple[int, int], step_size: float = 1e-3, batch_size: int = 50
    ) -> None:
        self._trunk = _trunk(input_size)
        self._size = tuple(min(side, LARGEST) for side in input_size)
        with torch.no_grad():
            width = self._trunk(torch.zeros(1, 3, *self._size)).shape[1]
        self._head = nn.Linear(width, labels)
        nn.init.zeros_(self._head.weight)
        nn.init.zeros_(self._head.bias)
        self._parameters = [*self._trunk.parameters(), *self._head.parameters()]
        self._optimiser = torch.optim.AdamW(self._parameters, lr=step_size, weight_decay=0.0)
        self._step_size, self._batch_size = step_size, batch_size

    def learn(self, images: UInt8, log_scores: Float, *, passes: int, rng: np.random.Generator) -> None:
        """Fit to the centred log-scores by least squares; batch statistics stay ImageNet's."""
        self._require_gradients(True)
        targets = torch.from_numpy(log_scores - log_scores.mean(axis=1, keepdims=True)).float()
        orders = [rng.permutation(len(images)) for _ in range(passes)]
        batches = [rows for order in orders for rows in np.array_split(order, -(-len(order) // self._batch_size))]
        for step, rows in enumerate(batches):
            for group in self._optimiser.param_groups:
                group["lr"] = self._step_size * (0.05 + 0.475 * (1 + np.cos(np.pi * step / len(batches))))
            answers = self.log_scores(torch.from_numpy(images[rows]).float())
            loss = nn.functional.mse_loss(answers, targets[rows])
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._optimiser.step()
        self._require_gradients(False)

    def log_scores(self, levels: torch.Tensor) -> torch.Tensor:
        """See ``Student.log_scores``."""
        pixels = levels.permute(0, 3, 1, 2) / 255
        if tuple(pixels.shape[2:]) != self._size:
            pixels = nn.functional.interpolate(pixels, size=self._size, mode="bilinear", antialias=True)
        normalised = ((pixels - MEAN) / STD).contiguous(memory_format=torch.channels_last)
        answers: torch.Tensor = self._head(self._trunk(normalised).mean(dim=(2, 3)))
        return answers - answers.mean(dim=1, keepdim=True)

    def _require_gradients(self, wanted: bool) -> None:
        for parameter in self._parameters:
            parameter.requires_grad_(wanted)


def _trunk(size: tuple[int, int]) -> nn.Module:
    halve = min(size) >= SMALL
    module: Any = load_module(min(max(size), LARGEST))
    stem = module._conv_stem
    if not halve:
        for part in stem.modules():
            if isinstance(part, nn.Conv2d):
                part.stride = (1, 1)
            if isinstance(part, nn.ZeroPad2d):
                part.padding = (1, 1, 1, 1)
    trunk: nn.Module = nn.Sequential(stem, module._bn0, nn.ReLU6(), *module._blocks[:BLOCKS])
    trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return trunk.eval()


def open_student(labels: int, *, input_size: tuple[int, int]) -> EfficientNetLite0Student:
    """Open a fresh one."""
    return EfficientNetLite0Student(labels, input_size=input_size)
