"""A part's worth: the row runs with one thing exchanged, says so, and is compared over all tasks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name

import pytest

from benchmarks.queries.ablation import markdown, whole, worth
from benchmarks.queries.cell import recipe, run_cell
from benchmarks.queries.grid import cells
from benchmarks.queries.methods import METHODS
from benchmarks.queries.parts import AUTO, PARTS, exchange
from benchmarks.queries.records import Cell
from benchmarks.queries.store import Store, finished
from benchmarks.queries.summary import Group
from benchmarks.queries.tasks import TASKS


def group(task: str, answers: str = "full", **found: dict[int, dict[int, float]]) -> Group:
    """A group without references."""
    named = {name.replace("_", ", "): by_budget for name, by_budget in found.items()}
    return Group(task, answers, "16", {}, {}, named, {name: {} for name in named})


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_exchanged_for_as_long_as_its_row_runs(name: str) -> None:
    row = PARTS[name]
    before = {dotted: resolve_name(dotted) for dotted in row.exchanged}
    with exchange(row):
        assert {dotted: resolve_name(dotted) for dotted in row.exchanged} == row.exchanged
    assert {dotted: resolve_name(dotted) for dotted in row.exchanged} == before
    assert replace(row, tasks=()) != AUTO
    assert all(value != before[dotted] for dotted, value in row.exchanged.items())


def test_what_the_library_has_no_more_is_an_error() -> None:
    stale = replace(AUTO, exchanged={"bbprompt.fit.race.NO_SUCH": 1})
    with pytest.raises(AttributeError, match="NO_SUCH"), exchange(stale):
        pass


def test_a_row_runs_with_its_exchange_and_its_record_says_so(
    tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = list[float]()
    row = replace(AUTO, exchanged={"bbprompt.fit.auto.for_pairs": watched(seen)})
    monkeypatch.setitem(METHODS, "auto, watched", row)
    cell = Cell(task=tiny, answers="full", shots="16", method="auto, watched", seed=1)
    record = run_cell(cell, [1_000], data=tmp_path, machine="here")
    assert record.error is None
    assert seen
    assert record.exchanged == {"bbprompt.fit.auto.for_pairs": "says_no"}
    store = Store(tmp_path)
    store.add(record)
    assert finished(store.records(), cell, [1_000], recipe(cell))
    monkeypatch.setitem(METHODS, "auto, watched", AUTO)
    assert not finished(store.records(), cell, [1_000], recipe(cell))


def test_a_part_runs_where_it_has_something_to_do() -> None:
    def where(method: str) -> set[str]:
        return {
            cell.task for cell in cells(tuple(TASKS), ("top5",), ("16",), (method,), 1) if cell.method == method
        }

    assert where("auto, no varied images") == {"lite0-digits", "lite0-cifar10", "lite0-dtd10"}
    assert where("auto, no veto") == {
        f"resnet{layers}-{images}" for layers in (20, 56) for images in ("digits", "mnist")
    }
    assert where("auto") == {*TASKS}


def watched(seen: list[float]) -> Callable[..., bool]:
    def says_no(left: float, *_more: object) -> bool:
        seen.append(left)
        return False

    return says_no


def test_a_parts_worth_is_over_seeds_of_all_tasks_that_have_both() -> None:
    one = group("one", auto={500: {1: 0.5, 2: 0.6}}, auto_less={500: {1: 0.4, 2: 0.5, 3: 0.1}})
    two = group("two", auto={500: {1: 0.7}}, auto_less={500: {1: 0.5}})
    other = group("three", auto={500: {1: 0.7}})
    found = worth([one, two, other], "auto, less", "auto", 500)
    assert found is not None
    assert found.mean.n == 3
    assert found.mean.value == pytest.approx(-0.15), "each task weighs the same"
    assert worth([other], "auto, less", "auto", 500) is None


def test_a_part_of_a_part_is_compared_with_that() -> None:
    rows = ["auto", "auto, student", "auto, student, no replay", "auto, no signs"]
    assert [whole(name, rows) for name in rows[1:]] == ["auto", "auto, student", "auto"]


def test_the_table_marks_what_the_interval_tells() -> None:
    seeds = dict.fromkeys(range(4), 0.5)
    less = {seed: 0.4 + 0.002 * seed for seed in seeds}
    mixed = {seed: 0.5 + (-1) ** seed * 0.1 for seed in seeds}
    fewer = {1: 0.3, 2: 0.35}
    one = group(
        "one",
        auto={500: seeds, 1_000: seeds},
        auto_less={500: less, 1_000: fewer},
        auto_mixed={1_000: mixed},
        auto_idle={500: seeds},
        peer={500: less},
    )
    one.failed["auto, less"][1_000] = {2}
    text = markdown([one, group("one", "top5", auto={500: seeds})])
    assert "| auto, less | one | 4 | **-0.097 ± 0.004** | -0.175 ± 0.318, 2 cells, 1 failed |" in text
    assert "| auto, mixed | one | 4 | – | +0.000 ± 0.184 |" in text
    assert "| auto, idle | one | 4 | same | – |" in text
    assert "top5" not in text
    assert "peer" not in text


def test_a_row_whose_exchange_is_gone_stops_the_run(
    tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS, "auto, stale", replace(AUTO, exchanged={"bbprompt.fit.race.NO_SUCH": 1}))
    with pytest.raises(AttributeError, match="NO_SUCH"):
        run_cell(
            Cell(task=tiny, answers="full", shots="16", method="auto, stale", seed=1),
            [1_000],
            data=tmp_path,
            machine="",
        )


def test_no_module_has_a_copy_of_a_constant_that_rows_exchange() -> None:
    """A copy, as ``from ... import`` makes, would not be exchanged."""
    constants = {dotted for row in PARTS.values() for dotted, value in row.exchanged.items() if not callable(value)}
    assert len(constants) >= 8
    for dotted in constants:
        home, _, name = dotted.rpartition(".")
        others = [module for key, module in sys.modules.items() if key.startswith("bbprompt.") and key != home]
        assert not [module for module in others if getattr(module, name, None) is resolve_name(dotted)]
