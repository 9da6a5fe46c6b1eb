"""What a run leaves behind, as data: one ``result.json``, one line of ``history.jsonl`` per look at validation."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from bbprompt.arrays import Int, UInt8
from bbprompt.atomic import write_atomically
from bbprompt.errors import DataError

RESULT = "result.json"
HISTORY = "history.jsonl"
EXAMPLES = "examples.npz"
OVERLAY = "prompt.png"
REPORT = "report.html"
LEDGER = "ledger.sqlite"
RUN_FILE = "run.toml"
SIZE = "size.json"
IMAGES = "images.json"
CHECKPOINT = "checkpoint.msgpack"

Stopped: TypeAlias = Literal["done", "budget", "no room"]
"""Why a fit ended: by itself; the budget ended first; a prompt had nothing to win."""


class AccuracyRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An accuracy in [0, 1] with its Wilson 95 % interval."""

    accuracy: float
    low: float
    high: float
    correct: int
    n: int


class HistoryRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One look at validation.

    Attributes:
        step: updates of theta so far.
        queries: images scored so far in this run, validation included; for gradients, images passed forward.
        loss: mean training loss since the last look, in nats; ``None`` before the first step.
        accuracy: of prompt + label map on the validation images.
    """

    step: int
    queries: int
    loss: float | None
    accuracy: AccuracyRecord


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What a run cost.

    Attributes:
        queries: images paid for by this run, all phases; ``None`` for a local model, where nothing is paid.
        passes: images passed forward through a local model in training; ``None`` for a query-only run.
        budget: the most queries it was allowed.
        usd: US dollars; ``None`` where the price is unknown.
        seconds: wall time of the whole run.
    """

    queries: int | None
    passes: int | None
    budget: int | None
    usd: float | None
    seconds: float


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """What is known before ``auto`` pays for a prompt, in shares of all images.

    Attributes:
        alone: accuracy of the map alone, on training images that it was not fitted to.
        most: what there is to win: upper end of the 95 % interval (Wilson) of what it gets wrong.
        low: what a prompt is likely to add: on a quarter of the tasks measured it was less.
        high: likewise: on a quarter it was more.
    """

    alone: float
    most: float
    low: float
    high: float


class ResultRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What a run shows: the figures of the PNG as read back, on the test images, scored once.

    Attributes:
        no_prompt: accuracy of the unprompted images with the same kind of label map.
        prompt: accuracy of the prompt read back from the PNG, with the label map it carries.
        confusion: counts, rows true classes, columns predicted ones.
        stopped: why the fit ended.
        outlook: what ``auto`` expected.
    """

    method: str
    seed: int
    oracle: str
    classes: tuple[str, ...]
    template: str
    blend: str
    parametrisation: str
    label_map: str
    no_prompt: AccuracyRecord
    prompt: AccuracyRecord
    confusion: list[list[int]]
    costs: Costs
    stopped: Stopped
    outlook: Outlook | None = None


class Examples(msgspec.Struct, frozen=True, kw_only=True):
    """A few test images before and after: uint8 (n, h, w, 3), and int64 (n,) class numbers."""

    before: UInt8
    after: UInt8
    targets: Int
    predicted_before: Int
    predicted_after: Int

    def save(self, path: Path) -> None:
        """Write as an npz file, atomically."""
        content = io.BytesIO()
        np.savez_compressed(content, allow_pickle=False, **{f: getattr(self, f) for f in self.__struct_fields__})
        write_atomically(path, content.getvalue())

    @classmethod
    def load(cls, path: Path) -> Examples:
        """Read what ``save`` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            return cls(**{f: arrays[f] for f in cls.__struct_fields__})


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One finished run, as its folder holds it."""

    name: str
    result: ResultRecord
    history: list[HistoryRecord]
    examples: Examples
    overlay_png: bytes


def read_history(path: Path) -> list[HistoryRecord]:
    """Read ``history.jsonl``, or a copy of one."""
    return [msgspec.json.decode(line, type=HistoryRecord) for line in path.read_bytes().splitlines()]


def best_accuracy(history: Iterable[HistoryRecord]) -> float:
    """The highest validation accuracy that a look found, in 0..1; 0 of no look."""
    return max((look.accuracy.accuracy for look in history), default=0.0)


def load_run(folder: Path) -> RunRecord:
    """Read a finished run's folder.

    Raises:
        DataError: the folder is not a finished run.
    """
    try:
        return RunRecord(
            name=folder.name,
            history=read_history(folder / HISTORY),
            result=msgspec.json.decode((folder / RESULT).read_bytes(), type=ResultRecord),
            examples=Examples.load(folder / EXAMPLES),
            overlay_png=(folder / OVERLAY).read_bytes(),
        )
    except FileNotFoundError as error:
        raise DataError(
            f"{folder} is not a finished run: {Path(str(error.filename)).name} is missing; "
            "finish it with bbprompt fit --resume"
        ) from error
    except (msgspec.DecodeError, ValueError, KeyError) as error:
        raise DataError(f"{folder} holds a damaged run: {error}; run bbprompt fit again") from error
