"""Settings that the papers share."""

from __future__ import annotations

from typing import Any

from benchmarks.queries.sources import CIFAR10 as CIFAR10_CLASSES

VP: dict[str, Any] = {
    "method": "gradient",
    "optimiser": "sgd",
    "step_size": 40.0,
    "momentum": 0.9,
    "warmup_steps": 1000,
    "epochs": 1000,
    "batch_size": 256,
}
"""Bahng et al. 2022, arXiv 2203.17274, section 4: for CLIP."""

CLIP: dict[str, Any] = {"adapter": "open-clip", "architecture": "ViT-B-32", "weights": "openai"}

CLIP_TEXT = "This is a photo of a {}"

__all__ = ["CIFAR10_CLASSES", "CLIP", "CLIP_TEXT", "VP"]
