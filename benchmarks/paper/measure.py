"""Measure one cell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bbprompt.config import RunConfig, parse_config
from bbprompt.evaluate import accuracy
from bbprompt.run import fit_run
from bbprompt.task import open_task
from benchmarks.paper import baselines
from benchmarks.paper.inputs import PLACE
from benchmarks.paper.records import Cell, Kind, Measured, Spec, record
from benchmarks.paper.unprompted import UNPROMPTED


def measure(cell: Cell, spec: Spec, inputs: Path) -> Measured:
    """Carry the cell out; nothing of it is kept but its figures."""
    return KINDS[spec.kind](fill_in(spec.config, cell.seed, inputs))


def fill_in(config: Mapping[str, Any], seed: int, inputs: Path) -> RunConfig:
    """A run file's content, with its seed and the folder of inputs."""
    document = json.loads(json.dumps(config).replace(PLACE, str(inputs)))
    return parse_config({**document, "seed": seed})


def whole_run(config: RunConfig) -> Measured:
    """Train, write the PNG, read it back, test it."""
    with TemporaryDirectory() as folder:
        result = fit_run(config, Path(folder) / "run").result
    return Measured(accuracy=result.prompt, no_prompt=result.no_prompt, costs=result.costs)


def no_prompt(config: RunConfig) -> Measured:
    """Fit the label map to the unprompted training images; test it."""
    task = open_task(config)
    unprompted, tested = UNPROMPTED.of(task)
    fitted = task.fit_map(unprompted, task.splits.train.targets).whole
    return Measured(accuracy=record(accuracy(fitted(tested.log()), task.splits.test.targets)))


KINDS: Mapping[Kind, Callable[[RunConfig], Measured]] = {
    "run": whole_run,
    "no-prompt": no_prompt,
    "linear-probe": baselines.probe,
    "prompt-and-probe": baselines.prompt_and_probe,
    "ensemble": baselines.ensemble,
    "fine-tuning": baselines.tuned,
    "normalised": baselines.normalised,
}
