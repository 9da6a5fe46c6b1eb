"""Full fine-tuning: every weight of a copy of the model, with a new head. The most that its pixels can give.

Adam with decoupled weight decay (Loshchilov & Hutter 2019, arXiv 1711.05101), a cosine without warm-up, batch norms in
evaluation mode, which a few hundred images do not upset; the best epoch on validation is kept.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from bbprompt.arrays import Int, UInt8
from bbprompt.data import Dataset

if TYPE_CHECKING:
    import torch


@runtime_checkable
class TunableOracle(Protocol):
    """An oracle whose model can be copied and trained."""

    device: torch.device

    def tunable(self, classes: int | None) -> torch.nn.Module:
        """Return a copy, all trainable: float images (n, 3, h, w) in [0, 1] to logits (n, classes), by a new head.

        ``None`` keeps the model's own.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuneSettings:
    """How it is trained.

    Attributes:
        epochs: passes over the training images.
        batch_size: images per step.
        step_size: at the peak of the cosine.
        weight_decay: decoupled.
    """

    epochs: int = 15
    batch_size: int = 16
    step_size: float = 5e-4
    weight_decay: float = 1e-2


def fine_tune(
    oracle: TunableOracle,
    train: Dataset,
    validation: Dataset,
    *,
    prepare: Callable[[UInt8], UInt8],
    rng: np.random.Generator,
    settings: FineTuneSettings | None = None,
) -> Callable[[UInt8], Int]:
    """Train a copy of the oracle's model; the oracle itself stays as it is.

    Args:
        prepare: brings images (n, H, W, 3) to the oracle's size.

    Returns:
        From images (n, H, W, 3), uint8, to class numbers (n,), int64, by the epoch that validation liked best.
    """
    import torch

    settings = settings or FineTuneSettings()
    model = oracle.tunable(len(train.classes))
    optimiser = torch.optim.AdamW(model.parameters(), lr=settings.step_size, weight_decay=settings.weight_decay)
    images, held_out = prepare(train.images), prepare(validation.images)
    best, best_state = -1.0, model.state_dict()
    for epoch in range(settings.epochs):
        share = 0.5 * (1 + math.cos(math.pi * epoch / settings.epochs))
        for group in optimiser.param_groups:
            group["lr"] = settings.step_size * share
        _run_epoch(model, optimiser, images, train.targets, oracle.device, settings.batch_size, rng)
        found = float((_predict(model, held_out, oracle.device) == validation.targets).mean())
        if found > best:
            best, best_state = found, copy.deepcopy(model.state_dict())
    model.load_state_dict(best_state)
    return lambda images: _predict(model, prepare(images), oracle.device)


def _run_epoch(
    model: torch.nn.Module,
    optimiser: Any,
    images: UInt8,
    targets: Int,
    device: torch.device,
    batch_size: int,
    rng: np.random.Generator,
) -> None:
    import torch
    from torch.nn import functional

    order = rng.permutation(len(images))
    for rows in np.split(order, range(batch_size, len(order), batch_size)):
        logits = model(_pixels(images[rows], device))
        loss = functional.cross_entropy(logits, torch.as_tensor(targets[rows], device=device))
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _predict(model: torch.nn.Module, images: UInt8, device: torch.device, *, at_once: int = 64) -> Int:
    import torch

    with torch.no_grad():
        parts = [
            model(_pixels(images[start : start + at_once], device)).argmax(dim=1).cpu().numpy()
            for start in range(0, len(images), at_once)
        ]
    return np.concatenate(parts).astype(np.int64)


def _pixels(images: UInt8, device: torch.device) -> torch.Tensor:
    import torch

    return torch.from_numpy(images).to(device).permute(0, 3, 1, 2).float() / 255
