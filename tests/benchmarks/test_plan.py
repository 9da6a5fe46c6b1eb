"""What the grid is said to hold is what was committed."""

from __future__ import annotations

from benchmarks import RESULTS
from benchmarks.queries.answers import ANSWERS
from benchmarks.queries.cell import recipe, worthwhile
from benchmarks.queries.grid import SEEDS, cells
from benchmarks.queries.methods import METHODS
from benchmarks.queries.parts import PARTS
from benchmarks.queries.plan import EVERYWHERE, PARTS_AT, SLOW, planned
from benchmarks.queries.records import Cell
from benchmarks.queries.store import Store, finished
from benchmarks.queries.tasks import FEW_OR_ALL, TASKS


def test_a_run_of_the_whole_grid_would_find_every_cell_finished() -> None:
    by_cell = {record.cell: record for record in Store(RESULTS / "queries").records()}
    wanted = [
        (cell, worthwhile(cell, budgets))
        for cell in cells(tuple(TASKS), tuple(ANSWERS), tuple(FEW_OR_ALL), tuple(METHODS), None)
        if (budgets := planned(cell)) is not None
    ]
    assert len(wanted) > 1_000
    missing = [
        cell
        for cell, budgets in wanted
        if cell not in by_cell or not finished([by_cell[cell]], cell, budgets, recipe(cell))
    ]
    assert missing == []


def test_the_plan_names_rows_that_there_are() -> None:
    assert {*EVERYWHERE, *SLOW} <= {*METHODS}
    assert {*PARTS_AT} <= {*PARTS}


def test_a_peer_is_run_where_the_plan_says() -> None:
    def cell(task: str, method: str, answers: str = "full") -> Cell:
        return Cell(task=task, answers=answers, shots="16", method=method, seed=SEEDS[0])

    usual = (500, 1_000, 2_000, 5_000, 10_000)
    assert planned(cell("resnet20-mnist", "nes")) == usual
    assert planned(cell("lite0-digits", "nes")) is None
    assert planned(cell("resnet44-dtd10", "spsa")) == usual
    assert planned(cell("resnet20-digits", "prgf")) == usual
    assert planned(cell("resnet20-mnist", "prgf")) is None
    assert planned(cell("resnet20-mnist", "nes", "label")) == usual
    assert planned(cell("resnet44-dtd10", "auto", "top5")) is None
    assert planned(cell("resnet56-mnist", "nes, tuned", "label")) == usual
    assert planned(cell("resnet20-mnist", "nes, tuned")) == (*usual, 50_000)
    assert planned(cell("resnet20-mnist", "auto, one layout at one look", "top5")) == (500,)
    assert planned(cell("resnet20-mnist", "auto, one layout at one look")) is None
