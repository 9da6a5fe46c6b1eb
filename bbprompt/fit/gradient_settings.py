"""How theta is stepped where gradients pass: optimiser, schedule, batches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    import torch


class GradientSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How theta is stepped.

    Attributes:
        optimiser: "adam", or "sgd" with ``momentum`` (VP, Bahng et al. 2022: sgd, step 40, momentum .9).
        step_size: in units of the full pixel range at the peak of the schedule; annealed by a cosine to 0.
        epochs: passes over the training images.
        batch_size: images per step.
        momentum: of sgd.
        warmup_steps: steps of linear rise before the cosine.
        looks: looks at validation, evenly spaced over the epochs.
    """

    optimiser: Literal["adam", "sgd"] = "adam"
    step_size: float = 0.02
    epochs: int = 40
    batch_size: int = 16
    momentum: float = 0.9
    warmup_steps: int = 0
    looks: int = 10


def make_optimiser(theta: torch.Tensor, settings: GradientSettings) -> torch.optim.Optimizer:
    """Return the optimiser of ``theta``, at the peak of its schedule."""
    import torch

    if settings.optimiser == "adam":
        return torch.optim.Adam([theta], lr=settings.step_size)
    return torch.optim.SGD([theta], lr=settings.step_size, momentum=settings.momentum)


def schedule(step: int, total: int, warmup: int) -> float:
    """The step size at ``step`` of ``total``, as a share of the peak: a linear rise, then a cosine to 0."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))
