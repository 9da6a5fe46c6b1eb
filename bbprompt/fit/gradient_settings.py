"""How theta is stepped where gradients pass: optimiser, schedule, batches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    import torch


STEPS = (0.5, 0.72)
"""Shares of the training after which the step size falls tenfold."""


class GradientSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How theta is stepped.

    Attributes:
        optimiser: "adam", or "sgd" with ``momentum`` (VP, Bahng et al. 2022: sgd, step 40, momentum .9).
        step_size: in units of the full pixel range at the peak of the schedule.
        decay: "cosine", to 0; or "steps", tenfold at 50 % and again at 72 % (ILM-VP, Chen et al. 2023).
        normalise: divide the gradient by its L2 norm before the step (EVP, Wu et al. 2022, section 3.2).
        epochs: passes over the training images.
        batch_size: images per step.
        momentum: of sgd.
        warmup_steps: steps of linear rise before the decay.
        looks: looks at validation: one each ``epochs // looks`` epochs, and one after the last.
        augment: flip and crop training images at random (EVP); see ``augment.py``.
    """

    optimiser: Literal["adam", "sgd"] = "adam"
    step_size: float = 0.02
    decay: Literal["cosine", "steps"] = "cosine"
    normalise: bool = False
    epochs: int = 40
    batch_size: int = 16
    momentum: float = 0.9
    warmup_steps: int = 0
    looks: int = 10
    augment: bool = False


def make_optimiser(theta: torch.Tensor, settings: GradientSettings) -> torch.optim.Optimizer:
    """Return the optimiser of ``theta``, at the peak of its schedule."""
    import torch

    if settings.optimiser == "adam":
        return torch.optim.Adam([theta], lr=settings.step_size)
    return torch.optim.SGD([theta], lr=settings.step_size, momentum=settings.momentum)


def schedule(step: int, total: int, settings: GradientSettings) -> float:
    """The step size at ``step`` of ``total``, as a share of the peak: a linear rise, then the decay."""
    if step < settings.warmup_steps:
        return (step + 1) / settings.warmup_steps
    done = (step - settings.warmup_steps) / max(1, total - settings.warmup_steps)
    if settings.decay == "steps":
        return float(0.1 ** sum(done >= share for share in STEPS))
    return 0.5 * (1 + math.cos(math.pi * done))


def normalise(theta: torch.Tensor) -> None:
    """Divide the gradient of ``theta`` by its L2 norm, in place; a gradient of zero stays."""
    assert theta.grad is not None
    norm = theta.grad.norm()
    if norm > 0:
        theta.grad /= norm
