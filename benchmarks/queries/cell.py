"""Run one cell. A method that crashes is a result, too."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bbprompt.names import look_up
from bbprompt.task import Task
from benchmarks.queries.learning import by_gradient, by_own_answer, within, without_prompt
from benchmarks.queries.method import Method
from benchmarks.queries.methods import GRADIENT, METHODS, NO_PROMPT
from benchmarks.queries.parts import exchange, exchanged
from benchmarks.queries.records import Cell, CellRecord, Mark, Recipe
from benchmarks.queries.remembered import Remembered
from benchmarks.queries.setup import bench_task, configure, open_cell


def run_cell(cell: Cell, budgets: Sequence[int], *, data: Path, machine: str) -> CellRecord:
    """Run ``cell`` at ``budgets``; see ``run_row``."""
    return run_row(cell, METHODS[cell.method], budgets, data=data, machine=machine)


def run_row(cell: Cell, row: Method, budgets: Sequence[int], *, data: Path, machine: str) -> CellRecord:
    """Run ``cell`` at ``budgets``.

    Args:
        row: how its method learns.
        data: the folder of real models and images.
        machine: key under which the store describes this machine.
    """
    started, marks, error = time.perf_counter(), list[Mark](), None
    task = open_cell(cell, data, row)
    with exchange(row):
        try:
            marks.extend(_marks(task, row, budgets))
        except Exception as failure:
            error = f"{type(failure).__name__}: {failure}"
    return CellRecord(
        cell=cell,
        settings=configure(cell, row),
        exchanged=exchanged(row),
        budgets=tuple(budgets),
        marks=tuple(marks),
        error=error,
        seconds=round(time.perf_counter() - started, 2),
        machine=machine,
    )


def worthwhile(cell: Cell, budgets: Sequence[int]) -> tuple[int, ...]:
    """The budgets that make sense in ``cell``: references have none, a slow oracle only the smaller ones."""
    if cell.method in (NO_PROMPT, GRADIENT):
        return ()
    return tuple(budget for budget in budgets if budget <= bench_task(cell.task).largest_budget)


def recipe(cell: Cell) -> Recipe:
    """What the cell is run with."""
    row = look_up("method", cell.method, METHODS)
    return Recipe(configure(cell, row), exchanged(row))


def _marks(task: Task, row: Method, budgets: Sequence[int]) -> Iterator[Mark]:
    if row.name == NO_PROMPT:
        return without_prompt(task)
    if row.name == GRADIENT:
        return by_gradient(task)
    if row.own_answer:
        return by_own_answer(task, budgets)
    return within(replace(task, oracle=Remembered(task.oracle)), budgets, anytime=row.anytime)
