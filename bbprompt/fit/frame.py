"""How wide the frame around a shrunk image is to be: AutoVP's trainable image scale (Tsao et al. 2023, arXiv 2310.08381).

There a factor resizes the image inside the prompt and is learned with it. A PNG has a frame of whole pixels, so here
the frame's width w is learned, with the pixels, for a while, and then stays. The forward pass shows what a frame of
round(w) shows, resized as a deployed overlay resizes; the backward pass takes the image's slope in w from its neighbours:

    dL/dw = <dL/dx, x(w + 1) - x(w - 1)> / 2
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bbprompt.arrays import Int, UInt8
from bbprompt.fit.by_gradient import as_log
from bbprompt.fit.selection import FitMap
from bbprompt.losses import Loss
from bbprompt.oracle import DifferentiableOracle
from bbprompt.prompt import CENTRE, straight_through
from bbprompt.templates.padding import Padding

if TYPE_CHECKING:
    import torch

FIRST = 48 / 224
"""Width that learning starts from if none is given, as a share of the shorter side: ILM-VP's, an image of 128 in 224."""

STEP_SIZE = 0.02
"""Adam's, in units of the full pixel range; of the width, in eighths of the shorter side."""

EIGHTH = 8


def first_width(canvas: tuple[int, int]) -> int:
    """Where learning starts if nothing else is asked for, in pixels."""
    return min(max(1, round(FIRST * min(canvas))), widest(canvas))


def widest(canvas: tuple[int, int]) -> int:
    """The widest frame that leaves something of the image, in pixels."""
    return (min(canvas) - 1) // 2


def learn_width(
    oracle: DifferentiableOracle,
    images: UInt8,
    targets: Int,
    *,
    start: int,
    fit_map: FitMap,
    loss: Loss,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
) -> int:
    """Learn a frame's pixels and its width together; return the width, in pixels.

    The label map is fitted once, to the images inside an empty frame of the first width.

    Args:
        images: uint8, shape (n, H, W, 3): training images, not prepared.
        start: the first width, in pixels.
        fit_map: called once, with the answers to these images.
    """
    import torch

    canvas = oracle.spec.input_size
    field = torch.zeros((*canvas, 3), device=oracle.device, requires_grad=True)
    unit = min(canvas) / EIGHTH
    width = torch.tensor(start / unit, device=oracle.device, requires_grad=True)
    optimiser = torch.optim.Adam([field, width], lr=STEP_SIZE)
    maps = fit_map(oracle.query(_frame(canvas, start).prepare(images)), targets)
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for rows in np.split(order, range(batch_size, len(order), batch_size)):
            pixels = _framed(images[rows], field, unit * width) / 255
            log_scores = as_log(oracle.logits(pixels.permute(0, 3, 1, 2)).float(), oracle.spec.answer)
            optimiser.zero_grad(set_to_none=True)
            loss(maps(log_scores, rows), torch.as_tensor(targets[rows], device=oracle.device)).mean().backward()
            optimiser.step()
            with torch.no_grad():
                width.clamp_(1 / unit, widest(canvas) / unit)
    return round(unit * float(width.detach()))


def _framed(images: UInt8, field: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
    """Images (m, H, W, 3) in a frame of the width, rounded: levels (m, h, w, 3), with gradients to both."""
    import torch

    canvas = (field.shape[0], field.shape[1])
    levels = straight_through(CENTRE["over"] + 255 * field, "over")
    now = round(float(width.detach()))
    low, high = max(1, now - 1), min(now + 1, widest(canvas))

    def laid(size: int, over: torch.Tensor) -> torch.Tensor:
        frame = _frame(canvas, size)
        prepared = torch.from_numpy(frame.prepare(images)).to(field.device, torch.float32)
        found: torch.Tensor = frame.apply(prepared, over)
        return found

    with torch.no_grad():
        slope = (laid(high, levels) - laid(low, levels)) / max(1, high - low)
    return laid(now, levels) + slope * (width - width.detach())


def _frame(canvas: tuple[int, int], size: int) -> Padding:
    return Padding(canvas=canvas, blend="over", size=size, shrink=True)
