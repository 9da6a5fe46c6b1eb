"""Seconds of our steps and of bare ones, taken in turns, so that whatever else the machine does strikes both."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import msgspec
import numpy as np

from benchmarks.step.models import Frozen
from benchmarks.step.steps import bare_step, our_steps

WARM_UP = 2
"""First steps, which are not counted."""


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """What was timed.

    Attributes:
        steps: pairs that were counted.
        bare_seconds: median.
        our_seconds: median.
        ratio: median over our steps of one to the mean of its two bare neighbours.
        quartiles: of those ratios.
    """

    steps: int
    bare_seconds: float
    our_seconds: float
    ratio: float
    quartiles: tuple[float, float]


def time_steps(frozen: Frozen, *, batch: int, steps: int) -> Timing:
    """Take a bare step after each of ours."""
    bare, synchronise = bare_step(frozen, batch=batch), _synchroniser(frozen)
    ours: list[float] = []
    others: list[float] = []
    began = time.perf_counter()

    def after() -> None:
        nonlocal began
        synchronise()
        ended = time.perf_counter()
        ours.append(ended - began)
        bare()
        synchronise()
        began = time.perf_counter()
        others.append(began - ended)

    our_steps(frozen, batch=batch, steps=WARM_UP + steps, after=after)
    return summarise(ours[WARM_UP:], others[WARM_UP - 1 :])


def summarise(ours: list[float], bare: list[float]) -> Timing:
    """Medians of seconds; ``bare`` has one step more, so that each of ours lies between two of them."""
    around = [(before + after) / 2 for before, after in pairwise(bare)]
    ratios = np.array(ours) / np.array(around)
    low, middle, high = np.percentile(ratios, [25, 50, 75])
    return Timing(
        steps=len(ours),
        bare_seconds=round(float(np.median(bare)), 4),
        our_seconds=round(float(np.median(ours)), 4),
        ratio=round(float(middle), 4),
        quartiles=(round(float(low), 4), round(float(high), 4)),
    )


def _synchroniser(frozen: Frozen) -> Callable[[], None]:
    import torch

    device = frozen.oracle.device
    return partial(torch.cuda.synchronize, device) if device.type == "cuda" else lambda: None
