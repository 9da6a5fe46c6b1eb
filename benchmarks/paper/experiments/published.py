"""Settings that the papers share."""

from __future__ import annotations

from typing import Any

from bbprompt.data.texts import VP_TEXT
from bbprompt.presets import PRESETS
from benchmarks.queries.sources import CIFAR10 as CIFAR10_CLASSES

VP = PRESETS["vp"]["fit"]
"""Bahng et al. 2022, arXiv 2203.17274, section 4, in our pixel domain."""

CLIP: dict[str, Any] = {"adapter": "open-clip", "architecture": "ViT-B-32", "weights": "openai"}


__all__ = ["CIFAR10_CLASSES", "CLIP", "VP", "VP_TEXT"]
