"""What a cell is, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from bbprompt.config import RunConfig
from bbprompt.records import AccuracyRecord


class Cell(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """Names of ``TASKS``, ``ANSWERS``, the task's shots and ``METHODS``, and a seed."""

    task: str
    answers: str
    shots: str
    method: str
    seed: int


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What a method has to show within a budget.

    Attributes:
        budget: the most images that it may have had scored.
        spent: images that it has had scored. For gradients: passed forward.
        validation: the highest accuracy there that a look saw; ``None`` where none was taken.
        test: accuracy of that, prompt and map, on the test images.
    """

    budget: int
    spent: int
    validation: float | None
    test: AccuracyRecord


class Recipe(NamedTuple):
    """What a cell is run with: a run file's settings, and by name what of the library the row exchanges."""

    settings: RunConfig
    exchanged: Mapping[str, str] = {}


class CellRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finished cell.

    Attributes:
        settings: everything that it was run with; a setting younger than the record has its default.
        budgets: those asked for.
        marks: one per budget that a first look at validation fits into, in order; fewer if the method failed.
        error: what it failed with.
        seconds: wall time, the test's included.
        machine: key into the machines of the store.
        exchanged: see ``Recipe``.
    """

    cell: Cell
    settings: RunConfig
    budgets: tuple[int, ...]
    marks: tuple[Mark, ...]
    error: str | None
    seconds: float
    machine: str
    exchanged: dict[str, str] = {}

    @property
    def recipe(self) -> Recipe:
        """What it was run with, to be compared with what it would be run with today."""
        return Recipe(self.settings, self.exchanged)
