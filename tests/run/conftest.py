"""Whole runs in a second: real digits at 8x8 pixels, and the linear oracle of the fit tests with ten labels."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bbprompt.arrays import UInt8
from bbprompt.config import RunConfig, parse_config
from bbprompt.oracle import Answer, Oracle, OracleSpec, Scores


class Digits:
    """Twelve fixed random features of 8x8 RGB pixels, as logits; notes every image it is asked in a file."""

    def __init__(self, note: Path | None = None) -> None:
        self.spec = OracleSpec(
            "features", (8, 8), tuple("abcdefghijkl"), Answer.LOGITS, max_batch=8, max_in_flight=2
        )
        self.asked = 0
        self._note = note
        self._weights = np.random.default_rng(7).normal(size=(192, 12)) / 4

    def query(self, images: UInt8) -> Scores:
        self.asked += len(images)
        if self._note is not None:
            with self._note.open("ab", buffering=0) as file:
                file.write(b"." * len(images))
        pixels = images.reshape(len(images), -1) / 255.0 - 0.5
        return Scores(np.tanh(pixels @ self._weights).astype(np.float32) * 4, Answer.LOGITS)


DOCUMENT: dict[str, Any] = {
    "seed": 1,
    "oracle": {"adapter": "features"},
    "data": {"source": "digits", "shots": 8, "validation": 40, "test": 50},
    "prompt": {"template": "full-image"},
    "labels": {"map": "linear"},
    "fit": {"method": "antithetic", "looks": 4},
    "budget": {"queries": 900},
}


def document(**tables: Any) -> dict[str, Any]:
    """The run file of these tests, with tables changed."""
    whole = deepcopy(DOCUMENT)
    return {**whole, **{k: {**whole[k], **v} if isinstance(v, dict) else v for k, v in tables.items()}}


@pytest.fixture
def oracle(monkeypatch: pytest.MonkeyPatch) -> Digits:
    """What ``open_task`` opens, whatever the run file names."""
    fake = Digits()
    monkeypatch.setattr("bbprompt.task.open_oracle", lambda _adapter, _options: fake)
    return fake


@pytest.fixture
def config() -> RunConfig:
    return parse_config(DOCUMENT)


def opens(fake: Oracle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``open_task`` open ``fake``."""
    monkeypatch.setattr("bbprompt.task.open_oracle", lambda _adapter, _options: fake)
