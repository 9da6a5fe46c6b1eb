"""Finished runs as they might be, made up in memory."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import numpy as np
from PIL import Image

from bbprompt.evaluate import Accuracy
from bbprompt.records import AccuracyRecord, Costs, Examples, HistoryRecord, ResultRecord, RunRecord

SIDE = 8
SECRET = "acme-prod.example"
"""In the address of a service, in paths, and in nothing that strangers get."""


def accuracy_record(correct: int, n: int) -> AccuracyRecord:
    found = Accuracy(correct, n)
    return AccuracyRecord(accuracy=found.value, low=found.low, high=found.high, correct=correct, n=n)


def overlay_png(*, mode: str = "RGB", level: int = 20) -> bytes:
    pixels = np.full((SIDE, SIDE, len(mode)), 128, dtype=np.uint8)
    pixels[0, :, 0] += level
    if mode == "RGBA":
        pixels[..., 3] = 0
        pixels[0, :, 3] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def examples() -> Examples:
    images = np.arange(2 * SIDE * SIDE * 3, dtype=np.uint8).reshape(2, SIDE, SIDE, 3)
    targets = np.array([0, 1])
    return Examples(
        before=images, after=255 - images, targets=targets, predicted_before=1 - targets, predicted_after=targets
    )


def fake_run(name: str = "spsa", *, classes: tuple[str, ...] = ("cat", "dog"), **changes: Any) -> RunRecord:
    """A query-only run whose price is unknown; ``changes`` are fields of its result."""
    result = ResultRecord(
        method="spsa",
        seed=0,
        oracle="somewhere",
        classes=classes,
        template="padding",
        blend="add",
        parametrisation="identity",
        label_map="linear",
        no_prompt=accuracy_record(31, 100),
        prompt=accuracy_record(74, 100),
        confusion=[[37, 13], [13, 37]],
        costs=Costs(queries=12_345, passes=None, budget=20_000, usd=None, seconds=123.4),
        stopped="done",
    )
    looks = [(0, 30, 33), (10, 6000, 51), (20, 12_000, 70)]
    return RunRecord(
        name=name,
        result=msgspec.structs.replace(result, **changes),
        history=[
            HistoryRecord(step=step, queries=queries, loss=None, accuracy=accuracy_record(correct, 100))
            for step, queries, correct in looks
        ],
        examples=examples(),
        overlay_png=overlay_png(),
    )


def gradient_run(name: str = "gradient") -> RunRecord:
    return fake_run(
        name,
        method="gradient",
        prompt=accuracy_record(82, 100),
        costs=Costs(queries=None, passes=16_000, budget=None, usd=None, seconds=84.31),
    )
