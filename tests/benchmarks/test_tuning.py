"""Tuning is fair: as many trials for every peer, drawn and not picked, on images of no test; what it found is data."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from bbprompt.methods import check_method
from benchmarks.queries import tuning
from benchmarks.queries.grid import SEEDS
from benchmarks.queries.method import Method
from benchmarks.queries.methods import AS_PUBLISHED, METHODS, REFERENCES, TUNING_FILE, Trial, read_tuning, tuned
from benchmarks.queries.parts import PARTS
from benchmarks.queries.records import Cell
from benchmarks.queries.setup import open_cell
from benchmarks.queries.spaces import SPACES, TRIALS, trials
from benchmarks.queries.tasks import TASKS, TUNING


def trial(method: str, number: int, *accuracies: float, error: str | None = None) -> Trial:
    settings = msgspec.to_builtins(replace(AS_PUBLISHED[method], options={"pairs": number + 1}))
    return Trial(method=method, number=number, settings=settings, accuracies=(accuracies,), error=error, seconds=1)


def test_every_peer_is_tuned() -> None:
    peers = {name for name, row in AS_PUBLISHED.items() if row.name != "auto"} - {*REFERENCES}
    assert set(SPACES) == peers


@pytest.mark.parametrize("name", SPACES)
def test_each_has_as_many_trials_its_row_first_and_no_two_alike(name: str) -> None:
    found = trials(name)
    assert len(found) == TRIALS
    assert found[0] == AS_PUBLISHED[name]
    assert all(a != b for i, a in enumerate(found) for b in found[:i])
    assert found == trials(name)


@pytest.mark.parametrize("name", SPACES)
def test_every_trial_can_be_run_and_survives_a_file(tiny: str, name: str) -> None:
    for row in trials(name):
        task = open_cell(Cell(task=tiny, answers="full", shots="16", method=name, seed=1), Path(), row)
        check_method(task)
        assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(row)), Method) == row


def test_the_best_trial_becomes_a_row_unless_it_is_the_published_one() -> None:
    found = tuned(
        [
            trial("spsa", 0, 0.5, 0.6),
            trial("spsa", 1, 0.6, 0.6),
            trial("spsa", 2, 0.9, 0.9, error="diverged"),
            trial("nes", 0, 0.7, 0.7),
            trial("nes", 1, 0.5, 0.5),
        ]
    )
    assert list(found) == ["spsa, tuned"]
    assert found["spsa, tuned"].options == {"pairs": 2}


def test_the_tuning_task_and_its_seeds_are_no_cells_and_its_images_are_of_no_test(
    shared_data: Path,
) -> None:
    assert set(TUNING).isdisjoint(TASKS)
    assert set(tuning.SEEDS).isdisjoint(SEEDS)
    source = TUNING[tuning.TASK].source(shared_data)
    assert source.test is None
    used = {image.tobytes() for image in source.pool.images}
    tests = [TASKS[name].source(shared_data).test for name in ("resnet20-mnist", "resnet56-mnist")]
    for test in tests:
        assert test is not None
        shared = np.mean([image.tobytes() in used for image in test.images])
        assert shared == 0


def test_what_was_found_is_kept_and_not_run_again(
    tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "TASK", tiny)
    monkeypatch.setattr(tuning, "BUDGETS", (300,))
    path = tmp_path / "tuning.json"
    first = list(tuning.tune(["spsa", "nes"], path, data=tmp_path))
    assert [(t.method, t.number) for t in first] == [(n, i) for n in ("spsa", "nes") for i in range(TRIALS)]
    assert list(tuning.tune(["spsa", "nes"], path, data=tmp_path)) == []
    assert sorted(t.score for t in read_tuning(path)) == sorted(t.score for t in first)
    assert json.loads(path.read_bytes())["budgets"] == [300]


@pytest.mark.skipif(not TUNING_FILE.exists(), reason="nothing was tuned yet")
def test_the_tuned_rows_are_the_committed_trials_and_those_are_the_drawn_ones() -> None:
    kept = read_tuning(TUNING_FILE)
    for found in kept:
        assert msgspec.convert(found.settings, Method) == trials(found.method)[found.number]
    assert AS_PUBLISHED | PARTS | tuned(kept) == METHODS
