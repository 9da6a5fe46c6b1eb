"""The papers' experiments: every cell is a run file that parses, finished cells stay, tables say what is missing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

pytest.importorskip("torch")

from click.testing import CliRunner

from bbprompt.config import parse_config
from bbprompt.config_struct import convert
from bbprompt.fit.gradient_settings import GradientSettings
from bbprompt.records import AccuracyRecord
from benchmarks.paper.__main__ import main
from benchmarks.paper.experiment import Claim, Experiment, rising
from benchmarks.paper.experiments import EXPERIMENTS
from benchmarks.paper.inputs import missing
from benchmarks.paper.measure import measure
from benchmarks.paper.records import Cell, CellRecord, Measured, Spec
from benchmarks.paper.steps import CHOSEN, SEEDS, Document, choose, chosen_step
from benchmarks.paper.store import Store, of_today
from benchmarks.paper.table import markdown

DIGITS = {"source": "digits", "shots": 4, "validation": 20, "test": 50}


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("scale", ["small", "paper"])
def test_every_cell_is_a_run_file(name: str, scale: str) -> None:
    for cell, spec in EXPERIMENTS[name].cells(scale):  # type: ignore[arg-type]
        config = parse_config({**spec.config, "seed": cell.seed})
        if spec.kind == "run" and config.fit.method == "gradient":
            convert(config.fit.options, GradientSettings)


def accuracy(correct: int) -> AccuracyRecord:
    return AccuracyRecord(accuracy=correct / 100, low=0.0, high=1.0, correct=correct, n=100)


def table_of(*, seeds: int = 2) -> Experiment:
    return Experiment(
        name="toy",
        title="Toy",
        rows={"small": ("worse", "better"), "paper": ()},
        columns={"small": ("a", "b"), "paper": ()},
        spec=lambda cell: None if (cell.column, cell.row) == ("b", "worse") else Spec(kind="run", config={}),
        seeds={"small": seeds, "paper": 1},
        published={("a", "better"): 70.0},
        claims=(Claim("better is better", rising("a", ["worse", "better"])),),
    )


def found(cell: Cell, correct: int) -> CellRecord:
    spec = Spec(kind="run", config={})
    return CellRecord(cell=cell, spec=spec, found=Measured(accuracy=accuracy(correct)), seconds=1.0, machine="m")


def test_tables_show_means_what_was_published_and_what_is_missing() -> None:
    experiment = table_of()
    cells = [cell for cell, _ in experiment.cells("small") if cell.column == "a"]
    correct = {("worse", 0): 20, ("worse", 1): 40, ("better", 0): 50, ("better", 1): 50}
    words = markdown(experiment, "small", [found(cell, correct[cell.row, cell.seed]) for cell in cells], {})
    assert "| worse | 30.0 ± 14.1 | – | – |" in words
    assert "| better | 50.0 ± 0.0 | – | 70.0 |" in words
    assert "- better is better: yes (in 2 of 2 seeds)" in words
    correct["worse", 1] = 60
    words = markdown(experiment, "small", [found(cell, correct[cell.row, cell.seed]) for cell in cells], {})
    assert "- better is better: yes (in 1 of 2 seeds)" in words
    assert "1 of 3 cells have no figure; not run yet." in words


@pytest.mark.parametrize(("worse", "verdict"), [(60, "**no**"), (None, "not measured")])
def test_a_claim_that_does_not_hold_is_said_to(worse: int | None, verdict: str) -> None:
    experiment = table_of(seeds=1)
    figures = {"worse": worse, "better": 50}
    cells = [cell for cell, _ in experiment.cells("small") if cell.column == "a"]
    records = [found(cell, value) for cell in cells if (value := figures[cell.row]) is not None]
    assert f"- better is better: {verdict}" in markdown(experiment, "small", records, {})


def test_a_finished_cell_stays_until_its_settings_change(tmp_path: Path) -> None:
    store, cell = Store(tmp_path), Cell(experiment="toy", scale="small", column="a", row="better", seed=0)
    store.add(found(cell, 50))
    store.add(found(cell, 60))
    assert [record.found.accuracy.correct for record in store.records("toy", "small")] == [60]
    assert store.finished(cell, Spec(kind="run", config={}))
    assert not store.finished(cell, Spec(kind="run", config={"seed": 1}))


def test_what_was_measured_in_another_way_is_shown_no_more() -> None:
    experiment = table_of(seeds=1)
    cell = Cell(experiment="toy", scale="small", column="a", row="better", seed=0)
    now, before = found(cell, 50), msgspec.structs.replace(found(cell, 60), spec=Spec(kind="no-prompt", config={}))
    assert of_today(experiment, [now]) == [now]
    assert of_today(experiment, [before]) == []


def test_the_step_of_text_prompted_cells_is_the_one_that_validation_chose() -> None:
    document = msgspec.json.decode(CHOSEN.read_bytes(), type=Document)
    assert choose({"0.1": [0.5, 0.7], "0.2": [0.6, 0.6], "0.4": [0.9, 0.1]}) == 0.2
    assert document.chosen == choose(document.validation) == chosen_step()
    for name in ("texts", "templates-text"):
        specs = [spec for _, spec in EXPERIMENTS[name].cells("small") if spec.kind == "run"]
        assert {spec.config["fit"]["step_size"] for spec in specs} == {document.chosen}
        assert not {cell.seed for cell, _ in EXPERIMENTS[name].cells("small")} & set(SEEDS)


def test_needs_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    needs = ("shared:here", "shared:there", "package:json", "package:no_such_package", "hub")
    assert missing(needs, data=tmp_path, hub=False) == ["shared:there", "package:no_such_package", "hub"]
    assert "hub" not in missing(needs, data=tmp_path, hub=True)


@pytest.mark.parametrize("kind", ["no-prompt", "linear-probe", "prompt-and-probe", "ensemble", "normalised", "run"])
def test_a_cell_is_measured_on_the_real_model(tmp_path: Path, kind: str) -> None:
    pytest.importorskip("efficientnet_lite_pytorch")
    config = {
        "oracle": {"adapter": "efficientnet-lite0", "input_size": 32},
        "data": DIGITS,
        "labels": {"map": "frequency"},
        "fit": {"method": "gradient", "epochs": 1, "looks": 1},
    }
    cell = Cell(experiment="toy", scale="small", column="a", row="b", seed=0)
    measured = measure(cell, Spec(kind=kind, config=config), tmp_path)  # type: ignore[arg-type]
    assert measured.accuracy.n == 50
    assert (measured.no_prompt is not None) == (kind == "run")
    if kind in ("linear-probe", "prompt-and-probe"):
        assert measured.accuracy.accuracy > 0.2


def test_the_paper_scale_says_what_cannot_be_run_here(tmp_path: Path) -> None:
    asked = ["run", "templates", "--scale", "paper", "--results", str(tmp_path)]
    result = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert "templates: 17 cells cannot be run here, for want of hub" in result.stderr
    shown = CliRunner().invoke(main, ["show", "templates", "--scale", "paper", "--results", str(tmp_path)])
    assert "17 of 17 cells have no figure; not here: hub." in shown.stdout
