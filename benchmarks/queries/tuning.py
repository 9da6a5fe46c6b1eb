"""Tuning: every peer gets the same trials on a task that the grid does not have; the best become rows of their own.

The task: resnet32, which no cell of the grid queries, reads MNIST. Images to learn from, to select on and to score are
all of MNIST's training part; the grid tests on the other part, and scikit-learn's digits are not touched. The seeds are
no cell's. A trial runs once, to the larger budget; its score is the mean accuracy at the budgets, of the whole system,
on held-out images. ``auto`` has no knob and so no trials: its parts were developed on other seeds of the grid's tasks
with digits and MNIST, and peers had eight trials each here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from benchmarks.documents import write_json
from benchmarks.machine import Machine, describe
from benchmarks.queries.cell import run_row
from benchmarks.queries.method import Method
from benchmarks.queries.methods import Trial, read_tuning
from benchmarks.queries.records import Cell
from benchmarks.queries.spaces import trials

TASK = "resnet32-mnist-held-out"
SHOTS = "16"
BUDGETS = (2_000, 5_000)
SEEDS = (1_009,)


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """What is committed.

    Attributes:
        task: name of the tuning task.
        budgets: in image queries, that each trial is scored at.
        seeds: that each trial is run with.
        machine: that they ran on.
        trials: of all peers, in order.
    """

    task: str
    budgets: tuple[int, ...]
    seeds: tuple[int, ...]
    machine: Machine
    trials: list[Trial]


def tune(names: Sequence[str], path: Path, *, data: Path) -> Iterator[Trial]:
    """Run the trials of ``names`` that ``path`` does not hold yet; each is kept as soon as it is finished."""
    for name in names:
        for number, row in enumerate(trials(name)):
            kept = read_tuning(path)
            if not any(t.method == name and msgspec.convert(t.settings, Method) == row for t in kept):
                found = _run(name, number, row, data)
                _write(path, [*(t for t in kept if (t.method, t.number) != (name, number)), found])
                yield found


def _run(name: str, number: int, row: Method, data: Path) -> Trial:
    cells = [Cell(task=TASK, answers="full", shots=SHOTS, method=name, seed=seed) for seed in SEEDS]
    records = [run_row(cell, row, BUDGETS, data=data, machine="") for cell in cells]
    errors = [record.error for record in records if record.error is not None]
    accuracies = tuple(tuple(mark.test.accuracy for mark in record.marks) for record in records)
    return Trial(
        method=name,
        number=number,
        settings=msgspec.to_builtins(row),
        accuracies=accuracies,
        error=errors[0] if errors else None,
        seconds=round(sum(record.seconds for record in records), 1),
    )


def _write(path: Path, found: list[Trial]) -> None:
    ordered = sorted(found, key=lambda trial: (trial.method, trial.number))
    tuning = Tuning(task=TASK, budgets=BUDGETS, seeds=SEEDS, machine=describe(), trials=ordered)
    write_json(path, tuning)
