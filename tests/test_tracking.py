"""What a tracker gets of a run: every look once, finished or followed, and nothing that is not for strangers."""

from __future__ import annotations

import json
import re
import shutil
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from bbprompt.checkpoint import save_state
from bbprompt.cli import main
from bbprompt.errors import ConfigError, DataError, UsageError
from bbprompt.overlay import decode_overlay, read_overlay
from bbprompt.records import CHECKPOINT, RESULT, RunRecord, load_run
from bbprompt.registry import find_sink
from bbprompt.tracking import send, track
from tests.fake_runs import SECRET

PAGE = Path(__file__).resolve().parents[1] / "docs" / "trackers.md"


@pytest.fixture
def run(run_dir: Path) -> RunRecord:
    return load_run(run_dir)


def test_every_look_is_a_point_at_its_number_of_queries(run_dir: Path, run: RunRecord) -> None:
    points = list(track(run_dir).points)
    assert [point.step for point in points] == [look.queries for look in run.history]
    assert [point.values["validation/accuracy"] for point in points] == [
        look.accuracy.accuracy for look in run.history
    ]
    assert [point.values.get("training/loss") for point in points] == [look.loss for look in run.history]
    assert points[0].values.keys() == {f"validation/accuracy{end}" for end in ("", "_low", "_high")}


def test_the_outcome_is_the_run_s(run_dir: Path, run: RunRecord) -> None:
    outcome = track(run_dir).outcome()
    assert outcome is not None
    assert outcome.step == run.history[-1].queries
    assert outcome.values["test/accuracy"] == run.result.prompt.accuracy
    assert outcome.values["cost/queries"] == run.result.costs.queries
    assert not {"cost/usd", "cost/passes"} & outcome.values.keys()
    np.testing.assert_array_equal(decode_overlay(outcome.png).levels, read_overlay(run_dir / "prompt.png").levels)
    assert decode_overlay(outcome.png).meta.oracle == "features 3"


def test_nothing_says_where_the_service_or_the_run_is(run_dir: Path) -> None:
    run = track(run_dir)
    outcome = run.outcome()
    assert outcome is not None
    assert SECRET not in json.dumps([run.name, dict(run.settings)])
    assert SECRET.encode() not in outcome.png


class Growing:
    """A run that is still going on: whoever waits sees one more look, and in the end the result."""

    def __init__(self, folder: Path, finished: Path) -> None:
        self.folder, self.finished = folder, finished
        self.history = load_run(finished).history
        self.shown = 0
        shutil.copytree(finished, folder)
        for name in (RESULT, CHECKPOINT):
            (folder / name).unlink()

    def wait(self) -> None:
        self.shown += 1
        if self.shown > len(self.history):
            shutil.copy(self.finished / RESULT, self.folder / RESULT)
        else:
            looks = msgspec.to_builtins(self.history[: self.shown])
            save_state(self.folder / CHECKPOINT, {"selection": {"history": looks}})


def test_a_run_that_is_followed_gives_each_look_as_it_comes_and_once(run_dir: Path, tmp_path: Path) -> None:
    growing = Growing(tmp_path / "run", run_dir)
    run = track(tmp_path / "run", follow=True, wait=growing.wait)
    assert run.outcome() is None
    for number, (point, look) in enumerate(zip(run.points, growing.history, strict=True), start=1):
        assert (point.step, growing.shown) == (look.queries, number)
    assert run.outcome() is not None


def test_a_run_that_is_not_followed_gives_what_there_is(run_dir: Path, tmp_path: Path) -> None:
    growing = Growing(tmp_path / "run", run_dir)
    assert list(track(tmp_path / "run").points) == []
    growing.wait()
    growing.wait()
    run = track(tmp_path / "run")
    assert len(list(run.points)) == 2
    assert run.outcome() is None


def test_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no run"):
        track(tmp_path)


def test_an_unknown_tracker_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'tensorboard'"):
        find_sink("tensorbord")


@pytest.mark.parametrize("name", ["tensorboard", "mlflow", "wandb", "trackio"])
def test_a_missing_library_names_the_extra(name: str, run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("tensorboardX", "mlflow", "wandb", "trackio"):
        monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigError, match=rf"bbprompt\[{name}\]"):
        find_sink(name)(track(run_dir), {})


def sink_of_the_docs() -> Any:
    """The tracker of one's own that docs/trackers.md prints."""
    (block,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(block, names)
    return names["log"]


log = sink_of_the_docs()


def test_a_tracker_that_fails_is_one_line(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bbprompt.tracking.find_sink", lambda _: log)
    with pytest.raises(UsageError, match=r"mine could not take the run \(KeyError: 'file'\)"):
        send(track(run_dir), "mine", {})


def test_the_docs_sink_is_found_by_its_entry_point(
    run_dir: Path,
    run: RunRecord,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    entry = EntryPoint("file", f"{__name__}:log", "bbprompt.sinks")
    monkeypatch.setattr("bbprompt.registry.entry_points", lambda **_: [entry])
    with pytest.raises(SystemExit) as ended:
        main(["log", str(run_dir), "--to", "file", "--option", f"file={tmp_path / 'curve.jsonl'}"])
    assert not ended.value.code
    assert capsys.readouterr().out == f"{tmp_path / 'curve.jsonl'}\n"
    lines = (tmp_path / "curve.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["step"] for line in lines[:-1]] == [look.queries for look in run.history]
    assert json.loads(lines[-1])["test/accuracy"] == run.result.prompt.accuracy
