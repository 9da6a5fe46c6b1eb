"""A student: a local model that is taught by the answers paid for, and then lends its gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from bbprompt.arrays import Float, UInt8

if TYPE_CHECKING:
    import torch


class Student(Protocol):
    """A differentiable imitation of an oracle, good only near the images it was taught with."""

    def learn(self, images: UInt8, log_scores: Float, *, passes: int, rng: np.random.Generator) -> None:
        """Fit to an oracle's answers.

        Args:
            images: uint8, shape (n, h, w, 3): the bytes that the oracle saw.
            log_scores: float64, shape (n, k): ``Scores.log`` of its answers.
            passes: over all of them.
            rng: their order.
        """

    def log_scores(self, levels: torch.Tensor) -> torch.Tensor:
        """Grey levels (n, h, w, 3) to log-scores (n, k), centred per image, differentiable in the images."""
