"""Which cells there are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from benchmarks.queries.answers import FULL
from benchmarks.queries.method import Method
from benchmarks.queries.methods import GRADIENT, METHODS, REFERENCES
from benchmarks.queries.records import Cell
from benchmarks.queries.setup import bench_task

SEEDS: tuple[int, ...] = tuple(json.loads(Path(__file__).with_name("seeds.json").read_text("utf-8")))


def cells(
    tasks: Sequence[str], answers: Sequence[str], shots: Sequence[str], methods: Sequence[str], seeds: int | None
) -> Iterator[Cell]:
    """All combinations, the references of each included, seeds outermost: what is there early is a whole table.

    Args:
        seeds: how many of the committed ones; each task's own number, if ``None``.
    """
    rows = [*REFERENCES, *(method for method in methods if method not in REFERENCES)]
    for number, seed in enumerate(SEEDS):
        for task, kind, amount, method in product(tasks, answers, shots, rows):
            wanted = number < (bench_task(task).seeds if seeds is None else seeds)
            borrowed = method == GRADIENT and kind != FULL
            if wanted and amount in bench_task(task).shots and not borrowed and _suits(METHODS[method], task):
                yield Cell(task=task, answers=kind, shots=amount, method=method, seed=seed)


def _suits(row: Method, task: str) -> bool:
    """Whether ``row`` has something to show on ``task``."""
    return (not row.tasks or task in row.tasks) and (bench_task(task).teaches or not row.needs_student)
