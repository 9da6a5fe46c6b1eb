"""What is asked for and what is kept: a cell of an experiment's table, and what was found there."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from bbprompt.evaluate import Accuracy
from bbprompt.records import AccuracyRecord, Costs

Scale = Literal["small", "paper"]
Kind = Literal["run", "no-prompt", "linear-probe", "prompt-and-probe", "ensemble", "fine-tuning", "normalised"]


class Cell(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One number of one table.

    Attributes:
        experiment: its name.
        scale: "small": real models and images at hand, minutes; "paper": the published settings.
        column: what varies across.
        row: what varies downwards.
        seed: of images, prompt and training.
    """

    experiment: str
    scale: str
    column: str
    row: str
    seed: int


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """How a cell is measured.

    Attributes:
        kind: "run": a whole run, trained and read back from its PNG; "no-prompt": the label map alone; else a baseline.
        config: the run file as a document; "{inputs}" stands for the folder of inputs.
        needs: what must be there, as ``inputs.missing`` knows it.
    """

    kind: Kind
    config: dict[str, Any]
    needs: tuple[str, ...] = ()


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was found.

    Attributes:
        accuracy: on the test images, scored once.
        no_prompt: of the unprompted test images with the same kind of label map; ``None`` where that is all there is.
        costs: of a run.
    """

    accuracy: AccuracyRecord
    no_prompt: AccuracyRecord | None = None
    costs: Costs | None = None


class CellRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One finished cell.

    Attributes:
        cell: which one.
        spec: how it was measured.
        found: the figures.
        seconds: wall time.
        machine: key into machines.json.
    """

    cell: Cell
    spec: Spec
    found: Measured
    seconds: float
    machine: str


def record(found: Accuracy) -> AccuracyRecord:
    """An accuracy as it is kept."""
    return AccuracyRecord(accuracy=found.value, low=found.low, high=found.high, correct=found.correct, n=found.n)
