"""Settings that the papers share."""

from __future__ import annotations

from typing import Any

from bbprompt.data.texts import vp_text
from bbprompt.presets import PRESETS
from benchmarks.queries.sources import CIFAR10 as CIFAR10_CLASSES

VP = PRESETS["vp"]["fit"]
"""Bahng et al. 2022, arXiv 2203.17274, section 4, in our pixel domain."""


def clip(source: str) -> dict[str, Any]:
    """``[oracle]`` of the paper's CLIP, for the classes and with the text of a ``[data] source``."""
    weights = {"architecture": "ViT-B-32", "weights": "openai"}
    return {"adapter": "open-clip", **weights, "classes": source, "text": vp_text(source)}


__all__ = ["CIFAR10_CLASSES", "VP", "clip"]
