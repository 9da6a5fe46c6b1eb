"""The two steps that are compared: ours, as ``fit_by_gradient`` takes it, and a bare one."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from bbprompt.arrays import Int
from bbprompt.fit import GradientSettings, Place, Selection, fit_by_gradient
from bbprompt.labelmaps import CrossFit, cross_fit_label_map
from bbprompt.losses import LOSSES
from bbprompt.objective import Objective
from bbprompt.oracle import Scores
from bbprompt.parametrisations import make_parametrisation
from bbprompt.prompt import PixelPrompt
from bbprompt.templates import make_template
from benchmarks.step.models import CLASSES, SIDE, Frozen

FRAME = 30
STEP = GradientSettings(optimiser="sgd", step_size=2.9, epochs=1, looks=1)
"""VP's, as in its preset."""


def our_steps(frozen: Frozen, *, batch: int, steps: int, after: Callable[[], None]) -> None:
    """Train VP's prompt for ``steps`` steps on random images, and call ``after`` each of them."""
    objective, few = _objective(frozen, batch * steps), len(CLASSES)
    fit_by_gradient(
        objective,
        np.zeros(objective.prompt.size),
        Selection(frozen.oracle, Place(objective.prompt, objective.images[:few]), objective.targets[:few]),
        fit_map=lambda scores, targets: _fit_map(frozen, scores, targets),
        start=_answers(frozen, batch * steps),
        settings=msgspec.structs.replace(STEP, batch_size=batch),
        rng=np.random.default_rng(0),
        watch=lambda _seen, _best: after(),
    )


def bare_step(frozen: Frozen, *, batch: int) -> Callable[[], None]:
    """Forward of normalised images, cross-entropy, backward to the images: what no way of training can leave out."""
    import torch
    from torch.nn import functional

    device, chance = frozen.oracle.device, torch.Generator().manual_seed(0)
    images = torch.randn(batch, 3, SIDE, SIDE, generator=chance).to(device, memory_format=torch.channels_last)
    images.requires_grad_()
    targets = torch.arange(batch, device=device) % len(CLASSES)

    def step() -> None:
        images.grad = None
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=frozen.amp):
            logits = frozen.module(images)
        functional.cross_entropy(logits.float(), targets).backward()  # type: ignore[no-untyped-call]

    return step


def _objective(frozen: Frozen, n: int) -> Objective:
    images = np.random.default_rng(0).integers(0, 256, size=(n, SIDE, SIDE, 3), dtype=np.uint8)
    template = make_template("padding", canvas=(SIDE, SIDE), blend="add", size=FRAME)
    prompt = PixelPrompt(template, make_parametrisation("identity", mask=template.mask))
    return Objective(frozen.oracle, prompt, images, np.arange(n) % len(CLASSES), LOSSES["cross-entropy"])


def _answers(frozen: Frozen, n: int) -> Scores:
    """What the label map is fitted to; VP's maps do not read it."""
    spec = frozen.oracle.spec
    return Scores(np.zeros((n, len(spec.labels)), dtype=np.float32), spec.answer)


def _fit_map(frozen: Frozen, scores: Scores, targets: Int) -> CrossFit:
    name, rng = "given" if frozen.pairs else "identity", np.random.default_rng(0)
    return cross_fit_label_map(
        name, scores, targets, spec=frozen.oracle.spec, classes=CLASSES, rng=rng, pairs=frozen.pairs
    )
