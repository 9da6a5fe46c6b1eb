"""Finished cells survive, are not run again, and become a table."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from bbprompt.config import DataConfig, RunConfig, parse_config
from bbprompt.records import AccuracyRecord
from benchmarks.machine import describe
from benchmarks.queries.__main__ import main
from benchmarks.queries.cell import recipe
from benchmarks.queries.method import Method
from benchmarks.queries.methods import METHODS
from benchmarks.queries.records import Cell, CellRecord, Mark, Recipe
from benchmarks.queries.store import Store, finished
from benchmarks.queries.summary import summarise
from benchmarks.queries.table import markdown


def run_file(**fit: object) -> RunConfig:
    return parse_config({"oracle": {"adapter": "tiny"}, "data": {"source": "digits"}, "fit": fit})


def record_of(method: str, seed: int, accuracies: dict[int, float], **changed: object) -> CellRecord:
    marks = [
        Mark(
            budget=budget,
            spent=budget,
            validation=None,
            test=AccuracyRecord(accuracy=value, low=0, high=1, correct=0, n=1),
        )
        for budget, value in accuracies.items()
    ]
    values: dict[str, object] = {
        "cell": Cell(task="tiny", answers="full", shots="16", method=method, seed=seed),
        "settings": run_file(),
        "budgets": tuple(accuracies),
        "marks": tuple(marks),
        "error": None,
        "seconds": 1.0,
        "machine": "here",
    }
    return CellRecord(**{**values, **changed})  # type: ignore[arg-type]


def test_keeps_the_latest_run_of_each_cell(tmp_path: Path) -> None:
    store = Store(tmp_path / "results")
    first, second = record_of("ours", 2, {500: 0.5}), record_of("ours", 1, {500: 0.6})
    for record in (first, second, record_of("ours", 2, {500: 0.7})):
        store.add(record)
    assert store.records() == [second, record_of("ours", 2, {500: 0.7})]


def test_cells_run_elsewhere_are_taken_over_if_their_settings_are_todays(tmp_path: Path) -> None:
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    kept, lesser = record_of("wide", 1, {500: 0.5, 1000: 0.6}), record_of("wide", 1, {500: 0.9})
    before = run_file(step_size=2.0)
    stale = record_of("stale", 1, {500: 0.4}, settings=before)
    key = there.add_machine(describe())
    new, renewed, rerun = (record_of(name, 1, {500: 0.7}, machine=key) for name in ("new", "renewed", "rerun"))
    here.add(
        kept, record_of("rerun", 1, {500: 0.1}), record_of("renewed", 1, {500: 0.5, 1000: 0.6}, settings=before)
    )
    there.add(lesser, stale, rerun, renewed, new)
    assert here.merge(there, lambda _: Recipe(run_file())) == [new, renewed, rerun]
    assert here.records() == [new, renewed, rerun, kept]
    assert here.machines() == there.machines()
    assert here.merge(there, lambda _: Recipe(run_file())) == []


def test_the_command_takes_over_what_todays_grid_would_run(tmp_path: Path) -> None:
    cell = Cell(task="quick", answers="full", shots="16", method="nes", seed=11)
    other, there = msgspec.structs.replace(cell, seed=12), Store(tmp_path / "there")
    key = there.add_machine(describe())
    there.add(
        record_of("nes", 11, {500: 0.7}, cell=cell, settings=recipe(cell).settings, machine=key),
        record_of("nes", 12, {500: 0.7}, cell=other, machine=key),
    )
    told = CliRunner().invoke(main, ["merge", str(there.folder), "--results", str(tmp_path / "here")])
    assert "1 of 2 cells are new" in told.output
    assert [record.cell for record in Store(tmp_path / "here").records()] == [cell]


def test_finished_means_these_settings_and_these_budgets() -> None:
    record = record_of("ours", 1, {500: 0.5, 1000: 0.6})
    assert finished([record], record.cell, [500], Recipe(run_file()))
    assert not finished([record], record.cell, [500, 2000], Recipe(run_file()))
    assert not finished([record], record.cell, [500], Recipe(run_file(step_size=2.0)))
    assert not finished([], record.cell, [500], Recipe(run_file()))


def test_a_record_older_than_a_setting_ran_with_its_default(tmp_path: Path) -> None:
    """A key that run files gain must not have hours of cells run again."""
    store, record = Store(tmp_path), record_of("ours", 1, {500: 0.5})
    store.add(record)
    (path,) = tmp_path.glob("*.jsonl")
    line = json.loads(path.read_text("utf-8"))
    del line["settings"]["data"]["shots"], line["settings"]["labels"]
    path.write_text(json.dumps(line), "utf-8")
    assert finished(store.records(), record.cell, [500], Recipe(run_file()))
    assert not finished(store.records(), record.cell, [500], Recipe(run_file(epochs=3)))


def test_describes_each_machine_once(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.add_machine(describe()) == store.add_machine(describe())
    (machine,) = store.machines().values()
    assert machine == describe()


def test_the_command_goes_on_where_it_stopped(tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["run", "--tasks", tiny, "--methods", "antithetic-dct", "--answers", "full", "--shots", "16"]
    command += ["--budgets", "500", "--results", str(tmp_path)]
    monkeypatch.setattr("benchmarks.queries.options.look_up", lambda _what, name, _known: name)
    runs = [CliRunner().invoke(main, command, catch_exceptions=False) for _ in range(2)]
    assert "6 cells to run, 0 finished" in runs[0].stderr
    assert "0 cells to run, 6 finished" in runs[1].stderr
    monkeypatch.setitem(METHODS, "antithetic-dct", Method("antithetic", {"pairs": 4}))
    assert "2 cells to run, 4 finished" in CliRunner().invoke(main, command).stderr
    shown = CliRunner().invoke(main, ["table", "--results", str(tmp_path)], catch_exceptions=False).stdout
    assert "### tiny, answers: full, shots: 16" in shown
    CliRunner().invoke(main, ["figure", "--results", str(tmp_path)], catch_exceptions=False)
    for name in ("curves.png", "overview.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_the_table_by_hand() -> None:
    records = [
        *(record_of("no-prompt", seed, {160: value}) for seed, value in ((1, 0.5), (2, 0.6))),
        *(record_of("gradient", seed, {320: value}) for seed, value in ((1, 0.9), (2, 1.0))),
        *(record_of("auto", seed, {500: value, 1000: value + 0.2}) for seed, value in ((1, 0.6), (2, 0.7))),
        record_of("spsa", 1, {500: 0.5, 1000: 0.6}),
        record_of("spsa", 2, {500: 0.6}, budgets=(500, 1000), error="ValueError: diverged"),
        record_of("spsa", 3, {500: 0.6}),
    ]
    table = markdown(summarise(records), against="auto")
    assert "Map alone 0.550 ± 0.635; gradients 0.950 ± 0.635; 2 seeds." in table
    assert "| auto | 2 | 0.650 ± 0.635 (0.25 ± 0.00) | 0.850 ± 0.635 (0.75 ± 0.00) | 1,000 | – |" in table
    assert "| spsa | 2 | 0.550 ± 0.635 (0.00 ± 0.00) | 0.600 ± 0.000 (0.12 ± 1.59), 1 failed | – | – |" in table
    assert "| no-prompt | +0.100 ± 0.000 | +0.300 ± 0.000 |" in table


def test_a_failed_cell_counts_where_its_budget_would_have_sufficed() -> None:
    shots = msgspec.structs.replace(run_file(), data=DataConfig(source="digits", shots=16, validation=100))
    records = [
        record_of("no-prompt", 1, {160: 0.5}),
        record_of("gradient", 1, {320: 0.9}),
        record_of("spsa", 1, {}, budgets=(250, 500), error="ValueError: diverged", settings=shots),
    ]
    (group,) = summarise(records)
    assert group.found["spsa"] == {500: {1: 0.5}}
    assert group.failed["spsa"] == {500: {1}}


def test_refuses_unknown_names_with_the_nearest() -> None:
    result = CliRunner().invoke(main, ["run", "--tasks", "resnet20-digit"])
    assert result.exit_code == 2
    assert "did you mean 'resnet20-digits'" in " ".join(result.stderr.split())
