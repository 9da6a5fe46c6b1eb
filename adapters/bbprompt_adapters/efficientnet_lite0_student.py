"""A student whose eyes are EfficientNet-Lite0's first blocks, with their ImageNet weights, and whose head is new.

The early layers of any two image classifiers see alike; the late ones do not. The first eleven blocks are what
transfers, and at 32 pixels the stem must not halve the image, or too little of it is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from bbprompt.config_struct import convert
from bbprompt.registry import needs_extra
from bbprompt_adapters.efficientnet_lite0 import MEAN, STD, load_module
from bbprompt_adapters.module_student import ModuleStudent, Shrunk

with needs_extra("lite0"):
    import torch
    from torch import nn

BLOCKS = 11
SMALL = 48
"""Images of fewer pixels a side are not halved by the stem."""
LARGEST = 112
"""Larger images are shrunk to this before the student looks."""
STEP_SIZE = 1e-3


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """It has none."""


class _Eyes(nn.Module):
    """Images (n, 3, h, w) in [0, 1] to log-scores (n, labels); all zero before the first lesson."""

    def __init__(self, labels: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.trunk = _trunk(size)
        with torch.no_grad():
            width = self.trunk(torch.zeros(1, 3, *size)).shape[1]
        self.head = nn.Linear(width, labels)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        normalised = ((images - MEAN) / STD).contiguous(memory_format=torch.channels_last)
        answers: torch.Tensor = self.head(self.trunk(normalised).mean(dim=(2, 3)))
        return answers


def open_student(
    labels: int, *, input_size: tuple[int, int], options: Mapping[str, object] | None = None
) -> ModuleStudent:
    """Open a fresh one for an oracle of ``labels`` labels and images of ``input_size`` = (height, width).

    Raises:
        ConfigError: an option; it has none.
    """
    convert(options or {}, Options, where="[fit] student_options")
    size = (min(input_size[0], LARGEST), min(input_size[1], LARGEST))
    return ModuleStudent(Shrunk(_Eyes(labels, size).eval(), size), step_size=STEP_SIZE)


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
