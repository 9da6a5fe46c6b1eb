"""MLflow: one run of an experiment, through its client, so that a run of yours that is active stays as it is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from bbprompt.config_struct import convert
from bbprompt.records import OVERLAY
from bbprompt.registry import needs_extra
from bbprompt.tracking import Outcome, TrackedRun


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """``tracking_uri``: MLFLOW_TRACKING_URI, if left out. ``experiment``: made if there is none of the name."""

    tracking_uri: str | None = None
    experiment: str = "bbprompt"


def log(run: TrackedRun, options: Mapping[str, object]) -> str:
    """Log a run's curves, figures, settings and prompt; return where, as "runs:/ID".

    Raises:
        ConfigError: the extra ``mlflow`` is not installed, or an unknown option.
    """
    chosen = convert(options, Options, where="--option")
    with needs_extra("mlflow"):
        from mlflow import MlflowClient
        from mlflow.entities import Param

    client = MlflowClient(tracking_uri=chosen.tracking_uri)
    made = client.create_run(_experiment(client, chosen.experiment), run_name=run.name).info.run_id
    status = "KILLED"
    try:
        client.log_batch(made, params=[Param(key, str(value)) for key, value in run.settings.items()])
        for point in run.points:
            _log(client, made, point.values, point.step)
        if (outcome := run.outcome()) is not None:
            _log(client, made, outcome.values, outcome.step)
            _attach(client, made, outcome)
            status = "FINISHED"
    finally:
        client.set_terminated(made, status)
    return f"runs:/{made}"


def _experiment(client: Any, name: str) -> str:
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name))


def _log(client: Any, run_id: str, values: Mapping[str, float], step: int) -> None:
    from mlflow.entities import Metric

    now = round(time.time() * 1000)
    client.log_batch(run_id, metrics=[Metric(name, value, now, step) for name, value in values.items()])


def _attach(client: Any, run_id: str, outcome: Outcome) -> None:
    with TemporaryDirectory() as folder:
        png = Path(folder) / OVERLAY
        png.write_bytes(outcome.png)
        client.log_artifact(run_id, str(png))
