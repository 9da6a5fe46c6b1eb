"""A part's worth: the row runs with one thing exchanged, says so, and is compared over all tasks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from pkgutil import resolve_name

import pytest

from benchmarks.queries.ablation import markdown, worth
from benchmarks.queries.cell import recipe, run_cell
from benchmarks.queries.grid import cells
from benchmarks.queries.methods import METHODS
from benchmarks.queries.parts import AUTO, PARTS, exchange
from benchmarks.queries.records import Cell
from benchmarks.queries.store import Store, finished
from benchmarks.queries.summary import Group
from benchmarks.queries.tasks import TASKS


def group(task: str, answers: str = "full", **found: dict[int, dict[int, float]]) -> Group:
    """A group in which the map alone is always right, so are gradients."""
    named = {name.replace("_", ", "): by_budget for name, by_budget in found.items()}
    return Group(task, answers, "16", {}, {}, named, {name: {} for name in named})


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_exchanged_for_as_long_as_its_row_runs(name: str) -> None:
    row = PARTS[name]
    before = {dotted: resolve_name(dotted) for dotted in row.exchanged}
    with exchange(row):
        assert {dotted: resolve_name(dotted) for dotted in row.exchanged} == row.exchanged
    assert {dotted: resolve_name(dotted) for dotted in row.exchanged} == before
    assert row != AUTO
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
    two = group("two", auto={500: {1: 0.7}}, auto_less={500: {1: 0.6}})
    other = group("three", auto={500: {1: 0.7}})
    found = worth([one, two, other], "auto, less", "auto", 500)
    assert found is not None
    assert found.n == 3
    assert found.value == pytest.approx(-0.1)
    assert worth([other], "auto, less", "auto", 500) is None


def test_the_table_names_tasks_and_marks_what_the_interval_tells() -> None:
    seeds = dict.fromkeys(range(4), 0.5)
    less = {seed: 0.4 + 0.002 * seed for seed in seeds}
    same = {seed: 0.5 + (-1) ** seed * 0.1 for seed in seeds}
    groups = [
        group(
            "one", auto={500: seeds, 1_000: seeds}, auto_less={500: less}, auto_same={1_000: same}, peer={500: less}
        ),
        group("one", "top5", auto={500: seeds}),
    ]
    text = markdown(groups)
    assert "| auto, less | 1 | 4 | **-0.097 ± 0.004** | – |" in text
    assert "| auto, same | 1 | 4 | – | +0.000 ± 0.184 |" in text
    assert "top5" not in text
    assert "peer" not in text
