"""A student that knows nothing: a small convolutional network from random weights, taught by the paid answers alone."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from bbprompt.task import Task
from bbprompt_adapters.module_student import ModuleStudent

WIDTHS = (32, 64, 128)
"""Channels of each block; each halves the image's side."""
STEP_SIZE = 1e-3
SEED = 0


def small_net(task: Task, _name: str, _options: Mapping[str, object] | None = None) -> ModuleStudent:
    """Build a fresh one for the task's oracle, in the place of ``student_for``."""
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(SEED)
        blocks = list[nn.Module]()
        for before, after in zip((3, *WIDTHS), WIDTHS, strict=False):
            blocks += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU(), nn.AvgPool2d(2)]
        head = nn.Linear(WIDTHS[-1], len(task.oracle.spec.labels))
        net = nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)
    return ModuleStudent(net, step_size=STEP_SIZE)
