"""A real run goes to each tracker's own library; what that has stored is the run, and no more of it than is public."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bbprompt.errors import ConfigError
from bbprompt.overlay import decode_overlay, read_overlay
from bbprompt.records import load_run
from bbprompt.registry import find_sink
from bbprompt.report.pictures import stretched
from bbprompt.tracking import track
from tests.fake_runs import SECRET
from tests.sinks.reading import Stored, pixels, read_mlflow, read_tensorboard, read_trackio, read_wandb, uri


@dataclass(frozen=True)
class Tracker:
    library: str
    options: Callable[[Path], dict[str, object]]
    read: Callable[[Path], Stored]


TRACKERS = {
    "tensorboard": Tracker("tensorboardX", lambda store: {"logdir": str(store)}, read_tensorboard),
    "mlflow": Tracker("mlflow", lambda store: {"tracking_uri": uri(store), "experiment": "prompts"}, read_mlflow),
    "wandb": Tracker(
        "wandb", lambda store: {"mode": "offline", "project": "prompts", "dir": str(store)}, read_wandb
    ),
    "trackio": Tracker("trackio", lambda _: {"project": "prompts"}, read_trackio),
}

pytestmark = pytest.mark.filterwarnings("default")
"""Warnings of the trackers' own, and of what they import."""


@dataclass(frozen=True)
class Sent:
    name: str
    store: Path
    said: str
    stored: Stored


@pytest.fixture(scope="module", params=TRACKERS)
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sent:
    tracker = TRACKERS[request.param]
    if importlib.util.find_spec(tracker.library) is None:
        pytest.skip(f"{tracker.library} is installed by `make test-sinks`")
    run_dir, store = request.getfixturevalue("run_dir"), tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(store)  # MLflow keeps the artifacts of a local store in the folder that it is called from
        patch.setenv("TRACKIO_DIR", str(store))  # read once, when trackio is imported
        said = find_sink(request.param)(track(run_dir), tracker.options(store))
        return Sent(request.param, store, said, tracker.read(store))


def test_every_look_is_a_point_at_its_number_of_queries(sent: Sent, run_dir: Path) -> None:
    history = load_run(run_dir).history
    for name, of in {
        "validation/accuracy": lambda look: look.accuracy.accuracy,
        "validation/accuracy_low": lambda look: look.accuracy.low,
        "validation/accuracy_high": lambda look: look.accuracy.high,
        "training/loss": lambda look: look.loss,
    }.items():
        expected = [(look.queries, of(look)) for look in history if of(look) is not None]
        assert len(expected) > 2
        np.testing.assert_allclose(sent.stored.curves[name], expected, rtol=1e-6)


def test_what_the_run_shows_in_the_end_is_there(sent: Sent, run_dir: Path) -> None:
    run = load_run(run_dir)
    last = {name: curve[-1] for name, curve in sent.stored.curves.items()}
    for name, value in {
        "test/accuracy": run.result.prompt.accuracy,
        "test/no_prompt_accuracy": run.result.no_prompt.accuracy,
        "cost/queries": run.result.costs.queries,
    }.items():
        assert last[name] == (run.history[-1].queries, pytest.approx(value))
    assert "cost/usd" not in last


def test_the_settings_are_the_run_file_s(sent: Sent) -> None:
    settings = sent.stored.settings
    assert settings["fit.method"] == "antithetic"
    assert settings["data.source"] == "digits"
    assert settings["budget.queries"] == "900"


def test_the_prompt_is_there(sent: Sent, run_dir: Path) -> None:
    png = (run_dir / "prompt.png").read_bytes()
    if sent.stored.png is not None:
        np.testing.assert_array_equal(
            decode_overlay(sent.stored.png).levels, read_overlay(run_dir / "prompt.png").levels
        )
    else:
        assert sent.stored.picture is not None
        np.testing.assert_array_equal(sent.stored.picture, pixels(stretched(png)))


def test_nothing_that_is_stored_says_where_the_service_or_the_run_is(sent: Sent) -> None:
    files = [path for path in sent.store.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert SECRET.encode() not in path.read_bytes(), path.relative_to(sent.store)


def test_an_unknown_option_is_refused(sent: Sent, run_dir: Path) -> None:
    with pytest.raises(ConfigError, match="unknown key 'projekt'"):
        find_sink(sent.name)(track(run_dir), {"projekt": "x"})
