"""Measure one cell."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import torch

from bbprompt.arrays import Int
from bbprompt.baselines.fine_tune import fine_tune
from bbprompt.baselines.linear_probe import Features, linear_probe
from bbprompt.config import RunConfig, parse_config
from bbprompt.evaluate import Accuracy, accuracy
from bbprompt.oracle import Scores
from bbprompt.records import AccuracyRecord
from bbprompt.run import fit_run
from bbprompt.task import FIT, Task, open_task
from benchmarks.paper.inputs import PLACE
from benchmarks.paper.records import Cell, Kind, Measured, Spec


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


def probe(config: RunConfig) -> Measured:
    """Fit a linear probe to the model's features by CLIP's recipe; test it."""
    task = open_task(config)
    oracle: Any = task.oracle
    train, validation, test = (
        Features(oracle.features(task.plain(part.images)), part.targets)
        for part in (task.splits.train, task.splits.validation, task.splits.test)
    )
    return _counted(linear_probe(train, validation).predict(test.values), test.targets)


def tuned(config: RunConfig) -> Measured:
    """Fine-tune a copy of the model; test it."""
    task = open_task(config)
    oracle: Any = task.oracle
    torch.manual_seed(config.seed)
    splits = task.splits
    predict = fine_tune(oracle, splits.train, splits.validation, prepare=task.plain, rng=task.rng(FIT))
    return _counted(predict(splits.test.images), splits.test.targets)


def _counted(predicted: Int, targets: Int) -> Measured:
    return Measured(accuracy=record(Accuracy(int((predicted == targets).sum()), len(targets))))


class Unprompted:
    """Answers to unprompted training and test images: the maps of a column follow each other and share them."""

    def __init__(self) -> None:
        self._key = b""
        self._scores: tuple[Scores, ...] = ()

    def of(self, task: Task) -> tuple[Scores, ...]:
        """Score them, unless they were the last that were scored."""
        key = msgspec.json.encode((task.config.seed, task.config.oracle, task.config.data))
        if key != self._key:
            parts = (task.splits.train, task.splits.test)
            self._scores = tuple(task.oracle.query(task.plain(part.images)) for part in parts)
            self._key = key
        return self._scores


UNPROMPTED = Unprompted()


def record(found: Accuracy) -> AccuracyRecord:
    """An accuracy as it is kept."""
    return AccuracyRecord(accuracy=found.value, low=found.low, high=found.high, correct=found.correct, n=found.n)


KINDS: Mapping[Kind, Callable[[RunConfig], Measured]] = {
    "run": whole_run,
    "no-prompt": no_prompt,
    "linear-probe": probe,
    "fine-tuning": tuned,
}
