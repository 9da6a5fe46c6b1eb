"""One cell: what it counts, what a method may see, and that a mark owes nothing to later queries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bbprompt.testing.fakes import FakeOracle, fake_images
from benchmarks.queries import methods
from benchmarks.queries.answers import ANSWERS
from benchmarks.queries.cell import run_cell
from benchmarks.queries.grid import cells
from benchmarks.queries.learning import within
from benchmarks.queries.method import Method
from benchmarks.queries.methods import METHODS
from benchmarks.queries.records import Cell, CellRecord
from benchmarks.queries.remembered import Remembered
from benchmarks.queries.setup import configure, open_cell, sealed
from benchmarks.queries.tasks import TASKS

HERE = Path()


def cell_of(task: str, method: str, answers: str = "full") -> Cell:
    return Cell(task=task, answers=answers, shots="16", method=method, seed=11)


def run(cell: Cell, *budgets: int) -> CellRecord:
    return run_cell(cell, budgets, data=HERE, machine="here")


@pytest.mark.parametrize("answers", ["full", "top5", "label"])
@pytest.mark.parametrize("method", [name for name in METHODS if name != "gradient"])
def test_every_row_runs_on_every_kind_of_answer(tiny: str, method: str, answers: str) -> None:
    record = run(cell_of(tiny, method, answers), 500)
    assert record.error is None
    (mark,) = record.marks
    assert 160 <= mark.spent <= mark.budget
    assert mark.test.n == 100


def test_gradients_gain_on_the_map_alone(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TASKS, tiny, replace(TASKS[tiny], gradient_passes=6_400))
    floor, ceiling = run(cell_of(tiny, "no-prompt")), run(cell_of(tiny, "gradient"))
    assert floor.marks[0].spent == 160
    assert ceiling.marks[0].spent == 6_400
    assert ceiling.marks[0].test.accuracy > floor.marks[0].test.accuracy


def test_counts_what_the_oracle_answered(tiny: str) -> None:
    task = open_cell(cell_of(tiny, "antithetic-dct"), HERE, METHODS["antithetic-dct"])
    oracle = FakeOracle(task.spec)
    before_test: list[int] = []
    for mark in within(replace(task, oracle=oracle), [500, 700], anytime=True):
        before_test.append(oracle.queries - 100 * (len(before_test) + 1))
        assert mark.spent == before_test[-1] <= mark.budget


def test_what_is_remembered_is_what_was_answered_and_is_not_computed_again() -> None:
    oracle = FakeOracle()
    remembered, images = Remembered(oracle), fake_images(3)
    first, again = remembered.query(images), remembered.query(images.copy())
    assert np.array_equal(first.values, oracle.answer(images).values)
    assert np.array_equal(first.values, again.values)
    remembered.query(images[:2])
    assert oracle.requests == [3, 2]


@pytest.mark.parametrize("method", ["auto", "bar"])
def test_a_cell_is_the_same_whether_answers_are_remembered_or_not(tiny: str, method: str) -> None:
    cell, row = cell_of(tiny, method), METHODS[method]
    marks = within(open_cell(cell, HERE, row), [500, 1_000], anytime=row.anytime)
    assert run(cell, 500, 1_000).marks == tuple(marks)


def test_a_mark_owes_nothing_to_later_queries(tiny: str) -> None:
    cell = cell_of(tiny, "antithetic-dct")
    assert run(cell, 500).marks[0] == run(cell, 500, 1_000).marks[0]


def test_a_method_that_must_know_its_budget_starts_afresh(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "afresh", Method("antithetic", prompt=methods.DCT, anytime=False))
    small, large = run(cell_of(tiny, "afresh"), 500, 1_000).marks
    assert large.spent > small.spent
    assert large == run(cell_of(tiny, "afresh"), 1_000).marks[0]


def test_budgets_that_nothing_fits_into_have_no_mark(tiny: str) -> None:
    record = run(cell_of(tiny, "antithetic-dct"), 200, 500)
    assert [mark.budget for mark in record.marks] == [500]
    assert record.error is None


def test_a_crash_is_a_result(tiny: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "crashing", Method("antithetic", {"pairs": -1}))
    record = run(cell_of(tiny, "crashing"), 500)
    assert record.marks == ()
    assert record.error is not None
    assert record.error.startswith("ConfigError: ")


def test_a_method_never_gets_the_test_images(tiny: str) -> None:
    task = open_cell(cell_of(tiny, "antithetic-dct"), HERE, METHODS["antithetic-dct"])
    assert sealed(task).splits.test is task.splits.train
    assert np.array_equal(sealed(task).splits.validation.images, task.splits.validation.images)


@pytest.mark.parametrize("task", [name for name in TASKS if name.startswith(("lite0", "conse"))])
def test_no_oracle_is_its_own_student(task: str) -> None:
    assert configure(cell_of(task, "auto"), METHODS["auto"]).fit.options == {}
    rows = {cell.method for cell in cells([task], ["full"], ["16"], list(METHODS), 1)}
    assert {"auto", "antithetic"} <= rows
    assert not {name for name in rows if METHODS[name].needs_student}


@pytest.mark.parametrize("task", TASKS)
def test_a_row_has_one_map_whatever_the_answers_and_a_loss_that_can_read_them(task: str) -> None:
    asked = {answers: configure(cell_of(task, "bar", answers), METHODS["bar"]) for answers in ANSWERS}
    assert {config.labels.map for config in asked.values()} == {TASKS[task].label_map}
    assert {answers: config.fit.loss for answers, config in asked.items()} == {
        "full": "focal",
        "top5": "focal",
        "label": "zero-one",
    }


def test_gradients_see_all_scores_and_are_the_ceiling_of_every_kind_of_answer(tiny: str) -> None:
    methods = {kind: [cell.method for cell in cells([tiny], [kind], ["16"], ["auto"], 1)] for kind in ANSWERS}
    assert methods == {
        "full": ["no-prompt", "gradient", "auto"],
        "top5": ["no-prompt", "auto"],
        "label": ["no-prompt", "auto"],
    }


def test_an_own_answer_costs_one_pass_and_is_not_the_oracles(tiny: str) -> None:
    carried, own = run(cell_of(tiny, "ares"), 500), run(cell_of(tiny, "ares, own answer"), 200, 500)
    assert [mark.spent for mark in own.marks] == [160, 160]
    assert own.marks[0].test == own.marks[1].test
    assert carried.marks[0].test != own.marks[0].test


def test_methods_of_one_seed_get_the_same_images(tiny: str) -> None:
    tasks = [open_cell(cell_of(tiny, method), HERE, METHODS[method]) for method in ("spsa", "gradient")]
    for part in ("train", "validation", "test"):
        first, second = (getattr(task.splits, part).images for task in tasks)
        assert np.array_equal(first, second)


def test_what_is_kept_of_a_cell_says_no_path(tiny: str, tmp_path: Path) -> None:
    record = run_cell(cell_of(tiny, "auto, resnet32 as student"), (500,), data=tmp_path, machine="here")
    assert str(tmp_path) not in str(record.settings)
    assert "{data}/cifar10-resnets" in str(record.settings)
